"""Where a venue keeps ids of orders unique. Pure judgement."""

from collections.abc import Mapping

from opensqt.domain.instruments import market_of
from opensqt.simulation.engine.orders import (
    IdentityPolicy,
    OrderRefusal,
    Placement,
    Reason,
    Uniqueness,
    VenueOrder,
)


def refuse_duplicate(
    placement: Placement,
    policy: IdentityPolicy,
    open_orders: Mapping[tuple[str, str], Mapping[int, VenueOrder]],
) -> None:
    """Raise `OrderRefusal` when an open order of the account in this market has the same client id."""
    if policy.uniqueness is Uniqueness.NEVER or not placement.client_order_id:
        return
    market = market_of(placement.symbol)
    for (account, symbol), orders in open_orders.items():
        if account != placement.account or market_of(symbol) is not market:
            continue
        if any(order.client_order_id == placement.client_order_id for order in orders.values()):
            raise OrderRefusal(Reason.DUPLICATE_ID)
