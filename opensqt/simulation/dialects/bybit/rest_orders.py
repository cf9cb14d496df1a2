"""The REST endpoints that place, cancel and list orders and trades. A place is only acknowledged."""

from collections.abc import Callable

import msgspec

from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.bybit.answers import Json, Told, enveloped, page
from opensqt.simulation.dialects.bybit.errors import fault, refused, wrong
from opensqt.simulation.dialects.bybit.listing import CATEGORIES, number_of
from opensqt.simulation.dialects.bybit.parameters import instrument, instruments, integer, required
from opensqt.simulation.dialects.bybit.placing import order_named, read_placement, stated
from opensqt.simulation.dialects.bybit.views import execution_view, order_view
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.orders import OrderRefusal, Reason, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError, text_of
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.refusals import answer_each
from opensqt.simulation.server.sight import seen_fills, seen_named, seen_open, seen_orders

BATCH_MAX = {"spot": 10, "linear": 20}
BATCH = msgspec.json.Decoder(list[dict[str, object]], float_hook=str)
SPAN_MS = 7 * 24 * 3_600_000
ALL = 1_000_000
RECENT_MAX = 500


def place(context: VenueContext, call: ApiCall) -> Json:
    """POST /v5/order/create."""
    placement = read_placement(context, call)
    try:
        order = context.exchange.place(placement)
    except OrderRefusal as refusal:
        raise refused(call.market, refusal.reason) from refusal
    return _ack(order)


def cancel(context: VenueContext, call: ApiCall) -> Json:
    """POST /v5/order/cancel."""
    rules, named = instrument(context, call), order_named(context, call)
    if not call.text("orderId") and not call.text("orderLinkId"):
        raise wrong("orderId or orderLinkId")
    if named is None:
        raise refused(call.market, Reason.UNKNOWN_CANCEL)
    order = context.exchange.cancel(
        call.account, rules.symbol, order_id=named.order_id, client_id="", cancel_id="api"
    )
    return _ack(order)


def place_batch(context: VenueContext, call: ApiCall) -> Told:
    """POST /v5/order/create-batch: each order has its own outcome and its own audit row."""
    return _batch(context, call, place, Kind.PLACE)


def cancel_batch(context: VenueContext, call: ApiCall) -> Told:
    """POST /v5/order/cancel-batch."""
    return _batch(context, call, cancel, Kind.CANCEL)


def legs(call: ApiCall) -> list[ApiCall]:
    """Take a batch apart into the calls of its orders; raise `VenueError` where it is none, or too large."""
    try:
        rows = BATCH.decode(required(call, "request"))
    except msgspec.DecodeError as error:
        raise wrong("request") from error
    if not 0 < len(rows) <= BATCH_MAX[CATEGORIES[call.market]]:
        raise wrong(f"request of {len(rows)} orders")
    return [
        msgspec.structs.replace(call, params={name: text_of(value) for name, value in row.items()})
        for row in rows
    ]


def cancel_all(context: VenueContext, call: ApiCall) -> Json:
    """POST /v5/order/cancel-all of a symbol or of a coin."""
    if not call.text("symbol") and not call.text("settleCoin") and not call.text("baseCoin"):
        raise wrong("symbol, baseCoin or settleCoin")
    gone: list[Json] = []
    for rules in instruments(context, call):
        for number in list(context.exchange.open.get((call.account, rules.symbol), {})):
            order = context.exchange.cancel(
                call.account, rules.symbol, order_id=number, client_id="", cancel_id="all"
            )
            gone.append(_ack(order))
    return {"list": gone, "success": "1"}


def realtime(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/order/realtime: open orders, or by an id also the newest that ended."""
    if call.text("orderId") or call.text("orderLinkId"):
        return page(call, _by_id(context, call), usual=20, most=50)
    chosen = instruments(context, call)
    found: list[tuple[VenueOrder, InstrumentRules]] = []
    for rules in chosen:
        if call.text("openOnly", "0") == "0":
            orders = seen_open(context, call, rules)
        else:
            window = Window(limit=RECENT_MAX)
            seen = seen_orders(context, call, rules.symbol, window)
            orders = [order for order in seen if not order.is_open]
        found += [(order, rules) for order in orders]
    return page(call, _newest(found), usual=20, most=50)


def history(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/order/history: what has ended."""
    if call.text("orderId") or call.text("orderLinkId"):
        return page(call, _by_id(context, call), usual=20, most=50)
    start_ms, end_ms = _span(context, call)
    window = Window(start_ms=start_ms, end_ms=end_ms, limit=ALL)
    found = [
        (order, rules)
        for rules in instruments(context, call)
        for order in seen_orders(context, call, rules.symbol, window)
        if not order.is_open
    ]
    return page(call, _newest(found), usual=20, most=50)


def executions(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/execution/list."""
    start_ms, end_ms = _span(context, call)
    window = Window(start_ms=start_ms, end_ms=end_ms, limit=ALL)
    records = context.exchange.store.records
    found = [
        (fill, rules)
        for rules in instruments(context, call)
        for fill in seen_fills(context, call, rules.symbol, window)
    ]
    found.sort(key=lambda one: (one[0].time_ms, one[0].trade_id), reverse=True)
    if call.text("execType", "Trade") not in ("", "Trade"):
        found = []
    rows = [
        execution_view(fill, records.order_by_id(call.account, fill.symbol, fill.order_id), rules)
        for fill, rules in found
    ]
    return page(call, rows, usual=50, most=100)


def _batch(
    context: VenueContext,
    call: ApiCall,
    endpoint: Callable[[VenueContext, ApiCall], Json],
    kind: Kind,
) -> Told:
    acks: list[Json] = []
    rows: list[Json] = []
    calls = legs(call)
    outcomes = answer_each(context, calls, endpoint, kind, stated)
    for one, outcome in zip(calls, outcomes, strict=True):
        head: Json = {"category": CATEGORIES[call.market], "symbol": one.text("symbol")}
        if isinstance(outcome, VenueError):
            acks.append(head | {"orderId": "", "orderLinkId": one.text("orderLinkId")})
            rows.append({"code": outcome.code, "msg": outcome.message})
        else:
            acks.append(head | outcome)
            rows.append({"code": 0, "msg": "OK"})
    return Told({"list": acks}, rows)


def _ack(order: VenueOrder) -> Json:
    return {"orderId": order.venue_order_id, "orderLinkId": order.client_order_id}


def _by_id(context: VenueContext, call: ApiCall) -> list[Json]:
    """The order of an id, whatever symbol it is of."""
    number = number_of(call.text("orderId"))
    if call.text("orderId") and number is None:
        return []
    for rules in context.directory.of(call.market):
        order = seen_named(
            context, call, rules.symbol, order_id=number, client_id=call.text("orderLinkId")
        )
        if order is not None:
            return [order_view(order, rules)]
    return []


def _newest(found: list[tuple[VenueOrder, InstrumentRules]]) -> list[Json]:
    ordered = sorted(found, key=lambda one: (one[0].created_ms, one[0].order_id), reverse=True)
    return [order_view(order, rules) for order, rules in ordered]


def _span(context: VenueContext, call: ApiCall) -> tuple[int, int]:
    """The times between which a list is asked for: seven days at most, the last ones where nothing is said."""
    start_ms, end_ms = integer(call, "startTime", 0), integer(call, "endTime", 0)
    now_ms = context.now_ms()
    if not start_ms:
        start_ms = (end_ms or now_ms) - SPAN_MS
    if not end_ms:
        end_ms = start_ms + SPAN_MS
    if end_ms - start_ms > SPAN_MS:
        raise fault(10001, "The time range between startTime and endTime cannot exceed 7 days")
    return start_ms, end_ms


ROUTES: Routes = {
    ("POST", "/v5/order/create"): Route(
        handler=enveloped(place), signed=True, orders=1, kind="place"
    ),
    ("POST", "/v5/order/create-batch"): Route(
        handler=enveloped(place_batch), signed=True, kind="place_batch", legs=legs
    ),
    ("POST", "/v5/order/cancel"): Route(handler=enveloped(cancel), signed=True, kind="cancel"),
    ("POST", "/v5/order/cancel-batch"): Route(
        handler=enveloped(cancel_batch), signed=True, kind="cancel_batch", legs=legs
    ),
    ("POST", "/v5/order/cancel-all"): Route(
        handler=enveloped(cancel_all), signed=True, kind="cancel_all"
    ),
    ("GET", "/v5/order/realtime"): Route(handler=enveloped(realtime), signed=True, kind="query"),
    ("GET", "/v5/order/history"): Route(handler=enveloped(history), signed=True, kind="query"),
    ("GET", "/v5/execution/list"): Route(handler=enveloped(executions), signed=True, kind="trades"),
}
