"""A recorded life decided again: the same to the last digit, and whatever is not the same is seen."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.intent import PlaceIntent
from opensqt.replay.judging import DifferenceKind
from opensqt.replay.record import Record, RecordedIntent, Run
from opensqt.replay.replaying import ReplayWindow
from opensqt.replay.report import ReplayOutcome
from tests.recorded_desk import Lived, live, outcome


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One life for all tests of this file."""
    return asyncio.run(live(tmp_path_factory.mktemp("lived")))


def runs_of(record: Record) -> list[Run]:
    """Return all runs of a record."""
    return [run for session in record.sessions for run in session.runs.values()]


def first_place(record: Record) -> tuple[Run, RecordedIntent]:
    """Return a recorded place of the first run that said one."""
    for run in runs_of(record):
        for one in run.intents.values():
            if isinstance(one.intent, PlaceIntent):
                return run, one
    raise AssertionError("nothing was placed")


async def judged(lived: Lived, change: Callable[[Record], None]) -> ReplayOutcome:
    """Decide the life again after its record was changed."""
    archives, recorded = await lived.record()
    change(recorded)
    return await outcome(lived.journal, archives, recorded, ReplayWindow())


@pytest.mark.row("J04")
async def test_every_recorded_intent_is_decided_again_to_the_last_digit(lived: Lived) -> None:
    """Over a lost bus, a restart and another configuration: no difference, and both controls are noticed."""
    found = await lived.replayed()
    assert found.first is None
    assert found.holds
    assert found.intents >= 10
    assert found.unverifiable == 0
    starts = [span.run.start for span in found.spans]
    assert {start.run for start in starts} >= {1, 2}
    assert len({start.config_hash for start in starts}) == 4
    assert all(s.verdict.recorded_sha256 == s.verdict.decided_sha256 for s in found.spans)
    assert [control.name for control in found.controls] == ["digit", "message"]
    assert any(span.verdict.choices for span in found.spans)


@pytest.mark.row("J04")
async def test_another_digit_in_the_record_is_shown_with_both_sides_and_their_inputs(
    lived: Lived,
) -> None:
    """Which field, what is recorded, what is decided, and after which message."""

    def change(record: Record) -> None:
        run, one = first_place(record)
        other = msgspec.structs.replace(one.intent, price=one.intent.price + Decimal("0.1"))  # type: ignore[union-attr]
        run.intents[one.intent.intent_id] = msgspec.structs.replace(one, intent=other)

    found = await judged(lived, change)
    assert not found.holds
    assert found.differences == 1
    first = found.first
    assert first is not None
    assert (first.kind, first.fields) == (DifferenceKind.CHANGED, ("price",))
    assert first.decided_after is not None
    assert first.decided_after.message
    assert first.recorded_after == first.decided_after


async def test_an_intent_that_nobody_recorded_is_a_difference(lived: Lived) -> None:
    """While what strategies say was heard, code that says more than the record is other code."""

    def change(record: Record) -> None:
        run, one = first_place(record)
        del run.intents[one.intent.intent_id]

    found = await judged(lived, change)
    assert found.first is not None
    assert (found.first.kind, found.differences) == (DifferenceKind.ADDED, 1)


async def test_an_intent_that_is_not_decided_again_is_a_difference(lived: Lived) -> None:
    """An id that the code never makes."""

    def change(record: Record) -> None:
        run, one = first_place(record)
        stranger = msgspec.structs.replace(one.intent, intent_id="stranger")
        run.intents["stranger"] = msgspec.structs.replace(one, intent=stranger)

    found = await judged(lived, change)
    assert found.first is not None
    assert (found.first.kind, found.differences) == (DifferenceKind.MISSING, 1)


async def test_another_state_at_the_beginning_of_a_run_is_a_difference(lived: Lived) -> None:
    """What had been folded has a name, and it is compared."""

    def change(record: Record) -> None:
        run = runs_of(record)[0]
        run.start = msgspec.structs.replace(run.start, state_fingerprint="another")

    found = await judged(lived, change)
    assert found.first is not None
    assert (found.first.kind, found.differences) == (DifferenceKind.STATE, 1)


async def test_a_choice_that_is_not_made_again_is_a_difference(lived: Lived) -> None:
    """The anchor of a grid is a decision as well."""

    def change(record: Record) -> None:
        run = next(run for run in runs_of(record) if run.choices)
        name, choice = next(iter(run.choices.items()))
        other = msgspec.structs.replace(choice.message, time_ms=choice.message.time_ms + 1)
        run.choices[name] = msgspec.structs.replace(choice, message=other)

    found = await judged(lived, change)
    assert found.first is not None
    assert (found.first.kind, found.first.fields) == (DifferenceKind.CHOICE, ("time_ms",))


@pytest.mark.row("J04")
async def test_a_message_that_the_archive_lacks_is_told(lived: Lived, tmp_path: Path) -> None:
    """A bus loses its end, never its middle: the archive was damaged, and the replay does not hold."""
    run, one = first_place((await lived.record())[1])
    dropped = Lived(journal=lived.journal, folder=tmp_path)
    rewritten(lived.folder, tmp_path, lambda sequence: sequence != one.intent.basis.sequence)
    found = await dropped.replayed()
    assert not found.holds
    kinds = {d.kind for span in found.spans for d in span.verdict.differences}
    assert {DifferenceKind.HOLE, DifferenceKind.MISSING} & kinds
    assert DifferenceKind.HOLE in kinds
    assert run.start.strategy


@pytest.mark.row("J04")
async def test_what_lost_its_feed_is_counted_and_not_called_the_same(
    lived: Lived, tmp_path: Path
) -> None:
    """The end of FEED is gone: what was decided on it cannot be verified, and is no difference."""
    bases = sorted(
        one.intent.basis.sequence
        for run in runs_of((await lived.record())[1])
        for one in run.intents.values()
    )
    end = bases[-5] - 1
    rewritten(lived.folder, tmp_path, lambda sequence: sequence <= end)
    found = await Lived(journal=lived.journal, folder=tmp_path).replayed()
    assert found.first is None
    assert found.unverifiable == sum(basis > end for basis in bases)
    assert found.holds


def rewritten(folder: Path, target: Path, keeps: Callable[[int], bool]) -> None:
    """Copy archives; FEED without some sequences."""
    import pyarrow as pa
    from pyarrow import parquet

    for path in folder.rglob("*.parquet"):
        table = parquet.read_table(path)
        if path.parent.name == "feed":
            kept = [keeps(number) for number in table.column("sequence").to_pylist()]
            table = table.filter(pa.array(kept))
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if table.num_rows:
            parquet.write_table(table, copy)


async def test_a_window_asks_for_some_of_them(lived: Lived) -> None:
    """By strategy and by journal position; the rest is neither decided nor counted."""
    whole = await lived.replayed()
    grid = await lived.replayed(ReplayWindow(strategy="grid-perp"))
    assert {span.run.start.strategy for span in grid.spans} == {"grid-perp"}
    assert 0 < grid.intents < whole.intents
    positions = sorted(
        one.position for run in runs_of((await lived.record())[1]) for one in run.intents.values()
    )
    half = await lived.replayed(ReplayWindow(last_position=positions[len(positions) // 2]))
    assert 0 < half.intents < whole.intents
    assert half.holds


async def test_nothing_recorded_proves_nothing(lived: Lived) -> None:
    """A replay of nothing, or of what no control changes, calls itself worthless."""
    empty = await lived.replayed(ReplayWindow(strategy="nobody"))
    assert not empty.holds
    assert "nothing is proved" in empty.words
    whole = await lived.replayed()
    blind = msgspec.structs.replace(
        whole,
        controls=tuple(msgspec.structs.replace(one, differs=False) for one in whole.controls),
    )
    assert not blind.holds
    assert "WORTHLESS" in blind.words
