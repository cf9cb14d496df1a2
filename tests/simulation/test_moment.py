"""A desk at a past position: the same books as whoever started there had, the same rows as the judge counts."""

import asyncio

import pytest

from opensqt.domain.ledger import LedgerTable
from opensqt.oracle.journal_account import JournalAccount
from opensqt.replay.deciding import Begun, decided, specs_of
from opensqt.replay.moment import moment_at, position_at, readable
from opensqt.replay.record import rows_of
from opensqt.replay.replaying import Replay
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.projection.tables import SHAPES
from opensqt.strategies.fingerprint import fingerprint
from tests.recorded_desk import Lived, live


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One life for all tests of this file."""
    return asyncio.run(live(tmp_path_factory.mktemp("lived")))


@pytest.mark.row("J05", "A05")
async def test_the_past_does_not_change_while_the_journal_grows(lived: Lived) -> None:
    """Folding twice to a position gives the same hashes of ledger, risk and strategies, and others at another."""
    head = (await lived.journal.head()).position
    seen = [await moment_at(lived.journal, at, None) for at in (head // 3, head // 3, head)]
    assert seen[0] == seen[1]
    assert seen[0].sha256.keys() == {"ledger", "risk", "strategies"}
    assert all(seen[0].sha256[name] != seen[2].sha256[name] for name in seen[0].sha256)
    assert [one.position for one in seen] == [head // 3, head // 3, head]


@pytest.mark.row("J05")
async def test_the_rows_of_a_moment_are_those_that_the_judge_counts(lived: Lived) -> None:
    """Orders, fills, positions and holdings at each of three moments, by a count that shares no fold."""
    head = (await lived.journal.head()).position
    for position in (head // 4, head // 2, head):
        account = JournalAccount()
        async for row in rows_of(lived.journal, position):
            account.hear(decode_row(row))
        moment = await moment_at(lived.journal, position, None)
        counted = account.rows()
        for table in (LedgerTable.ORDERS, LedgerTable.FILLS, LedgerTable.POSITIONS):
            keys = {tuple(str(row[n]) for n in SHAPES[table].key) for row in moment.tables[table]}
            places = [SHAPES[table].columns.index(name) for name in SHAPES[table].key]
            assert keys == {tuple(str(row[at]) for at in places) for row in counted[table.value]}
        assert moment.tables[LedgerTable.ORDERS]


@pytest.mark.row("J05", "A05")
async def test_the_books_of_a_moment_are_those_that_a_run_began_with(lived: Lived) -> None:
    """A second run said what it had folded: its books are those of the moment up to which it had read the journal."""
    archives, record = await lived.record()
    replay = Replay(lived.journal, archives, record, None)
    session = record.sessions[-1]
    feed = replay.feed_of(session)
    assert feed is not None
    steps = decided(session, specs_of(session, None), feed, lived.journal, session.basis.sequence)
    (begun,) = [step async for step in steps if isinstance(step, Begun)]
    for name, run in session.runs.items():
        assert fingerprint(begun.states[name]) == run.start.state_fingerprint
    moment = await moment_at(lived.journal, session.start.journal_position, None)
    for name, strategy in moment.strategies.items():
        assert strategy.books["positions"] == readable(begun.states[name].books)["positions"]


async def test_a_time_means_the_last_fact_that_had_happened_by_then(lived: Lived) -> None:
    """Before the first fact is nothing, behind the last one everything."""
    head = (await lived.journal.head()).position
    first, *_ = [row async for row in rows_of(lived.journal, 1)]
    assert await position_at(lived.journal, first.occurred_at_ms - 1) == 0
    assert await position_at(lived.journal, first.occurred_at_ms + 10**9) == head
