"""The verdict on a cell: the venue's audit against the journal, and nothing of the fold code that is judged."""

from collections import Counter
from decimal import Decimal

import msgspec

from opensqt.domain.intent import PlaceIntent
from tests.crash import trades
from tests.crash.desk import Desk
from tests.crash.record import Record, Story
from tests.e2e import audit
from tests.relays import chains_hold, feed, positions

QUIET_S = 15.0  # the published bound of a doubt once the account is led again, in a figure of ours
PROVEN = {
    "NeverPlaced",
    "Rejected",
    "Expired",
}  # ends that an approved place without an order may have
DENIED = {"NeverPlaced", "Rejected"}  # ends that no order which the venue took may have


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
    return "; ".join((*found, *trades.differences(record, rows)))


def broken(record: Record, rows: list[audit.Row], places: list[PlaceIntent]) -> list[str]:
    """Name every breach of the order's promise."""
    taken = [row for row in rows if row["kind"] == "place" and row["result"] == "accepted"]
    accepted = Counter(str(row["client_order_id"]) for row in taken)
    found = [f"{name} was accepted {count} times" for name, count in accepted.items() if count > 1]
    found += [f"{name} is in no journal" for name in accepted.keys() - record.orders.keys()]
    for intent in places:
        found += _of_intent(record, accepted, intent)
    wishes = {intent.intent_id: intent for intent in places}
    for row in taken:
        story = record.orders.get(str(row["client_order_id"]))
        if story is not None:
            found += _unwished(row, story, wishes.get(story.ref.intent_id))
    return found + trades.opened_by_exits(record, rows, places)


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


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What was wished for, or what the venue took and the journal says of it."""

    account: str
    symbol: str
    owner: str
    side: str
    quantity: Decimal
    price: Decimal

    def unlike(self, other: "Terms") -> list[str]:
        """Name the fields that are not as wished."""
        return [
            f"{field} {getattr(other, field)} for {getattr(self, field)}"
            for field in self.__struct_fields__
            if getattr(self, field) != getattr(other, field)
        ]


def _unwished(row: audit.Row, story: Story, wish: PlaceIntent | None) -> list[str]:
    """Name in what an order is not as it was wished for."""
    name = story.ref.client_order_id
    if wish is None:
        return [f"{name}: nobody wished for that"]
    wished = Terms(
        account=wish.account,
        symbol=wish.symbol,
        owner=wish.strategy,
        side=wish.side.value,
        quantity=wish.quantity,
        price=wish.price,
    )
    taken = Terms(
        account=row["account"],
        symbol=trades.symbol_of(row),
        owner=story.ref.strategy,
        side=row["side"],
        quantity=Decimal(row["quantity"]),
        price=Decimal(row["price"]),
    )
    found = wished.unlike(taken)
    if story.ref.symbol != wish.symbol:
        found.append(f"planned for {story.ref.symbol}")
    return [f"{name} is not as wished: {text}" for text in found]
