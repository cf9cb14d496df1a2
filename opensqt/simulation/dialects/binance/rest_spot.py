"""The private REST endpoints of Binance spot. Handlers change the exchange; the server commits before it answers."""

from opensqt.simulation.dialects.binance import spot_views as views
from opensqt.simulation.dialects.binance.errors import refused
from opensqt.simulation.dialects.binance.lookup import (
    all_orders,
    executions,
    find_order,
    open_orders,
)
from opensqt.simulation.dialects.binance.order_parsing import read_placement
from opensqt.simulation.dialects.binance.parameters import instrument, instruments, integer
from opensqt.simulation.engine.orders import OrderRefusal, VenueOrder
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.numbers import plain


def place(context: VenueContext, call: ApiCall) -> object:
    """POST /api/v3/order."""
    placement = read_placement(context, call)
    try:
        order = context.exchange.place(placement)
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal
    fills = [
        fill
        for fill in context.exchange.settlement.changes.executions
        if fill.order_id == order.order_id
    ]
    return views.placed(order, context.exchange.rules[order.symbol], fills)


def place_test(context: VenueContext, call: ApiCall) -> object:
    """POST /api/v3/order/test: checks the form, places nothing."""
    read_placement(context, call)
    return {}


def cancel(context: VenueContext, call: ApiCall) -> object:
    """DELETE /api/v3/order."""
    order = cancel_order(context, call)
    return views.cancelled(order, context.exchange.rules[order.symbol])


def cancel_order(context: VenueContext, call: ApiCall) -> VenueOrder:
    """Cancel the order that a call names; shared by both markets."""
    rules = instrument(context, call)
    order_id, client_id = integer(call, "orderId"), call.text("origClientOrderId")
    if order_id is None and not client_id:
        raise VenueError(
            -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )
    cancel_id = call.text("newClientOrderId") or f"cancel{context.now_ms()}"
    try:
        return context.exchange.cancel(
            call.account, rules.symbol, order_id=order_id, client_id=client_id, cancel_id=cancel_id
        )
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal


def cancel_open(context: VenueContext, call: ApiCall) -> list[VenueOrder]:
    """Cancel all open orders of a symbol; shared by both markets."""
    rules = instrument(context, call)
    found = list(context.exchange.open.get((call.account, rules.symbol), {}))
    cancel_id = f"cancel{context.now_ms()}"
    return [
        context.exchange.cancel(
            call.account, rules.symbol, order_id=order_id, client_id="", cancel_id=cancel_id
        )
        for order_id in found
        if order_id in context.exchange.open[call.account, rules.symbol]
    ]


def cancel_all(context: VenueContext, call: ApiCall) -> object:
    """DELETE /api/v3/openOrders."""
    cancelled = cancel_open(context, call)
    if not cancelled:
        raise VenueError(-2011, "Unknown order sent.")
    return [views.cancelled(order, context.exchange.rules[order.symbol]) for order in cancelled]


def query(context: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/order."""
    rules = instrument(context, call)
    return views.queried(find_order(context, call, rules), rules)


def list_open(context: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/openOrders."""
    return [
        views.queried(order, context.exchange.rules[order.symbol])
        for order in open_orders(context, call)
    ]


def list_all(context: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/allOrders."""
    return [
        views.queried(order, context.exchange.rules[order.symbol])
        for order in all_orders(context, call)
    ]


def my_trades(context: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/myTrades."""
    return [
        views.my_trade(fill, context.exchange.rules[fill.symbol])
        for fill in executions(context, call)
    ]


def account(context: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/account."""
    return views.account(
        context.exchange.settlement.accounts[call.account], context.directory.of(call.market)[0]
    )


def commission(context: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/account/commission."""
    return views.commission(instrument(context, call))


def trade_fees(context: VenueContext, call: ApiCall) -> object:
    """GET /sapi/v1/asset/tradeFee."""
    chosen = instruments(context, call)
    return [
        {
            "symbol": rules.venue_symbol,
            "makerCommission": plain(rules.maker_fee),
            "takerCommission": plain(rules.taker_fee),
        }
        for rules in chosen
    ]


def nothing(_context: VenueContext, _call: ApiCall) -> object:
    """Endpoints of products that the paper venue does not have: a valid, empty list."""
    return []


ROUTES: Routes = {
    ("POST", "/api/v3/order"): Route(handler=place, signed=True, orders=1, kind="place"),
    ("POST", "/api/v3/order/test"): Route(handler=place_test, signed=True, kind="read"),
    ("DELETE", "/api/v3/order"): Route(handler=cancel, signed=True, kind="cancel"),
    ("DELETE", "/api/v3/openOrders"): Route(handler=cancel_all, signed=True, kind="cancel_all"),
    ("GET", "/api/v3/order"): Route(handler=query, signed=True, weight=4, kind="query"),
    ("GET", "/api/v3/openOrders"): Route(
        handler=list_open, signed=True, weight=6, kind="open_orders"
    ),
    ("GET", "/api/v3/allOrders"): Route(handler=list_all, signed=True, weight=20, kind="orders"),
    ("GET", "/api/v3/myTrades"): Route(handler=my_trades, signed=True, weight=20, kind="trades"),
    ("GET", "/api/v3/account"): Route(handler=account, signed=True, weight=20, kind="account"),
    ("GET", "/api/v3/account/commission"): Route(
        handler=commission, signed=True, weight=20, kind="account"
    ),
    ("GET", "/sapi/v1/asset/tradeFee"): Route(handler=trade_fees, signed=True, kind="account"),
    ("GET", "/sapi/v1/capital/config/getall"): Route(
        handler=nothing, signed=True, weight=10, kind="account"
    ),
    ("GET", "/sapi/v1/margin/allPairs"): Route(handler=nothing, keyed=True),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Route(handler=nothing, keyed=True),
}
