"""The orders of ours that still count: those that may fill, and ended ones whose fills have not all been seen. Pure."""

from opensqt.domain.life import Order


class Register:
    """Each order under its newest evidence, in the order in which they came to count."""

    def __init__(self) -> None:
        self._living: dict[str, Order] = {}
        self._owed: dict[str, Order] = {}

    def file(self, order: Order) -> None:
        """Take in the newest evidence of an order; an order of nobody's counts nowhere."""
        ours = order.placed is not None
        _mark(self._living, order, holds=ours and not order.terminal)
        _mark(self._owed, order, holds=ours and order.owed)

    def living(self) -> list[Order]:
        """Return the orders that are not terminal."""
        return list(self._living.values())

    def owed(self) -> list[Order]:
        """Return the terminal orders of which the venue reported more than its trades have shown."""
        return list(self._owed.values())

    def set_right(self, account: str, symbol: str) -> None:
        """Expect no fill of ended orders of a symbol any more: its position was set right without them.

        New evidence of such an order lets it count again.
        """
        for name, order in list(self._owed.items()):
            ref = order.placed.ref if order.placed is not None else None
            if ref is not None and (ref.account, ref.symbol) == (account, symbol):
                del self._owed[name]

    def __len__(self) -> int:
        """Count the living orders."""
        return len(self._living)


def _mark(orders: dict[str, Order], order: Order, *, holds: bool) -> None:
    if holds:
        orders[order.client_order_id] = order
    else:
        orders.pop(order.client_order_id, None)
