"""The judgement of two grids on one symbol, by the venue's audit and the journal's rows. Folds nothing of the services.

A close hangs when a slot holds something that could be closed and has had no order at all for `HANGS_S`: neither its
own opening, which may still fill, nor the order that closes it, though its grid has room for one: of more orders than a
grid may have, those nearest to the price are there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import asyncpg
import msgspec

from opensqt.cli.reading import connect, opened
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Expired,
    Fill,
    IntentPlaced,
    OrderEvent,
    Rejected,
)
from opensqt.domain.verdict import RiskRefused
from opensqt.runtime.codec import decode
from tests.e2e import audit
from tests.e2e.desk import Desk

HANGS_S = 10.0  # wall; an intent is valid for 2 s, a refused one rests for at most 4 s
ROUNDING = Decimal("0.000001")  # of the entry price that is kept, times a position
NOTIONAL_MIN = Decimal(100)  # of a perpetual order: less cannot be closed by itself
ROWS = "SELECT occurred_at_ms, data FROM journal ORDER BY position"
HOLDINGS = "SELECT strategy, quantity, entry_price, realized_pnl FROM view.holdings"
OF_ORDERS = (IntentPlaced, Accepted, Canceled, Expired, Fill, Rejected)
Slot = tuple[str, str]  # strategy, slot


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and what was seen."""

    wrong: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    def lines(self) -> Iterator[str]:
        """Yield what a person reads."""
        yield from self.told
        yield from (f"WRONG {text}" for text in self.wrong)
        yield f"judged {'good' if self.good else 'WRONG'}"


class Books(msgspec.Struct, kw_only=True):
    """What the journal says, in its order."""

    placed: dict[str, IntentPlaced] = {}
    living: defaultdict[Slot, set[str]] = msgspec.field(default_factory=lambda: defaultdict(set))
    held: defaultdict[Slot, Decimal] = msgspec.field(default_factory=lambda: defaultdict(Decimal))
    bare_since_ms: dict[Slot, int] = {}
    bare: list[tuple[Slot, int]] = []  # how long a slot had no order, market ms
    fills: list[Fill] = []
    refused: defaultdict[str, int] = msgspec.field(default_factory=lambda: defaultdict(int))
    orders_max: int
    capped: set[Slot] = set()


async def judge(
    desk: Desk, strategies: Sequence[str], *, speed: float, orders_max: int
) -> Judgement:
    """Judge a stopped desk whose grids may have so many orders each."""
    rows = audit.rows(desk.data)
    async with opened(desk.data) as source:
        connection = await connect(source.dsn)
        try:
            journal = await connection.fetch(ROWS)
            holdings = await connection.fetch(HOLDINGS)
        finally:
            connection.terminate()
    books = _read(journal, _stop_ms(rows), orders_max)
    verify = await desk.verb("verify", check=False)
    hangs = [
        f"{slot} held something without any order for {ms / 1000:.0f} s of market time"
        for slot, ms in books.bare
        if ms > HANGS_S * speed * 1000
    ]
    wrong = [
        *(f"traded with ourselves: {name}" for name in self_trades(rows)),
        *hangs,
        *apart(books, holdings, strategies, rows),
        *(f"verify: {line['check']} {line['detail']}" for line in verify if _fails(line)),
        *(f"{name} has not closed anything" for name in strategies if not _closes(books, name)),
    ]
    longest_ms = max((ms for _, ms in books.bare), default=0)
    return Judgement(
        wrong=tuple(wrong),
        told=(
            *_told(books, strategies),
            f"slots that waited because the grid had all orders it may have: {len(books.capped)}",
            f"longest without an order otherwise: {longest_ms} ms of market time",
        ),
    )


def self_trades(rows: Sequence[audit.Row]) -> list[str]:
    """Name the trades that stand in the audit twice for one account: as buyer and as seller."""
    sides: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row["kind"] == "fill":
            sides[row["account"], row["symbol"], row["trade_id"]].add(row["side"])
    return [trade for (_, _, trade), found in sides.items() if len(found) > 1]


def apart(
    books: Books,
    holdings: Sequence[asyncpg.Record],
    strategies: Sequence[str],
    rows: Sequence[audit.Row],
) -> list[str]:
    """Name each strategy whose position or cash is not that of its own fills, and what nobody owns."""
    quantity: defaultdict[str, Decimal] = defaultdict(Decimal)
    cash: defaultdict[str, Decimal] = defaultdict(Decimal)
    for fill in books.fills:
        signed = fill.side.sign * fill.quantity
        quantity[fill.ref.strategy] += signed
        cash[fill.ref.strategy] -= signed * fill.price
    found = [f"{name} is no strategy" for name in quantity.keys() - set(strategies)]
    for row in holdings:
        name = row["strategy"]
        told = row["realized_pnl"] - row["quantity"] * row["entry_price"]
        if row["quantity"] != quantity[name] or abs(told - cash[name]) > ROUNDING:
            found.append(f"{name}: its books {dict(row)}, its fills {quantity[name]}, {cash[name]}")
    venue = sum((_signed(row) for row in rows if row["kind"] == "fill"), Decimal(0))
    if venue != sum(quantity.values(), Decimal(0)):
        found.append(f"the venue moved {venue}, the strategies {dict(quantity)}")
    return found


def _read(journal: Sequence[asyncpg.Record], stop_ms: int, orders_max: int) -> Books:
    books = Books(orders_max=orders_max)
    for row in journal:
        message, time_ms = decode(row["data"]), int(row["occurred_at_ms"])
        if isinstance(message, RiskRefused):
            purpose = message.place.purpose.value if message.place is not None else "cancel"
            books.refused[f"{message.reason} ({purpose})"] += 1
        elif isinstance(message, Fill):
            books.fills.append(message)
        if isinstance(message, OF_ORDERS) and time_ms <= stop_ms:
            _follow(books, message, time_ms)
    for slot, since_ms in books.bare_since_ms.items():
        books.bare.append((slot, stop_ms - since_ms))
    return books


def _follow(books: Books, message: OrderEvent, time_ms: int) -> None:
    """Note which slots hold something and have no order."""
    name = message.ref.client_order_id
    if isinstance(message, IntentPlaced):
        books.placed[name] = message
    placed = books.placed.get(name)
    if placed is None:
        return
    slot = (placed.ref.strategy, placed.slot)
    match message:
        case IntentPlaced() | Accepted():
            books.living[slot].add(name)
        case Canceled() | Expired() | Rejected():
            books.living[slot].discard(name)
        case Fill():
            books.held[slot] += message.side.sign * message.quantity
            done = sum(f.quantity for f in books.fills if f.ref.client_order_id == name)
            if done >= placed.quantity:
                books.living[slot].discard(name)
        case _:
            return
    _look_at(books, slot[0], placed.price, time_ms)


def _look_at(books: Books, strategy: str, price: Decimal, time_ms: int) -> None:
    """Note since when which slots of a strategy are bare though it has room for more orders."""
    count = sum(len(names) for (owner, _), names in books.living.items() if owner == strategy)
    for slot, held in books.held.items():
        if slot[0] != strategy:
            continue
        bare = abs(held) * price >= NOTIONAL_MIN and not books.living[slot]
        if bare and count < books.orders_max:
            books.bare_since_ms.setdefault(slot, time_ms)
        elif slot in books.bare_since_ms:
            books.bare.append((slot, time_ms - books.bare_since_ms.pop(slot)))
        if bare and count >= books.orders_max:
            books.capped.add(slot)


def _stop_ms(rows: Sequence[audit.Row]) -> int:
    """Return the market time of the last place: what ends after it was cancelled by the stop."""
    times = [datetime.fromisoformat(row["time"]) for row in rows if row["kind"] == "place"]
    return int(max(times).timestamp() * 1000)


def _closes(books: Books, strategy: str) -> int:
    names = {n for n, p in books.placed.items() if p.purpose == "close"}
    return sum(f.ref.strategy == strategy and f.ref.client_order_id in names for f in books.fills)


def _told(books: Books, strategies: Sequence[str]) -> Iterator[str]:
    for name in strategies:
        fills = [fill for fill in books.fills if fill.ref.strategy == name]
        held = sum((f.side.sign * f.quantity for f in fills), Decimal(0))
        yield f"{name}: {len(fills)} fills, {_closes(books, name)} of closes, holds {held}"
    for reason, count in sorted(books.refused.items()):
        yield f"refused by risk: {reason} {count}"


def _signed(row: audit.Row) -> Decimal:
    return Decimal(row["quantity"]) * (1 if row["side"] == "buy" else -1)


def _fails(line: dict[str, object]) -> bool:
    return "check" in line and line["holds"] is False
