"""Which orders the venue has to be asked about, and which order shows that its answer can be trusted. Pure."""

from collections.abc import Container

from opensqt.domain.order_state import AT_VENUE, IN_DOUBT, Order
from opensqt.execution.state import ExecutionState


def doubtful(state: ExecutionState) -> list[Order]:
    """Return the orders of which nobody knows whether the venue holds them."""
    return [order for order in state.living() if order.phase in IN_DOUBT]


def wished_away(state: ExecutionState) -> list[Order]:
    """Return the living orders that somebody asked to cancel, also before they were known."""
    return [
        order
        for order in state.living()
        if order.cancel_requested is not None
        or (order.placed is not None and order.placed.ref.intent_id in state.tombstones)
    ]


def witness(state: ExecutionState, symbol: str, but: Container[str], since_ms: int) -> str:
    """Return our id of an order that a query must see, or an empty text; those in `but` are looked for themselves.

    Best is one that the venue holds now; else one that it took since `since_ms` (market), as venues forget.
    """
    for order in state.living():
        if order.phase in AT_VENUE and _took(order, symbol) and order.client_order_id not in but:
            return order.client_order_id
    for name in reversed(state.orders):
        order = state.orders[name]
        if _took(order, symbol) and name not in but:
            taken_ms = order.accepted.time_ms if order.accepted is not None else 0
            return name if taken_ms >= since_ms else ""
    return ""


def disproved(state: ExecutionState, symbol: str, since_ms: int) -> list[Order]:
    """Return the newest orders of a symbol that were called never placed since `since_ms` (market)."""
    orders = [state.orders[name] for name in state.disproved if name in state.orders]
    ended = ((order, order.never_placed) for order in orders)
    return [o for o, end in ended if end and end.ref.symbol == symbol and end.time_ms >= since_ms]


def _took(order: Order, symbol: str) -> bool:
    return order.accepted is not None and order.accepted.ref.symbol == symbol
