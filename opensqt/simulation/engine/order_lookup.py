"""Finding an order by its client id, as venues do that let an id be used twice."""

from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import VenueOrder


def newest_order(
    exchange: Exchange, account: str, symbol: str, client_id: str
) -> VenueOrder | None:
    """The newest pending order of this id, else the newest; an id may be used twice."""
    pending = exchange.open.get((account, symbol), {}).values()
    found = [order for order in pending if order.client_order_id == client_id]
    return (
        found[-1]
        if found
        else exchange.store.records.order_by_client_id(account, symbol, client_id)
    )
