"""The reconciler's tables behind a wire, and what they must say when all is quiet: what the venue says."""

from decimal import Decimal

from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.oracle.tables import COLUMNS
from opensqt.runtime.projection.port import LastPrice
from opensqt.runtime.projection.tables import Row, Touched
from tests.support.fakes.projection import MemoryProjections, MemoryTables
from tests.support.venue.exchange import RiggedExchange
from tests.world.wires import WiredJournal

LIVE = ("submitting", "unresolved", "live", "partially_filled")


class WiredProjections(MemoryProjections):
    """The tables over the wire of the process's journal."""

    def __init__(self, tables: MemoryTables, journal: WiredJournal) -> None:
        super().__init__(tables, journal)
        self._wire = journal.wire

    async def head(self) -> int:
        """Ask for the head over the wire."""
        return await self._wire.carry(lambda: MemoryProjections.head(self))

    async def write(self, books: Ledger, touched: Touched, after: int) -> None:
        """Write over the wire."""
        await self._wire.carry(lambda: MemoryProjections.write(self, books, touched, after))

    async def mark(self, marks: list[LastPrice]) -> None:
        """Write marks over the wire."""
        await self._wire.carry(lambda: MemoryProjections.mark(self, marks))


def differing(
    tables: MemoryTables, exchange: RiggedExchange, head: int, but: set[str]
) -> list[tuple[str, str]]:
    """Return where the tables do not say what the venue holds; (invariant, detail). Positions of `but` aside."""
    if tables.head < head:
        return [("projections follow", f"at {tables.head}, the journal is at {head}")]
    found = (
        _orders(tables, exchange)
        or _positions(tables, exchange, but)
        or _balances(tables, exchange)
    )
    return [("projections = venue", detail) for detail in found]


def _orders(tables: MemoryTables, exchange: RiggedExchange) -> list[str]:
    said = {str(row["client_order_id"]): row for row in _rows(tables, LedgerTable.ORDERS)}
    ours = {name for name, row in said.items() if row["status"] in LIVE}
    taken = {order.client_order_id: order for order in exchange.orders}
    theirs = {name for name, order in taken.items() if order.is_open}
    if ours != theirs:
        return [f"open orders {sorted(ours ^ theirs)} on one side only"]
    return [
        f"{name} filled {said[name]['filled']}, the venue says {order.filled}"
        for name, order in taken.items()
        if name in said and said[name]["filled"] != order.filled
    ]


def _positions(tables: MemoryTables, exchange: RiggedExchange, but: set[str]) -> list[str]:
    said = {str(row["symbol"]): row["quantity"] for row in _rows(tables, LedgerTable.POSITIONS)}
    return [
        f"{place.symbol} {said.get(place.symbol)}, the venue says {place.quantity}"
        for place in exchange.positions()
        if said.get(place.symbol) != place.quantity and place.symbol not in but
    ]


def _balances(tables: MemoryTables, exchange: RiggedExchange) -> list[str]:
    said = {
        (row["market"], row["asset"]): row["total"] for row in _rows(tables, LedgerTable.BALANCES)
    }
    return [
        f"{one.wallet} {one.asset} {said.get((one.wallet, one.asset))}, the venue says {one.total}"
        for one in exchange.balances()
        if said.get((one.wallet, one.asset), Decimal(0)) != one.total
    ]


def _rows(tables: MemoryTables, table: LedgerTable) -> list[dict[str, object]]:
    columns = COLUMNS[table.value]

    def named(row: Row) -> dict[str, object]:
        return dict(zip(columns, row, strict=True))

    return [named(row) for row in tables.rows[table].values()]
