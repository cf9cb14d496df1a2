"""The margin simulation against figures worked out by hand, and what must hold whatever the figures are."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.risk.margin import Margin, PositionChange, liquidation_distance, simulated

pytestmark = pytest.mark.row("E16")
RATE = Decimal("0.01")
UNITS = st.decimals(min_value=-100, max_value=100, places=3)


def _margin(equity: int, maintenance: int) -> Margin:
    return Margin(equity=Decimal(equity), maintenance=Decimal(maintenance))


def _perp(held: str, change: str, price: int | None = 50_000) -> PositionChange:
    return PositionChange(
        held=Decimal(held),
        change=Decimal(change),
        price=None if price is None else Decimal(price),
        maintenance_rate=RATE,
    )


def _coin(held: str, change: str, collateral: str | None) -> PositionChange:
    return PositionChange(
        held=Decimal(held),
        change=Decimal(change),
        price=Decimal(2000),
        maintenance_rate=Decimal(0),
        collateral=None if collateral is None else Decimal(collateral),
    )


@pytest.mark.parametrize(
    "before, change, health",
    [
        (_margin(10_000, 1000), (), "0.88"),
        (_margin(5000, 500), (), "0.88"),
        (_margin(10_000, 1000), (_perp("0", "0.1"),), "0.874"),
        (_margin(10_000, 1050), (_perp("0.1", "-0.02"),), "0.8752"),
        (_margin(10_000, 1050), (_coin("0", "10", "0.9"),), "0.8425"),
        (_margin(0, 0), (), "0"),
    ],
)
def test_the_health_after_a_change(
    before: Margin, change: tuple[PositionChange, ...], health: str
) -> None:
    """1 - 1.2 x maintenance / equity, with 1 % of each position and a tenth off a coin that is bought."""
    after = simulated(before, change)
    assert after is not None
    assert after.health == Decimal(health)


def test_the_headroom_is_four_fifths_of_what_no_position_needs() -> None:
    """10,000 of equity and 2,000 of maintenance leave 6,400; below zero there is none."""
    assert _margin(10_000, 2000).headroom == 6400
    assert _margin(1000, 2000).headroom == 0


def test_a_change_without_a_price_cannot_be_simulated() -> None:
    """Nor can the other changes beside it; a price of nothing is none."""
    for price in (None, 0):
        changes = (_perp("0", "0.1"), _perp("0", "0.1", price))
        assert simulated(_margin(10_000, 1000), changes) is None


def test_a_coin_without_a_share_counts_for_nothing_and_a_short_of_it_gains_nothing() -> None:
    """What is bought is lost to the margin; what is sold brings nothing back."""
    for change, equity in (("1", 8000), ("-1", 10_000)):
        after = simulated(_margin(10_000, 0), (_coin("0", change, None),))
        assert after is not None
        assert after.equity == equity


@given(
    held=UNITS,
    change=UNITS,
    collateral=st.none() | st.decimals(min_value=0, max_value=1, places=2),
)
def test_no_short_ever_raises_equity(
    held: Decimal, change: Decimal, collateral: Decimal | None
) -> None:
    """Only coins that are held can become more when they are sold, and only where their share is known."""
    one = PositionChange(
        held=held,
        change=change,
        price=Decimal(7),
        maintenance_rate=RATE,
        collateral=collateral,
    )
    after = simulated(_margin(100_000, 0), (one,))
    assert after is not None
    gain = after.equity - 100_000
    sold_of_held = min(max(-change, Decimal(0)), max(held, Decimal(0)))
    most = Decimal(0) if collateral is None else sold_of_held * 7 * (1 - collateral)
    assert gain <= most


@pytest.mark.parametrize("sign", [1, -1])
def test_the_distance_is_where_equity_and_maintenance_meet(sign: int) -> None:
    """Moved by so much, the loss and the maintenance of the new worth eat all equity."""
    notional, other = Decimal(20_000), Decimal(100)
    before = Margin(equity=Decimal(4000), maintenance=notional * RATE + other)
    share = liquidation_distance(before, notional, RATE, sign)
    equity = before.equity - notional * share
    maintenance = notional * (1 - sign * share) * RATE + other
    assert abs(equity - maintenance) < Decimal("1E-12")
    assert liquidation_distance(before, Decimal(0), RATE, sign) == 1
