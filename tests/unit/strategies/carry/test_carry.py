"""The worth of a carry: APR, the action table, the liquidation guard, sizes and prices."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.strategies.carry.carry import (
    FundingWish,
    apr,
    clip_quantity,
    common_step,
    crossing_price,
    liquidation_price,
    near_liquidation,
    wish,
)
from tests.simulation.strategy_facts import PERP, SPOT, d, rules_of, tick_of


@pytest.mark.row("F01")
@pytest.mark.parametrize(
    "rate, hours, yearly",
    [("0.0002", 8, "0.219"), ("0.0002", 4, "0.438"), ("0.0002", 1, "1.752"), ("0.0002", 0, "0")],
)
def test_apr_uses_the_real_interval(rate: str, hours: int, yearly: str) -> None:
    """0.0002 every 8 hours is 21.9 % a year; an unknown interval earns nothing."""
    assert apr(Decimal(rate), hours) == Decimal(yearly)


@pytest.mark.row("F02")
@pytest.mark.parametrize(
    "percent, direction, expected",
    [
        ("15", 0, FundingWish.ENTER),
        ("15", 1, FundingWish.NONE),
        ("0.5", 1, FundingWish.EXIT),
        ("0.5", 0, FundingWish.NONE),
        ("-0.5", 1, FundingWish.EXIT),
        ("-15", 1, FundingWish.EXIT),
        ("-15", 0, FundingWish.ENTER_REVERSED),
        ("-15", -1, FundingWish.NONE),
        ("15", -1, FundingWish.EXIT),
        ("-0.5", -1, FundingWish.EXIT),
    ],
)
def test_action_table(percent: str, direction: int, expected: FundingWish) -> None:
    """Enter above ten percent, leave below one, and leave when the sign turns against us."""
    assert wish(Decimal(percent) / 100, direction, d("0.10"), d("0.01")) is expected


@pytest.mark.row("F09")
@pytest.mark.parametrize(
    "price, near", [("80", False), ("95", True), ("105", True), ("120", False), ("0", False)]
)
def test_liquidation_guard(price: str, near: bool) -> None:
    """Within ten percent of the mark, on either side."""
    assert near_liquidation(Decimal(100), Decimal(price)) is near


@pytest.mark.row("F09")
def test_the_liquidation_estimate_lies_where_margin_runs_out() -> None:
    """A short of 1 at 100 with a margin of 50 is gone a little below 150; none means never."""
    price = liquidation_price(Decimal(-1), Decimal(-100), Decimal(50))
    assert d("149") < price < 150
    assert abs(50 + (100 - price) - price * d("0.005")) < d("1E-20")
    assert liquidation_price(Decimal(0), Decimal(0), Decimal(50)) == 0


@pytest.mark.row("F04")
@given(
    st.sampled_from(["0.001", "0.01", "0.00001", "0.003", "1"]),
    st.sampled_from(["0.001", "0.01", "0.0002", "0.005"]),
    st.integers(10, 100_000),
)
def test_a_clip_is_exact_on_both_legs(one: str, other: str, notional: int) -> None:
    """A multiple of both steps, and never more than asked."""
    spot, perp = rules_of(SPOT, quantity_step=one), rules_of(PERP, quantity_step=other)
    quantity = clip_quantity(Decimal(notional), Decimal(100), spot, perp)
    assert quantity % Decimal(one) == 0
    assert quantity % Decimal(other) == 0
    assert quantity * 100 <= notional
    assert common_step(Decimal(one), Decimal(other)) <= Decimal(one) * Decimal(other) * 10**5


def test_a_crossing_price_is_bounded_and_never_meets_our_own() -> None:
    """So many bps beyond the best, but short of our own resting orders."""
    tick, rules = tick_of(SPOT, "10000", 1, spread="2"), rules_of(SPOT)
    ten = Decimal(10)
    assert crossing_price(tick, Side.BUY, ten, rules) == d("10011.0")
    assert crossing_price(tick, Side.SELL, ten, rules) == d("9989.1")
    assert crossing_price(tick, Side.BUY, ten, rules, own_ask=Decimal(10_005)) == d("10004.9")
    assert crossing_price(tick, Side.SELL, ten, rules, own_bid=Decimal(9_995)) == d("9995.1")
