"""Reading orders and their names from parameters: terms, filters, batches; and what a request says of its order."""

import re
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.bitget.answers import decimal, instrument, required
from opensqt.simulation.dialects.bitget.errors import wrong
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import Placement, VenueOrder
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.refusals import StatedOrder

CLIENT_ID = re.compile(r"[.A-Z:a-z0-9_-]{1,32}")  # docs, place-order
TIMES = {
    "gtc": TimeInForce.GTC,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "post_only": TimeInForce.POST_ONLY,
}
SELF_TRADE_MODES = ("", "none", "cancel_taker")
HEDGED = (
    40774,
    "The order type for unilateral position must also be the unilateral position type.",
)
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
        raise wrong("body") from error
    return {BATCH: body} if isinstance(sent, list) else _texts(sent)


def legs(call: ApiCall) -> list[ApiCall]:
    """Take a batch apart into the calls of its orders; raise `VenueError` where it is none, or too large."""
    sent = BODIES.decode(call.text(BATCH) or "[]")
    if not sent or not all(isinstance(one, dict) for one in sent):
        raise wrong("orders")
    if len(sent) > BATCH_MAX:
        raise VenueError(40306, f"Batch processing orders can only process up to {BATCH_MAX}")
    return [msgspec.structs.replace(call, params=_texts(one)) for one in sent]


def read_placement(context: VenueContext, call: ApiCall) -> Placement:
    """Turn parameters into a placement; raise `VenueError` for form and filters."""
    required(call, "category")
    rules, name = instrument(context, call), call.text("clientOid")
    kind, time_in_force = required(call, "orderType"), TIMES.get(call.text("timeInForce") or "gtc")
    if call.text("side") not in ("buy", "sell") or kind not in ("limit", "market"):
        raise wrong("side or orderType")
    if time_in_force is None or (name and CLIENT_ID.fullmatch(name) is None):
        raise wrong("timeInForce or clientOid")
    if call.text("stpMode") not in SELF_TRADE_MODES or call.text("marginMode") == "isolated":
        raise wrong("the paper venue knows stpMode cancel_taker and marginMode crossed only")
    if call.text("posSide"):
        raise VenueError(*HEDGED)
    limit, side = kind == "limit", Side(call.text("side"))
    placement = Placement(
        account=call.account,
        symbol=rules.symbol,
        side=side,
        type=OrderType.LIMIT if limit else OrderType.MARKET,
        time_in_force=time_in_force if limit else TimeInForce.IOC,
        quantity=_quantity(context, call, rules, side, limit=limit),
        price=decimal(call, "price") if limit else ZERO,
        client_order_id=name,
        reduce_only=call.text("reduceOnly").lower() == "yes" and rules.market is Market.PERP,
    )
    admit(context.exchange, placement)
    return placement


def admit(exchange: Exchange, placement: Placement) -> None:
    """Refuse what breaks a filter of the instrument, or one order too many in it; raise `VenueError`."""
    rules, quantity = exchange.rules[placement.symbol], placement.quantity
    limit = placement.type is OrderType.LIMIT
    price = placement.price if limit else exchange.settlement.marks[placement.symbol]
    if quantity != floor_to(quantity, rules.quantity_step):
        raise VenueError(25610, "The order quantity does not meet the step")
    if quantity < rules.quantity_min:
        raise VenueError(25611, "The order quantity is below the minimum")
    if 0 < rules.quantity_max < quantity:
        raise VenueError(25208, "The order quantity is above the maximum")
    if limit and price != floor_to(price, rules.tick_size):
        raise VenueError(25244, "The order price does not meet the price step")
    if EXACT.multiply(price, quantity) < rules.notional_min and not placement.reduce_only:
        raise VenueError(45110, f"less than the minimum amount {rules.notional_min} {rules.quote}")
    if len(exchange.open.get((placement.account, placement.symbol), {})) >= rules.orders_max:
        raise VenueError(40761, "The number of open orders has reached the limit")


def stated(call: ApiCall, kind: Kind) -> StatedOrder:
    """Read what a place or a cancel says of its order."""
    del kind
    return StatedOrder(
        client_order_id=call.text("clientOid"),
        venue_order_id=call.text("orderId"),
        symbol=call.text("symbol"),
        side=call.text("side"),
        quantity=call.text("qty"),
        price=call.text("price"),
    )


def order_named(context: VenueContext, call: ApiCall) -> VenueOrder | None:
    """Find the open order that a cancel names, by the venue's id first, None where there is none."""
    named = call.text("orderId")
    for (account, _), orders in context.exchange.open.items():
        for order in orders.values() if account == call.account else ():
            name = order.venue_order_id if named else order.client_order_id
            if name == (named or call.text("clientOid")):
                return order
    return None


def text_of(value: object) -> str:
    """Write a JSON value as a parameter."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _texts(sent: object) -> dict[str, str]:
    if not isinstance(sent, dict):
        raise wrong("body")
    return {str(name): text_of(value) for name, value in sent.items()}


def _quantity(
    context: VenueContext, call: ApiCall, rules: InstrumentRules, side: Side, *, limit: bool
) -> Decimal:
    """The quantity in base units: a market buy of spot names its worth."""
    stated = decimal(call, "qty")
    if limit or rules.market is Market.PERP or side is Side.SELL:
        return stated
    best = context.exchange.matchers[rules.symbol].book.best(Side.SELL)
    price = best or context.exchange.settlement.marks[rules.symbol]
    return floor_to(EXACT.divide(stated, price), rules.quantity_step)
