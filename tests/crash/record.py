"""What the journal says of the driven intents, told without any fold code of the system under test."""

import asyncio
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
    venue_order_id: str = ""
    submitted: bool = False
    accepted: bool = False
    ends: list[str] = []

    @property
    def settled(self) -> bool:
        """Whether the journal knows what the venue has of it."""
        return self.accepted or bool(self.ends)


class Record:
    """The journal read so far."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._reading = asyncio.Lock()
        self.position = 0
        self.verdicts: dict[str, str] = {}  # intent -> approved, or why it was refused
        self.orders: dict[str, Story] = {}
        self.trades: dict[str, Fill] = {}
        self.kills = 0

    async def read(self) -> None:
        """Read what is new; several may ask at once."""
        async with self._reading:
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
        return self.known(intent_id) and all(order.ends or self._full(order) for order in orders)

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
        """Tell whether nothing is left to fill; a trade may name its order by the venue's id alone."""
        name, number = order.ref.client_order_id, order.venue_order_id
        filled = sum(
            trade.quantity
            for trade in self.trades.values()
            if trade.ref.client_order_id == name or (number and trade.venue_order_id == number)
        )
        return filled >= order.quantity

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
                order = self.orders[message.ref.client_order_id]
                order.accepted, order.venue_order_id = True, message.venue_order_id
            case Fill():
                self.trades[message.trade_id] = message
                if message.ref.client_order_id in self.orders:
                    self.orders[message.ref.client_order_id].accepted = True
            case Rejected() | Canceled() | Expired() | NeverPlaced():
                order = self.orders[message.ref.client_order_id]
                order.ends = [*order.ends, type(message).__name__]
            case KillLatched():
                self.kills += 1
            case _:
                pass
