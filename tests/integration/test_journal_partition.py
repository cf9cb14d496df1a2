"""A journal whose client is cut off in the middle of an append: the others must not wait for it."""

import asyncio
import time

import asyncpg
import pytest

from opensqt.domain.journal import Appended
from opensqt.domain.ledger import Ledger
from opensqt.runtime.journal.connection import Borrowed
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.projection.store import Projections
from tests.conditions import until
from tests.journals import entry, event, open_desk
from tests.proxy import Proxy

SYNC = b"S\x00\x00\x00\x04"
HOLDS_THE_HEAD = (
    "SELECT count(*) FROM pg_locks WHERE relation = 'journal_head'::regclass AND granted"
    " AND mode = 'RowShareLock' AND pid <> pg_backend_pid()"
)
BLOCKED_S_MAX = 1.25  # the second of `transaction_timeout`, and the quarter between two tries


class Slow(Projections):
    """Projections that take longer than a second, though no statement of theirs does."""

    @staticmethod
    async def _advance(connection: Borrowed, after: int, position: int) -> None:
        for _ in range(2):
            await connection.execute("SELECT pg_sleep(0.6)")
        await Projections._advance(connection, after, position)


@pytest.mark.row("J03")
async def test_a_client_cut_off_before_its_sync_blocks_nobody_for_long(postgres_dsn: str) -> None:
    """Executed and not committed, no idle limit counts: the transaction's own second ends it, and nothing is there."""
    async with Proxy(postgres_dsn).open() as wire, open_desk(postgres_dsn) as desk:
        owner = await asyncpg.connect(postgres_dsn)
        stopped = await PostgresJournal.connect(wire.address)
        await stopped.append(entry(event("first")))
        wire.dark_before = SYNC
        appending = asyncio.create_task(stopped.append(entry(event("stopped"))))

        async def holds() -> bool:
            return bool(await owner.fetchval(HOLDS_THE_HEAD))

        await until(holds)
        began_s, outcome = time.monotonic(), None
        while outcome is None:
            try:
                outcome = await desk.journal.append(entry(event("alive")))
            except JournalDown:
                assert time.monotonic() < began_s + BLOCKED_S_MAX
        assert outcome == Appended(positions=(2,))
        with pytest.raises(JournalDown):
            await appending
        await stopped.close()
        await owner.close()


async def test_tables_that_take_long_are_written_all_the_same(postgres_dsn: str) -> None:
    """Only what may hold the journal's head has one second for all; a table of many chunks holds nobody up."""
    journal = await PostgresJournal.connect(postgres_dsn)
    await Slow(journal.pool).replace(Ledger())
    await journal.close()
