"""The REST endpoints of both markets that place, cancel and list orders and trades."""

from collections.abc import Callable

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.gate import views
from opensqt.simulation.dialects.gate.errors import fault, refused, wrong
from opensqt.simulation.dialects.gate.listing import NO_TEXT, OWN_TEXT
from opensqt.simulation.dialects.gate.parameters import (
    ALL,
    ids_of,
    instrument,
    instruments,
    legs,
    page,
    window_of,
)
from opensqt.simulation.dialects.gate.placing import order_named, read_placement, stated
from opensqt.simulation.dialects.gate.rest_public import BASE, FUTURES
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.orders import Execution, OrderRefusal, Reason, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.refusals import answer_each
from opensqt.simulation.server.sight import seen_fills, seen_named, seen_open, seen_orders

Json = views.Json
RECENT_MAX = 1000


def place(context: VenueContext, call: ApiCall) -> Json:
    """POST orders."""
    placement = read_placement(context, call)
    try:
        order = context.exchange.place(placement)
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal
    return _view(context, call, order)


def cancel(context: VenueContext, call: ApiCall) -> Json:
    """DELETE orders/ID; spot names its pair, too."""
    if call.market is Market.SPOT:
        instrument(context, call)
    named = order_named(context, call)
    if named is None:
        raise refused(call.market, Reason.UNKNOWN_CANCEL)
    order = context.exchange.cancel(
        call.account, named.symbol, order_id=named.order_id, client_id="", cancel_id="api"
    )
    return _view(context, call, order)


def cancel_all(context: VenueContext, call: ApiCall) -> object:
    """DELETE orders: all of an instrument."""
    rules = instrument(context, call)
    found = [
        context.exchange.cancel(
            call.account, rules.symbol, order_id=number, client_id="", cancel_id="all"
        )
        for number in list(context.exchange.open.get((call.account, rules.symbol), {}))
    ]
    return [_view(context, call, order) | {"succeeded": True} for order in found]


def place_batch(context: VenueContext, call: ApiCall) -> object:
    """POST batch_orders: each order has its own outcome and its own audit row."""
    return _each(context, call, place, Kind.PLACE)


def cancel_batch(context: VenueContext, call: ApiCall) -> object:
    """POST cancel_batch_orders (spot), batch_cancel_orders (perpetuals): by the venue's ids, or ours of spot."""
    return _each(context, call, _cancel_one, Kind.CANCEL)


def _cancel_one(context: VenueContext, call: ApiCall) -> Json:
    if call.market is Market.PERP and not call.text("order_id").isdecimal():
        raise fault("INVALID_PROTOCOL", "INVALID_PROTOCOL")
    shown = cancel(context, call)
    return {"id": str(shown["id"]), "text": shown["text"], "message": ""}


def _each(
    context: VenueContext,
    call: ApiCall,
    endpoint: Callable[[VenueContext, ApiCall], Json],
    kind: Kind,
) -> list[Json]:
    calls = legs(call)
    outcomes = answer_each(context, calls, endpoint, kind, stated)
    return [
        _failed(one, outcome) if isinstance(outcome, VenueError) else {"succeeded": True, **outcome}
        for one, outcome in zip(calls, outcomes, strict=True)
    ]


def _failed(call: ApiCall, error: VenueError) -> Json:
    """The row of an order that was refused, with the id by which it was named."""
    named = {"text": call.text("text"), "id": call.text("order_id")}
    told = {name: text for name, text in named.items() if text}
    label = str(error.code)
    return {"succeeded": False, **told, "label": label, "message": error.message, "detail": ""}


def query(context: VenueContext, call: ApiCall) -> object:
    """GET orders/ID: ours finds what is pending, the venue's what it still shows."""
    if call.market is Market.SPOT:
        instrument(context, call)
    order_id, client_id = ids_of(call)
    for rules in instruments(context, call):
        order = seen_named(context, call, rules.symbol, order_id=order_id, client_id=client_id)
        if order is not None:
            return _view(context, call, order)
    raise refused(call.market, Reason.UNKNOWN_ORDER)


def list_orders(context: VenueContext, call: ApiCall) -> object:
    """GET orders: those of a status, newest first."""
    status = call.text("status")
    if status not in ("open", "finished"):
        raise wrong("status")
    found: list[VenueOrder] = []
    for rules in instruments(context, call):
        if status == "open":
            found += seen_open(context, call, rules)
        else:
            seen = seen_orders(context, call, rules.symbol, Window(limit=RECENT_MAX))
            found += [order for order in seen if not order.is_open]
    found.sort(key=lambda order: (order.updated_ms, order.order_id), reverse=True)
    return [_view(context, call, order) for order in page(call, found)]


def open_orders(context: VenueContext, call: ApiCall) -> object:
    """GET /spot/open_orders: by pair."""
    rows = []
    for rules in context.directory.of(Market.SPOT):
        orders = [_view(context, call, order) for order in seen_open(context, call, rules)]
        if orders:
            rows.append(
                {"currency_pair": rules.venue_symbol, "total": len(orders), "orders": orders}
            )
    return rows


def my_trades(context: VenueContext, call: ApiCall) -> object:
    """GET my_trades, my_trades_timerange: newest first."""
    found = [
        (fill, rules)
        for rules in instruments(context, call)
        for fill in seen_fills(context, call, rules.symbol, window_of(call))
    ]
    found.sort(key=lambda one: (one[0].time_ms, one[0].trade_id), reverse=True)
    return [trade_view(call, fill, rules) for fill, rules in page(call, found)]


def trade_view(call: ApiCall, fill: Execution, rules: InstrumentRules) -> Json:
    """A trade of an account."""
    unnamed = fill.client_order_id == f"auto{fill.order_id}"
    text = NO_TEXT[fill.market] if unnamed else f"{OWN_TEXT}{fill.client_order_id}"
    if fill.market is Market.SPOT:
        return views.spot_trade(fill, rules, text)
    return views.perp_trade(call, fill, rules, text)


def _view(context: VenueContext, call: ApiCall, order: VenueOrder) -> Json:
    rules = context.exchange.rules[order.symbol]
    if order.market is Market.PERP:
        return views.perp_order(call, order, rules)
    fills: list[Execution] = []
    if order.filled:
        window = Window(order_id=order.order_id, limit=ALL)
        fills = seen_fills(context, call, order.symbol, window)
        fresh = context.exchange.settlement.changes.executions
        fills += [fill for fill in fresh if fill.order_id == order.order_id]
    return views.spot_order(order, rules, fills)


def _routes(base: str) -> Routes:
    """What both markets have."""
    return {
        ("POST", f"{base}/orders"): Route(handler=place, signed=True, orders=1, kind="place"),
        ("POST", f"{base}/batch_orders"): Route(
            handler=place_batch, signed=True, orders=1, kind="place_batch", legs=legs
        ),
        ("DELETE", f"{base}/orders/{{order_id}}"): Route(
            handler=cancel, signed=True, kind="cancel"
        ),
        ("DELETE", f"{base}/orders"): Route(handler=cancel_all, signed=True, kind="cancel_all"),
        ("GET", f"{base}/orders/{{order_id}}"): Route(handler=query, signed=True, kind="query"),
        ("GET", f"{base}/orders"): Route(handler=list_orders, signed=True, kind="orders"),
        ("GET", f"{base}/my_trades"): Route(handler=my_trades, signed=True, kind="trades"),
    }


CANCELS = Route(handler=cancel_batch, signed=True, kind="cancel_batch", legs=legs)
ROUTES: Routes = {
    **_routes(f"{BASE}/spot"),
    **_routes(FUTURES),
    ("GET", f"{BASE}/spot/open_orders"): Route(handler=open_orders, signed=True, kind="orders"),
    ("GET", f"{FUTURES}/my_trades_timerange"): Route(handler=my_trades, signed=True, kind="trades"),
    ("POST", f"{BASE}/spot/cancel_batch_orders"): CANCELS,
    ("POST", f"{FUTURES}/batch_cancel_orders"): CANCELS,
}
