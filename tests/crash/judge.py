"""The verdict on a cell: the venue's audit against the journal, and nothing of the fold code that is judged."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

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

Trade = tuple[str, str, Decimal, Decimal]  # id, side, quantity, price


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
    done, booked = _trades_of_venue(rows), _trades_of_journal(record)
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


def _trades_of_venue(rows: list[audit.Row]) -> set[Trade]:
    return {
        (str(row["trade_id"]), row["side"], Decimal(row["quantity"]), Decimal(row["price"]))
        for row in rows
        if row["kind"] == "fill"
    }


def _trades_of_journal(record: Record) -> set[Trade]:
    return {
        (name, fill.side.value, fill.quantity, fill.price) for name, fill in record.trades.items()
    }


def _position(trades: Iterable[Trade]) -> Decimal:
    return sum((q if side == "buy" else -q for _, side, q, _ in trades), Decimal(0))


def _terms(row: audit.Row) -> tuple[str, Decimal, Decimal]:
    return row["side"], Decimal(row["quantity"]), Decimal(row["price"])


def _wish(intent: PlaceIntent) -> tuple[str, Decimal, Decimal]:
    return intent.side.value, intent.quantity, intent.price
