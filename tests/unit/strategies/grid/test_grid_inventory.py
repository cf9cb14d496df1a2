"""How much a grid may hold: a price that runs over all levels is followed no further than the bound allows."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.instruments import Side
from opensqt.runtime.config.all import ConfigError, parse_config
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.idling import FULL
from tests.simulation.grid_rig import BUY, SELL, long_of, move, rig_of, setup_of
from tests.simulation.strategy_rig import Rig

LEVELS_MAX = Decimal(
    3 * 450
)  # three levels of the rig's size; it is worth a little less further down


def _held(rig: Rig[Any]) -> Decimal:
    return sum((s.position.quantity for s in rig.state.books.slots.values()), Decimal(0))


def _run_away(rig: Rig[Any], side: Side, steps: int) -> list[Decimal]:
    """Let the price run over level after level, fill all that it passes, and return what was held on the way."""
    held = []
    for number in range(1, steps + 1):
        price = Decimal(45_000) - side.sign * 10 * number - side.sign * 3
        for cid, order in tuple(rig.orders.items()):
            placed = order.placed
            if placed is None or order.terminal or placed.side is not side:
                continue
            if (placed.price - price) * side.sign >= 0:
                rig.fill(cid)
        move(rig, str(price))
        rig.accept_all()
        held.append(abs(_held(rig)) * price)
    return held


@pytest.mark.row("B12", "K14")
@pytest.mark.parametrize("side", list(Side))
def test_a_price_that_runs_away_is_followed_up_to_the_bound(side: Side) -> None:
    """Twenty levels in one direction: never more than the bound, and right up to it."""
    bounded = setup_of(inventory_notional_quote_max=LEVELS_MAX + 5)
    held = _run_away(rig_of(bounded), side, 20)
    assert max(held) <= LEVELS_MAX + 5
    assert max(held) > LEVELS_MAX * 9 / 10
    free = _run_away(rig_of(setup_of()), side, 20)
    assert max(free) > 4 * LEVELS_MAX, "without a bound it grows with every level"


def test_a_full_grid_says_so_and_is_silent_while_the_market_is() -> None:
    """What has no room is named as a gap, nothing is placed and cancelled in turn, and closes stay."""
    rig = rig_of(setup_of(inventory_notional_quote_max=LEVELS_MAX + 5))
    _run_away(rig, BUY, 10)
    assert FULL in {gap.why for gap in rig.last.gaps}
    assert rig.resting(BUY) == []
    assert len(rig.resting(SELL)) >= 3, "what is held can be closed"
    before = len(rig.sent)
    for _ in range(5):
        move(rig, "44897")
    assert len(rig.sent) == before


def test_the_nearest_levels_have_the_room() -> None:
    """With room for one more level it is the one next to the price that opens, and the farther one goes for it."""
    rig = rig_of(long_of(inventory_notional_quote_max=Decimal(455)))
    rig.accept_all()
    assert rig.resting(BUY) == [44_990]
    move(rig, "45021")
    rig.accept_all()
    assert rig.resting(BUY) == [45_010]


def _grid(**changes: str) -> GridSettings:
    text = derive(["BTC/USDT:USDT"], market="synthetic:7")
    for name, value in changes.items():
        size = 'order_notional_quote = "500"'
        text = text.replace(size, f'{size}\n{name} = "{value}"')
    grid = parse_config(text, {}).strategies["grid-perp"]
    assert isinstance(grid, GridSettings)
    return grid


def test_without_a_setting_the_bound_is_what_the_levels_of_a_side_come_to() -> None:
    """Five levels of 500, and the way of five steps of 6 bps between the first and the last."""
    assert _grid().inventory_notional_quote_max == Decimal("2507.50000")
    assert _grid(inventory_notional_quote_max="900").inventory_notional_quote_max == 900


def test_a_bound_below_one_order_is_refused() -> None:
    """Such a grid could never open anything."""
    with pytest.raises(ConfigError, match=r"inventory_notional_quote_max.*at least order_notional"):
        _grid(inventory_notional_quote_max="499")
