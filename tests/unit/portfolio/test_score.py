"""The score of a pair: one fixture for each factor, all others held at what changes nothing."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.portfolio.score import (
    FundingMetrics,
    maturity_pillar,
    metrics_of,
    risk_pillar,
    score,
    yield_pillar,
)

PLAIN = FundingMetrics(
    sma_1d=Decimal("0.10"),
    sma_7d=Decimal("0.10"),
    sma_30d=Decimal("0.10"),
    stability=Decimal(10),
    volatility=Decimal(0),
    momentum=Decimal(0),
    open_interest_share=Decimal(0),
    positive_share=Decimal(1),
    sign_flips=0,
    steady_intervals=0,
)


def _with(**values: Any) -> FundingMetrics:
    numbers = {name: Decimal(v) if isinstance(v, str) else v for name, v in values.items()}
    return msgspec.structs.replace(PLAIN, **numbers)


@pytest.mark.row("F16")
@pytest.mark.parametrize(
    "changed, pillar",
    [
        ({}, "0.10"),
        ({"sma_1d": "0.20"}, "0.15"),
        ({"sma_7d": "0.20"}, "0.13"),
        ({"sma_30d": "0.20"}, "0.12"),
        ({"sma_1d": "-0.90"}, "0"),
    ],
)
def test_the_yield_is_half_a_day_a_third_a_week_a_fifth_a_month(
    changed: dict[str, Any], pillar: str
) -> None:
    """0.5 of the day, 0.3 of the week, 0.2 of the month; what loses in all is worth nothing."""
    assert yield_pillar(_with(**changed)) == Decimal(pillar)


@pytest.mark.row("F16")
@pytest.mark.parametrize(
    "changed, pillar",
    [
        ({}, "1"),
        ({"stability": "4"}, "0.4"),
        ({"stability": "25"}, "1"),
        ({"volatility": "0.03"}, "0.25"),
        ({"sign_flips": 3}, "0.25"),
        ({"positive_share": "0.8"}, "0.8"),
    ],
)
def test_each_factor_of_risk_takes_its_share(changed: dict[str, Any], pillar: str) -> None:
    """Stability up to ten deviations, calm prices, few flips, intervals that paid."""
    assert risk_pillar(_with(**changed)) == Decimal(pillar)


@pytest.mark.row("F16")
@pytest.mark.parametrize(
    "changed, basis, pillar",
    [
        ({}, "0", "1"),
        ({"steady_intervals": 9}, "0", "2"),
        ({"open_interest_share": "0.5"}, "0", "1.5"),
        ({"open_interest_share": "7"}, "0", "3"),
        ({"momentum": "0.0002"}, "0", "1.2"),
        ({"momentum": "0.01"}, "0", "1.5"),
        ({"momentum": "-0.01"}, "0", "0.5"),
        ({}, "0.001", "1.1"),
        ({}, "0.01", "1.2"),
        ({}, "-0.01", "0.8"),
    ],
)
def test_each_factor_of_maturity_takes_its_share(
    changed: dict[str, Any], basis: str, pillar: str
) -> None:
    """Duration by its logarithm, open interest up to two days' volume, momentum and basis within their bounds."""
    assert maturity_pillar(_with(**changed), Decimal(basis)) == Decimal(pillar)


@pytest.mark.row("F16")
def test_the_score_is_the_product_of_its_pillars_and_nothing_where_the_next_interval_fades() -> (
    None
):
    """0.10 x 0.25 x 2, and nothing at all once less than half of the rate is predicted."""
    metrics = _with(sign_flips=3, steady_intervals=9)
    assert score(metrics, Decimal(0), fades=False).value == Decimal("0.05")
    assert score(metrics, Decimal(0), fades=True).value == 0


@pytest.mark.row("F16")
def test_metrics_are_read_from_rates_and_prices() -> None:
    """Three intervals a day: averages by day, week and month, flips, the last sign, momentum, what paid."""
    rates = [Decimal("-0.0001")] + [Decimal("0.0001")] * 20 + [Decimal("0.0004")] * 3
    closes = [Decimal(100), Decimal(110), Decimal(99), Decimal(99)]
    found = metrics_of(
        rates, closes, interval_hours=8, open_interest_quote=Decimal(30), volume_quote=Decimal(60)
    )
    assert found.sma_1d == Decimal("0.0004") * 1095
    assert found.sma_7d == (18 * Decimal("0.0001") + 3 * Decimal("0.0004")) / 21 * 1095
    assert found.sma_30d == sum(rates) / 24 * 1095
    assert found.momentum == Decimal("0.0004") - (Decimal("0.0018") + Decimal("0.0012")) / 21
    assert (found.sign_flips, found.steady_intervals) == (1, 23)
    assert found.positive_share == Decimal(23) / 24
    assert found.open_interest_share == Decimal("0.5")
    assert found.volatility == (Decimal("0.02") / 3).sqrt()  # +10 %, -10 %, 0


@pytest.mark.row("F16")
def test_a_past_that_is_missing_earns_no_score() -> None:
    """Nothing known is no promise: the score is nothing, not an error."""
    assert score(metrics_of([], [], interval_hours=8), Decimal(0), fades=False).value == 0


@pytest.mark.row("F16")
def test_what_never_changed_is_as_steady_as_can_be() -> None:
    """A constant rate has no deviation; it counts as ten of them, and no division by nothing."""
    found = metrics_of([Decimal("0.0001")] * 90, [], interval_hours=8)
    assert (found.stability, found.steady_intervals, found.sign_flips) == (Decimal(10), 90, 0)
    assert risk_pillar(found) == 1


@pytest.mark.row("F16")
@pytest.mark.parametrize(
    "rates, flips, steady_intervals",
    [
        ("1 0 1", 0, 3),
        ("1 0 -1", 1, 2),
        ("-1 1 0", 1, 2),
        ("1 -1 1 -1", 3, 1),
        ("0 0", 0, 2),
    ],
)
def test_an_interval_that_paid_nothing_is_no_change_of_sign(
    rates: str, flips: int, steady_intervals: int
) -> None:
    """Between two of one sign it hides none, between two of different signs it hides no flip."""
    found = metrics_of([Decimal(one) for one in rates.split()], [], interval_hours=8)
    assert (found.sign_flips, found.steady_intervals) == (flips, steady_intervals)
