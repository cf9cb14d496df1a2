"""What the journal says of the driven intents, told without any fold code of the system under test."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from opensqt.domain.control import KillLatched
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    OrderRef,
    Rejected,
    Submitting,
)
from opensqt.domain.verdict import RiskApproved, RiskRefused

TradeKey = tuple[str, str]  # symbol, the venue's id of the trade: each symbol counts its own


class Story(msgspec.Struct, kw_only=True):
    """One order as the journal tells it."""

    ref: OrderRef
    quantity: Decimal
    reduce_only: bool = False
    venue_order_id: str = ""
    submitted: bool = False
    accepted: bool = False
    ends: list[str] = []
    reported: Decimal = Decimal(0)  # filled, as an end of it says

    @property
    def settled(self) -> bool:
        """Whether the journal knows what the venue has of it."""
        return self.accepted or bool(self.ends)


class Record:
    """What the journal's messages have said so far."""

    def __init__(self) -> None:
        self.verdicts: dict[str, str] = {}  # intent -> approved, or why it was refused
        self.orders: dict[str, Story] = {}
        self.trades: dict[TradeKey, Fill] = {}
        self.booked: Counter[TradeKey] = Counter()
        self.kills = 0
        self._traded: defaultdict[str | TradeKey, Decimal] = defaultdict(Decimal)

    def orders_of(self, intent_id: str) -> list[Story]:
        """Return the attempts of a place intent."""
        return [order for order in self.orders.values() if order.ref.intent_id == intent_id]

    def accepted(self, intent_id: str) -> bool:
        """Tell whether the venue holds or held an order of this intent."""
        return any(order.accepted for order in self.orders_of(intent_id))

    def known(self, intent_id: str) -> bool:
        """Tell whether a place intent was refused or each of its attempts is settled."""
        verdict = self.verdicts.get(intent_id)
        orders = self.orders_of(intent_id)
        if verdict is None:
            return False
        return verdict != "approved" or (bool(orders) and all(order.settled for order in orders))

    def ended(self, intent_id: str) -> bool:
        """Tell whether nothing of a place intent can be open any more."""
        orders = self.orders_of(intent_id)
        return self.known(intent_id) and all(order.ends or self._full(order) for order in orders)

    def spent(self, intent_id: str) -> bool:
        """Tell whether nothing of a place intent can be open and all that it filled is booked."""
        orders = self.orders_of(intent_id)
        return self.ended(intent_id) and all(
            self._filled(order) >= order.reported for order in orders
        )

    def open(self) -> set[str]:
        """Return the client ids of the orders that should be open at the venue."""
        return {
            name
            for name, order in self.orders.items()
            if not order.ends and order.accepted and not self._full(order)
        }

    def doubtful(self) -> set[str]:
        """Return the orders that may be under way and are not settled."""
        return {name for name, order in self.orders.items() if not order.settled}

    def _full(self, order: Story) -> bool:
        return self._filled(order) >= order.quantity

    def _filled(self, order: Story) -> Decimal:
        """Return what an order has traded; a trade may name its order by the venue's id alone."""
        named, numbered = order.ref.client_order_id, (order.ref.symbol, order.venue_order_id)
        return self._traded[named] + self._traded[numbered]

    def _book(self, fill: Fill) -> None:
        key = fill.ref.symbol, fill.trade_id
        if key not in self.trades:
            order = fill.ref.client_order_id or (fill.ref.symbol, fill.venue_order_id)
            self._traded[order] += fill.quantity
        self.trades[key] = fill
        self.booked[key] += 1

    def see(self, message: Event) -> None:
        """Note what a message says."""
        match message:
            case RiskApproved():
                self.verdicts[message.intent_id] = "approved"
            case RiskRefused():
                self.verdicts[message.intent_id] = message.reason
            case IntentPlaced():
                name = message.ref.client_order_id
                self.orders[name] = Story(
                    ref=message.ref, quantity=message.quantity, reduce_only=message.reduce_only
                )
            case Submitting():
                self.orders[message.ref.client_order_id].submitted = True
            case Accepted():
                order = self.orders[message.ref.client_order_id]
                order.accepted, order.venue_order_id = True, message.venue_order_id
            case Fill():
                self._book(message)
                if message.ref.client_order_id in self.orders:
                    self.orders[message.ref.client_order_id].accepted = True
            case Rejected() | Canceled() | Expired() | NeverPlaced():
                order = self.orders[message.ref.client_order_id]
                order.ends = [*order.ends, type(message).__name__]
                if isinstance(message, Canceled | Expired):
                    order.reported = max(order.reported, message.filled_quantity)
            case KillLatched():
                self.kills += 1
            case _:
                pass


def received(symbol: str, side: str, quantity: Decimal, fee: Decimal, fee_asset: str) -> Decimal:
    """Return by how much a trade changes what is held: a spot fee in the base asset is not."""
    signed = quantity if side == "buy" else -quantity
    spot = ":" not in symbol
    return signed - fee if spot and fee_asset == symbol.partition("/")[0] else signed


def held(fills: Iterable[Fill], symbol: str) -> Decimal:
    """Return what trades left of a symbol."""
    changes = (
        received(symbol, fill.side.value, fill.quantity, fill.fee, fill.fee_asset)
        for fill in fills
        if fill.ref.symbol == symbol
    )
    return sum(changes, Decimal(0))
