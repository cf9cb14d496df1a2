"""Where our orders stand in their queues when levels change: cancels as the model has it, trades counted once.

Positions are whole steps, rounded up: a part of a step ahead would leave a part of a step for us.
A level and its trades are told apart, in either order. A decrease that a trade has explained moves nobody again; a
trade that comes up to `LATE_TRADE_MS` after the decrease it caused takes back what was taken for a cancel. It never
fills anything and never reads a clock: times are those of the frames.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import EXACT, ZERO, ceil_to
from opensqt.domain.instruments import Side
from opensqt.simulation.engine.book import MergedBook

LATE_TRADE_MS = 500
UNSEEN = Decimal(
    10**15
)  # base units ahead of an order at a level that nobody has shown: more than any level holds

Key = tuple[Side, Decimal]


class QueueModel(StrEnum):
    """Who leaves a level that shrinks by more than was traded there."""

    PROPORTIONAL = "proportional"  # of those before and behind our order as many as they are
    BEHIND = "behind"  # those behind it, as long as that can be: nobody's cancel brings it nearer


class Vanished(msgspec.Struct, kw_only=True):
    """A decrease that no trade explains yet, and what it took from the queue ahead of each of our orders."""

    quantity: Decimal
    time_ms: int
    taken: dict[int, Decimal]


class QueuePosition:
    """The queue positions of one book, in multiples of its step."""

    def __init__(self, book: MergedBook, model: QueueModel) -> None:
        self._book = book
        self._model = model
        self._explained: dict[Key, Decimal] = {}
        self._vanished: dict[Key, Vanished] = {}

    def level_changes(self, side: Side, price: Decimal, quantity: Decimal, time_ms: int) -> None:
        """Move our orders at a level whose flow becomes `quantity` (base units); call before it does."""
        key = (side, price)
        explained = self._explained.pop(key, ZERO)
        own = self._book.resting[side].get(price)
        if not own:
            self._vanished.pop(key, None)
            return
        queue = self._book.flow[side].quantity(price) - explained
        gone = max(ZERO, queue - quantity)
        vanished = self._vanished.get(key)
        if vanished is None or time_ms - vanished.time_ms > LATE_TRADE_MS:
            vanished = Vanished(quantity=ZERO, time_ms=time_ms, taken={})
        for order in own:
            ahead = order.ahead
            if gone > 0 and self._model is QueueModel.PROPORTIONAL:
                ahead = EXACT.divide(EXACT.multiply(ahead, quantity), queue)
                ahead = ceil_to(ahead, self._book.step)
            ahead = min(ahead, quantity)
            taken = vanished.taken.get(order.order_id, ZERO)
            vanished.taken[order.order_id] = taken + order.ahead - ahead
            self._book.requeue(order, ahead)
        if gone > 0:
            vanished.quantity += gone
            vanished.time_ms = time_ms
            self._vanished[key] = vanished

    def trade_arrives(self, side: Side, price: Decimal, quantity: Decimal, time_ms: int) -> None:
        """Take note of a trade at a level (base units); call before it eats the queue."""
        key = (side, price)
        own = self._book.resting[side].get(price)
        if not own:
            return
        late = ZERO
        vanished = self._vanished.get(key)
        if vanished is not None and time_ms - vanished.time_ms <= LATE_TRADE_MS:
            late = min(vanished.quantity, quantity)
            for order in own:
                taken = vanished.taken.get(order.order_id, ZERO)
                back = EXACT.divide(EXACT.multiply(taken, late), vanished.quantity)
                back = min(taken, ceil_to(back, self._book.step))
                vanished.taken[order.order_id] = taken - back
                self._book.requeue(order, order.ahead + back)
            vanished.quantity -= late
            if vanished.quantity == 0:
                del self._vanished[key]
        self._explained[key] = self._explained.get(key, ZERO) + quantity - late
