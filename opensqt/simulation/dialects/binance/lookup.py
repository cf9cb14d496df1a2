"""Finding orders and fills for a by-id query or a listing, by the parameters that Binance names them with."""

import msgspec

from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.binance.errors import refused
from opensqt.simulation.dialects.binance.parameters import instrument, instruments, integer
from opensqt.simulation.engine.orders import Execution, Reason, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.sight import seen_fills, seen_named, seen_open, seen_orders

LISTING_MAX = 1000
LISTING_DEFAULT = 500


def find_order(context: VenueContext, call: ApiCall, rules: InstrumentRules) -> VenueOrder:
    """Find the order that `orderId` or `origClientOrderId` names; raise -2013 where there is none to be seen."""
    order_id, client_id = integer(call, "orderId"), call.text("origClientOrderId")
    if order_id is None and not client_id:
        raise VenueError(
            -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )
    seen = seen_named(context, call, rules.symbol, order_id=order_id, client_id=client_id)
    if seen is None:
        raise refused(call.market, Reason.UNKNOWN_ORDER)
    return seen


def open_orders(context: VenueContext, call: ApiCall) -> list[VenueOrder]:
    """The open orders of an account, of one symbol or of the whole market."""
    chosen = instruments(context, call)
    return [order for rules in chosen for order in seen_open(context, call, rules)]


def all_orders(context: VenueContext, call: ApiCall) -> list[VenueOrder]:
    """Orders of a symbol, open or closed."""
    return seen_orders(context, call, instrument(context, call).symbol, _window(call, "orderId"))


def executions(context: VenueContext, call: ApiCall) -> list[Execution]:
    """Fills of a symbol by fromId, orderId, startTime, endTime and limit."""
    window = msgspec.structs.replace(_window(call, "fromId"), order_id=integer(call, "orderId"))
    return seen_fills(context, call, instrument(context, call).symbol, window)


def _window(call: ApiCall, id_name: str) -> Window:
    return Window(
        from_id=integer(call, id_name),
        start_ms=integer(call, "startTime") or 0,
        end_ms=integer(call, "endTime") or 0,
        limit=min(integer(call, "limit") or LISTING_DEFAULT, LISTING_MAX),
    )
