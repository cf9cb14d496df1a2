"""Figures that strategies read from prices. Pure formulas over what the market showed; none of them looks ahead."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO
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


def average_true_range(candles: Sequence[Candle], count: int) -> Decimal | None:
    """Return the mean true range of the last `count` candles in quote units; None with fewer than one candle more.

    The true range of a candle is its range, widened to the close before it.
    """
    if len(candles) <= count:
        return None
    ranges = (
        max(new.high, old.close) - min(new.low, old.close)
        for old, new in pairwise(candles[-count - 1 :])
    )
    return EXACT.divide(sum(ranges, ZERO), Decimal(count))


def return_volatility(candles: Sequence[Candle], count: int) -> Decimal | None:
    """Return the root mean square of the last `count` returns from close to close; None with fewer."""
    if len(candles) <= count:
        return None
    squares = (change * change for change in _returns(candles[-count - 1 :]))
    return EXACT.divide(sum(squares, ZERO), Decimal(count)).sqrt()


def relative_strength(candles: Sequence[Candle], count: int) -> Decimal | None:
    """Return Wilder's RSI (0 to 100) over all candles, smoothed over `count`; None with fewer than one candle more.

    A market without any change is at 50.
    """
    if len(candles) <= count:
        return None
    changes = [new.close - old.close for old, new in pairwise(candles)]
    gain, loss = ZERO, ZERO
    for number, change in enumerate(changes):
        # The first mean is plain; Wilder's weighs all before it with count - 1.
        before = min(number, count - 1)
        share = Decimal(before + 1)
        gain = (gain * before + max(change, ZERO)) / share
        loss = (loss * before + max(-change, ZERO)) / share
    return 100 * gain / (gain + loss) if gain + loss > 0 else Decimal(50)


def mean_turnover(candles: Sequence[Candle], count: int) -> Decimal | None:
    """Return what the last `count` candles traded on average, in quote units at their closes; None with fewer."""
    if len(candles) < count:
        return None
    traded = (one.volume * one.close for one in candles[-count:])
    return EXACT.divide(sum(traded, ZERO), Decimal(count))


def _returns(candles: Sequence[Candle]) -> Iterator[Decimal]:
    """Yield the changes from close to close as shares."""
    for old, new in pairwise(candles):
        yield new.close / old.close - ONE
