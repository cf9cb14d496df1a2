"""The limits of the gate as pure checks: each names its code, what it saw and what was allowed.

Order matters only for the message: the first limit broken is the reason. A limit never blocks an order that reduces
what the strategy itself holds, except shape (the venue would refuse it), expiry, kill and self-trade.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.venue_caps import cap_broken
from opensqt.domain.verdict import RiskInput


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The configured limits; notionals in quote units, `tick_age_ms_max` in market ms."""

    order_notional_quote_max: Decimal
    position_notional_quote_max: Decimal
    open_orders_max: int
    price_collar_bps: Decimal
    tick_age_ms_max: int


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has at stake in one symbol if every live and unresolved order fills (base units).

    `nobodys` is the part of `net` that unknown orders filled: by hand, or ours that a restored journal has lost. `own`
    and `own_closing` are the asking strategy's position and what its live orders already take off it; `own_bid` and
    `own_ask` are the best prices of any live order of the account in the symbol, `orders_here` counts them.
    """

    net: Decimal
    buys: Decimal
    sells: Decimal
    orders_open: int
    nobodys: Decimal
    own: Decimal
    own_closing: Decimal
    own_bid: Decimal | None
    own_ask: Decimal | None
    orders_here: int = 0


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of all checks: an empty code approves. `reduce_only` is the flag for the venue."""

    code: str
    detail: str
    reducing: bool
    reduce_only: bool
    inputs: tuple[RiskInput, ...]


def check(
    intent: PlaceIntent,
    exposure: Exposure,
    rules: InstrumentRules | None,
    tick: Tick | None,
    limits: Limits,
    now_ms: int,
) -> Finding:
    """Judge the shape, price and size of a new order at market time `now_ms`."""
    reducing = is_reducing(intent, exposure)
    price = _worst_price(intent, tick)
    perp = rules is not None and rules.market is Market.PERP
    reduce_only = perp and reducing and _reduces_net(intent, exposure)
    broken = _shape(intent, rules, price, reduce_only=reduce_only) or _self_trade(intent, exposure)
    broken = broken or _venue_cap(intent, exposure, rules, reducing=reducing)
    if not reducing:
        broken = broken or _freshness(tick, limits, now_ms)
    broken = broken or _collar(intent, tick, limits, reducing=reducing)
    if not reducing:
        broken = broken or _size(intent, exposure, limits, price)
    code, detail = broken or ("", "")
    return Finding(
        code=code,
        detail=detail,
        reducing=reducing,
        reduce_only=reduce_only,
        inputs=_inputs(exposure, tick, price, now_ms, reducing=reducing),
    )


def is_reducing(intent: PlaceIntent, exposure: Exposure) -> bool:
    """Tell whether the order only takes off what the strategy holds and no live order takes off already.

    Where nobody's trades count, the strategy may be wrong about what it holds: the account's net must shrink, too.
    """
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


def _worst_price(intent: PlaceIntent, tick: Tick | None) -> Decimal:
    if intent.type is OrderType.LIMIT:
        return intent.price
    if tick is None:
        return Decimal(0)
    return tick.ask_price if intent.side is Side.BUY else tick.bid_price


def _shape(
    intent: PlaceIntent, rules: InstrumentRules | None, price: Decimal, *, reduce_only: bool
) -> tuple[str, str] | None:
    if rules is None:
        return "rules_unknown", f"no instrument rules for {intent.symbol} yet"
    if price <= 0:
        return "price_unknown", f"no price for {intent.symbol}"
    fault = ""
    if intent.type is OrderType.LIMIT:
        fault = rules.refusal(price, intent.quantity, reduce_only=reduce_only)
    if fault:
        return fault, f"{intent.quantity} at {price} breaks the filters of {intent.symbol}"
    return None


def _venue_cap(
    intent: PlaceIntent, exposure: Exposure, rules: InstrumentRules | None, *, reducing: bool
) -> tuple[str, str] | None:
    if rules is None:
        return None
    return cap_broken(
        intent,
        rules,
        orders_here=exposure.orders_here,
        held_worst=exposure.net + exposure.buys,
        reducing=reducing,
    )


def _freshness(tick: Tick | None, limits: Limits, now_ms: int) -> tuple[str, str] | None:
    if tick is None:
        return "tick_missing", "no tick yet"
    age_ms = now_ms - tick.time_ms
    if age_ms > limits.tick_age_ms_max:
        return "tick_stale", f"tick is {age_ms} ms old, allowed {limits.tick_age_ms_max}"
    return None


def _collar(
    intent: PlaceIntent, tick: Tick | None, limits: Limits, *, reducing: bool
) -> tuple[str, str] | None:
    if tick is None or intent.type is not OrderType.LIMIT:
        return None
    mid = (tick.bid_price + tick.ask_price) / 2
    distance = (intent.price - mid) * intent.side.sign
    # A reducing order may rest as far away as it likes; it must only not pay too much.
    beyond = distance if reducing else abs(distance)
    allowed = mid * limits.price_collar_bps * BPS
    if beyond > allowed:
        return "price_collar", f"{intent.price} is beyond {limits.price_collar_bps} bps of {mid}"
    return None


def _self_trade(intent: PlaceIntent, exposure: Exposure) -> tuple[str, str] | None:
    other = exposure.own_ask if intent.side is Side.BUY else exposure.own_bid
    if other is None:
        return None
    crosses = intent.type is OrderType.MARKET or (intent.price - other) * intent.side.sign >= 0
    return ("self_trade", f"would cross our own order at {other}") if crosses else None


def _size(
    intent: PlaceIntent, exposure: Exposure, limits: Limits, price: Decimal
) -> tuple[str, str] | None:
    notional = intent.quantity * price
    if notional > limits.order_notional_quote_max:
        return "order_notional", f"{notional} above {limits.order_notional_quote_max}"
    if exposure.orders_open >= limits.open_orders_max:
        return "open_orders", f"{exposure.orders_open} open, allowed {limits.open_orders_max}"
    if intent.side is Side.BUY:
        worst = exposure.net + exposure.buys + intent.quantity
    else:
        worst = -exposure.net + exposure.sells + intent.quantity
    if worst * price > limits.position_notional_quote_max:
        return (
            "position_notional",
            f"worst case {worst * price} above {limits.position_notional_quote_max}",
        )
    return None


def _inputs(
    exposure: Exposure, tick: Tick | None, price: Decimal, now_ms: int, *, reducing: bool
) -> tuple[RiskInput, ...]:
    figures: dict[str, str] = {
        "net": canonical(exposure.net),
        "buys_open": canonical(exposure.buys),
        "sells_open": canonical(exposure.sells),
        "nobodys": canonical(exposure.nobodys),
        "own": canonical(exposure.own),
        "own_closing": canonical(exposure.own_closing),
        "orders_open": str(exposure.orders_open),
        "price": canonical(price),
        "now_ms": str(now_ms),
        "reducing": str(reducing).lower(),
    }
    if tick is not None:
        figures |= {
            "bid": canonical(tick.bid_price),
            "ask": canonical(tick.ask_price),
            "tick_ms": str(tick.time_ms),
        }
    return tuple(RiskInput(name=name, value=value) for name, value in figures.items())
