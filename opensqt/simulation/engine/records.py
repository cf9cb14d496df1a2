"""Reading the venue's memory: orders, fills, income and accounts as last committed. It never writes."""

import sqlite3

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Execution, VenueOrder
from opensqt.simulation.engine.wallets import SimulatedAccount


class Income(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a perp wallet that is listed: commission, realised PnL, funding (signed quote amount)."""

    tran_id: int
    account: str
    symbol: str
    kind: str
    income: str
    asset: str
    info: str
    trade_id: str
    time_ms: int


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a listing: ids from `from_id`, times in market ms (0 = open), at most `limit`."""

    from_id: int | None = None
    order_id: int | None = None
    start_ms: int = 0
    end_ms: int = 0
    limit: int = 500


class Records:
    """Queries over the state of a `store.Store`."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def accounts(self) -> dict[str, SimulatedAccount]:
        """All accounts by name."""
        rows = self._base.execute("SELECT blob FROM accounts ORDER BY name")
        found = [msgspec.json.decode(row[0], type=SimulatedAccount) for row in rows]
        return {account.name: account for account in found}

    def meta(self, key: str) -> bytes | None:
        """A named value, or None."""
        row = self._base.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def open_orders(self) -> list[VenueOrder]:
        """All open orders of all accounts, oldest first."""
        rows = self._base.execute("SELECT blob FROM orders WHERE open = 1 ORDER BY order_id")
        return [msgspec.json.decode(row[0], type=VenueOrder) for row in rows]

    def last_order_id(self, market: Market) -> int | None:
        """The highest order id of a market, or None before the first order."""
        row = self._base.execute("SELECT max(order_id) FROM orders WHERE market = ?", (market,))
        return row.fetchone()[0]  # type: ignore[no-any-return]

    def order_by_id(self, account: str, symbol: str, order_id: int) -> VenueOrder | None:
        """Find an order by the venue's id; None where there is none."""
        query = "SELECT blob FROM orders WHERE account = ? AND symbol = ? AND order_id = ?"
        row = self._base.execute(query, (account, symbol, order_id)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=VenueOrder)

    def order_by_client_id(self, account: str, symbol: str, client_id: str) -> VenueOrder | None:
        """Find the newest order with a client id; None where there is none."""
        query = "SELECT blob FROM orders WHERE account = ? AND symbol = ? AND client_id = ? ORDER BY order_id DESC"
        row = self._base.execute(query, (account, symbol, client_id)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=VenueOrder)

    def orders(self, account: str, symbol: str, window: Window) -> list[VenueOrder]:
        """List orders of a symbol: from an id on, else the latest of the time window; ascending."""
        parts = _Listing("orders", "order_id", "created_ms")
        return [
            msgspec.json.decode(blob, type=VenueOrder)
            for blob in self._list(parts, account, symbol, window)
        ]

    def executions(self, account: str, symbol: str, window: Window) -> list[Execution]:
        """List fills of a symbol: from a trade id on, else of the time window; ascending."""
        parts = _Listing("executions", "trade_id", "time_ms")
        return [
            msgspec.json.decode(blob, type=Execution)
            for blob in self._list(parts, account, symbol, window)
        ]

    def income(self, account: str, symbol: str, kind: str, window: Window) -> list[Income]:
        """List changes of the perp wallet, of one symbol and kind or of all (empty text); ascending."""
        query = (
            "SELECT blob FROM income WHERE account = ? AND (? = '' OR symbol = ?) AND (? = '' OR kind = ?)"
            " AND time_ms >= ? AND (? = 0 OR time_ms <= ?) ORDER BY tran_id LIMIT ?"
        )
        bounds = (window.start_ms, window.end_ms, window.end_ms, window.limit)
        rows = self._base.execute(query, (account, symbol, symbol, kind, kind, *bounds))
        return [msgspec.json.decode(row[0], type=Income) for row in rows]

    def last_income_id(self) -> int:
        """The highest income id so far, 0 before the first."""
        row = self._base.execute("SELECT max(tran_id) FROM income").fetchone()
        return int(row[0] or 0)

    def _list(self, parts: "_Listing", account: str, symbol: str, window: Window) -> list[bytes]:
        """Page forward from an id or a start time; without either, the latest rows."""
        forward = window.from_id is not None or window.start_ms > 0
        query = (
            f"SELECT blob FROM (SELECT {parts.key}, blob FROM {parts.table} WHERE account = ? AND symbol = ?"  # noqa: S608
            f" AND {parts.key} >= ? AND (? IS NULL OR order_id = ?) AND {parts.time} >= ?"
            f" AND (? = 0 OR {parts.time} <= ?) ORDER BY {parts.key} {'ASC' if forward else 'DESC'} LIMIT ?)"
            f" ORDER BY {parts.key}"
        )
        bounds = (window.start_ms, window.end_ms, window.end_ms, window.limit)
        chosen = (window.from_id or 0, window.order_id, window.order_id)
        rows = self._base.execute(query, (account, symbol, *chosen, *bounds))
        return [row[0] for row in rows]


class _Listing(msgspec.Struct, frozen=True):
    """The names of a table that can be paged; constants of this module, never input."""

    table: str
    key: str
    time: str
