"""Prices and sizes that a venue takes. Pure formulas."""

from decimal import Decimal

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import InstrumentRules, Side


def quantity_of(notional_quote: Decimal, price: Decimal, rules: InstrumentRules) -> Decimal:
    """Return base units for a notional in quote units, rounded down to the step."""
    return rules.fit_quantity(EXACT.divide(notional_quote, price))


def passive_price(
    price: Decimal,
    side: Side,
    *,
    bid_price: Decimal,
    ask_price: Decimal,
    ticks_away: int,
    rules: InstrumentRules,
) -> Decimal:
    """Return the wanted price, or the nearest to it that does not take, some ticks further away if asked."""
    away = rules.tick_size * ticks_away
    if side is Side.BUY:
        return rules.fit_price(min(price, ask_price - rules.tick_size) - away, side)
    return rules.fit_price(max(price, bid_price + rules.tick_size) + away, side)
