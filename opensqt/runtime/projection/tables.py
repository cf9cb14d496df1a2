"""Projections as rows: pure functions of the books, and the SQL that writes them. Opens no connection.

A row is a tuple in the order of the columns of its table; numbers have no trailing zeros, times are UTC.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.clean_text import encodable
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.ledger import Key, Ledger, LedgerTable
from opensqt.domain.ledger_wallet import Wallet
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import Order
from opensqt.domain.position import FLAT

Row = tuple[Any, ...]
Touched = Iterable[tuple[LedgerTable, Key]]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One projection: its columns in order, and those that name a row."""

    columns: tuple[str, ...]
    key: tuple[str, ...]

    def upsert(self, table: LedgerTable) -> str:
        """Return the statement that writes one row."""
        places = ", ".join(f"${number}" for number in range(1, len(self.columns) + 1))
        rest = ", ".join(f"{c} = EXCLUDED.{c}" for c in self.columns if c not in self.key)
        return (
            f"INSERT INTO view.{table} ({', '.join(self.columns)}) VALUES ({places})"  # noqa: S608  # our own names
            f" ON CONFLICT ({', '.join(self.key)}) DO UPDATE SET {rest}"
        )

    def delete(self, table: LedgerTable) -> str:
        """Return the statement that removes one row."""
        where = " AND ".join(f"{name} = ${number}" for number, name in enumerate(self.key, start=1))
        return f"DELETE FROM view.{table} WHERE {where}"  # noqa: S608  # our own names

    def select(self, table: LedgerTable) -> str:
        """Return the statement that reads all rows, by key."""
        return f"SELECT {', '.join(self.columns)} FROM view.{table} ORDER BY {', '.join(self.key)}"  # noqa: S608  # our own names


def _shape(columns: str, key: str) -> Shape:
    return Shape(columns=tuple(columns.split()), key=tuple(key.split()))


SHAPES: dict[LedgerTable, Shape] = {
    LedgerTable.ORDERS: _shape(
        "client_order_id venue_order_id intent_id attempt strategy venue account symbol side type price quantity"
        " filled status reason created_at updated_at",
        "client_order_id",
    ),
    LedgerTable.FILLS: _shape(
        "trade_id client_order_id strategy venue account symbol side price quantity fee fee_asset liquidity time",
        "venue account symbol trade_id",
    ),
    LedgerTable.POSITIONS: _shape(
        "venue account symbol quantity entry_price realized_pnl funding fees cost last_price",
        "venue account symbol",
    ),
    LedgerTable.HOLDINGS: _shape(
        "strategy venue account symbol quantity entry_price realized_pnl funding cost fills round_trips",
        "strategy venue account symbol",
    ),
    LedgerTable.BALANCES: _shape(
        "venue account market asset total deposited traded realized_pnl fees funding transferred",
        "venue account market asset",
    ),
    LedgerTable.FUNDING: _shape(
        "venue account income_id symbol asset amount time", "venue account income_id"
    ),
    LedgerTable.STRATEGIES: _shape(
        "strategy run config_hash code_version state_fingerprint fault started_at", "strategy"
    ),
    LedgerTable.SAGAS: _shape(
        "strategy saga_id step spot_quantity perp_quantity detail time", "strategy saga_id"
    ),
    LedgerTable.HALTS: _shape("kind scope mode reason time", "kind scope"),
}


def row_of(books: Ledger, table: LedgerTable, key: Key) -> Row | None:
    """Return the row of a key, None when the books no longer hold it.

    A table takes no NUL: words of an old journal that hold one must not stop who keeps the tables.
    """
    row = _ROWS[table](books, key)
    return None if row is None else tuple(map(_storable, row))


def _storable(cell: Any) -> Any:
    return encodable(cell) if isinstance(cell, str) else cell


def everything(books: Ledger) -> list[tuple[LedgerTable, Key]]:
    """Return the keys of all rows that the books make."""
    keys: dict[LedgerTable, Iterable[Key]] = {
        LedgerTable.ORDERS: ((name,) for name in books.orders),
        LedgerTable.FILLS: books.fills,
        LedgerTable.POSITIONS: books.nets,
        LedgerTable.HOLDINGS: books.holdings,
        LedgerTable.BALANCES: books.wallets,
        LedgerTable.FUNDING: books.funding,
        LedgerTable.STRATEGIES: ((name,) for name in books.strategies),
        LedgerTable.SAGAS: books.sagas,
        LedgerTable.HALTS: (
            *(("halt", scope) for scope in books.controls.halts),
            *(("kill", scope) for scope in books.controls.kills.scopes),
        ),
    }
    return [(table, key) for table, found in keys.items() for key in found]


def rows(books: Ledger) -> dict[LedgerTable, set[Row]]:
    """Return all rows of all projections."""
    found: dict[LedgerTable, set[Row]] = {table: set() for table in LedgerTable}
    for table, key in everything(books):
        row = row_of(books, table, key)
        if row is not None:
            found[table].add(row)
    return found


def instant(time_ms: int) -> datetime:
    """Return ms UTC as the database keeps it."""
    return EPOCH + timedelta(milliseconds=time_ms)


def tidied(number: Decimal) -> Decimal:
    """Return the same number without trailing zeros and without an exponent."""
    short = number.normalize(EXACT)
    if short.is_zero():
        return ZERO
    exponent = short.as_tuple().exponent
    whole = isinstance(exponent, int) and exponent > 0
    return short.quantize(Decimal(1), context=EXACT) if whole else short


def _order(books: Ledger, key: Key) -> Row | None:
    order = books.orders.get(key[0])
    placed = order.placed if order is not None else None
    if order is None or placed is None:
        return None
    ref = placed.ref
    return (
        ref.client_order_id,
        _venue_order_id(order),
        ref.intent_id,
        ref.attempt,
        ref.strategy,
        ref.venue,
        ref.account,
        ref.symbol,
        placed.side.value,
        placed.type.value,
        tidied(placed.price),
        tidied(placed.quantity),
        tidied(order.filled),
        order.phase.value,
        _reason(order),
        instant(placed.time_ms),
        instant(max(event.time_ms for event in _evidence(order))),
    )


def _evidence(order: Order) -> list[Any]:
    ends = (order.rejected, order.unresolved, order.canceled, order.expired, order.never_placed)
    rest = (order.placed, order.submitting, order.accepted, order.cancel_requested)
    return [event for event in (*rest, *ends, *order.fills) if event is not None]


def _venue_order_id(order: Order) -> str:
    named = (order.accepted, order.canceled, order.expired, *order.fills)
    return next((e.venue_order_id for e in named if e is not None and e.venue_order_id), "")


def _reason(order: Order) -> str:
    """Return why the order is where it is: the word of the evidence that ended it, or of the doubt."""
    for ended in (order.canceled, order.expired):
        if ended is not None:
            return ended.reason
    if order.rejected is not None:
        return " ".join(filter(None, (order.rejected.code, order.rejected.reason)))
    if order.never_placed is not None:
        return order.never_placed.proof
    return "" if order.unresolved is None or order.accepted is not None else order.unresolved.cause


def _fill(books: Ledger, key: Key) -> Row | None:
    fill: Fill | None = books.fills.get(key)
    if fill is None:
        return None
    return (
        fill.trade_id,
        fill.ref.client_order_id,
        fill.ref.strategy,
        fill.ref.venue,
        fill.ref.account,
        fill.ref.symbol,
        fill.side.value,
        tidied(fill.price),
        tidied(fill.quantity),
        tidied(fill.fee),
        fill.fee_asset,
        fill.liquidity.value,
        instant(fill.time_ms),
    )


def _position(books: Ledger, key: Key) -> Row | None:
    net = books.nets.get(key)
    if net is None:
        return None
    held = net.position
    numbers = (held.quantity, held.entry_price, held.realized_pnl, held.funding, net.fees_quote)
    return (*key, *map(tidied, (*numbers, held.cost, net.last_price)))


def _holding(books: Ledger, key: Key) -> Row | None:
    held = books.holdings.get(key, FLAT)
    numbers = (held.quantity, held.entry_price, held.realized_pnl, held.funding, held.cost)
    return (*key, *map(tidied, numbers), held.fills, held.round_trips)


def _balance(books: Ledger, key: Key) -> Row | None:
    wallet = books.wallets.get(key, Wallet())
    names = ("total", *SHAPES[LedgerTable.BALANCES].columns[5:])
    return (*key, *(tidied(getattr(wallet, name)) for name in names))


def _funding(books: Ledger, key: Key) -> Row | None:
    paid = books.funding[key]
    return (*key, paid.symbol, paid.asset, tidied(paid.amount), instant(paid.time_ms))


def _strategy(books: Ledger, key: Key) -> Row | None:
    run = books.strategies[key[0]]
    who = (run.strategy, run.run, run.config_hash, run.code_version, run.state_fingerprint)
    return (*who, run.fault, instant(run.started_ms))


def _saga(books: Ledger, key: Key) -> Row | None:
    step = books.sagas[key]
    legs = (tidied(step.spot_quantity), tidied(step.perp_quantity))
    return (*key, step.step, *legs, step.detail, instant(step.time_ms))


def _halt(books: Ledger, key: Key) -> Row | None:
    kind, scope = key
    if kind == "halt":
        halt = books.controls.halts.get(scope)
        return None if halt is None else (*key, halt.mode, halt.reason, instant(halt.time_ms))
    kill = books.controls.kills.scopes.get(scope)
    return None if kill is None else (*key, "KILLED", kill.reason, instant(kill.time_ms))


_ROWS: dict[LedgerTable, Callable[[Ledger, Key], Row | None]] = {
    LedgerTable.ORDERS: _order,
    LedgerTable.FILLS: _fill,
    LedgerTable.POSITIONS: _position,
    LedgerTable.HOLDINGS: _holding,
    LedgerTable.BALANCES: _balance,
    LedgerTable.FUNDING: _funding,
    LedgerTable.STRATEGIES: _strategy,
    LedgerTable.SAGAS: _saga,
    LedgerTable.HALTS: _halt,
}
