"""The reconciler on a real Postgres: tables that are always a prefix of the journal, whatever dies on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.account import PositionStated
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.ledger_content import digest
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Discrepancy
from opensqt.domain.subjects import subject_of
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode_event
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from opensqt.runtime.lease import LeaseLost, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.projection.port import ProjectionMoved
from opensqt.runtime.projection.store import Projections, caught_up
from opensqt.runtime.projection.tables import rows
from services.reconciler.config import ReconcilerSettings
from services.reconciler.service import Reconciler
from tests.conditions import until
from tests.ledgers import Day, folded, opened, ref_of, snapshot
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker

CONFIG = parse_config(derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7"), {})
HOLDER = holder_of("reconciler")
OLD_MS = 60_000  # by then a venue shows every order that it took at the beginning
QUICK = ReconcilerSettings(
    lease_ttl_ms=600,
    rows_max=7,
    idle_wait_s=0.02,
    retry_s=0.02,
    marks_every_s=0.05,
    state_every_s=0.05,
    grace_ms=50,
    snapshot_rows=50,
)


@pytest.fixture
async def journal(postgres_dsn: str) -> AsyncIterator[PostgresJournal]:
    """The journal of the test's own desk."""
    opened_journal = await PostgresJournal.connect(postgres_dsn)
    yield opened_journal
    await opened_journal.close()


@asynccontextmanager
async def running(dsn: str) -> AsyncIterator[Reconciler]:
    """Run a reconciler of its own connection until the end of the block, then drain it."""
    journal = await PostgresJournal.connect(dsn)
    clock = RunClock()
    context = Context(
        name="reconciler",
        clock=clock,
        config=CONFIG,
        bus=MemoryBus(MemoryBroker(clock)),
        journal=journal,
        leases=PostgresLeases(journal),
        postgres=journal,
    )
    service = Reconciler(context, Projections(journal.pool), QUICK)
    stop = asyncio.Event()
    task = asyncio.create_task(service.run(stop))
    try:
        yield service
        stop.set()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await journal.close()


async def write(journal: PostgresJournal, messages: list[Event], name: str = "f") -> None:
    """Append facts in order."""
    head = (await journal.head()).position
    for number, message in enumerate(messages, start=head):
        event = NewEvent(
            event_id=f"{name}{number}",
            stream="test",
            message=message,
            subject=subject_of(message),
            actor="executor-main",
            occurred_at_ms=1,
        )
        await journal.append(Entry(events=(event,)))


async def caught(service: Reconciler, journal: PostgresJournal) -> None:
    """Wait until the projections are at the journal's head."""

    async def there() -> bool:
        head = (await journal.head()).position
        return service.ready and service.status()["projected"] >= head

    await until(there, within_s=20)


async def told(journal: PostgresJournal, kind: type[Event]) -> list[Any]:
    """Return the facts of a kind in the journal."""
    found = [decode_event(row.data) for row in await journal.read(0, 10_000)]
    return [message for message in found if isinstance(message, kind)]


@pytest.mark.row("I02")
@pytest.mark.row("A05")
async def test_tables_follow_the_journal_and_survive_restarts(
    postgres_dsn: str, journal: PostgresJournal
) -> None:
    """Rows written batch by batch, over a restart, are the rows of one fold of everything."""
    facts = Day(3, orders=30).facts
    half = len(facts) // 2
    async with running(postgres_dsn) as service:
        await write(journal, facts[:half])
        await caught(service, journal)
    await write(journal, facts[half:])
    async with running(postgres_dsn) as service:
        await caught(service, journal)
    position, live = await Projections(journal.pool).live()
    everything = [decode_event(row.data) for row in await journal.read(0, 10_000)]
    assert position == len(everything)
    assert live == rows(folded(everything))
    assert len(await told(journal, PositionStated)) >= 2


@pytest.mark.row("I02")
async def test_rebuilding_restores_the_same_rows(
    postgres_dsn: str, journal: PostgresJournal
) -> None:
    """Tables that were damaged and emptied come back from the journal to the same rows."""
    await write(journal, Day(4).facts)
    projections = Projections(journal.pool)
    await caught_up(journal, projections)
    _, before = await projections.live()
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute("UPDATE view.orders SET filled = 99; DELETE FROM view.fills")
    await owner.close()
    _, damaged = await projections.live()
    assert damaged != before
    books = folded([decode_event(row.data) for row in await journal.read(0, 10_000)])
    await projections.replace(books)
    assert (await projections.live()) == (books.position, before)


@pytest.mark.row("A09")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE view.snapshot SET content = set_byte(content, 40, get_byte(content, 40) # 1)",
        "UPDATE view.snapshot SET sha256 = repeat('0', 64)",
        "UPDATE view.snapshot SET fingerprint = 'another version'",
        "UPDATE view.snapshot SET position = position - 1",
    ],
)
async def test_a_snapshot_that_does_not_fit_is_not_used(
    postgres_dsn: str, journal: PostgresJournal, damage: str
) -> None:
    """Whatever is wrong with it, the journal is folded from the beginning instead, to the same books."""
    await write(journal, Day(5).facts)
    projections = Projections(journal.pool)
    books = await caught_up(journal, projections)
    await projections.keep(books)
    kept = await projections.newest()
    assert kept is not None
    assert kept.sha256 == digest(books)
    owner = await asyncpg.connect(postgres_dsn)
    await owner.execute(damage)
    await owner.close()
    assert await projections.newest() is None
    assert digest(await caught_up(journal, projections)) == digest(books)


@pytest.mark.row("A09")
async def test_a_start_from_a_snapshot_ends_in_the_same_books(journal: PostgresJournal) -> None:
    """Folding on from a snapshot gives the bytes of folding everything."""
    facts = Day(6).facts
    projections = Projections(journal.pool)
    await write(journal, facts[:100])
    await projections.keep(await caught_up(journal, projections))
    await write(journal, facts[100:])
    books = await caught_up(journal, projections)
    assert digest(books) == digest(folded(facts))
    assert (await projections.live()) == (len(facts), rows(books))


async def test_two_writers_cannot_both_advance_the_tables(journal: PostgresJournal) -> None:
    """Who writes from a position that is no longer the tables' own writes nothing."""
    facts = Day(7).facts
    projections = Projections(journal.pool)
    await write(journal, facts)
    await caught_up(journal, projections)
    behind = folded(facts[:10])
    with pytest.raises(ProjectionMoved):
        await projections.write(behind, behind.take_touched(), 0)
    assert await projections.head() == len(facts)


@pytest.mark.row("E12")
@pytest.mark.row("E14")
async def test_snapshots_are_judged_once_whoever_judges(
    postgres_dsn: str, journal: PostgresJournal
) -> None:
    """A missing order is told in one event, also when another reconciler reads the same journal again."""
    await write(journal, opened(ref_of(1)))
    await write(journal, [snapshot(at, evidence=f"e{at}", time_ms=OLD_MS) for at in (3, 4)])

    async def is_told() -> bool:
        return len(await told(journal, Discrepancy)) == 1

    async with running(postgres_dsn):
        await until(is_told)
    for _ in range(2):
        async with running(postgres_dsn) as service:
            await caught(service, journal)
            assert service.status()["discrepancies"] != []
    assert len(await told(journal, Discrepancy)) == 1


async def test_who_lost_the_lease_ends_by_itself(
    postgres_dsn: str, journal: PostgresJournal
) -> None:
    """A second reconciler of the same name takes over at once; the first one stops with an error."""

    async def usurp() -> None:
        async with running(postgres_dsn) as service:
            await caught(service, journal)
            taken = await PostgresLeases(journal).acquire("reconciler", HOLDER, 3000)
            assert taken is not None
            await until(lambda: not service.ready, within_s=20)

    with pytest.raises(LeaseLost):
        await usurp()
