"""The next clip of an entry: how large it may be, and whether its round trip pays. Pure.

A clip is refused in words with figures; they stand in status and page until it pays.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, EXACT, ONE, canonical
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.strategy_events import CarryOutlook
from opensqt.strategies.carry.carry import clip_quantity, entry_quantity, shown
from opensqt.strategies.carry.depth import within
from opensqt.strategies.carry.outlook import entry_outlook, parts_of
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.view import Leg, SagaView, levels
from opensqt.strategies.filter_words import filter_words


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """A buy of spot that pays, and what was expected of it."""

    legs: tuple[Leg, ...]  # the buy, and with it its cover where both are sent at once
    outlook: CarryOutlook


def next_clip(view: SagaView) -> Clip | str:
    """Return the next buy of spot, such that both legs can trade it exactly and it pays, or why there is none."""
    if view.carry.apart:
        return view.carry.apart
    sized = _sized(view)
    if isinstance(sized, str):
        return sized
    outlook = entry_outlook(view.carry, sized)
    if outlook is None:
        return "waiting for the funding rate"
    poor = judged(outlook, view.carry.settings)
    if poor:
        return poor
    leg = Leg(
        symbol=view.spot.symbol,
        side=Side.BUY,
        quantity=sized,
        price=view.price(view.spot, Side.BUY),
        purpose=Purpose.OPEN,
        reason=f"entering: {parts_of(outlook)}",
    )
    legs = (leg, _cover(view, leg)) if view.carry.settings.legs_together else (leg,)
    return Clip(legs=legs, outlook=outlook)


def _cover(view: SagaView, buy: Leg) -> Leg:
    """Return the sale of as much perpetual as surely arrives of a buy."""
    kept = EXACT.multiply(buy.quantity, EXACT.subtract(ONE, view.spot.taker_fee))
    return Leg(
        symbol=view.perp.symbol,
        side=Side.SELL,
        quantity=clip_quantity(kept, ONE, view.spot, view.perp),
        price=view.price(view.perp, Side.SELL),
        purpose=Purpose.OPEN,
        reason=buy.reason,
    )


def judged(outlook: CarryOutlook, settings: CarrySettings) -> str:
    """Say why a round trip with this outlook is not begun, or nothing: a pure function of what the journal keeps."""
    if outlook.basis_bps < settings.basis_bps_min:
        return (
            f"basis {shown(outlook.basis_bps)} bps below {canonical(settings.basis_bps_min)} bps: the perpetual's bid"
            f" is {canonical(outlook.perp_bid)}, the spot's ask {canonical(outlook.spot_ask)}"
        )
    if outlook.return_bps <= settings.return_bps_min:
        least = canonical(settings.return_bps_min)
        return f"net edge {parts_of(outlook)}; expected above {least} bps"
    return ""


def _sized(view: SagaView) -> Decimal | str:
    """Return how much spot (base units) the next clip buys: room, depth and the filters of both legs bound it."""
    settings = view.carry.settings
    room = settings.notional_quote_max - view.carry.books.spot.cost
    size = min(settings.order_notional_quote, room)
    if size * 2 < settings.order_notional_quote:
        return "no room for another clip"
    price = view.price(view.spot, Side.BUY)
    deep = _depth(view)
    shallow = deep * price < size
    quantity = entry_quantity(min(size, deep * price), price, view.spot, view.perp)
    covered = clip_quantity(quantity, ONE, view.spot, view.perp)
    broken = _broken(view.perp, view.price(view.perp, Side.SELL), covered)
    broken = broken or _broken(view.spot, price, quantity)
    if not broken:
        return quantity
    if shallow:
        return (
            f"the books take {canonical(deep)} {view.spot.base} within {_limits(view, deep)},"
            f" too little for a clip: {broken}"
        )
    return f"a clip of {canonical(size)} quote is too small: {broken}"


def _broken(rules: InstrumentRules, price: Decimal, quantity: Decimal) -> str:
    """Say which filter of this leg an order would break, or nothing."""
    code = rules.refusal(price, quantity)
    return f"{rules.symbol} {filter_words(rules, code, price, quantity)}" if code else ""


def _depth(view: SagaView) -> Decimal:
    """Return the quantity (base units) that both books take both ways: what is entered can be left again."""
    carry, settings = view.carry, view.carry.settings
    found = [
        within(levels(carry, rules.symbol, side), side, view.price(rules, side))
        for rules, side in _in(view)
    ]
    found += [
        _way_out(carry, symbol, side) for symbol, side in zip(settings.symbols, _OUT, strict=True)
    ]
    return min(found)


def _limits(view: SagaView, deep: Decimal) -> str:
    """Say within which limits the books take this much: the slippage, and an order of ours that is met before that."""
    slippage = f"{canonical(view.carry.settings.slippage_bps_max)} bps"
    for rules, side in _in(view):
        own = view.carry.own_best(rules.symbol, side.opposite)
        known = levels(view.carry, rules.symbol, side)
        if own is None or within(known, side, view.price(rules, side)) > deep:
            continue
        if within(known, side, view.price_alone(rules, side)) > deep:
            return (
                f"{slippage} and short of our own {_RESTING[side.opposite]} of {canonical(own)}"
                f" in {rules.symbol}"
            )
    return slippage


def _in(view: SagaView) -> tuple[tuple[InstrumentRules, Side], ...]:
    return (view.spot, Side.BUY), (view.perp, Side.SELL)


_OUT = (Side.SELL, Side.BUY)  # of spot and of the perpetual
_RESTING = {Side.BUY: "bid", Side.SELL: "ask"}


def _way_out(carry: CarryState, symbol: str, side: Side) -> Decimal:
    # Where our own orders rest now says nothing about the day of the exit.
    known = levels(carry, symbol, side)
    limit_price = known[0].price * (1 + side.sign * carry.settings.slippage_bps_max * BPS)
    return within(known, side, limit_price)
