"""The orders of ours that still count: those that may fill, and ended ones whose fills have not all been seen. Pure."""

from collections import defaultdict

from opensqt.domain.order_state import Order
from opensqt.domain.recon_events import Adjustment


class OpenOrders:
    """Each order under its newest evidence, in the order in which they came to count.

    Evidence and adjustments may come in any order: times of the facts decide, so who reads the journal from its
    beginning and who hears some of it late count the same.
    """

    def __init__(self) -> None:
        self._living: dict[str, Order] = {}
        self._owed: dict[str, Order] = {}
        # Account, symbol -> market time up to which its position was set right -> adjustments that stand.
        self._right: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)

    def file(self, order: Order) -> None:
        """Take in the newest evidence of an order; an order of nobody's counts nowhere."""
        ours = order.placed is not None
        _mark(self._living, order, holds=ours and not order.terminal)
        _mark(self._owed, order, holds=ours and order.owed)

    def living(self) -> list[Order]:
        """Return the orders that are not terminal."""
        return list(self._living.values())

    def owed(self) -> list[Order]:
        """Return the terminal orders of which the venue reported more than trades or an adjustment have shown."""
        return [order for order in self._owed.values() if not self._is_right(order)]

    def set_right(self, adjustment: Adjustment) -> None:
        """Expect no fill of orders that ended within its window: the position was set right without them.

        One that takes another back lets them count again: a trade of the window was found, and others may be.
        """
        times = self._right[adjustment.account, adjustment.symbol]
        step = -1 if adjustment.reverses else 1
        times[adjustment.time_ms] = times.get(adjustment.time_ms, 0) + step

    def _is_right(self, order: Order) -> bool:
        ref = order.placed.ref if order.placed is not None else None
        times = self._right.get((ref.account, ref.symbol)) if ref is not None else None
        if not times:
            return False
        return _ended_ms(order) <= max((at for at, stand in times.items() if stand > 0), default=0)

    def __len__(self) -> int:
        """Count the living orders."""
        return len(self._living)


def _ended_ms(order: Order) -> int:
    """Return the market time of the newest word of the venue that an order ended; 0 while there is none."""
    ends = (order.canceled, order.expired)
    return max((end.time_ms for end in ends if end is not None), default=0)


def _mark(orders: dict[str, Order], order: Order, *, holds: bool) -> None:
    if holds:
        orders[order.client_order_id] = order
    else:
        orders.pop(order.client_order_id, None)
