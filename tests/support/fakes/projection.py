"""The in-memory twin of the projections' tables, for tests and the simulated world: the same promises, no I/O."""

import hashlib

from opensqt.domain.ledger import Key, Ledger, LedgerTable
from opensqt.domain.ledger_content import content, restore
from opensqt.runtime.projection.port import LastPrice, ProjectionMoved, Snapshot
from opensqt.runtime.projection.tables import Row, Touched, everything, row_of
from tests.support.fakes.journal import MemoryJournal

SNAPSHOTS_KEPT = 2


class MemoryTables:
    """What a database would hold; connections share it."""

    def __init__(self) -> None:
        self.head = 0
        self.rows: dict[LedgerTable, dict[Key, Row]] = {table: {} for table in LedgerTable}
        self.marks: dict[tuple[str, str], LastPrice] = {}
        self.snapshots: dict[int, bytes] = {}  # journal position -> canonical form of the books

    def clear(self) -> None:
        """Empty all tables, as a fresh database has them."""
        self.head = 0
        self.rows = {table: {} for table in LedgerTable}
        self.marks.clear()
        self.snapshots.clear()

    def put(self, books: Ledger, touched: Touched) -> None:
        """Bring rows to what the books say of them now."""
        for table, key in touched:
            row = row_of(books, table, key)
            if row is None:
                self.rows[table].pop(key, None)
            else:
                self.rows[table][key] = row


class MemoryProjections:
    """One process's way to the tables; down when its journal is down."""

    def __init__(self, tables: MemoryTables, journal: MemoryJournal) -> None:
        self._tables = tables
        self._journal = journal

    async def head(self) -> int:
        """Return the journal position up to which the tables were folded."""
        self._journal.check()
        return self._tables.head

    async def write(self, books: Ledger, touched: Touched, after: int) -> None:
        """Write changed rows and the new head at once; raise `ProjectionMoved` unless the head was `after`."""
        self._journal.check()
        if self._tables.head != after:
            raise ProjectionMoved(f"the projections are no longer at journal position {after}")
        self._tables.put(books, touched)
        self._tables.head = books.position

    async def replace(self, books: Ledger) -> None:
        """Empty all tables and write every row of the books, at once."""
        self._journal.check()
        self._tables.rows = {table: {} for table in LedgerTable}
        self._tables.put(books, everything(books))
        self._tables.head = books.position

    async def live(self) -> tuple[int, dict[LedgerTable, set[Row]]]:
        """Return the head and all rows of one instant."""
        self._journal.check()
        found = {table: set(rows.values()) for table, rows in self._tables.rows.items()}
        return self._tables.head, found

    async def mark(self, marks: list[LastPrice]) -> None:
        """Write the last prices."""
        self._journal.check()
        for mark in marks:
            self._tables.marks[mark.venue, mark.symbol] = mark

    async def keep(self, books: Ledger) -> None:
        """Keep a snapshot of the books; the newest few stay."""
        self._journal.check()
        kept = self._tables.snapshots
        kept[books.position] = content(books)
        for position in sorted(kept)[:-SNAPSHOTS_KEPT]:
            del kept[position]

    async def newest(self) -> Snapshot | None:
        """Return the newest snapshot."""
        self._journal.check()
        if not self._tables.snapshots:
            return None
        position, form = max(self._tables.snapshots.items())
        sha256 = hashlib.sha256(form).hexdigest()
        return Snapshot(position=position, sha256=sha256, books=restore(form))
