"""What the journal says of the driven intents, told without any fold code of the system under test."""

from decimal import Decimal

import msgspec

from opensqt.domain.control import KillLatched
from opensqt.domain.messages import Message
from opensqt.domain.order import (
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
from opensqt.runtime.codec import decode
from opensqt.runtime.journal.port import Journal

READ_MAX = 1000


class Story(msgspec.Struct, kw_only=True):
    """One order as the journal tells it."""

    ref: OrderRef
    quantity: Decimal
    filled: Decimal = Decimal(0)
    submitted: bool = False
    accepted: bool = False
    ends: list[str] = []

    @property
    def settled(self) -> bool:
        """Whether the journal knows what the venue has of it."""
        return self.accepted or bool(self.ends) or self.full

    @property
    def full(self) -> bool:
        """Whether nothing is left to fill."""
        return self.filled >= self.quantity


class Record:
    """The journal read so far."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.position = 0
        self.verdicts: dict[str, str] = {}  # intent -> approved, or why it was refused
        self.orders: dict[str, Story] = {}
        self.trades: dict[str, str] = {}  # trade id -> client order id
        self.kills = 0

    async def read(self) -> None:
        """Read what is new."""
        while True:
            rows = await self._journal.read(self.position, READ_MAX)
            for row in rows:
                self._see(decode(row.data))
                self.position = row.position
            if len(rows) < READ_MAX:
                return

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
        return self.known(intent_id) and all(order.ends or order.full for order in orders)

    def open(self) -> set[str]:
        """Return the client ids of the orders that should be open at the venue."""
        return {
            name
            for name, order in self.orders.items()
            if not order.ends and order.accepted and not order.full
        }

    def doubtful(self) -> set[str]:
        """Return the orders that may be under way and are not settled."""
        return {name for name, order in self.orders.items() if not order.settled}

    def _see(self, message: Message) -> None:
        match message:
            case RiskApproved():
                self.verdicts[message.intent_id] = "approved"
            case RiskRefused():
                self.verdicts[message.intent_id] = message.reason
            case IntentPlaced():
                name = message.ref.client_order_id
                self.orders[name] = Story(ref=message.ref, quantity=message.quantity)
            case Submitting():
                self.orders[message.ref.client_order_id].submitted = True
            case Accepted():
                self.orders[message.ref.client_order_id].accepted = True
            case Fill():
                self.trades[message.trade_id] = message.ref.client_order_id
                self.orders[message.ref.client_order_id].filled += message.quantity
            case Rejected() | Canceled() | Expired() | NeverPlaced():
                order = self.orders[message.ref.client_order_id]
                order.ends = [*order.ends, type(message).__name__]
            case KillLatched():
                self.kills += 1
            case _:
                pass
