"""Reading a new order from its parameters: types, times in force, ids and filters. It places nothing."""

import re
from decimal import Decimal

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.binance import filters
from opensqt.simulation.dialects.binance.errors import illegal, missing
from opensqt.simulation.dialects.binance.parameters import (
    decimal,
    flag,
    instrument,
    integer,
    required,
)
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.order_lookup import open_order
from opensqt.simulation.engine.orders import Placement, VenueOrder
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.refusals import StatedOrder

CLIENT_ID = {Market.SPOT: r"^[a-zA-Z0-9-_]{1,36}$", Market.PERP: r"^[\.A-Z\:/a-z0-9_-]{1,36}$"}
TIMES = {"GTC": TimeInForce.GTC, "IOC": TimeInForce.IOC, "FOK": TimeInForce.FOK}
STP_MODES = ("", "NONE", "EXPIRE_TAKER")


def read_placement(context: VenueContext, call: ApiCall) -> Placement:
    """Turn parameters into a placement; raise `VenueError` for form and filters."""
    rules = instrument(context, call)
    side = _side(call)
    kind, time_in_force = _terms(call)
    client_id = call.text("newClientOrderId")
    if client_id and re.fullmatch(CLIENT_ID[call.market], client_id) is None:
        raise illegal("newClientOrderId", CLIENT_ID[call.market])
    if call.text("selfTradePreventionMode") not in STP_MODES:
        raise VenueError(-1106, "Parameter 'selfTradePreventionMode' sent when not required.")
    quantity = decimal(call, "quantity")
    price = decimal(call, "price") if kind is OrderType.LIMIT else ZERO
    _check_position_side(call)
    placement = Placement(
        account=call.account,
        symbol=rules.symbol,
        side=side,
        type=kind,
        time_in_force=time_in_force,
        quantity=quantity,
        price=price,
        client_order_id=client_id,
        reduce_only=flag(call, "reduceOnly"),
    )
    admit(context.exchange, placement)
    return placement


def admit(exchange: Exchange, placement: Placement) -> None:
    """Refuse what breaks a filter of the instrument, or one order too many in it; raise `VenueError`."""
    rules = exchange.rules[placement.symbol]
    filters.check(
        rules,
        side=placement.side,
        kind=placement.type,
        price=placement.price,
        quantity=placement.quantity,
        reference=_reference(exchange, placement),
        reduce_only=placement.reduce_only,
    )
    if len(exchange.open.get((placement.account, placement.symbol), {})) < rules.orders_max:
        return
    if rules.market is Market.SPOT:
        raise VenueError(-1013, "Filter failure: MAX_NUM_ORDERS")
    raise VenueError(-2025, "Reach max open order limit.")


def stated(call: ApiCall, kind: Kind) -> StatedOrder:
    """Read what a place or a cancel says of its order."""
    return StatedOrder(
        client_order_id=call.text(
            "newClientOrderId" if kind is Kind.PLACE else "origClientOrderId"
        ),
        venue_order_id=call.text("orderId"),
        symbol=call.text("symbol"),
        side=call.text("side").lower(),
        quantity=call.text("quantity"),
        price=call.text("price"),
    )


def order_named(context: VenueContext, call: ApiCall) -> VenueOrder | None:
    """Find the open order that a cancel names by one of its ids, None where there is none."""
    return open_order(
        context.exchange,
        call.account,
        instrument(context, call).symbol,
        order_id=integer(call, "orderId"),
        client_id=call.text("origClientOrderId"),
    )


def _side(call: ApiCall) -> Side:
    side = required(call, "side").upper()
    if side not in ("BUY", "SELL"):
        raise VenueError(-1117, "Invalid side.")
    return Side(side.lower())


def _terms(call: ApiCall) -> tuple[OrderType, TimeInForce]:
    kind = required(call, "type").upper()
    if kind == "MARKET":
        if call.text("timeInForce"):
            raise VenueError(-1106, "Parameter 'timeInForce' sent when not required.")
        return OrderType.MARKET, TimeInForce.IOC
    if kind == "LIMIT_MAKER" and call.market is Market.SPOT:
        return OrderType.LIMIT, TimeInForce.POST_ONLY
    if kind != "LIMIT":
        raise VenueError(-1116, "Invalid orderType.")
    wanted = call.text("timeInForce").upper()
    if not wanted:
        raise missing("timeInForce")
    if wanted == "GTX" and call.market is Market.PERP:
        return OrderType.LIMIT, TimeInForce.POST_ONLY
    if wanted not in TIMES:
        raise VenueError(-1115, "Invalid timeInForce.")
    return OrderType.LIMIT, TIMES[wanted]


def _check_position_side(call: ApiCall) -> None:
    if call.market is Market.PERP:
        if call.text("positionSide", "BOTH") != "BOTH":
            raise VenueError(-4061, "Order's position side does not match user's setting.")
    elif call.text("reduceOnly"):
        raise VenueError(
            -1104, "Not all sent parameters were read; read 'reduceOnly' but was not expected."
        )


def _reference(exchange: Exchange, placement: Placement) -> Decimal:
    mark = exchange.settlement.marks[placement.symbol]
    best = exchange.matchers[placement.symbol].book.best(placement.side.opposite)
    return best if placement.type is OrderType.MARKET and best is not None else mark
