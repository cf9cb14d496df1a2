"""A sealed journal, and somebody with all rights in its database: whatever he does to a row is named."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import msgspec
import pytest

from opensqt.cli.audit import Audit, judged
from opensqt.cli.reading import Source
from opensqt.desk.runfile import RunFile
from opensqt.domain.seals import ROWS_PER_SEAL
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.seal_keys import SealKeys
from opensqt.runtime.sealing import FILE, Sealer, SealFile
from tests.journals import entry, event

ROWS = ROWS_PER_SEAL + 50
FREE = (
    "ALTER TABLE journal DISABLE TRIGGER ALL",
    "ALTER TABLE journal DROP CONSTRAINT IF EXISTS journal_check",
)
RENUMBER = "UPDATE journal SET position = position + {by} WHERE position > {after}"


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A journal of two pieces, its seals, and who may do anything to it."""

    source: Source
    journal: PostgresJournal
    sealer: Sealer
    keys: SealKeys
    owner: "asyncpg.Connection[asyncpg.Record]"

    async def judged(self) -> Audit:
        """Judge it as `opensqt audit verify` does."""
        return await judged(self.source, self.keys)

    async def tamper(self, *statements: str) -> None:
        """Change what nobody may change."""
        for statement in (*FREE, *statements):
            await self.owner.execute(statement)


async def append(journal: PostgresJournal, first: int, count: int) -> None:
    """Append rows whose ids are their numbers."""
    for at in range(first, first + count, 250):
        numbers = range(at, min(at + 250, first + count))
        await journal.append(entry(*(event(f"row {number}") for number in numbers)))


@pytest.fixture
async def sealed(postgres_dsn: str, tmp_path: Path) -> AsyncIterator[Sealed]:
    """A journal that was sealed up to its end."""
    journal = await PostgresJournal.connect(postgres_dsn)
    owner = await asyncpg.connect(postgres_dsn)
    keys = SealKeys(tmp_path / "keys")
    sealer = Sealer(journal, RunClock(), SealFile(tmp_path / "data" / FILE), keys)
    await append(journal, 1, ROWS)
    assert await sealer.seal() == ROWS
    source = Source(dsn=postgres_dsn, running=True, data=tmp_path / "data", run=RunFile())
    try:
        yield Sealed(source=source, journal=journal, sealer=sealer, keys=keys, owner=owner)
    finally:
        await journal.close()
        await owner.close()


@pytest.mark.row("J12")
async def test_an_untouched_journal_holds_and_goes_on_to_hold(sealed: Sealed) -> None:
    """Also after it grew, was sealed again, and got another key."""
    audit = await sealed.judged()
    assert (audit.holds, audit.seals, audit.sealed_to) == (True, 2, ROWS)
    sealed.keys.rotate()
    await append(sealed.journal, ROWS + 1, ROWS_PER_SEAL)
    await sealed.sealer.seal()
    audit = await sealed.judged()
    assert audit.faults == ()
    assert (audit.seals, audit.sealed_to) == (3, ROWS + ROWS_PER_SEAL)


FORGED = (
    "INSERT INTO journal SELECT (jsonb_populate_record(journal, jsonb_build_object("
    "'position', 601, 'event_id', 'forged', 'version', 100000))).* FROM journal WHERE position = 600"
)
TAMPERED = {
    "a changed row": (("UPDATE journal SET actor = 'another' WHERE position = 17",), "changed", 17),
    "a removed row": (("DELETE FROM journal WHERE position = 1010",), "removed", 1010),
    "a row removed so that no number is missing": (
        ("DELETE FROM journal WHERE position = 500", RENUMBER.format(by=-1, after=500)),
        "removed",
        500,
    ),
    "an inserted row": (
        (
            RENUMBER.format(by=100_000, after=600),
            FORGED,
            "UPDATE journal SET position = position - 99999 WHERE position > 100000",
        ),
        "inserted",
        601,
    ),
    "the end cut off": (("DELETE FROM journal WHERE position > 1040",), "truncated", 1041),
}


@pytest.mark.row("J12")
@pytest.mark.parametrize("statements, kind, position", TAMPERED.values(), ids=TAMPERED)
async def test_what_was_done_to_a_row_is_named(
    sealed: Sealed, statements: tuple[str, ...], kind: str, position: int
) -> None:
    """One fault, of this kind, at this position; nothing else is accused."""
    await sealed.tamper(*statements)
    audit = await sealed.judged()
    assert [(fault.kind, fault.position) for fault in audit.faults] == [(kind, position)]


@pytest.mark.row("J12")
async def test_a_changed_row_is_not_sealed_again(sealed: Sealed) -> None:
    """A piece that grows is judged before it is sealed anew: nothing blesses what somebody did."""
    await sealed.tamper("UPDATE journal SET actor = 'another' WHERE position = 1005")
    await append(sealed.journal, ROWS + 1, 10)
    assert await sealed.sealer.seal() == ROWS
    faults = (await sealed.judged()).faults
    assert [(fault.kind, fault.position) for fault in faults] == [("changed", 1005)]


def _a_line_less(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def _another_root(path: Path) -> None:
    first, *rest = path.read_bytes().splitlines(keepends=True)
    seal = msgspec.json.decode(first)
    seal["root"] = "00" * 32
    path.write_bytes(b"".join([msgspec.json.encode(seal) + b"\n", *rest]))


@pytest.mark.row("J12")
@pytest.mark.parametrize("change", [_a_line_less, _another_root], ids=["cut", "forged"])
async def test_a_seal_that_is_missing_or_forged_is_named(
    sealed: Sealed, change: Callable[[Path], None]
) -> None:
    """The file beside the database and the database each tell of what the other lacks."""
    change(sealed.source.folder / FILE)
    audit = await sealed.judged()
    assert not audit.holds
    assert {fault.kind for fault in audit.faults} == {"seal"}


async def test_seals_of_an_unknown_key_prove_nothing(sealed: Sealed, tmp_path: Path) -> None:
    """Whoever seals with a key of his own is told from us."""
    strange = msgspec.structs.replace(sealed, keys=SealKeys(tmp_path / "others"))
    audit = await strange.judged()
    assert not audit.holds
    assert audit.seals == 0
    assert all("lacks" in fault.detail for fault in audit.faults)
