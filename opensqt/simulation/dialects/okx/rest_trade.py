"""OKX's endpoints that place, cancel and list orders and trades. The server commits before it answers."""

from collections.abc import Callable

from opensqt.simulation.dialects.okx import views
from opensqt.simulation.dialects.okx.answers import (
    ALL,
    Json,
    good,
    instrument,
    instruments,
    integer,
    page,
)
from opensqt.simulation.dialects.okx.errors import (
    ALL_FAILED,
    SOME_FAILED,
    UNKNOWN_ORDER,
    RowError,
    refused,
    row_of,
)
from opensqt.simulation.dialects.okx.order_parsing import (
    legs,
    named_instrument,
    order_id,
    read_placement,
    stated,
)
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.orders import Execution, OrderRefusal, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.refusals import answer_each
from opensqt.simulation.server.sight import seen_fills, seen_named, seen_open, seen_orders

BASE = "/api/v5/trade"
ENDED_MAX = 1000


def _place(context: VenueContext, call: ApiCall) -> Json:
    placement = read_placement(context, call)
    try:
        order = context.exchange.place(placement)
    except OrderRefusal as refusal:
        raise _named(refused(call.market, refusal.reason), call) from refusal
    return views.placed(order)


def _cancel(context: VenueContext, call: ApiCall) -> Json:
    rules = named_instrument(context.directory, call)
    try:
        order = context.exchange.cancel(
            call.account,
            rules.symbol,
            order_id=order_id(call),
            client_id=call.text("clOrdId"),
            cancel_id=f"cancel{context.now_ms()}",
        )
    except OrderRefusal as refusal:
        raise _named(refused(call.market, refusal.reason), call) from refusal
    return views.placed(order)


def _named(error: VenueError, call: ApiCall) -> VenueError:
    """Name the order in the row of its refusal."""
    if isinstance(error, RowError):
        error.client_order_id = call.text("clOrdId")
    return error


def place(context: VenueContext, call: ApiCall) -> object:
    """POST trade/order."""
    return good([_place(context, call)])


def cancel(context: VenueContext, call: ApiCall) -> object:
    """POST trade/cancel-order."""
    return good([_cancel(context, call)])


def place_batch(context: VenueContext, call: ApiCall) -> object:
    """POST trade/batch-orders: each order has its own outcome and its own audit row."""
    return _each(context, call, _place, Kind.PLACE)


def cancel_batch(context: VenueContext, call: ApiCall) -> object:
    """POST trade/cancel-batch-orders."""
    return _each(context, call, _cancel, Kind.CANCEL)


def _each(
    context: VenueContext, call: ApiCall, work: Callable[[VenueContext, ApiCall], Json], kind: Kind
) -> object:
    outcomes = answer_each(context, legs(call), work, kind, stated)
    failed = sum(isinstance(one, VenueError) for one in outcomes)
    code = "0" if not failed else ALL_FAILED if failed == len(outcomes) else SOME_FAILED
    return good([row_of(one) if isinstance(one, VenueError) else one for one in outcomes], code)


def query(context: VenueContext, call: ApiCall) -> object:
    """GET trade/order."""
    rules = instrument(context, call)
    if not call.text("ordId") and not call.text("clOrdId"):
        raise VenueError(51003, "Either client order ID or order ID is required", 400)
    seen = seen_named(
        context,
        call,
        rules.symbol,
        order_id=order_id(call),
        client_id=call.text("clOrdId"),
    )
    if seen is None:
        raise VenueError(*UNKNOWN_ORDER, 200)
    return good([_row(context, call, seen)])


def list_open(context: VenueContext, call: ApiCall) -> object:
    """GET trade/orders-pending."""
    chosen = instruments(context, call)
    return _orders(
        context, call, [order for rules in chosen for order in seen_open(context, call, rules)]
    )


def list_ended(context: VenueContext, call: ApiCall) -> object:
    """GET trade/orders-history."""
    found = [
        order
        for rules in instruments(context, call)
        for order in seen_orders(context, call, rules.symbol, Window(limit=ENDED_MAX))
    ]
    return _orders(context, call, [order for order in found if not order.is_open])


def _orders(context: VenueContext, call: ApiCall, found: list[VenueOrder]) -> object:
    ascending = sorted(found, key=lambda order: order.order_id)
    chosen = page(call, ascending, lambda order: order.order_id)
    return good([_row(context, call, order) for order in chosen])


def _row(context: VenueContext, call: ApiCall, order: VenueOrder) -> Json:
    fills: list[Execution] = []
    if order.filled:
        window = Window(order_id=order.order_id, limit=ENDED_MAX)
        fills = seen_fills(context, call, order.symbol, window)
    return views.order_row(order, context.exchange.rules[order.symbol], fills)


def fills_history(context: VenueContext, call: ApiCall) -> object:
    """GET trade/fills-history."""
    newer = integer(call, "before")
    window = Window(
        from_id=newer + 1 if newer else None,
        order_id=int(call.text("ordId")) if call.text("ordId").isdigit() else None,
        start_ms=integer(call, "begin"),
        end_ms=integer(call, "end"),
        limit=ALL,
    )
    found = [
        fill
        for rules in instruments(context, call)
        for fill in seen_fills(context, call, rules.symbol, window)
    ]
    chosen = page(call, found, lambda fill: fill.trade_id)
    return good([views.trade_row(fill, context.exchange.rules[fill.symbol]) for fill in chosen])


def cancel_all_after(context: VenueContext, call: ApiCall) -> object:
    """POST trade/cancel-all-after: the dead-man timer of an account, in seconds."""
    span_s = integer(call, "timeOut")
    if span_s and not 10 <= span_s <= 120:
        raise VenueError(51000, "Parameter timeOut error", 400)
    for symbol in context.exchange.rules:
        context.chores.arm(call.account, symbol, span_s * 1000)
    now_ms = context.now_ms()
    trigger = str(now_ms + span_s * 1000) if span_s else "0"
    return good([{"triggerTime": trigger, "tag": "", "ts": str(now_ms)}])


ROUTES: Routes = {
    ("POST", f"{BASE}/order"): Route(handler=place, signed=True, orders=1, kind="place"),
    ("POST", f"{BASE}/batch-orders"): Route(
        handler=place_batch, signed=True, orders=1, kind="place_batch", legs=legs
    ),
    ("POST", f"{BASE}/cancel-order"): Route(handler=cancel, signed=True, kind="cancel"),
    ("POST", f"{BASE}/cancel-batch-orders"): Route(
        handler=cancel_batch, signed=True, kind="cancel_batch", legs=legs
    ),
    ("POST", f"{BASE}/cancel-all-after"): Route(
        handler=cancel_all_after, signed=True, kind="countdown"
    ),
    ("GET", f"{BASE}/order"): Route(handler=query, signed=True, kind="query"),
    ("GET", f"{BASE}/orders-pending"): Route(handler=list_open, signed=True, kind="open_orders"),
    ("GET", f"{BASE}/orders-history"): Route(handler=list_ended, signed=True, kind="orders"),
    ("GET", f"{BASE}/orders-history-archive"): Route(
        handler=list_ended, signed=True, kind="orders"
    ),
    ("GET", f"{BASE}/fills"): Route(handler=fills_history, signed=True, kind="trades"),
    ("GET", f"{BASE}/fills-history"): Route(handler=fills_history, signed=True, kind="trades"),
}
