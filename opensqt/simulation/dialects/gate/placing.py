"""Reading a new order from its parameters: terms, ids and filters; and what a request says of its order."""

import re
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.gate.errors import fault, wrong
from opensqt.simulation.dialects.gate.listing import NAMED_BY, in_base_units, our_id
from opensqt.simulation.dialects.gate.parameters import decimal, ids_of, instrument
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.order_lookup import open_order
from opensqt.simulation.engine.orders import Placement, VenueOrder
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.refusals import StatedOrder

TEXT = re.compile(r"t-[0-9A-Za-z_.-]{1,28}")
TIMES = {
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "poc": TimeInForce.POST_ONLY,
}


def read_placement(context: VenueContext, call: ApiCall) -> Placement:
    """Turn parameters into a placement; raise `VenueError` for form and filters."""
    rules = instrument(context, call)
    text = call.text("text")
    if text and TEXT.fullmatch(text) is None:
        raise wrong("text")
    if call.text("stp_act") not in ("", "-", "cn"):
        raise wrong("stp_act")
    read = _spot if call.market is Market.SPOT else _perp
    placement = read(context, call, rules, our_id(text))
    admit(context.exchange, placement)
    return placement


def _spot(context: VenueContext, call: ApiCall, rules: InstrumentRules, name: str) -> Placement:
    kind = call.text("type", "limit")
    if kind not in ("limit", "market") or call.text("side") not in ("buy", "sell"):
        raise wrong("type or side")
    if call.text("account", "spot") not in ("spot", "unified"):
        raise wrong("account")
    times = _time(call, "time_in_force", "gtc" if kind == "limit" else "ioc")
    side, amount = Side(call.text("side")), decimal(call, "amount")
    if kind == "market" and side is Side.BUY:  # what it may cost
        best = context.exchange.matchers[rules.symbol].book.best(Side.SELL)
        price = best or context.exchange.settlement.marks[rules.symbol]
        amount = floor_to(EXACT.divide(amount, price), rules.quantity_step)
    return Placement(
        account=call.account,
        symbol=rules.symbol,
        side=side,
        type=OrderType.LIMIT if kind == "limit" else OrderType.MARKET,
        time_in_force=times,
        quantity=amount,
        price=decimal(call, "price") if kind == "limit" else ZERO,
        client_order_id=name,
    )


def _perp(context: VenueContext, call: ApiCall, rules: InstrumentRules, name: str) -> Placement:
    del context
    size, price = decimal(call, "size"), decimal(call, "price") if call.text("price") else ZERO
    times = _time(call, "tif", "gtc")
    if not size or call.text("auto_size") or (not price and times is not TimeInForce.IOC):
        raise fault("INVALID_ARGUMENT", "invalid size")
    return Placement(
        account=call.account,
        symbol=rules.symbol,
        side=Side.BUY if size > 0 else Side.SELL,
        type=OrderType.LIMIT if price else OrderType.MARKET,
        time_in_force=times,
        quantity=in_base_units(rules, abs(size)),
        price=price,
        client_order_id=name,
        reduce_only=call.text("reduce_only") == "true",
    )


def _time(call: ApiCall, name: str, usual: str) -> TimeInForce:
    told = call.text(name) or usual
    if told not in TIMES:
        raise wrong(name)
    return TIMES[told]


def admit(exchange: Exchange, placement: Placement) -> None:
    """Refuse what breaks a filter of the instrument, or one order too many in it; raise `VenueError`."""
    rules = exchange.rules[placement.symbol]
    price = placement.price or exchange.settlement.marks[placement.symbol]
    (_check_spot if rules.market is Market.SPOT else _check_perp)(rules, price, placement)
    opened = len(exchange.open.get((placement.account, placement.symbol), {}))
    if rules.orders_max and opened >= rules.orders_max:
        raise fault("TOO_MANY_ORDERS", "Too many open orders")


def _check_spot(rules: InstrumentRules, price: Decimal, placement: Placement) -> None:
    quantity, worth = placement.quantity, EXACT.multiply(price, placement.quantity)
    if placement.price != floor_to(placement.price, rules.tick_size):
        raise fault("INVALID_PRECISION", "Invalid price precision")
    if quantity != floor_to(quantity, rules.quantity_step):
        raise fault("INVALID_PRECISION", "Invalid amount precision")
    if quantity < rules.quantity_min or worth < rules.notional_min:
        least = f"The minimum is {rules.notional_min} {rules.quote}"
        raise fault("AMOUNT_TOO_LITTLE", f"Your order size {worth} is too small. {least}")
    if quantity > rules.quantity_max:
        raise fault("AMOUNT_TOO_MUCH", "Your order size is too large")


def _check_perp(rules: InstrumentRules, price: Decimal, placement: Placement) -> None:
    del price
    if placement.price != floor_to(placement.price, rules.tick_size):
        raise fault("INVALID_PRECISION", "invalid price")
    quantity = placement.quantity
    if quantity < rules.quantity_min or quantity != floor_to(quantity, rules.quantity_step):
        raise fault("SIZE_TOO_SMALL", "Order size is too small")
    if quantity > rules.quantity_max:
        raise fault("SIZE_TOO_LARGE", "Order size is too large")


def stated(call: ApiCall, kind: Kind) -> StatedOrder:
    """Read what a place or a cancel says of its order; the sign of a size is its side."""
    named, size = call.text("order_id"), call.text("size")
    text = call.text("text") if kind is Kind.PLACE else named
    side = call.text("side") or (("sell" if size.startswith("-") else "buy") if size else "")
    return StatedOrder(
        client_order_id="" if text.isdecimal() else our_id(text),
        venue_order_id=named if named.isdecimal() else "",
        symbol=call.text(NAMED_BY[call.market]),
        side=side,
        quantity=call.text("amount") or size.removeprefix("-"),
        price=call.text("price"),
    )


def order_named(context: VenueContext, call: ApiCall) -> VenueOrder | None:
    """Find the open order that a cancel names by one of its ids, in any instrument where it names none."""
    order_id, client_id = ids_of(call)
    for rules in context.directory.of(call.market):
        if call.text(NAMED_BY[call.market]) in ("", rules.venue_symbol):
            order = open_order(
                context.exchange,
                call.account,
                rules.symbol,
                order_id=order_id,
                client_id=client_id,
            )
            if order is not None:
                return order
    return None
