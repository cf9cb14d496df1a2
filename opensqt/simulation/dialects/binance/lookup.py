"""Finding orders and fills for a by-id query or a listing, as the identity policy and read faults let them be seen."""

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.binance.errors import refused
from opensqt.simulation.dialects.binance.parameters import instrument, instruments, integer
from opensqt.simulation.engine.exchange import newest_order
from opensqt.simulation.engine.orders import Execution, Reason, Status, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext

LISTING_MAX = 1000
LISTING_DEFAULT = 500


def find_order(context: VenueContext, call: ApiCall, rules: InstrumentRules) -> VenueOrder:
    """Find the order that `orderId` or `origClientOrderId` names; raise -2013 where there is none to be seen."""
    records = context.exchange.store.records
    order_id, client_id = integer(call, "orderId"), call.text("origClientOrderId")
    if order_id is not None:
        order = records.order_by_id(call.account, rules.symbol, order_id)
    elif client_id:
        order = newest_order(context.exchange, call.account, rules.symbol, client_id)
    else:
        raise VenueError(
            -1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        )
    policy = context.exchange.policy
    known = policy.finds if order_id is None else policy.shows
    seen = None if order is None else seen_order(context, call, order)
    if seen is None or not known(seen, context.now_ms()):
        raise refused(call.market, Reason.UNKNOWN_ORDER)
    return seen


def seen_order(context: VenueContext, call: ApiCall, order: VenueOrder) -> VenueOrder | None:
    """An order as a read sees it under the faults of this call, or None when it is not visible yet."""
    now_ms = context.now_ms()
    then_ms = now_ms - call.stale_ms
    if order.created_ms > now_ms - max(call.hidden_ms, call.stale_ms) and (
        call.hidden_ms or call.stale_ms
    ):
        return None
    if call.stale_ms == 0 or order.updated_ms <= then_ms:
        return order
    window = Window(order_id=order.order_id, limit=LISTING_MAX)
    fills = context.exchange.store.records.executions(order.account, order.symbol, window)
    known = [fill for fill in fills if fill.time_ms <= then_ms]
    filled = sum((fill.quantity for fill in known), ZERO)
    cost = sum((EXACT.multiply(fill.price, fill.quantity) for fill in known), ZERO)
    status = Status.PARTIALLY_FILLED if filled else Status.NEW
    return msgspec.structs.replace(order, filled=filled, cost=cost, status=status)


def open_orders(context: VenueContext, call: ApiCall) -> list[VenueOrder]:
    """The open orders of an account, of one symbol or of the whole market; under a stale read those open then."""
    chosen = instruments(context, call)
    found: list[VenueOrder] = []
    for rules in chosen:
        orders = list(context.exchange.open.get((call.account, rules.symbol), {}).values())
        if call.stale_ms:
            orders = context.exchange.store.records.orders(
                call.account, rules.symbol, Window(limit=LISTING_MAX)
            )
        seen = [seen_order(context, call, order) for order in orders]
        found += [order for order in seen if order is not None and order.is_open]
    return found


def all_orders(context: VenueContext, call: ApiCall) -> list[VenueOrder]:
    """Orders of a symbol, open or closed, as far as the policy still shows them."""
    rules = instrument(context, call)
    window = _window(call, "orderId")
    seen = [
        seen_order(context, call, o)
        for o in context.exchange.store.records.orders(call.account, rules.symbol, window)
    ]
    now_ms = context.now_ms()
    return [
        order
        for order in seen
        if order is not None and context.exchange.policy.shows(order, now_ms)
    ]


def executions(context: VenueContext, call: ApiCall) -> list[Execution]:
    """Fills of a symbol by fromId, orderId, startTime, endTime and limit."""
    rules = instrument(context, call)
    window = msgspec.structs.replace(_window(call, "fromId"), order_id=integer(call, "orderId"))
    found = context.exchange.store.records.executions(call.account, rules.symbol, window)
    seen_ms = context.now_ms() - max(call.stale_ms, call.hidden_ms)
    return [
        fill for fill in found if not (call.stale_ms or call.hidden_ms) or fill.time_ms <= seen_ms
    ]


def _window(call: ApiCall, id_name: str) -> Window:
    return Window(
        from_id=integer(call, id_name),
        start_ms=integer(call, "startTime") or 0,
        end_ms=integer(call, "endTime") or 0,
        limit=min(integer(call, "limit") or LISTING_DEFAULT, LISTING_MAX),
    )
