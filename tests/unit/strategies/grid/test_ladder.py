"""The lattice: integer levels around an anchor, on the tick, and the levels of a window."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.strategies.grid.levels import (
    GridLevels,
    lattice_at,
    listed_lattice,
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


SHARES = GridLevels(anchor_price=Decimal(45_000), step_price=Decimal(45), geometric=True)
LISTED = listed_lattice([d(text) for text in ("100", "110", "125", "150", "200")], RULES)


def test_geometric_levels_lie_the_same_share_apart() -> None:
    """A tenth of a percent each, in both directions; the first step is that of the anchor."""
    assert SHARES.price(0) == 45_000
    assert SHARES.price(1) == 45_045
    assert SHARES.price(2) == d("45090.045")
    assert abs(SHARES.price(-1) * d("1.001") - 45_000) < d("0.00001")


@pytest.mark.parametrize("lattice", [TENS, SHARES, LISTED], ids=("even", "shares", "listed"))
@given(level=st.integers(-300, 300), share=st.integers(-45, 45))
def test_every_lattice_finds_its_levels_again(lattice: GridLevels, level: int, share: int) -> None:
    """Prices rise with the level, and the nearest level to what is less than half a gap away is the same one."""
    gap = lattice.gap(level) if share > 0 else lattice.gap(level - 1)
    assert gap > 0
    near = lattice.price(level) + gap * share / 100
    if near > 0:
        assert lattice.nearest(near) == level


@pytest.mark.parametrize("lattice", [TENS, SHARES, LISTED], ids=("even", "shares", "listed"))
@given(price=st.integers(90, 400), count=st.integers(1, 6), stride=st.integers(1, 4))
def test_windows_of_every_lattice_use_every_so_manyth_level(
    lattice: GridLevels, price: int, count: int, stride: int
) -> None:
    """Below and above the price, nearest first, on multiples of the stride, listed ones alone."""
    wide, mid = msgspec.structs.replace(lattice, stride=stride), Decimal(price)
    if not lattice.prices:
        mid *= 200
    below, above = wide.below(mid, count), wide.above(mid, count)
    assert all(level % stride == 0 for level in (*below, *above))
    assert list(below) == sorted(below, reverse=True)
    assert list(above) == sorted(above)
    assert all(wide.price(level) < mid for level in below)
    assert all(wide.price(level) > mid for level in above)
    if lattice.prices:
        assert {*below} <= {0, 1, 2, 3}
        assert {*above} <= {1, 2, 3, 4}
    else:
        assert len(below) == len(above) == count


def test_a_listed_level_is_closed_at_the_next_one() -> None:
    """Bought at 110, sold at 125; what was adopted beyond the list still has a price."""
    assert LISTED.price(LISTED.close_level(1, Decimal(1))) == 125
    assert LISTED.price(LISTED.close_level(3, Decimal(-1))) == 125
    assert LISTED.price(6) == 300
    assert LISTED.price(-2) == 80
