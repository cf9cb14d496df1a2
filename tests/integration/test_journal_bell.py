"""The wake-up call of a real Postgres: it rings, and it comes back whatever happened to it."""

import asyncio

import asyncpg

from opensqt.runtime.journal.notify_listener import NotifyListener
from tests.conditions import until
from tests.journals import entry, event, open_desk


async def test_a_commit_rings_the_bell(postgres_dsn: str) -> None:
    """Whoever waits is told by Postgres itself; looking again each second is only the floor."""
    bell = NotifyListener(postgres_dsn)
    waiting = asyncio.create_task(bell.wait_beyond(0, 60))
    async with open_desk(postgres_dsn) as desk, asyncio.timeout(10):
        await desk.journal.append(entry(event("a")))
        await waiting
    again = asyncio.create_task(bell.wait_beyond(1, 60))
    async with open_desk(postgres_dsn) as desk, asyncio.timeout(10):
        await desk.journal.append(entry(event("b")))
        await again
    await bell.close()


async def test_a_bell_that_was_refused_rings_later(postgres_dsn: str) -> None:
    """A statement that failed while it began to listen costs a retry, not the bell."""
    bell, waits = NotifyListener(postgres_dsn), "SELECT pid FROM pg_locks WHERE NOT granted"
    refused: set[int] = set()
    owner = await asyncpg.connect(postgres_dsn)
    hold = owner.transaction()
    await hold.start()
    await owner.execute("LOCK TABLE journal_head IN ACCESS EXCLUSIVE MODE")
    waiting = asyncio.create_task(bell.wait_beyond(0, 60))

    async def tried_again() -> bool:
        refused.update(row["pid"] for row in await owner.fetch(waits))
        return len(refused) > 1

    await until(tried_again)
    await hold.rollback()
    await owner.close()
    async with open_desk(postgres_dsn) as desk, asyncio.timeout(10):
        await desk.journal.append(entry(event("a")))
        await waiting
    await bell.close()
