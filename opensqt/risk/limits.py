"""The limits of the desk as predicates: each says in words what it saw and what was allowed, or an empty text.

Pure. What a predicate needs and is not known is the business of an earlier rule: it then says nothing.
"""

from collections.abc import Callable

from opensqt.domain.control import MANUAL_OWNER
from opensqt.domain.decimals import BPS
from opensqt.domain.grounds import Moment
from opensqt.domain.instruments import Side, quote_asset
from opensqt.domain.intent import CancelIntent, OrderType, PlaceIntent, Purpose
from opensqt.domain.trading_controls import HALTED
from opensqt.risk.case import Case

Predicate = Callable[[Case], str]


def lapsed(intent: PlaceIntent | CancelIntent, moment: Moment) -> str:
    """Nobody sends what has outlived its time; the one limit of cancels, too."""
    now_ms, until_ms = moment.now_ms, intent.valid_until_ms
    return f"valid until {until_ms}, now {now_ms}" if now_ms > until_ms else ""


def expired(case: Case) -> str:
    """No order leaves after its time."""
    return lapsed(case.intent, case.moment)


def killed(case: Case) -> str:
    """A kill stops everything but cancels."""
    return case.moment.kill


def halted(case: Case) -> str:
    """A halt stops everything but cancels."""
    return case.moment.halt_reason if case.moment.halt_mode == HALTED else ""


def not_reducing(case: Case) -> str:
    """A person who says that an order only closes must not open anything by it."""
    intent, exposure = case.intent, case.grounds.exposure
    if intent.strategy != MANUAL_OWNER or intent.purpose is not Purpose.CLOSE or case.reducing:
        return ""
    return f"orders by hand hold {exposure.own}, {exposure.own_closing} of it is being closed"


def breaker_open(case: Case) -> str:
    """Nothing is opened where a breaker is open."""
    return f"{case.moment.breaker}: {case.moment.halt_reason}" if case.moment.breaker else ""


def only_reducing(case: Case) -> str:
    """Whatever its scope was told, it opens nothing."""
    return case.moment.halt_reason if case.moment.halt_mode else ""


def warming_up(case: Case) -> str:
    """A verdict of a predecessor may still be under way."""
    now_ms, from_ms = case.moment.now_ms, case.moment.opens_from_ms
    return f"openings from {from_ms}, now {now_ms}" if now_ms < from_ms else ""


def rules_unknown(case: Case) -> str:
    """Without the venue's filters nothing is sent."""
    known = case.grounds.rules is not None
    return "" if known else f"no instrument rules for {case.intent.symbol} yet"


def price_unknown(case: Case) -> str:
    """Without a price nothing can be sized."""
    return f"no price for {case.intent.symbol}" if case.price <= 0 else ""


def breaks_filter(name: str) -> Predicate:
    """Return the predicate of one of the venue's filters."""

    def broken(case: Case) -> str:
        if case.filter_broken != name:
            return ""
        intent = case.intent
        return f"{intent.quantity} at {case.price} breaks the filters of {intent.symbol}"

    return broken


def self_trade(case: Case) -> str:
    """No order of ours meets another of ours."""
    intent, exposure = case.intent, case.grounds.exposure
    other = exposure.own_ask if intent.side is Side.BUY else exposure.own_bid
    if other is None:
        return ""
    crosses = intent.type is OrderType.MARKET or (intent.price - other) * intent.side.sign >= 0
    return f"would cross our own order at {other}" if crosses else ""


def tick_missing(case: Case) -> str:
    """Nothing is opened in a market that nobody sees."""
    return "no tick yet" if case.grounds.quote is None else ""


def tick_stale(case: Case) -> str:
    """Nothing is opened on old prices."""
    if case.grounds.quote is None:
        return ""
    age_ms, allowed_ms = (
        case.moment.now_ms - case.grounds.quote.tick_ms,
        case.grounds.limits.tick_age_ms_max,
    )
    return f"tick is {age_ms} ms old, allowed {allowed_ms}" if age_ms > allowed_ms else ""


def price_collar(case: Case) -> str:
    """No limit price is far from the market; one that reduces may rest far away, it must only not pay too much."""
    intent, quote, limits = case.intent, case.grounds.quote, case.grounds.limits
    if quote is None or intent.type is not OrderType.LIMIT:
        return ""
    mid = (quote.bid + quote.ask) / 2
    distance = (intent.price - mid) * intent.side.sign
    beyond = distance if case.reducing else abs(distance)
    if beyond <= mid * limits.price_collar_bps * BPS:
        return ""
    return f"{intent.price} is beyond {limits.price_collar_bps} bps of {mid}"


def rate_unknown(case: Case) -> str:
    """What has no value in the currency of the limits cannot be limited."""
    if case.rate is not None:
        return ""
    return (
        f"{quote_asset(case.intent.symbol)} has no rate in {case.grounds.limits.currency}:"
        " state it in [risk.rates], or trade a symbol that has both"
    )


def order_notional(case: Case) -> str:
    """One order is worth so much at most."""
    limits = case.grounds.limits
    if case.notional <= limits.order_notional_quote_max:
        return ""
    return f"{case.notional} above {limits.order_notional_quote_max} {limits.currency}"


def open_orders(case: Case) -> str:
    """An account has so many orders open at most."""
    count, allowed = case.grounds.exposure.orders_open, case.grounds.limits.open_orders_max
    return f"{count} open, allowed {allowed}" if count >= allowed else ""


def position_notional(case: Case) -> str:
    """An account holds so much of a symbol at most, if everything fills."""
    limits, worst = case.grounds.limits, case.position_notional
    if worst <= limits.position_notional_quote_max:
        return ""
    return f"worst case {worst} above {limits.position_notional_quote_max} {limits.currency}"


def inventory_notional(case: Case) -> str:
    """A strategy itself holds so much at most, if all its orders fill."""
    most, worst = (
        case.grounds.limits.inventory_notional_quote_max,
        case.inventory * case.price,
    )
    if most is None or worst <= most:
        return ""
    asset = quote_asset(case.intent.symbol)
    return f"{case.intent.strategy} at worst {worst} above {most} {asset}"


def basis_late(case: Case) -> str:
    """Nothing is approved that was decided on what the gate has not seen."""
    basis = case.intent.basis
    late = f"basis {basis.generation}/{basis.sequence} not reached"
    return "" if case.moment.basis_reached else late


def queue_full(case: Case) -> str:
    """A queue that is full refuses instead of waiting."""
    return case.moment.queue
