"""Reading a new order from its parameters: terms, ids and filters; and what a request says of its order."""

import re
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.bybit.errors import fault, wrong
from opensqt.simulation.dialects.bybit.listing import number_of
from opensqt.simulation.dialects.bybit.parameters import decimal, instrument, required
from opensqt.simulation.dialects.bybit.views import SIDES, TIMES
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.order_lookup import open_order
from opensqt.simulation.engine.orders import Placement, VenueOrder
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.refusals import StatedOrder

CLIENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,36}")
OUR_SIDES = {word: Side(side) for side, word in SIDES.items()}
OUR_TIMES = {word: time for time, word in TIMES.items()}
SELF_TRADE_MODES = ("", "None", "CancelTaker")
MODE = (10001, "position idx not match position mode")


def read_placement(context: VenueContext, call: ApiCall) -> Placement:
    """Turn parameters into a placement; raise `VenueError` for form and filters."""
    rules = instrument(context, call)
    side = OUR_SIDES.get(required(call, "side"))
    kind = required(call, "orderType")
    time_in_force = OUR_TIMES.get(call.text("timeInForce", "GTC") or "GTC")
    name = call.text("orderLinkId")
    if side is None or kind not in ("Limit", "Market") or time_in_force is None:
        raise wrong("side, orderType or timeInForce")
    if name and CLIENT_ID.fullmatch(name) is None:
        raise wrong(f"orderLinkId {name}")
    if call.text("smpType") not in SELF_TRADE_MODES:
        raise wrong("the paper venue knows smpType CancelTaker only")
    if call.text("positionIdx", "0") != "0":
        raise fault(*MODE)
    limit = kind == "Limit"
    placement = Placement(
        account=call.account,
        symbol=rules.symbol,
        side=side,
        type=OrderType.LIMIT if limit else OrderType.MARKET,
        time_in_force=time_in_force if limit else TimeInForce.IOC,
        quantity=_quantity(context, call, rules, side, limit=limit),
        price=decimal(call, "price") if limit else ZERO,
        client_order_id=name,
        reduce_only=call.text("reduceOnly") == "true" and rules.market is Market.PERP,
    )
    admit(context.exchange, placement)
    return placement


def admit(exchange: Exchange, placement: Placement) -> None:
    """Refuse what breaks a filter of the instrument, or one order too many in it; raise `VenueError`."""
    rules = exchange.rules[placement.symbol]
    limit = placement.type is OrderType.LIMIT
    price = placement.price if limit else exchange.settlement.marks[placement.symbol]
    check = _check_spot if rules.market is Market.SPOT else _check_perp
    check(rules, price, placement, limit=limit)
    if len(exchange.open.get((placement.account, placement.symbol), {})) >= rules.orders_max:
        if rules.market is Market.SPOT:
            raise fault(
                170810, "Cannot exceed maximum of 500 conditional, TP/SL and active orders."
            )
        raise fault(110020, "Not allowed to have more than 500 active orders.")


def stated(call: ApiCall, kind: Kind) -> StatedOrder:
    """Read what a place or a cancel says of its order."""
    del kind
    return StatedOrder(
        client_order_id=call.text("orderLinkId"),
        venue_order_id=call.text("orderId"),
        symbol=call.text("symbol"),
        side=call.text("side").lower(),
        quantity=call.text("qty"),
        price=call.text("price"),
    )


def order_named(context: VenueContext, call: ApiCall) -> VenueOrder | None:
    """Find the open order that a cancel names, by the venue's id first, None where there is none."""
    named = call.text("orderId")
    return open_order(
        context.exchange,
        call.account,
        instrument(context, call).symbol,
        order_id=(number_of(named) or 0) if named else None,
        client_id=call.text("orderLinkId"),
    )


def _quantity(
    context: VenueContext, call: ApiCall, rules: InstrumentRules, side: Side, *, limit: bool
) -> Decimal:
    """The quantity in base units: a market buy of spot names its worth unless it says otherwise."""
    stated = decimal(call, "qty")
    usual = "quoteCoin" if side is Side.BUY else "baseCoin"
    unit = call.text("marketUnit", usual) or usual
    if limit or rules.market is Market.PERP or unit == "baseCoin":
        return stated
    best = context.exchange.matchers[rules.symbol].book.best(side.opposite)
    price = best or context.exchange.settlement.marks[rules.symbol]
    return floor_to(EXACT.divide(stated, price), rules.quantity_step)


def _check_spot(
    rules: InstrumentRules, price: Decimal, placement: Placement, *, limit: bool
) -> None:
    quantity, worth = placement.quantity, EXACT.multiply(price, placement.quantity)
    if quantity != floor_to(quantity, rules.quantity_step):
        raise fault(170137, "Order volume decimal too long")
    if limit and price != floor_to(price, rules.tick_size):
        raise fault(170134, "Order price decimal too long.")
    if limit and not rules.price_min <= price <= rules.price_max:
        raise fault(170132, "Order price too high.")
    if quantity < rules.quantity_min:
        raise fault(170136, "Order quantity lower than the minimum.")
    if quantity > rules.quantity_max or worth > rules.notional_max:
        raise fault(170124, "Order amount too large.")
    if worth < rules.notional_min:
        raise fault(170140, "Order value exceeded lower limit")


def _check_perp(
    rules: InstrumentRules, price: Decimal, placement: Placement, *, limit: bool
) -> None:
    quantity, worth = placement.quantity, EXACT.multiply(price, placement.quantity)
    if quantity != floor_to(quantity, rules.quantity_step) or quantity < rules.quantity_min:
        raise fault(10001, "Qty invalid")
    if quantity > rules.quantity_max:
        raise fault(10001, "The number of contracts exceeds maximum limit allowed: too large")
    if limit and price != floor_to(price, rules.tick_size):
        raise fault(10001, "params error: Price invalid")
    if limit and not rules.price_min <= price <= rules.price_max:
        raise fault(110003, "Order price exceeds the allowable range.")
    if worth < rules.notional_min and not placement.reduce_only:
        raise fault(110094, "Order does not meet minimum order value")
