"""The exchange filters of spot and USDⓈ-M with their real codes and texts. Pure; raises `VenueError`."""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType
from opensqt.simulation.dialects.binance.errors import filter_failure
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.numbers import digits, plain

SPOT_DIGITS_MAX = 8


def check(
    rules: InstrumentRules,
    *,
    side: Side,
    kind: OrderType,
    price: Decimal,
    quantity: Decimal,
    reference: Decimal,
    reduce_only: bool,
) -> None:
    """Refuse an order that breaks a filter; `reference` is the price for bands and market orders' notional."""
    if rules.market is Market.SPOT:
        _check_spot(rules, side, kind, price, quantity, reference)
    else:
        _check_usdm(rules, side, kind, price, quantity, reference, reduce_only=reduce_only)


def _check_spot(
    rules: InstrumentRules,
    side: Side,
    kind: OrderType,
    price: Decimal,
    quantity: Decimal,
    reference: Decimal,
) -> None:
    for name, number in (("quantity", quantity), ("price", price)):
        if digits(number) > SPOT_DIGITS_MAX:
            raise VenueError(-1111, f"Parameter '{name}' has too much precision.")
    if kind is OrderType.LIMIT:
        if not rules.price_min <= price <= rules.price_max or price != floor_to(
            price, rules.tick_size
        ):
            raise filter_failure("PRICE_FILTER")
        if _outside_band(rules, side, price, reference):
            raise filter_failure("PERCENT_PRICE_BY_SIDE")
    if not _size_fits(rules, quantity):
        raise filter_failure("LOT_SIZE")
    worth = EXACT.multiply(price if kind is OrderType.LIMIT else reference, quantity)
    too_much = kind is OrderType.LIMIT and worth > rules.notional_max
    if worth < rules.notional_min or too_much:
        raise filter_failure("NOTIONAL")


def _check_usdm(
    rules: InstrumentRules,
    side: Side,
    kind: OrderType,
    price: Decimal,
    quantity: Decimal,
    reference: Decimal,
    *,
    reduce_only: bool,
) -> None:
    if digits(quantity) > digits(rules.quantity_step) or digits(price) > digits(rules.tick_size):
        raise VenueError(-1111, "Precision is over the maximum defined for this asset.")
    if quantity <= 0:
        raise VenueError(-4003, "Quantity less than or equal to zero.")
    if quantity < rules.quantity_min:
        raise VenueError(-4004, "Quantity less than min quantity.")
    if quantity > rules.quantity_max:
        raise VenueError(-4005, "Quantity greater than max quantity.")
    if quantity != floor_to(quantity, rules.quantity_step):
        raise VenueError(-4023, "Quantity not increased by step size.")
    if kind is OrderType.LIMIT:
        _check_usdm_price(rules, side, price, reference)
    worth = EXACT.multiply(price if kind is OrderType.LIMIT else reference, quantity)
    if worth < rules.notional_min and not reduce_only:
        least = plain(rules.notional_min)
        raise VenueError(
            -4164,
            f"Order's notional must be no smaller than {least} (unless you choose reduce only).",
        )


def _check_usdm_price(
    rules: InstrumentRules, side: Side, price: Decimal, reference: Decimal
) -> None:
    if price <= 0:
        raise VenueError(-4001, "Price less than 0.")
    if price > rules.price_max:
        raise VenueError(-4002, "Price greater than max price.")
    if price < rules.price_min:
        raise VenueError(-4013, "Price less than min price.")
    if price != floor_to(price, rules.tick_size):
        raise VenueError(-4014, "Price not increased by tick size.")
    up, down = rules.price_band_up, rules.price_band_down
    if side is Side.BUY and price > reference * up:
        limit = plain(floor_to(reference * up, rules.tick_size))
        raise VenueError(-4016, f"Limit price can't be higher than {limit}.")
    if side is Side.SELL and price < reference * down:
        limit = plain(floor_to(reference * down, rules.tick_size))
        raise VenueError(-4024, f"Limit price can't be lower than {limit}.")


def _outside_band(rules: InstrumentRules, side: Side, price: Decimal, reference: Decimal) -> bool:
    return reference > 0 and rules.outside_band(side, price, reference)


def _size_fits(rules: InstrumentRules, quantity: Decimal) -> bool:
    return (
        rules.quantity_min <= quantity <= rules.quantity_max
        and quantity == floor_to(quantity, rules.quantity_step)
        and quantity > 0
    )
