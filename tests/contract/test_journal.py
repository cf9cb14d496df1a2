"""What every journal promises, in Postgres and in memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from opensqt.domain.journal import (
    Appended,
    Conflict,
    Duplicate,
    Entry,
    Fence,
    Fenced,
    NewEvent,
    TooLate,
)
from opensqt.runtime.clock import RunClock, VirtualClock
from opensqt.runtime.journal.desk import ensure_generation
from opensqt.runtime.journal.port import Journal
from opensqt.runtime.journal.reading import CorruptRow, decode_row, envelope_of
from tests.journals import KINDS, Desk, entry, event, open_desk


@pytest.fixture(params=KINDS)
def dsn(request: pytest.FixtureRequest) -> str:
    """The database of the desk; empty for the one in memory."""
    return str(request.getfixturevalue("postgres_dsn")) if request.param == "postgres" else ""


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    """An empty desk."""
    async with open_desk(dsn) as opened:
        yield opened


@pytest.mark.row("A03")
async def test_a_row_holds_everything_that_was_said_about_its_event(desk: Desk) -> None:
    """Every column of an event comes back as it went in, with position, version, hash and epoch."""
    lease = await desk.leases.acquire("executor/main", "one", 1000)
    assert lease is not None
    given = NewEvent(
        event_id="fill-1",
        stream="order/q1",
        message=event("x").message,
        subject="evt.order.binance.main.BTC-USDT",
        actor="executor-main",
        occurred_at_ms=11,
        venue_time_ms=10,
        correlation_id="intent-1",
        causation_id="place-1",
        traceparent="00-abc-def-01",
    )
    assert await desk.journal.append(entry(given, fence=lease.fence)) == Appended(positions=(1,))
    (row,) = await desk.journal.read(0, 10)
    for field in ("event_id", "stream", "subject", "actor", "occurred_at_ms", "venue_time_ms"):
        assert getattr(row, field) == getattr(given, field)
    assert (row.correlation_id, row.causation_id) == ("intent-1", "place-1")
    assert (row.traceparent, row.type, row.schema_version) == ("00-abc-def-01", "KillLatched", 1)
    assert (row.position, row.prev, row.version, row.epoch) == (1, 0, 1, lease.epoch)
    assert row.data_hash == hashlib.sha256(row.data).digest()
    assert abs(row.recorded_at_ms - RunClock().wall_ms()) < 60_000
    assert decode_row(row) == given.message
    assert envelope_of(row).headers()["ce-correlationid"] == "intent-1"


@pytest.mark.row("A04")
async def test_the_same_event_is_stored_once(desk: Desk) -> None:
    """Appending an entry again answers with the first positions and adds nothing."""
    both = entry(event("a"), event("b"))
    assert await desk.journal.append(both) == Appended(positions=(1, 2))
    assert await desk.journal.append(both) == Duplicate(positions=(1, 2))
    assert (await desk.journal.head()).position == 2


@pytest.mark.row("A04")
async def test_a_stale_expected_version_is_rejected(desk: Desk) -> None:
    """An event for a version that is taken conflicts and names what it found."""
    first = event("verdict-1", stream="intent/1", version=1)
    assert await desk.journal.append(entry(first)) == Appended(positions=(1,))
    second = event("verdict-2", stream="intent/1", version=1)
    conflict = Conflict(stream="intent/1", expected=1, actual=1)
    assert await desk.journal.append(entry(second)) == conflict
    ahead = event("verdict-3", stream="intent/1", version=3)
    assert await desk.journal.append(entry(ahead)) == Conflict(
        stream="intent/1", expected=3, actual=1
    )


async def test_an_entry_is_appended_whole_or_not_at_all(desk: Desk) -> None:
    """One event that conflicts, or is known, keeps its whole entry out."""
    await desk.journal.append(entry(event("a", stream="s")))
    conflict = await desk.journal.append(
        entry(event("b", stream="t"), event("c", stream="s", version=1))
    )
    assert conflict == Conflict(stream="s", expected=1, actual=1)
    partly = await desk.journal.append(entry(event("d", stream="s"), event("a", stream="s")))
    assert partly == Conflict(stream="s", expected=0, actual=1)
    twice = await desk.journal.append(entry(event("e", stream="s"), event("e", stream="s")))
    assert isinstance(twice, Conflict)
    assert (await desk.journal.head()).position == 1


async def test_versions_run_on_within_one_entry(desk: Desk) -> None:
    """Intent, verdict and submission of one command take consecutive versions of their streams."""
    command = entry(
        event("verdict", stream="intent/1", version=1),
        event("placed", stream="order/q1", version=1),
        event("submitting", stream="order/q1", version=2),
    )
    assert await desk.journal.append(command) == Appended(positions=(1, 2, 3))
    rows = await desk.journal.read(0, 10, stream_prefix="order/")
    assert [(row.event_id, row.version) for row in rows] == [("placed", 1), ("submitting", 2)]


async def test_each_entry_of_a_group_has_its_own_outcome(desk: Desk) -> None:
    """Entries that fail leave no gap and do no harm to the others that share their commit."""
    await desk.journal.append(entry(event("known")))
    lost = Fence(name="risk", epoch=7)
    outcomes = await asyncio.gather(
        desk.journal.append(entry(event("a"))),
        desk.journal.append(entry(event("known"))),
        desk.journal.append(entry(event("b", version=9))),
        desk.journal.append(entry(event("c"), fence=lost)),
        desk.journal.append(Entry(events=(event("d"),), not_after_ms=1)),
        desk.journal.append(entry(event("a"))),
        desk.journal.append(entry(event("e"))),
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Appended, Duplicate, Conflict, Fenced, TooLate, Duplicate, Appended]
    rows = await desk.journal.read(0, 10)
    assert [(row.position, row.event_id) for row in rows] == [(1, "known"), (2, "a"), (3, "e")]
    assert [row.version for row in rows] == [1, 2, 3]


@pytest.mark.row("A11")
async def test_prev_is_the_last_position_of_the_subject(desk: Desk) -> None:
    """Each subject's rows form a chain, within an entry and across entries."""
    await desk.journal.append(
        entry(event("a", subject="evt.x"), event("b", subject="evt.y"), event("c", subject="evt.x"))
    )
    await desk.journal.append(entry(event("d", subject="evt.x")))
    await desk.journal.append(entry(event("e", subject="evt.y")))
    rows = await desk.journal.read(0, 10)
    assert [(row.position, row.prev) for row in rows] == [(1, 0), (2, 0), (3, 1), (4, 3), (5, 2)]


async def test_a_late_entry_is_refused_but_a_lost_answer_is_a_duplicate(desk: Desk) -> None:
    """Time decides about new entries only: one that is in stays in, however late it is asked again."""
    now_ms = RunClock().wall_ms()
    late = await desk.journal.append(Entry(events=(event("a"),), not_after_ms=now_ms - 1000))
    assert isinstance(late, TooLate)
    assert late.late_ms >= 999
    in_time = Entry(events=(event("b"),), not_after_ms=now_ms + 60_000)
    assert await desk.journal.append(in_time) == Appended(positions=(1,))
    again = Entry(events=(event("b"),), not_after_ms=now_ms - 1000)
    assert await desk.journal.append(again) == Duplicate(positions=(1,))


async def test_a_guard_that_moved_on_refuses(desk: Desk) -> None:
    """A command under a dead epoch of risk is refused although the executor's own lease holds."""
    own = await desk.leases.acquire("executor/main", "executor", 1000)
    old = await desk.leases.acquire("risk", "risk", 1000)
    new = await desk.leases.acquire("risk", "risk", 1000)
    assert own is not None
    assert old is not None
    assert new is not None
    command = Entry(events=(event("a"),), fence=own.fence, guards=(old.fence,))
    assert await desk.journal.append(command) == Fenced(name="risk", epoch=1, current_epoch=2)
    good = Entry(events=(event("a"),), fence=own.fence, guards=(new.fence,))
    assert await desk.journal.append(good) == Appended(positions=(1,))


async def test_concurrent_processes_leave_no_gap(desk: Desk) -> None:
    """Two appenders share positions without a hole, and each one's order is kept."""
    other = await desk.another()

    async def run(journal: Journal, name: str) -> None:
        for number in range(30):
            await journal.append(entry(event(f"{name}{number:02}", stream=name)))

    await asyncio.gather(run(desk.journal, "a"), run(other, "b"))
    rows = await desk.journal.read(0, 100)
    assert [row.position for row in rows] == list(range(1, 61))
    for name in ("a", "b"):
        mine = [row.event_id for row in rows if row.stream == name]
        assert mine == [f"{name}{number:02}" for number in range(30)]


async def test_reading_goes_on_where_it_stopped(desk: Desk) -> None:
    """Pages are bounded, ordered and start behind the given position."""
    await asyncio.gather(*(desk.journal.append(entry(event(str(n)))) for n in range(10)))
    first = await desk.journal.read(0, 4)
    rest = await desk.journal.read(first[-1].position, 100)
    assert [row.position for row in (*first, *rest)] == list(range(1, 11))
    assert await desk.journal.read(10, 4) == []


async def test_a_waiting_reader_wakes_for_an_append_of_another_process(desk: Desk) -> None:
    """`wait_beyond` returns on a commit, long before its time is over."""
    other = await desk.another()

    async def wait_until_there() -> None:
        while not await other.read(0, 1):
            await other.wait_beyond(0, 30)

    async with asyncio.timeout(10):
        waiting = asyncio.create_task(wait_until_there())
        await desk.journal.append(entry(event("a")))
        await waiting


async def test_waiting_ends_without_an_append(desk: Desk) -> None:
    """`wait_beyond` gives up after its time."""
    async with asyncio.timeout(10):
        await desk.journal.wait_beyond(0, 0.01)


async def test_evidence_is_kept_once_under_its_hash(desk: Desk) -> None:
    """The name of evidence is the sha256 of its bytes."""
    expected = hashlib.sha256(b"frame").hexdigest()
    assert await desk.journal.keep("rest", b"frame") == expected
    assert await desk.journal.keep("rest", b"frame") == expected


async def test_the_generation_of_a_desk_is_journalled_first_and_once(desk: Desk) -> None:
    """However often it is ensured, one event at position 1 holds the generation of the head."""
    clock = VirtualClock()
    generation = await ensure_generation(desk.journal, "test", clock)
    assert await ensure_generation(desk.journal, "test", clock) == generation
    (row,) = await desk.journal.read(0, 10)
    assert (row.position, row.stream, row.type) == (1, "control", "DeskGeneration")
    assert (await desk.journal.head()).generation == generation


async def test_bytes_that_do_not_fit_their_hash_are_not_decoded(desk: Desk) -> None:
    """A row whose bytes were changed names its position instead of a fact."""
    await desk.journal.append(entry(event("a")))
    (row,) = await desk.journal.read(0, 1)
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    with pytest.raises(CorruptRow, match="position 1"):
        decode_row(type(row)(**{**fields, "data": row.data + b"\x00"}))
