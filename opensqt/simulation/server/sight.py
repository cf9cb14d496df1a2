"""What a read sees of orders and fills: what the venue promises to show, as read faults let it. It only reads."""

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.engine.order_lookup import newest_order
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import VenueContext

ALL = 1000


def seen_named(
    context: VenueContext, call: ApiCall, symbol: str, *, order_id: int | None, client_id: str
) -> VenueOrder | None:
    """The order of one of these ids, the venue's first; None where there is none to be seen."""
    if order_id is not None:
        order = context.exchange.store.records.order_by_id(call.account, symbol, order_id)
    else:
        order = newest_order(context.exchange, call.account, symbol, client_id)
    policy = context.exchange.policy
    known = policy.finds if order_id is None else policy.shows
    seen = None if order is None else _seen(context, call, order)
    return seen if seen is not None and known(seen, context.now_ms()) else None


def seen_open(context: VenueContext, call: ApiCall, rules: InstrumentRules) -> list[VenueOrder]:
    """The open orders of an instrument; under a stale read those open then."""
    orders = list(context.exchange.open.get((call.account, rules.symbol), {}).values())
    if call.stale_ms:
        records = context.exchange.store.records
        orders = records.orders(call.account, rules.symbol, Window(limit=ALL))
    seen = [_seen(context, call, order) for order in orders]
    return [order for order in seen if order is not None and order.is_open]


def seen_orders(
    context: VenueContext, call: ApiCall, symbol: str, window: Window
) -> list[VenueOrder]:
    """Orders of a symbol, open or closed, as far as the policy still shows them; ascending."""
    found = context.exchange.store.records.orders(call.account, symbol, window)
    seen = [_seen(context, call, order) for order in found]
    now_ms, policy = context.now_ms(), context.exchange.policy
    return [order for order in seen if order is not None and policy.shows(order, now_ms)]


def seen_fills(
    context: VenueContext, call: ApiCall, symbol: str, window: Window
) -> list[Execution]:
    """Fills of a symbol; ascending."""
    found = context.exchange.store.records.executions(call.account, symbol, window)
    blind_ms = max(call.stale_ms, call.hidden_ms)
    return [fill for fill in found if not blind_ms or fill.time_ms <= context.now_ms() - blind_ms]


def _seen(context: VenueContext, call: ApiCall, order: VenueOrder) -> VenueOrder | None:
    """An order under the faults of this call, or None when it is not visible yet."""
    now_ms = context.now_ms()
    then_ms = now_ms - call.stale_ms
    if order.created_ms > now_ms - max(call.hidden_ms, call.stale_ms) and (
        call.hidden_ms or call.stale_ms
    ):
        return None
    if call.stale_ms == 0 or order.updated_ms <= then_ms:
        return order
    window = Window(order_id=order.order_id, limit=ALL)
    fills = context.exchange.store.records.executions(order.account, order.symbol, window)
    known = [fill for fill in fills if fill.time_ms <= then_ms]
    filled = sum((fill.quantity for fill in known), ZERO)
    cost = sum((EXACT.multiply(fill.price, fill.quantity) for fill in known), ZERO)
    status = Status.PARTIALLY_FILLED if filled else Status.NEW
    return msgspec.structs.replace(order, filled=filled, cost=cost, status=status)
