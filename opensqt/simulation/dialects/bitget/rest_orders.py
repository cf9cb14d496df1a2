"""The REST endpoints that place, cancel and list orders and trades. A place is only acknowledged."""

from collections.abc import Callable

import msgspec

from opensqt.simulation.dialects.bitget.answers import (
    ALL,
    Json,
    enveloped,
    instruments,
    integer,
    page,
)
from opensqt.simulation.dialects.bitget.errors import GOOD, NO_ORDER, refused, wrong
from opensqt.simulation.dialects.bitget.listing import read_id
from opensqt.simulation.dialects.bitget.placing import (
    legs,
    order_named,
    read_placement,
    stated,
)
from opensqt.simulation.dialects.bitget.views import ack, order_row, trade_row
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.orders import OrderRefusal, Reason
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.refusals import answer_each
from opensqt.simulation.server.sight import seen_fills, seen_named, seen_open, seen_orders

BASE = "/api/v3/trade"
COUNTDOWN_S = range(5, 61)
SPAN_MS = 30 * 24 * 3_600_000


def place(context: VenueContext, call: ApiCall) -> Json:
    """POST place-order."""
    placement = read_placement(context, call)
    try:
        return ack(context.exchange.place(placement))
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal


def cancel(context: VenueContext, call: ApiCall) -> Json:
    """POST cancel-order: an id is enough."""
    if not call.text("orderId") and not call.text("clientOid"):
        raise wrong("orderId or clientOid")
    named = order_named(context, call)
    if named is None:
        raise refused(call.market, Reason.UNKNOWN_CANCEL)
    order = context.exchange.cancel(
        call.account, named.symbol, order_id=named.order_id, client_id="", cancel_id="api"
    )
    return ack(order)


def place_batch(context: VenueContext, call: ApiCall) -> list[Json]:
    """POST place-batch: each order has its own outcome and its own audit row."""
    return _each(context, call, place, Kind.PLACE)


def cancel_batch(context: VenueContext, call: ApiCall) -> list[Json]:
    """POST cancel-batch."""
    return _each(context, call, cancel, Kind.CANCEL)


def cancel_all(context: VenueContext, call: ApiCall) -> Json:
    """POST cancel-symbol-order of a symbol or of a category."""
    gone: list[Json] = []
    for rules in instruments(context, call):
        for number in list(context.exchange.open.get((call.account, rules.symbol), {})):
            order = context.exchange.cancel(
                call.account, rules.symbol, order_id=number, client_id="", cancel_id="all"
            )
            gone.append({**ack(order), "code": GOOD, "msg": "success"})
    return {"list": gone}


def order_info(context: VenueContext, call: ApiCall) -> Json:
    """GET order-info: by either id, whatever instrument it is of."""
    named, name = read_id(call.text("orderId")), call.text("clientOid")
    if named is None and not name:
        raise VenueError(*NO_ORDER)
    number = None if named is None else named[1]
    for rules in context.directory.known.values():
        if named is not None and rules.market is not named[0]:
            continue
        order = seen_named(context, call, rules.symbol, order_id=number, client_id=name)
        if order is not None:
            return order_row(order, rules)
    raise VenueError(*NO_ORDER)


def unfilled(context: VenueContext, call: ApiCall) -> Json:
    """GET unfilled-orders."""
    found = [
        order_row(order, rules)
        for rules in instruments(context, call)
        for order in seen_open(context, call, rules)
    ]
    return page(call, found, "orderId")


def history(context: VenueContext, call: ApiCall) -> Json:
    """GET history-orders: what has ended."""
    if not call.text("category"):
        raise wrong("category cannot be empty")
    window = _window(call)
    found = [
        order_row(order, rules)
        for rules in instruments(context, call)
        for order in seen_orders(context, call, rules.symbol, window)
        if not order.is_open
    ]
    return page(call, found, "orderId")


def fills(context: VenueContext, call: ApiCall) -> Json:
    """GET fills: of a category, or of an order; a symbol is not asked for."""
    window, named = _window(call), call.text("orderId")
    whole = msgspec.structs.replace(call, params={**call.params, "symbol": ""})
    found = [
        trade_row(fill, rules)
        for rules in instruments(context, whole)
        for fill in seen_fills(context, call, rules.symbol, window)
        if named in ("", fill.venue_order_id)
    ]
    return page(call, found, "execId")


def countdown(context: VenueContext, call: ApiCall) -> str:
    """POST countdown-cancel-all: the dead-man timer of an account, in seconds."""
    span_s = integer(call, "countdown", 0)
    if span_s and span_s not in COUNTDOWN_S:
        raise wrong("countdown")
    for symbol in context.exchange.rules:
        context.chores.arm(call.account, symbol, span_s * 1000)
    return "success"


def _each(
    context: VenueContext,
    call: ApiCall,
    endpoint: Callable[[VenueContext, ApiCall], Json],
    kind: Kind,
) -> list[Json]:
    calls, rows = legs(call), list[Json]()
    outcomes = answer_each(context, calls, endpoint, kind, stated)
    for one, outcome in zip(calls, outcomes, strict=True):
        if isinstance(outcome, VenueError):
            told = {"code": str(outcome.code), "msg": outcome.message}
            rows.append({"orderId": None, "clientOid": one.text("clientOid"), **told})
        else:
            rows.append({**outcome, "code": GOOD, "msg": "success"})
    return rows


def _window(call: ApiCall) -> Window:
    """The times between which a list is asked for: thirty days at most."""
    start_ms, end_ms = integer(call, "startTime", 0), integer(call, "endTime", 0)
    if start_ms and end_ms and end_ms - start_ms > SPAN_MS:
        raise VenueError("00001", "startTime and endTime interval cannot be greater than 30 days")
    return Window(start_ms=start_ms, end_ms=end_ms, limit=ALL)


ROUTES: Routes = {
    ("POST", f"{BASE}/place-order"): Route(
        handler=enveloped(place), signed=True, orders=1, kind="place"
    ),
    ("POST", f"{BASE}/place-batch"): Route(
        handler=enveloped(place_batch), signed=True, orders=1, kind="place_batch", legs=legs
    ),
    ("POST", f"{BASE}/cancel-order"): Route(handler=enveloped(cancel), signed=True, kind="cancel"),
    ("POST", f"{BASE}/cancel-batch"): Route(
        handler=enveloped(cancel_batch), signed=True, kind="cancel_batch", legs=legs
    ),
    ("POST", f"{BASE}/cancel-symbol-order"): Route(
        handler=enveloped(cancel_all), signed=True, kind="cancel_all"
    ),
    ("POST", f"{BASE}/countdown-cancel-all"): Route(
        handler=enveloped(countdown), signed=True, kind="countdown"
    ),
    ("GET", f"{BASE}/order-info"): Route(handler=enveloped(order_info), signed=True, kind="query"),
    ("GET", f"{BASE}/unfilled-orders"): Route(
        handler=enveloped(unfilled), signed=True, kind="open_orders"
    ),
    ("GET", f"{BASE}/history-orders"): Route(
        handler=enveloped(history), signed=True, kind="orders"
    ),
    ("GET", f"{BASE}/fills"): Route(handler=enveloped(fills), signed=True, kind="trades"),
}
