"""Projections and snapshots of books in Postgres: written with their journal position, or not at all.

Never a truth: whatever is here can be emptied and folded from the journal again. A snapshot that does not fit its hash
or this version counts as absent.
"""

import asyncio
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable

import asyncpg
import msgspec

from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.ledger_content import NotBooks, content, fingerprint, restore
from opensqt.runtime.journal.connection import Borrowed, Pool, borrowed, transaction
from opensqt.runtime.journal.port import Journal
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.projection.port import LastPrice, ProjectionMoved, ProjectionStore, Snapshot
from opensqt.runtime.projection.tables import SHAPES, Row, Touched, everything, row_of

CHUNK = 500  # rows a round trip: each within the role's statement timeout
ROWS_PER_READ = 1000
SNAPSHOTS_KEPT = 2
_MARK = (
    "INSERT INTO view.marks (venue, symbol, price, ticks, time, quantity_step, quantity_min, notional_min)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (venue, symbol) DO UPDATE SET"
    " price = EXCLUDED.price, time = EXCLUDED.time, ticks = view.marks.ticks + EXCLUDED.ticks,"
    " quantity_step = EXCLUDED.quantity_step, quantity_min = EXCLUDED.quantity_min,"
    " notional_min = EXCLUDED.notional_min"
)
_KEEP = (
    "INSERT INTO view.snapshot (position, fingerprint, sha256, content) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (position) DO UPDATE SET"
    " fingerprint = EXCLUDED.fingerprint, sha256 = EXCLUDED.sha256, content = EXCLUDED.content"
)
_FORGET = (
    "DELETE FROM view.snapshot WHERE position NOT IN"
    " (SELECT position FROM view.snapshot ORDER BY position DESC LIMIT $1)"
)


class Projections:
    """The tables of schema `view`. All methods raise `JournalDown`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def head(self) -> int:
        """Return the journal position up to which the tables were folded."""
        async with borrowed(self._pool, "read the projections' head") as connection:
            return int(await connection.fetchval("SELECT position FROM view.projection_head"))

    async def write(self, books: Ledger, touched: Touched, after: int) -> None:
        """Write changed rows and the new head in one commit; raise `ProjectionMoved` unless the head was `after`."""
        changes = _changes(books, touched)  # made before: an open transaction must not wait for us
        async with (
            borrowed(self._pool, "write the projections") as connection,
            transaction(connection),
        ):
            await self._advance(connection, after, books.position)
            await self._put(connection, changes)

    async def replace(self, books: Ledger) -> None:
        """Empty all tables and write every row of the books, in one commit."""
        changes = _changes(books, everything(books))
        async with (
            borrowed(self._pool, "replace the projections") as connection,
            transaction(connection),
        ):
            before = int(
                await connection.fetchval("SELECT position FROM view.projection_head FOR UPDATE")
            )
            for table in LedgerTable:
                await connection.execute(f"DELETE FROM view.{table}")  # noqa: S608  # our own names
            await self._put(connection, changes)
            await self._advance(connection, before, books.position)

    async def live(self) -> tuple[int, dict[LedgerTable, set[Row]]]:
        """Return the head and all rows of one instant."""
        async with (
            borrowed(self._pool, "read the projections") as connection,
            transaction(connection, isolation="repeatable_read", readonly=True),
        ):
            position = int(await connection.fetchval("SELECT position FROM view.projection_head"))
            found = {
                table: {tuple(row) for row in await connection.fetch(shape.select(table))}
                for table, shape in SHAPES.items()
            }
        return position, found

    async def mark(self, marks: list[LastPrice]) -> None:
        """Write the last prices."""
        values = [msgspec.structs.astuple(mark) for mark in marks]
        async with borrowed(self._pool, "write the marks") as connection:
            await connection.executemany(_MARK, values)

    async def keep(self, books: Ledger) -> None:
        """Keep a snapshot of the books; the newest few stay."""
        form = content(books)
        packed = await asyncio.to_thread(zlib.compress, form, 1)
        sha256 = hashlib.sha256(form).hexdigest()
        async with borrowed(self._pool, "keep a snapshot") as connection:
            await connection.execute(_KEEP, books.position, fingerprint(), sha256, packed)
            await connection.execute(_FORGET, SNAPSHOTS_KEPT)

    async def newest(self) -> Snapshot | None:
        """Return the newest snapshot that is whole and of this version."""
        async with borrowed(self._pool, "read a snapshot") as connection:
            kept = await connection.fetch(
                "SELECT position, sha256, content FROM view.snapshot WHERE fingerprint = $1"
                " ORDER BY position DESC",
                fingerprint(),
            )
        return next(filter(None, map(_opened, kept)), None)

    @staticmethod
    async def _advance(connection: Borrowed, after: int, position: int) -> None:
        done = await connection.execute(
            "UPDATE view.projection_head SET position = $1 WHERE position = $2", position, after
        )
        if done != "UPDATE 1":
            raise ProjectionMoved(f"the projections are no longer at journal position {after}")

    @staticmethod
    async def _put(connection: Borrowed, changes: "_Changes") -> None:
        for table, keys in changes.gone.items():
            await connection.executemany(SHAPES[table].delete(table), keys)
        for table, found in changes.fresh.items():
            for at in range(0, len(found), CHUNK):
                await connection.executemany(SHAPES[table].upsert(table), found[at : at + CHUNK])


class _Changes(msgspec.Struct, frozen=True, kw_only=True):
    fresh: dict[LedgerTable, list[Row]]
    gone: dict[LedgerTable, list[Row]]


def _changes(books: Ledger, touched: Touched) -> _Changes:
    fresh: defaultdict[LedgerTable, list[Row]] = defaultdict(list)
    gone: defaultdict[LedgerTable, list[Row]] = defaultdict(list)
    for table, key in touched:
        row = row_of(books, table, key)
        if row is None:
            gone[table].append(key)
        else:
            fresh[table].append(row)
    return _Changes(fresh=fresh, gone=gone)


async def caught_up(journal: Journal, projections: ProjectionStore) -> Ledger:
    """Fold the journal to its head, from the newest snapshot on, and bring the projections there.

    For a reader of a desk that does not run, and for the start of a writer. Raise `JournalDown`, `ProjectionMoved`.
    """
    kept = await projections.newest()
    head = (await journal.head()).position
    usable = kept is not None and kept.position <= head
    books: Ledger = kept.books if kept is not None and usable else Ledger()
    before = await projections.head()
    anew = before < books.position or before > head
    await folded(journal, books, head)
    if anew:
        await projections.replace(books)
        books.take_touched()
    elif before < books.position:
        await projections.write(books, books.take_touched(), before)
    else:
        books.take_touched()
    return books


def _nobody(position: int) -> None:
    """Tell nobody how far it is."""


async def folded(
    journal: Journal, books: Ledger, head: int, told: Callable[[int], None] = _nobody
) -> None:
    """Fold the journal's rows up to a position into the books; `told` hears how far it is after each read."""
    while books.position < head:
        count = min(ROWS_PER_READ, head - books.position)
        for row in await journal.read(books.position, count):
            books.fold(row.position, decode_row(row))
        told(books.position)


def _opened(kept: asyncpg.Record) -> Snapshot | None:
    try:
        form = zlib.decompress(kept["content"])
        if hashlib.sha256(form).hexdigest() != kept["sha256"]:
            return None
        books = restore(form)
    except (zlib.error, NotBooks):
        return None
    if books.position != kept["position"]:
        return None
    return Snapshot(position=books.position, sha256=kept["sha256"], books=books)
