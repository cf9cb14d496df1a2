"""The merged book of one symbol: other people's levels and our resting orders, with what changed since last asked.

It only keeps; the rules of who trades with whom are in `matching`. No I/O, no clock.
"""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.domain.decimals import ZERO, ceil_to, floor_to
from opensqt.domain.instruments import Side
from opensqt.simulation.engine.orders import VenueOrder
from opensqt.simulation.market.flow import Level
from opensqt.simulation.market.ladder import Ladder


class MergedBook:
    """Flow and own orders side by side; `touched` holds the changed prices, `requeued` orders whose queue moved.

    The flow's levels are multiples of `step` (base units): finer dust cannot be traded, so it is not here.
    """

    def __init__(self, step: Decimal) -> None:
        self.step = step
        self.flow = {side: Ladder(side) for side in Side}
        self.resting: dict[Side, dict[Decimal, list[VenueOrder]]] = {side: {} for side in Side}
        self.touched: dict[Side, set[Decimal]] = {side: set() for side in Side}
        self.requeued: dict[int, VenueOrder] = {}
        self.update_id = 1

    def rest(self, order: VenueOrder, ahead: Decimal) -> None:
        """Put an order into the book behind `ahead` (base units of the flow)."""
        order.ahead = ahead
        self.resting[order.side].setdefault(order.price, []).append(order)
        self.touch(order.side, order.price)

    def remove(self, order: VenueOrder) -> None:
        """Take an order out of the book; one that does not rest is left alone."""
        queue = self.resting[order.side].get(order.price)
        if queue is None or order not in queue:
            return
        queue.remove(order)
        if not queue:
            del self.resting[order.side][order.price]
        self.touch(order.side, order.price)

    def best_resting(self, side: Side) -> Decimal | None:
        """The best price of our own orders, or None."""
        own = self.resting[side]
        if not own:
            return None
        return max(own) if side is Side.BUY else min(own)

    def best(self, side: Side) -> Decimal | None:
        """Best price of the merged book, or None."""
        flow, own = self.flow[side].best, self.best_resting(side)
        if flow is None or own is None:
            return own if flow is None else flow
        return max(flow, own) if side is Side.BUY else min(flow, own)

    def level(self, side: Side, price: Decimal) -> Decimal:
        """Displayed quantity of the merged book at a price (base units)."""
        own = sum((order.remaining for order in self.resting[side].get(price, ())), ZERO)
        return self.flow[side].quantity(price) + own

    def levels(self, side: Side) -> Iterator[Level]:
        """The merged book, best first."""
        own = sorted(self.resting[side], reverse=side is Side.BUY)
        for price in self.flow[side].prices():
            while own and (own[0] - price) * side.sign > 0:
                yield own[0], self.level(side, own.pop(0))
            if own and own[0] == price:
                own.pop(0)
            yield price, self.level(side, price)
        for price in own:
            yield price, self.level(side, price)

    def restep(self, step: Decimal) -> None:
        """Hold the flow and all queue positions in multiples of another step (base units)."""
        self.step = step
        for side in Side:
            for price in list(self.flow[side].prices()):
                quantity = self.flow[side].quantity(price)
                self.put(side, price, floor_to(quantity, step))
            for orders in self.resting[side].values():
                for order in orders:
                    self.requeue(order, ceil_to(order.ahead, step))

    def put(self, side: Side, price: Decimal, quantity: Decimal) -> None:
        """Set the flow's quantity at a price (base units)."""
        self.flow[side].put(price, quantity)
        self.touch(side, price)

    def requeue(self, order: VenueOrder, ahead: Decimal) -> None:
        """Move an order in its queue."""
        if ahead != order.ahead:
            order.ahead = ahead
            self.requeued[order.order_id] = order

    def advance(self, side: Side, price: Decimal, eaten: Decimal) -> None:
        """Take what was eaten of the flow from the queue ahead of our orders at a price (base units)."""
        for order in self.resting[side].get(price, ()):
            self.requeue(order, max(ZERO, order.ahead - eaten))

    def touch(self, side: Side, price: Decimal) -> None:
        """Note that a level changed."""
        self.touched[side].add(price)
        self.update_id += 1
