"""What the tables of the projections promise, in Postgres and in memory."""

from collections.abc import AsyncIterator

import pytest

from opensqt.domain.ledger import Ledger
from opensqt.domain.ledger_content import digest
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.port import Journal, JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.projection.port import ProjectionMoved, ProjectionStore
from opensqt.runtime.projection.store import Projections
from opensqt.runtime.projection.tables import rows
from tests.journals import KINDS
from tests.ledgers import Day, folded
from tests.support.fakes.journal import MemoryJournal, MemoryStore
from tests.support.fakes.projection import MemoryProjections, MemoryTables

House = tuple[Journal, ProjectionStore, ProjectionStore]
HALT = Halted(scope="binance/main/BTC/USDT", mode="REDUCING", reason="test", time_ms=1)
RESUMED = Resumed(scope=HALT.scope, reason="seen", actor="a person", time_ms=2)


@pytest.fixture(params=KINDS)
def dsn(request: pytest.FixtureRequest) -> str:
    """The database of the desk; empty for the one in memory."""
    return str(request.getfixturevalue("postgres_dsn")) if request.param == "postgres" else ""


@pytest.fixture
async def house(dsn: str) -> AsyncIterator[House]:
    """A journal, and its tables as two processes see them."""
    if not dsn:
        memory, tables = MemoryJournal(MemoryStore(RunClock())), MemoryTables()
        yield memory, MemoryProjections(tables, memory), MemoryProjections(tables, memory)
    else:
        postgres = await PostgresJournal.connect(dsn)
        yield postgres, Projections(postgres.pool), Projections(postgres.pool)
        await postgres.close()


async def grow(books: Ledger, store: ProjectionStore, facts: list[Event], step: int = 7) -> None:
    """Fold facts behind what the books hold and write a few at a time."""
    for at in range(0, len(facts), step):
        before = books.position
        for number, fact in enumerate(facts[at : at + step], start=before + 1):
            books.fold(number, fact)
        await store.write(books, books.take_touched(), before)


@pytest.mark.row("I02")
async def test_rows_that_follow_each_change_are_those_of_the_books(house: House) -> None:
    """Written change by change, also where a row goes again, every process reads what the books make."""
    _, one, other = house
    books, facts = Ledger(), [*Day(11).facts, HALT, RESUMED]
    assert await one.head() == 0
    await grow(books, one, facts[:-1])
    with_halt = rows(books)
    assert await other.live() == (len(facts) - 1, with_halt)
    await grow(books, one, facts[-1:])
    assert await other.live() == (len(facts), rows(books))
    assert rows(books) != with_halt


async def test_a_writer_that_is_not_at_the_head_writes_nothing(house: House) -> None:
    """Two writers from one position: the second is told, and the tables stay as the first left them."""
    _, one, other = house
    facts, books, behind = Day(12).facts, Ledger(), Ledger()
    await grow(books, one, facts)
    before = await one.live()
    with pytest.raises(ProjectionMoved):
        await grow(behind, other, facts[:5])
    assert await one.live() == before
    assert await other.head() == len(facts)


async def test_replacing_leaves_nothing_of_before(house: House) -> None:
    """Tables that are ahead of the journal are emptied and written anew, also backwards."""
    _, one, other = house
    facts = Day(13).facts
    await grow(Ledger(), one, facts)
    short = folded(facts[:20])
    await other.replace(short)
    assert await one.live() == (20, rows(short))


@pytest.mark.row("A09")
async def test_the_newest_snapshot_holds_the_same_books(house: House) -> None:
    """What was kept last comes back, byte for byte of its canonical form."""
    _, one, other = house
    facts = Day(14).facts
    assert await one.newest() is None
    for count in (10, 20, 30):
        await one.keep(folded(facts[:count]))
    kept = await other.newest()
    assert kept is not None
    assert kept.position == 30
    assert kept.sha256 == digest(kept.books) == digest(folded(facts[:30]))


async def test_tables_that_cannot_be_reached_are_down(house: House) -> None:
    """After the connection is gone every call says so."""
    journal, one, _ = house
    await journal.close()
    for call in (one.head, one.live, one.newest):
        with pytest.raises(JournalDown):
            await call()
    with pytest.raises(JournalDown):
        await one.write(Ledger(), [], 0)
