"""The limits of the gate as pure checks: each names its code, what it saw and what was allowed.

Order matters only for the message: the first limit broken is the reason. A limit never blocks an order that reduces
what the strategy itself holds, except shape (the venue would refuse it), expiry, kill and self-trade.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, ONE
from opensqt.domain.instruments import InstrumentRules, Market, Side, quote_asset
from opensqt.domain.intent import OrderType, PlaceIntent, Purpose
from opensqt.risk.grounds import Exposure, Grounds, Quote, StrategyLimits
from opensqt.risk.refusal import Broken, RefusalCode
from opensqt.risk.venue_caps import cap_broken


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of all checks: no code approves. `reduce_only` is the flag for the venue."""

    code: RefusalCode | None
    detail: str
    price: Decimal  # the worst at which it may trade
    reducing: bool
    reduce_only: bool


def check(intent: PlaceIntent, grounds: Grounds) -> CheckResult:
    """Judge the shape, price and size of a new order."""
    exposure, limits, rules, quote = (
        grounds.exposure,
        grounds.limits,
        grounds.rules,
        grounds.quote,
    )
    reducing = is_reducing(intent, exposure)
    price = _worst_price(intent, quote)
    perp = rules is not None and rules.market is Market.PERP
    reduce_only = perp and reducing and _reduces_net(intent, exposure)
    broken = _shape(intent, rules, price, reduce_only=reduce_only) or _self_trade(intent, exposure)
    broken = broken or _venue_cap(intent, exposure, rules, reducing=reducing)
    if not reducing:
        broken = broken or _freshness(quote, limits, grounds.moment.now_ms)
    broken = broken or _collar(intent, quote, limits, reducing=reducing)
    if not reducing:
        broken = broken or _size(intent, grounds, price)
    code, detail = broken or (None, "")
    return CheckResult(
        code=code,
        detail=detail,
        price=price,
        reducing=reducing,
        reduce_only=reduce_only,
    )


def is_reducing(intent: PlaceIntent, exposure: Exposure) -> bool:
    """Tell whether the order is a close of what the strategy holds and no live close takes off already.

    An opening that rests on the same side takes nothing off: it was judged as an opening, and a position can be left
    while it rests. Where nobody's trades count, the strategy may be wrong about what it holds: the account's net must
    shrink, too.
    """
    if intent.purpose is not Purpose.CLOSE:
        return False
    if exposure.nobodys != 0 and not _reduces_net(intent, exposure):
        return False
    if exposure.own == 0 or (exposure.own > 0) is not (intent.side is Side.SELL):
        return False
    return intent.quantity <= abs(exposure.own) - exposure.own_closing


def _reduces_net(intent: PlaceIntent, exposure: Exposure) -> bool:
    # The venue knows only the net position: its flag would cut or refuse anything beyond it.
    against = exposure.sells if intent.side is Side.SELL else exposure.buys
    net = exposure.net * -intent.side.sign
    return net > 0 and intent.quantity + against <= net


def _worst_price(intent: PlaceIntent, quote: Quote | None) -> Decimal:
    if intent.type is OrderType.LIMIT:
        return intent.price
    if quote is None:
        return Decimal(0)
    return quote.ask if intent.side is Side.BUY else quote.bid


def _shape(
    intent: PlaceIntent, rules: InstrumentRules | None, price: Decimal, *, reduce_only: bool
) -> Broken | None:
    if rules is None:
        return RefusalCode.RULES_UNKNOWN, f"no instrument rules for {intent.symbol} yet"
    if price <= 0:
        return RefusalCode.PRICE_UNKNOWN, f"no price for {intent.symbol}"
    fault = ""
    if intent.type is OrderType.LIMIT:
        fault = rules.refusal(price, intent.quantity, reduce_only=reduce_only)
    if fault:
        return RefusalCode(
            fault
        ), f"{intent.quantity} at {price} breaks the filters of {intent.symbol}"
    return None


def _venue_cap(
    intent: PlaceIntent, exposure: Exposure, rules: InstrumentRules | None, *, reducing: bool
) -> Broken | None:
    if rules is None:
        return None
    return cap_broken(
        intent,
        rules,
        orders_here=exposure.orders_here,
        held_worst=exposure.net + exposure.buys,
        reducing=reducing,
    )


def _freshness(quote: Quote | None, limits: StrategyLimits, now_ms: int) -> Broken | None:
    if quote is None:
        return RefusalCode.TICK_MISSING, "no tick yet"
    age_ms = now_ms - quote.tick_ms
    if age_ms > limits.tick_age_ms_max:
        return RefusalCode.TICK_STALE, f"tick is {age_ms} ms old, allowed {limits.tick_age_ms_max}"
    return None


def _collar(
    intent: PlaceIntent, quote: Quote | None, limits: StrategyLimits, *, reducing: bool
) -> Broken | None:
    if quote is None or intent.type is not OrderType.LIMIT:
        return None
    mid = (quote.bid + quote.ask) / 2
    distance = (intent.price - mid) * intent.side.sign
    # A reducing order may rest as far away as it likes; it must only not pay too much.
    beyond = distance if reducing else abs(distance)
    allowed = mid * limits.price_collar_bps * BPS
    if beyond > allowed:
        return (
            RefusalCode.PRICE_COLLAR,
            f"{intent.price} is beyond {limits.price_collar_bps} bps of {mid}",
        )
    return None


def _self_trade(intent: PlaceIntent, exposure: Exposure) -> Broken | None:
    other = exposure.own_ask if intent.side is Side.BUY else exposure.own_bid
    if other is None:
        return None
    crosses = intent.type is OrderType.MARKET or (intent.price - other) * intent.side.sign >= 0
    return (RefusalCode.SELF_TRADE, f"would cross our own order at {other}") if crosses else None


def _size(intent: PlaceIntent, grounds: Grounds, price: Decimal) -> Broken | None:
    exposure, limits = grounds.exposure, grounds.limits
    rate = _rate(intent, grounds)
    if rate is None:
        return RefusalCode.RATE_UNKNOWN, (
            f"{quote_asset(intent.symbol)} has no rate in {limits.currency}:"
            " state it in [risk.rates], or trade a symbol that has both"
        )
    unit, notional = price * rate, intent.quantity * price * rate
    if notional > limits.order_notional_quote_max:
        allowed = f"{limits.order_notional_quote_max} {limits.currency}"
        return RefusalCode.ORDER_NOTIONAL, f"{notional} above {allowed}"
    if exposure.orders_open >= limits.open_orders_max:
        return (
            RefusalCode.OPEN_ORDERS,
            f"{exposure.orders_open} open, allowed {limits.open_orders_max}",
        )
    if intent.side is Side.BUY:
        worst = exposure.net + exposure.buys + intent.quantity
    else:
        worst = -exposure.net + exposure.sells + intent.quantity
    if worst * unit > limits.position_notional_quote_max:
        allowed = f"{limits.position_notional_quote_max} {limits.currency}"
        return RefusalCode.POSITION_NOTIONAL, f"worst case {worst * unit} above {allowed}"
    return _inventory(intent, exposure, limits, price)


def _inventory(
    intent: PlaceIntent, exposure: Exposure, limits: StrategyLimits, price: Decimal
) -> Broken | None:
    """Bound what the strategy itself may hold if all its orders of this side fill, whatever others hold."""
    most = limits.inventory_notional_quote_max
    at_work = exposure.own_closing + exposure.own_opening
    worst = (intent.side.sign * exposure.own + at_work + intent.quantity) * price
    if most is None or worst <= most:
        return None
    asset = quote_asset(intent.symbol)
    return (
        RefusalCode.INVENTORY_NOTIONAL,
        f"{intent.strategy} at worst {worst} above {most} {asset}",
    )


def _rate(intent: PlaceIntent, grounds: Grounds) -> Decimal | None:
    """Return what a unit of the quote asset is worth: by a fresh price, else as the configuration states it."""
    limits, worth = grounds.limits, grounds.worth
    if quote_asset(intent.symbol) == limits.currency:
        return ONE
    if worth is not None and grounds.moment.now_ms - worth.rate_ms <= limits.tick_age_ms_max:
        return worth.rate
    return limits.rate_stated
