"""How good a pair is to carry: yield times risk times maturity, each a product of factors that can be shown. Pure.

Rates are fractions per funding interval, as the pair earned them, oldest first.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import msgspec

from opensqt.domain.decimals import ONE, ZERO

DAY_H = 24
YEAR_H = DAY_H * 365
WEIGHTS = (Decimal("0.5"), Decimal("0.3"), Decimal("0.2"))  # of a day, a week, a month
STABLE = Decimal(10)  # a mean of ten standard deviations is as steady as funding gets
PERCENT = Decimal(100)
# Of a day, where nobody tells it: more than most coins move, so that silence is never an advantage.
VOLATILITY_UNKNOWN = Decimal("0.05")
HEAVY = Decimal(2)  # open interest beyond two days' volume says nothing more
MOMENTUM_STEEPNESS, MOMENTUM_LEAST, MOMENTUM_MOST = Decimal(1000), Decimal("0.5"), Decimal("1.5")
BASIS_STEEPNESS, BASIS_LEAST, BASIS_MOST = Decimal(100), Decimal("0.8"), Decimal("1.2")


class FundingMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """What the past of a pair says; averages are APRs as fractions, `momentum` is in rates per interval."""

    sma_1d: Decimal
    sma_7d: Decimal
    sma_30d: Decimal
    stability: Decimal  # mean rate in standard deviations
    # Standard deviation of daily returns of the price; None where nobody tells.
    volatility: Decimal | None
    momentum: Decimal  # the last day's rate less the last week's
    open_interest_share: Decimal  # of one day's volume
    positive_share: Decimal  # of intervals that paid
    sign_flips: int
    steady_intervals: int  # intervals since the sign changed last


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The three pillars of a score."""

    yielded: Decimal
    risk: Decimal
    maturity: Decimal

    @property
    def value(self) -> Decimal:
        """The score itself."""
        return self.yielded * self.risk * self.maturity


def metrics_of(
    rates: Sequence[Decimal],
    closes: Sequence[Decimal] | None,
    *,
    interval_hours: int,
    open_interest_quote: Decimal = ZERO,
    volume_quote: Decimal = ZERO,
) -> FundingMetrics:
    """Return what funding rates, and daily closing prices (None: unknown), of the past say of a pair."""
    a_day = max(DAY_H // interval_hours, 1)
    a_year = Decimal(YEAR_H) / interval_hours
    day, week, month = (_mean(rates[-days * a_day :]) for days in (1, 7, 30))
    returns = [now / before - ONE for before, now in pairwise(closes or ()) if before]
    deviation = _deviation(rates)
    return FundingMetrics(
        sma_1d=day * a_year,
        sma_7d=week * a_year,
        sma_30d=month * a_year,
        stability=abs(_mean(rates)) / deviation if deviation else STABLE if rates else ZERO,
        volatility=_deviation(returns) if closes is not None else None,
        momentum=day - week,
        open_interest_share=open_interest_quote / volume_quote if volume_quote else ZERO,
        positive_share=Decimal(sum(rate > 0 for rate in rates)) / len(rates) if rates else ZERO,
        sign_flips=_flips(rates),
        steady_intervals=_steady_intervals(rates),
    )


def score(metrics: FundingMetrics, basis: Decimal, *, fades: bool) -> Score:
    """Return the score; `fades` says that the next interval is predicted to pay much less than this one."""
    return Score(
        yielded=yield_pillar(metrics),
        risk=risk_pillar(metrics),
        maturity=ZERO if fades else maturity_pillar(metrics, basis),
    )


def yield_pillar(metrics: FundingMetrics) -> Decimal:
    """Return what it earns in a year: recent days count more, and a loss counts as nothing."""
    averages = (metrics.sma_1d, metrics.sma_7d, metrics.sma_30d)
    found = sum((w * one for w, one in zip(WEIGHTS, averages, strict=True)), ZERO)
    return max(found, ZERO)


def risk_pillar(metrics: FundingMetrics) -> Decimal:
    """Return how steadily it earns, 0 to 1: stability, calm prices, few changes of sign, intervals that paid."""
    volatility = VOLATILITY_UNKNOWN if metrics.volatility is None else metrics.volatility
    return (
        min(ONE, metrics.stability / STABLE)
        / (ONE + PERCENT * volatility)
        / (ONE + metrics.sign_flips)
        * metrics.positive_share
    )


def maturity_pillar(metrics: FundingMetrics, basis: Decimal) -> Decimal:
    """Return how well the trade has set: how long, how crowded, rising or falling, and what the basis gives."""
    return (
        (ONE + (ONE + metrics.steady_intervals).log10())
        * (ONE + min(metrics.open_interest_share, HEAVY))
        * _clamped(ONE + MOMENTUM_STEEPNESS * metrics.momentum, MOMENTUM_LEAST, MOMENTUM_MOST)
        * _clamped(ONE + BASIS_STEEPNESS * basis, BASIS_LEAST, BASIS_MOST)
    )


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, ZERO) / len(values) if values else ZERO


def _deviation(values: Sequence[Decimal]) -> Decimal:
    """Return the standard deviation of these values themselves, not of what they were drawn from."""
    mean = _mean(values)
    return _mean([(value - mean) ** 2 for value in values]).sqrt()


def _flips(rates: Sequence[Decimal]) -> int:
    """Count how often what was paid was received before, or the other way round; nothing is neither."""
    moving = [rate for rate in rates if rate]
    return sum(before * now < 0 for before, now in pairwise(moving))


def _steady_intervals(rates: Sequence[Decimal]) -> int:
    last = next((rate for rate in reversed(rates) if rate), ZERO)
    turned = (number for number, rate in enumerate(reversed(rates)) if rate * last < 0)
    return next(turned, len(rates))


def _clamped(value: Decimal, least: Decimal, most: Decimal) -> Decimal:
    return min(max(value, least), most)
