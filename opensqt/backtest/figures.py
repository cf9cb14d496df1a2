"""What a series of values says of a strategy: its return, its risk, and how they compare. Definitions are empyrical's.

Statistics are estimates: they are floats, and no money is counted here. None where a figure does not exist.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DAYS_A_YEAR = 365
DAY_MS = 86_400_000
RETURNS_MIN = 20  # fewer returns say nothing
PERIODS_MS = (DAY_MS, 3_600_000, 60_000)

Floats = NDArray[np.float64]


def period_of(span_ms: int) -> int | None:
    """Return the longest period that a span holds often enough; None where even minutes are too few."""
    return next((one for one in PERIODS_MS if span_ms >= RETURNS_MIN * one), None)


def a_year(period_ms: int) -> float:
    """Return how many periods a year of 365 days has: markets that never close."""
    return DAYS_A_YEAR * DAY_MS / period_ms


def returns_of(values: Sequence[float]) -> Floats:
    """Return the changes of values as fractions of the value before each."""
    held = np.asarray(values, dtype=np.float64)
    return held[1:] / held[:-1] - 1


def drawdowns(returns: Floats) -> Floats:
    """Return how far the value stands below its highest one, as fractions <= 0; it begins at 1."""
    worth = np.concatenate(([1.0], np.cumprod(1 + returns)))
    return worth / np.maximum.accumulate(worth) - 1


def max_drawdown(returns: Floats) -> float | None:
    """Return the deepest fall from a highest value, as a fraction <= 0."""
    return float(drawdowns(returns).min()) if len(returns) else None


def total_return(returns: Floats) -> float | None:
    """Return the whole change as a fraction."""
    return float(np.prod(1 + returns) - 1) if len(returns) else None


def annual_return(returns: Floats, periods_a_year: float) -> float | None:
    """Return the change of a year at the same compound rate."""
    if not len(returns):
        return None
    worth = float(np.prod(1 + returns))
    return None if worth <= 0 else float(worth ** (periods_a_year / len(returns)) - 1)


def annual_volatility(returns: Floats, periods_a_year: float) -> float | None:
    """Return the standard deviation of a year's return (n - 1)."""
    if len(returns) < 2:
        return None
    return float(np.std(returns, ddof=1) * math.sqrt(periods_a_year))


def sharpe(returns: Floats, periods_a_year: float) -> float | None:
    """Return the mean over the standard deviation (n - 1), by the year; no interest is taken off."""
    if len(returns) < 2:
        return None
    deviation = float(np.std(returns, ddof=1))
    return _ratio(float(np.mean(returns)) * math.sqrt(periods_a_year), deviation)


def sortino(returns: Floats, periods_a_year: float) -> float | None:
    """Return the mean over the root mean square of the falls, by the year."""
    if len(returns) < 2:
        return None
    falls = float(np.sqrt(np.mean(np.minimum(returns, 0) ** 2)))
    return _ratio(float(np.mean(returns)) * math.sqrt(periods_a_year), falls)


def calmar(returns: Floats, periods_a_year: float) -> float | None:
    """Return the year's return over the deepest fall."""
    gained, fall = annual_return(returns, periods_a_year), max_drawdown(returns)
    return None if gained is None or fall is None else _ratio(gained, abs(fall))


def _ratio(number: float, over: float) -> float | None:
    return number / over if over > 0 else None
