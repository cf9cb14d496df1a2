"""The lattice: integer levels around an anchor, on the tick, and the levels of a window."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.strategies.grid.levels import (
    GridLevels,
    lattice_at,
    spread_over,
)
from opensqt.strategies.planner import level_of, slot_name
from opensqt.strategies.pricing import passive_price, quantity_of
from tests.simulation.strategy_facts import PERP, d, rules_of

RULES = rules_of(PERP)
TENS = GridLevels(anchor_price=Decimal(45_000), step_price=Decimal(10))


@pytest.mark.row("B01")
@pytest.mark.parametrize(
    "price, level",
    [("45000", 0), ("45004.9", 0), ("45005.1", 1), ("44994.9", -1), ("44982", -2), ("45137", 14)],
)
def test_nearest_level(price: str, level: int) -> None:
    """G = anchor + round((P - anchor) / I) * I."""
    assert TENS.nearest(d(price)) == level
    assert TENS.price(level) == 45_000 + 10 * level


@pytest.mark.row("B01")
@given(st.integers(1, 10_000_000), st.integers(1, 5_000), st.integers(-50, 50))
def test_every_level_lies_on_the_tick(ticks: int, bps: int, level: int) -> None:
    """Anchor and step are multiples of the tick and the step is never below one tick."""
    lattice = lattice_at(ticks * d("0.037"), Decimal(bps) / 10, RULES)
    assert lattice.step_price >= RULES.tick_size
    assert lattice.price(level) % RULES.tick_size == 0
    assert lattice.nearest(lattice.price(level)) == level


@pytest.mark.row("B05")
@given(st.integers(440_000, 460_000), st.integers(0, 8))
def test_the_window_keeps_its_distance(tenths: int, count: int) -> None:
    """No opening level lies within a tenth of a step of the price, and none is left out beyond."""
    price = tenths * d("0.1")
    below, above = TENS.below(price, count), TENS.above(price, count)
    assert len(below) == len(above) == count
    for level in below:
        assert TENS.price(level) < price - 1
    for level in above:
        assert TENS.price(level) > price + 1
    if count:
        assert TENS.price(below[0] + 1) >= price - 1
        assert TENS.price(above[0] - 1) <= price + 1


def test_slot_names_lead_back_to_their_level() -> None:
    """A level survives its way through the name; strange names have none."""
    assert [level_of(slot_name(level)) for level in (-12, 0, 7)] == [-12, 0, 7]
    assert level_of("spot") is None
    assert level_of("g") is None


@pytest.mark.row("B19")
def test_a_position_is_spread_over_as_many_slots_as_orders_fit() -> None:
    """0.002 at 45 000 with 30 a slot gives 3 slots that keep the entry price."""
    rules = rules_of(PERP, quantity_step="0.00001", quantity_min="0.00001")
    slots = spread_over(d("0.002"), Decimal(45_000), Decimal(30), rules)
    assert [slot.level for slot in slots] == [1, 2, 3]
    assert sum(slot.quantity for slot in slots) == d("0.002")
    assert {slot.cost_price for slot in slots} == {Decimal(45_000)}
    short = spread_over(d("-0.002"), Decimal(45_000), Decimal(30), rules)
    assert [(slot.level, slot.quantity) for slot in short] == [
        (-slot.level, -slot.quantity) for slot in slots
    ]
    assert spread_over(Decimal(0), Decimal(45_000), Decimal(30), rules) == ()


@pytest.mark.row("B19")
@given(st.integers(-10_000, 10_000).filter(bool), st.integers(1, 10_000))
def test_spreading_loses_nothing(steps: int, notional: int) -> None:
    """The shares add up to the position exactly."""
    held = steps * d("0.001")
    slots = spread_over(held, Decimal(45_000), Decimal(notional) * 10, RULES)
    assert sum(slot.quantity for slot in slots) == held


@pytest.mark.row("B16")
def test_size_is_a_notional_rounded_down_to_the_step() -> None:
    """500 quote at 45 000 is 0.011, not 0.0111 and not 500 contracts."""
    assert quantity_of(Decimal(500), Decimal(45_000), RULES) == d("0.011")


@pytest.mark.row("B17", "B21")
def test_a_passive_price_never_takes() -> None:
    """At the level when the book allows it, else the nearest price that rests; buys low, sells high."""
    book = {"bid_price": d("99.9"), "ask_price": d("100.1"), "rules": RULES}

    def price(level: str, side: Side, away: int = 0) -> Decimal:
        return passive_price(d(level), side, ticks_away=away, **book)  # type: ignore[arg-type]

    assert price("90.05", Side.BUY) == d("90.0")
    assert price("110.05", Side.SELL) == d("110.1")
    assert price("105", Side.BUY) == d("100.0")
    assert price("95", Side.SELL) == d("100.0")
    assert price("95", Side.SELL, 2) == d("100.2")
    assert price("90", Side.BUY, 1) == d("89.9")
