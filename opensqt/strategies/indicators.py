"""Figures that strategies read from prices. Pure formulas over what the market showed; none of them looks ahead."""

from collections.abc import Sequence
from decimal import Decimal

from opensqt.domain.decimals import BPS, EXACT, ZERO
from opensqt.domain.market import Candle, Tick


def microprice(tick: Tick) -> Decimal:
    """Return the fair price in quote units: bid and ask, each weighed by the quantity on the other side."""
    whole = tick.bid_quantity + tick.ask_quantity
    if whole <= 0:
        return (tick.bid_price + tick.ask_price) / 2
    weighed = tick.bid_price * tick.ask_quantity + tick.ask_price * tick.bid_quantity
    return EXACT.divide(weighed, whole)


def mean_range_bps(candles: Sequence[Candle]) -> Decimal:
    """Return how far the price goes within a candle: the mean of all in bps of their opening; 0 without any."""
    if not candles:
        return ZERO
    ranges = (EXACT.divide(one.high - one.low, one.open) for one in candles if one.open > 0)
    return EXACT.divide(sum(ranges, ZERO), Decimal(len(candles))) / BPS


def mean_close(candles: Sequence[Candle]) -> Decimal:
    """Return the mean closing price in quote units; 0 without any candle."""
    return EXACT.divide(sum((one.close for one in candles), ZERO), Decimal(max(len(candles), 1)))
