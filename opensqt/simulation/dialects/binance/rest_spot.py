"""The private REST endpoints of Binance spot. Handlers change the exchange; the server commits before it answers."""

from opensqt.simulation.dialects.binance import spot_views as views
from opensqt.simulation.dialects.binance.errors import VenueError, refused
from opensqt.simulation.dialects.binance.lookup import (
    all_orders,
    executions,
    find_order,
    open_orders,
)
from opensqt.simulation.dialects.binance.numbers import plain
from opensqt.simulation.dialects.binance.order_parsing import read_placement
from opensqt.simulation.engine.orders import OrderRefusal, VenueOrder
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext


def place(floor: VenueContext, call: ApiCall) -> object:
    """POST /api/v3/order."""
    placement = read_placement(floor, call)
    try:
        order = floor.exchange.place(placement)
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal
    fills = [
        fill
        for fill in floor.exchange.settlement.changes.executions
        if fill.order_id == order.order_id
    ]
    return views.placed(order, floor.exchange.rules[order.symbol], fills)


def place_test(floor: VenueContext, call: ApiCall) -> object:
    """POST /api/v3/order/test: checks the form, places nothing."""
    read_placement(floor, call)
    return {}


def cancel(floor: VenueContext, call: ApiCall) -> object:
    """DELETE /api/v3/order."""
    order = cancel_order(floor, call)
    return views.cancelled(order, floor.exchange.rules[order.symbol])


def cancel_order(floor: VenueContext, call: ApiCall) -> VenueOrder:
    """Cancel the order that a call names; shared by both markets."""
    rules = floor.directory.rules(call)
    order_id, client_id = call.integer("orderId"), call.text("origClientOrderId")
    if order_id is None and not client_id:
        raise VenueError(
            -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )
    cancel_id = call.text("newClientOrderId") or f"cancel{floor.now_ms()}"
    try:
        return floor.exchange.cancel(
            call.account, rules.symbol, order_id=order_id, client_id=client_id, cancel_id=cancel_id
        )
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal


def cancel_open(floor: VenueContext, call: ApiCall) -> list[VenueOrder]:
    """Cancel all open orders of a symbol; shared by both markets."""
    rules = floor.directory.rules(call)
    found = list(floor.exchange.open.get((call.account, rules.symbol), {}))
    cancel_id = f"cancel{floor.now_ms()}"
    return [
        floor.exchange.cancel(
            call.account, rules.symbol, order_id=order_id, client_id="", cancel_id=cancel_id
        )
        for order_id in found
        if order_id in floor.exchange.open[call.account, rules.symbol]
    ]


def cancel_all(floor: VenueContext, call: ApiCall) -> object:
    """DELETE /api/v3/openOrders."""
    cancelled = cancel_open(floor, call)
    if not cancelled:
        raise VenueError(-2011, "Unknown order sent.")
    return [views.cancelled(order, floor.exchange.rules[order.symbol]) for order in cancelled]


def query(floor: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/order."""
    rules = floor.directory.rules(call)
    return views.queried(find_order(floor, call, rules), rules)


def list_open(floor: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/openOrders."""
    return [
        views.queried(order, floor.exchange.rules[order.symbol])
        for order in open_orders(floor, call)
    ]


def list_all(floor: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/allOrders."""
    return [
        views.queried(order, floor.exchange.rules[order.symbol])
        for order in all_orders(floor, call)
    ]


def my_trades(floor: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/myTrades."""
    return [
        views.my_trade(fill, floor.exchange.rules[fill.symbol]) for fill in executions(floor, call)
    ]


def account(floor: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/account."""
    return views.account(
        floor.exchange.settlement.accounts[call.account], floor.directory.of(call.market)[0]
    )


def commission(floor: VenueContext, call: ApiCall) -> object:
    """GET /api/v3/account/commission."""
    return views.commission(floor.directory.rules(call))


def trade_fees(floor: VenueContext, call: ApiCall) -> object:
    """GET /sapi/v1/asset/tradeFee."""
    chosen = (
        [floor.directory.rules(call)] if call.text("symbol") else floor.directory.of(call.market)
    )
    return [
        {
            "symbol": rules.venue_symbol,
            "makerCommission": plain(rules.maker_fee),
            "takerCommission": plain(rules.taker_fee),
        }
        for rules in chosen
    ]


def nothing(_floor: VenueContext, _call: ApiCall) -> object:
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
