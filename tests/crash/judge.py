"""The verdict on a cell: the venue's audit against the journal, and nothing of the fold code that is judged."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from opensqt.domain.intent import PlaceIntent
from tests.crash.desk import Desk
from tests.crash.record import Record
from tests.e2e import audit
from tests.relays import chains_hold, feed, positions

QUIET_S = 15.0
PROVEN = {
    "NeverPlaced",
    "Rejected",
    "Expired",
}  # ends that an approved place without an order may have
DENIED = {"NeverPlaced", "Rejected"}  # ends that no order which the venue took may have

SYMBOLS = {("perp", "BTCUSDT"): "BTC/USDT:USDT", ("spot", "BTCUSDT"): "BTC/USDT"}


class Trade(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One trade as the venue or the journal tells it: whose it is, and what it cost."""

    trade_id: str
    symbol: str
    order: str
    owner: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str


async def quiet(desk: Desk) -> str:
    """Wait until journal and venue agree; return an empty text, or what still differs after the wait."""
    house = desk.house
    try:
        await house.reads_until(
            lambda record: differs(record, audit.rows(house.folder)) == "", QUIET_S
        )
    except TimeoutError:
        return differs(house.record, audit.rows(house.folder))
    return ""


def differs(record: Record, rows: list[audit.Row]) -> str:
    """Say in words what of the venue's audit the journal does not hold, or the other way round."""
    found = []
    if record.doubtful():
        found.append(f"unresolved {sorted(record.doubtful())}")
    there, known = open_at_venue(rows), record.open()
    if there != known:
        found.append(f"orphans {sorted(there - known)}, open only for us {sorted(known - there)}")
    done, booked = _trades_of_venue(record, rows), _trades_of_journal(record)
    if done != booked:
        found.append(f"fills at the venue {sorted(done)}, in the journal {sorted(booked)}")
        found.append(f"position error {_position(booked) - _position(done)}")
    return "; ".join(found)


def broken(record: Record, rows: list[audit.Row], places: list[PlaceIntent]) -> list[str]:
    """Name every breach of the order's promise."""
    taken = [row for row in rows if row["kind"] == "place" and row["result"] == "accepted"]
    accepted = Counter(str(row["client_order_id"]) for row in taken)
    found = [f"{name} was accepted {count} times" for name, count in accepted.items() if count > 1]
    found += [f"{name} is in no journal" for name in accepted.keys() - record.orders.keys()]
    for intent in places:
        found += _of_intent(record, accepted, intent)
    wishes = {intent.intent_id: _wish(intent) for intent in places}
    for row in taken:
        story = record.orders.get(str(row["client_order_id"]))
        if story is not None and wishes.get(story.ref.intent_id) != _terms(row):
            found.append(f"{story.ref.client_order_id} is {_terms(row)}, nobody wished for that")
    return found


def _of_intent(record: Record, accepted: Counter[str], intent: PlaceIntent) -> list[str]:
    orders = record.orders_of(intent.intent_id)
    count = sum(accepted[order.ref.client_order_id] for order in orders)
    verdict = record.verdicts.get(intent.intent_id, "none")
    found = []
    if count > 1:
        found.append(f"intent {intent.intent_id} has {count} venue orders")
    if verdict != "approved" and count:
        found.append(f"intent {intent.intent_id} ({verdict}) has a venue order")
    proven = bool(orders) and all(PROVEN & set(order.ends) for order in orders)
    if verdict == "approved" and count == 0 and not proven:
        ends = [order.ends for order in orders]
        found.append(f"intent {intent.intent_id} has no venue order and no end with proof: {ends}")
    return found + [
        f"{order.ref.client_order_id} is at the venue, said {order.ends}"
        for order in orders
        if accepted[order.ref.client_order_id] and DENIED & set(order.ends)
    ]


async def unheard(desk: Desk) -> str:
    """Wait until FEED holds each row of the journal in unbroken chains; say what it does not hold."""
    house = desk.house
    end_s = house.clock.monotonic_s() + QUIET_S
    while True:
        messages = await feed(house.bus)
        head = (await house.journal.head()).position
        missing = sorted(set(range(1, head + 1)) - set(positions(messages)))
        if not missing:
            return "" if chains_hold(messages) else "the chains of FEED are broken"
        if house.clock.monotonic_s() > end_s:
            return f"FEED never held the positions {missing}"
        await house.clock.sleep(0.1)


def open_at_venue(rows: list[audit.Row]) -> set[str]:
    """Return the client ids of what is accepted and neither cancelled, expired nor filled."""
    left: dict[str, Decimal] = {}
    for row in rows:
        name = str(row["client_order_id"])
        if row["kind"] == "place" and row["result"] == "accepted":
            left[name] = Decimal(row["quantity"])
        elif row["kind"] == "fill" and name in left:
            left[name] -= Decimal(row["quantity"])
        elif row["kind"] == "expire" or (row["kind"] == "cancel" and row["result"] == "accepted"):
            left.pop(name, None)
    return {name for name, quantity in left.items() if quantity > 0}


def _trades_of_venue(record: Record, rows: list[audit.Row]) -> set[Trade]:
    return {
        Trade(
            trade_id=str(row["trade_id"]),
            symbol=SYMBOLS[row["market"], row["symbol"]],
            order=str(row["client_order_id"]),
            owner=_owner(record, str(row["client_order_id"])),
            side=row["side"],
            quantity=Decimal(row["quantity"]),
            price=Decimal(row["price"]),
            fee=Decimal(row["fee"]),
            fee_asset=row["fee_asset"],
        )
        for row in rows
        if row["kind"] == "fill"
    }


def _trades_of_journal(record: Record) -> set[Trade]:
    names = {(o.ref.symbol, o.venue_order_id): name for name, o in record.orders.items()}
    found = set()
    for trade_id, fill in record.trades.items():
        # A trade may be booked before its order is known: then the venue's id names it.
        name = fill.ref.client_order_id or names.get((fill.ref.symbol, fill.venue_order_id), "")
        told = bool(fill.ref.client_order_id)
        found.add(
            Trade(
                trade_id=trade_id,
                symbol=fill.ref.symbol,
                order=name,
                owner=fill.ref.strategy if told else _owner(record, name),
                side=fill.side.value,
                quantity=fill.quantity,
                price=fill.price,
                fee=fill.fee,
                fee_asset=fill.fee_asset,
            )
        )
    return found


def _owner(record: Record, name: str) -> str:
    """Return the strategy whose order this is, as it was planned."""
    order = record.orders.get(name)
    return order.ref.strategy if order is not None else ""


def _position(trades: Iterable[Trade]) -> Decimal:
    signed = (one.quantity if one.side == "buy" else -one.quantity for one in trades)
    return sum(signed, Decimal(0))


def _terms(row: audit.Row) -> tuple[str, Decimal, Decimal]:
    return row["side"], Decimal(row["quantity"]), Decimal(row["price"])


def _wish(intent: PlaceIntent) -> tuple[str, Decimal, Decimal]:
    return intent.side.value, intent.quantity, intent.price
