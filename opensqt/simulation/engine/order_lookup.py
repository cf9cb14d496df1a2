"""Finding orders of an account by their ids, as venues do that let a client id be used twice."""

from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import VenueOrder, named_order


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


def open_order(
    exchange: Exchange, account: str, symbol: str, *, order_id: int | None, client_id: str
) -> VenueOrder | None:
    """The pending order of the venue's id, or of ours where that is None; None where there is none."""
    pending = exchange.open.get((account, symbol), {}).values()
    return named_order(pending, order_id=order_id, client_id=client_id)
