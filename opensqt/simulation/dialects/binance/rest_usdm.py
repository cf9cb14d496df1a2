"""The REST endpoints of Binance USDⓈ-M that place, cancel and list orders. The server commits before it answers."""

import msgspec

from opensqt.simulation.dialects.binance import usdm_views as views
from opensqt.simulation.dialects.binance.errors import body_of, missing, refused
from opensqt.simulation.dialects.binance.lookup import (
    all_orders,
    executions,
    find_order,
    open_orders,
)
from opensqt.simulation.dialects.binance.order_parsing import read_placement, stated
from opensqt.simulation.dialects.binance.parameters import instrument, integer, required
from opensqt.simulation.dialects.binance.rest_spot import cancel_open, cancel_order
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.orders import OrderRefusal, VenueOrder
from opensqt.simulation.server.call import ApiCall, VenueError, text_of
from opensqt.simulation.server.context import Handler, Route, Routes, VenueContext
from opensqt.simulation.server.refusals import answer_each

BATCH_MAX = 5
CANCEL_BATCH_MAX = 10
BAD_BATCH = (-4082, "Invalid number of batch place orders.")
BATCH = msgspec.json.Decoder(list[dict[str, object]], float_hook=str)  # numbers keep their text
DONE = {"code": 200, "msg": "The operation of cancel all open order is done."}


def _view(context: VenueContext, order: VenueOrder, *, queried: bool) -> dict[str, object]:
    return views.order_view(order, context.exchange.rules[order.symbol], queried=queried)


def place(context: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/order."""
    placement = read_placement(context, call)
    try:
        order = context.exchange.place(placement)
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal
    return _view(context, order, queried=False)


def place_test(context: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/order/test: checks the form, places nothing."""
    read_placement(context, call)
    return {}


def place_batch(context: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/batchOrders: each order has its own outcome and its own audit row."""
    return _each(context, call, place, Kind.PLACE)


def cancel(context: VenueContext, call: ApiCall) -> object:
    """DELETE /fapi/v1/order."""
    return _view(context, cancel_order(context, call), queried=False)


def cancel_batch(context: VenueContext, call: ApiCall) -> object:
    """DELETE /fapi/v1/batchOrders by orderIdList or origClientOrderIdList."""
    return _each(context, call, cancel, Kind.CANCEL)


def _each(context: VenueContext, call: ApiCall, endpoint: Handler, kind: Kind) -> list[object]:
    outcomes = answer_each(context, legs(call), endpoint, kind, stated)
    return [body_of(one) if isinstance(one, VenueError) else one for one in outcomes]


def legs(call: ApiCall) -> list[ApiCall]:
    """Take a batch apart into the calls of its orders; raise `VenueError` where it is none, or too large."""
    return _places(call) if call.method == "POST" else _cancels(call)


def _places(call: ApiCall) -> list[ApiCall]:
    try:
        batch = BATCH.decode(required(call, "batchOrders"))
    except (ValueError, RecursionError) as error:
        raise missing("batchOrders") from error
    if not 0 < len(batch) <= BATCH_MAX:
        raise VenueError(*BAD_BATCH)
    return [
        msgspec.structs.replace(call, params={name: text_of(value) for name, value in one.items()})
        for one in batch
    ]


def _cancels(call: ApiCall) -> list[ApiCall]:
    named = {name.lower(): value for name, value in call.params.items()}
    by_id = bool(named.get("orderidlist"))
    listed = named.get("orderidlist") or named.get("origclientorderidlist") or ""
    try:
        wanted = msgspec.json.decode(listed, type=list[int | str])
    except (ValueError, RecursionError) as error:
        raise missing("orderIdList") from error
    if not 0 < len(wanted) <= CANCEL_BATCH_MAX:
        raise VenueError(*BAD_BATCH)
    key = "orderId" if by_id else "origClientOrderId"
    return [
        msgspec.structs.replace(call, params={"symbol": call.text("symbol"), key: str(one)})
        for one in wanted
    ]


def cancel_all(context: VenueContext, call: ApiCall) -> object:
    """DELETE /fapi/v1/allOpenOrders."""
    cancel_open(context, call)
    return DONE


def query(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/order."""
    return _view(context, find_order(context, call, instrument(context, call)), queried=True)


def query_open(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/openOrder."""
    order = find_order(context, call, instrument(context, call))
    if not order.is_open:
        raise VenueError(-2013, "Order does not exist.")
    return _view(context, order, queried=True)


def list_open(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/openOrders."""
    return [_view(context, order, queried=True) for order in open_orders(context, call)]


def list_all(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/allOrders."""
    return [_view(context, order, queried=True) for order in all_orders(context, call)]


def user_trades(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/userTrades."""
    return [
        views.user_trade(fill, context.exchange.rules[fill.symbol])
        for fill in executions(context, call)
    ]


def countdown(context: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/countdownCancelAll: the dead-man timer of a symbol."""
    rules = instrument(context, call)
    span_ms = integer(call, "countdownTime")
    if span_ms is None:
        raise missing("countdownTime")
    context.chores.arm(call.account, rules.symbol, span_ms)
    return {"symbol": rules.venue_symbol, "countdownTime": str(span_ms)}


ROUTES: Routes = {
    ("POST", "/fapi/v1/order"): Route(handler=place, signed=True, weight=0, orders=1, kind="place"),
    ("POST", "/fapi/v1/order/test"): Route(handler=place_test, signed=True, kind="read"),
    ("POST", "/fapi/v1/batchOrders"): Route(
        handler=place_batch,
        signed=True,
        weight=5,
        orders=5,
        orders_slow=1,
        kind="place_batch",
        legs=legs,
    ),
    ("DELETE", "/fapi/v1/order"): Route(handler=cancel, signed=True, kind="cancel"),
    ("DELETE", "/fapi/v1/batchOrders"): Route(
        handler=cancel_batch, signed=True, kind="cancel_batch", legs=legs
    ),
    ("DELETE", "/fapi/v1/allOpenOrders"): Route(handler=cancel_all, signed=True, kind="cancel_all"),
    ("GET", "/fapi/v1/order"): Route(handler=query, signed=True, kind="query"),
    ("GET", "/fapi/v1/openOrder"): Route(handler=query_open, signed=True, kind="query"),
    ("GET", "/fapi/v1/openOrders"): Route(handler=list_open, signed=True, kind="open_orders"),
    ("GET", "/fapi/v1/allOrders"): Route(handler=list_all, signed=True, weight=5, kind="orders"),
    ("GET", "/fapi/v1/userTrades"): Route(
        handler=user_trades, signed=True, weight=5, kind="trades"
    ),
    ("POST", "/fapi/v1/countdownCancelAll"): Route(
        handler=countdown, signed=True, weight=10, kind="countdown"
    ),
}
