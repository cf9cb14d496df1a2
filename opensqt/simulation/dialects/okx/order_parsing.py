"""Reading orders and ids from OKX's parameters: types, modes, sizes and filters. It places nothing."""

import re
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.okx.errors import NO_INSTRUMENT, RowError, parameter
from opensqt.simulation.dialects.okx.listing import in_base_units
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.order_lookup import open_order
from opensqt.simulation.engine.orders import Placement, VenueOrder
from opensqt.simulation.server.call import ApiCall, SymbolMap, VenueError, text_of
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.refusals import StatedOrder

CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?")
TYPES = {
    "limit": (OrderType.LIMIT, TimeInForce.GTC),
    "post_only": (OrderType.LIMIT, TimeInForce.POST_ONLY),
    "ioc": (OrderType.LIMIT, TimeInForce.IOC),
    "fok": (OrderType.LIMIT, TimeInForce.FOK),
    "market": (OrderType.MARKET, TimeInForce.IOC),
}
WORDS = {terms: word for word, terms in TYPES.items()}
MODES = {Market.SPOT: "cash", Market.PERP: "cross"}
SELF_TRADE_MODES = ("", "cancel_taker")
BATCH_MAX = 20
BODIES = msgspec.json.Decoder(float_hook=str)  # numbers keep their text
BATCH = "[]"  # under which the orders of a batch stand


def read_body(body: str) -> dict[str, str]:
    """Return the parameters of a JSON body; the orders of a batch stand under one name. Raises `VenueError`."""
    if not body:
        return {}
    try:
        sent = BODIES.decode(body)
    except msgspec.DecodeError as error:
        raise VenueError(50002, "JSON syntax error", 400) from error
    return {BATCH: body} if isinstance(sent, list) else _texts(sent)


def legs(call: ApiCall) -> list[ApiCall]:
    """Take a batch apart; raise `VenueError` for what is none."""
    sent = BODIES.decode(call.text(BATCH) or "[]")
    if not sent or not all(isinstance(one, dict) for one in sent):
        raise VenueError(50014, "Parameter instId can not be empty", 400)
    if len(sent) > BATCH_MAX:
        raise VenueError(51111, f"Maximum {BATCH_MAX} orders can be placed in bulk", 400)
    return [msgspec.structs.replace(call, params=_texts(one)) for one in sent]


def read_placement(context: VenueContext, call: ApiCall) -> Placement:
    """Turn parameters into a placement; raise `RowError` for form and filters."""
    rules = named_instrument(context.directory, call)
    client_id = call.text("clOrdId")
    if client_id and CLIENT_ID.fullmatch(client_id) is None:
        raise parameter("clOrdId", call)
    if call.text("ordType") not in TYPES:
        raise parameter("ordType", call)
    kind, time_in_force = TYPES[call.text("ordType")]
    _check_modes(call, rules, kind)
    placement = Placement(
        account=call.account,
        symbol=rules.symbol,
        side=Side(call.text("side")),
        type=kind,
        time_in_force=time_in_force,
        quantity=in_base_units(rules, _number(call, "sz")),
        price=_number(call, "px") if kind is OrderType.LIMIT else ZERO,
        client_order_id=client_id,
        reduce_only=call.text("reduceOnly") == "true" and rules.market is Market.PERP,
    )
    try:
        admit(context.exchange, placement)
    except RowError as error:
        error.client_order_id = client_id
        raise
    return placement


def admit(exchange: Exchange, placement: Placement) -> None:
    """Refuse what breaks a filter of the instrument, or one order too many in it; raise `RowError`."""
    rules, quantity = exchange.rules[placement.symbol], placement.quantity
    if quantity < rules.quantity_min:
        raise RowError(51020, "Your order should meet or exceed the minimum order amount.")
    if quantity != floor_to(quantity, rules.quantity_step):
        raise RowError(51121, "Order quantity must be a multiple of the lot size.")
    if quantity > rules.quantity_max:
        raise RowError(51005, "Your order amount exceeds the max order amount.")
    price = placement.price
    if placement.type is OrderType.LIMIT and (
        price <= 0 or price != floor_to(price, rules.tick_size)
    ):
        raise RowError(51006, "Order price is not within the price limit")
    if len(exchange.open.get((placement.account, placement.symbol), {})) >= rules.orders_max:
        raise RowError(51174, f"Order failed: {rules.orders_max} open orders is the limit.")


def named_instrument(directory: SymbolMap, call: ApiCall) -> InstrumentRules:
    """The instrument that a call names in `instId`; raise `RowError` where there is none."""
    found = directory.find(call.market, call.text("instId"))
    if found is None:
        raise RowError(*NO_INSTRUMENT, call.text("clOrdId"))
    return found


def order_id(call: ApiCall) -> int | None:
    """The venue's id that a call names, None where it names ours; raise `RowError` where it names none."""
    named = call.text("ordId")
    if not named and not call.text("clOrdId"):
        raise RowError(51003, "Either client order ID or order ID is required")
    return int(named) if named.isdigit() else None


def order_named(context: VenueContext, call: ApiCall) -> VenueOrder | None:
    """Find the open order that a cancel names by one of its ids, None where there is none."""
    return open_order(
        context.exchange,
        call.account,
        named_instrument(context.directory, call).symbol,
        order_id=order_id(call),
        client_id=call.text("clOrdId"),
    )


def stated(call: ApiCall, kind: Kind) -> StatedOrder:
    """Read what a place or a cancel says of its order."""
    del kind
    return StatedOrder(
        client_order_id=call.text("clOrdId"),
        venue_order_id=call.text("ordId"),
        symbol=call.text("instId"),
        side=call.text("side"),
        quantity=call.text("sz"),
        price=call.text("px"),
    )


def _check_modes(call: ApiCall, rules: InstrumentRules, kind: OrderType) -> None:
    if call.text("tdMode") != MODES[rules.market]:
        raise parameter("tdMode", call)
    if call.text("side") not in ("buy", "sell"):
        raise parameter("side", call)
    if call.text("posSide", "net") not in ("", "net"):
        raise RowError(51000, "Parameter posSide error", call.text("clOrdId"))
    if call.text("stpMode") not in SELF_TRADE_MODES:
        raise parameter("stpMode", call)
    base = call.text("tgtCcy") == "base_ccy"
    buys_spot = rules.market is Market.SPOT and call.text("side") == "buy"
    if kind is OrderType.MARKET and buys_spot and not base:
        raise parameter("tgtCcy", call)  # an amount of the quote asset is not taken here


def _number(call: ApiCall, name: str) -> Decimal:
    if NUMBER.fullmatch(call.text(name)) is None:
        raise parameter(name, call)
    return Decimal(call.text(name))


def _texts(sent: object) -> dict[str, str]:
    if not isinstance(sent, dict):
        return {}
    return {str(name): text_of(value) for name, value in sent.items() if value is not None}
