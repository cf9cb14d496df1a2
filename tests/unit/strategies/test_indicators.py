"""What strategies read from closed candles: known figures, and nothing where there are too few."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from opensqt.domain.market import Candle
from opensqt.strategies.indicators import (
    average_true_range,
    mean_turnover,
    relative_strength,
    return_volatility,
)
from tests.simulation.strategy_facts import candle_of, d


def closes(*prices: str) -> list[Candle]:
    """Return candles that go straight from one close to the next."""
    return [candle_of(number, close=price) for number, price in enumerate(prices)]


@pytest.mark.row("E05")
def test_atr_is_the_mean_of_the_true_ranges() -> None:
    """True ranges of 10, 10 and 40 over a window of 3 are 20; a gap from the close before counts."""
    candles = [
        candle_of(
            0, high="900", low="800", close="105"
        ),  # before the window: only its close counts
        candle_of(1, high="110", low="100", close="105"),
        candle_of(2, high="112", low="102", close="106"),
        candle_of(3, high="146", low="140", close="144"),
    ]
    assert average_true_range(candles, 3) == 20


@pytest.mark.row("E05")
@pytest.mark.parametrize(
    "figure",
    [average_true_range, relative_strength, return_volatility],
    ids=lambda one: one.__name__,
)
def test_too_few_candles_tell_nothing(
    figure: Callable[[list[Candle], int], Decimal | None],
) -> None:
    """One candle less than needed is None, never 0."""
    candles = closes("100", "101", "102", "103")
    assert figure(candles[:3], 3) is None
    assert figure([], 3) is None
    assert figure(candles, 3) is not None


def test_turnover_is_counted_at_the_close() -> None:
    """Each candle trades 10 base units."""
    assert mean_turnover(closes("100", "200", "300"), 2) == 2500
    assert mean_turnover(closes("100"), 2) is None


@pytest.mark.row("I05")
def test_strength_is_wilders() -> None:
    """The example of every textbook: 14 changes plain, the fifteenth smoothed with a fourteenth."""
    prices = "44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 46.00"
    candles = closes(*prices.split())
    first, second = relative_strength(candles[:15], 14), relative_strength(candles, 14)
    assert first is not None
    assert abs(first - d("70.46")) < d("0.01")
    assert second is not None
    assert abs(second - d("66.25")) < d("0.01")
    assert relative_strength(closes(*["100"] * 15), 14) == 50
    assert relative_strength(closes(*map(str, range(100, 115))), 14) == 100


@pytest.mark.row("I04")
def test_volatility_is_the_root_mean_square_of_returns() -> None:
    """Up by 1 % and down by 1 %: 0.01."""
    found = return_volatility(closes("100", "101", "99.99"), 2)
    assert found is not None
    assert abs(found - d("0.01")) < d("1e-20")
