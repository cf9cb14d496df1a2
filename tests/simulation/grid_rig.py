"""Grids in a rig: how the grid's tests set one up and look at it."""

from decimal import Decimal

from opensqt.domain.instruments import Side
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.ladder_settings import GridMode
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.slots import Slot
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.grid.strategy import GRID
from opensqt.strategies.state import Setup
from tests.simulation.strategy_facts import PERP, SPOT, rules_of
from tests.simulation.strategy_rig import Rig

BUY, SELL = Side.BUY, Side.SELL


def setup_of(**changes: object) -> Setup[GridSettings]:
    """Return a neutral grid with a step of 10 at 45 000 and two levels each side."""
    values: dict[str, object] = {
        "kind": "grid",
        "account": "main",
        "symbol": PERP,
        "mode": GridMode.NEUTRAL,
        "step_bps": Decimal(10) * 10_000 / Decimal(45_000),
        "levels_below": 2,
        "levels_above": 2,
        "order_notional_quote": Decimal(450),
        "adopt": False,
    }
    told: dict[str, object] = {
        "strategy": "grid",
        "venue": "binance",
        "orders_max": 20,
        "tick_age_ms_max": 3_600_000,
    }
    for name, value in changes.items():
        (told if name in Setup.__struct_fields__ else values)[name] = value
    settings = GridSettings(**values)  # type: ignore[arg-type]
    return Setup(settings=settings, candles_kept_ms=settings.lookback_ms, **told)  # type: ignore[arg-type]


def unstarted(setup: Setup[GridSettings]) -> Rig[GridState]:
    """Return a grid that has heard nothing yet."""
    return Rig(GridState(setup=setup), GRID.ask, GRID.fold)


def rig_of(setup: Setup[GridSettings], price: str = "45000", **rules: str) -> Rig[GridState]:
    """Return a started grid that has seen its first price."""
    rig = unstarted(setup)
    rig.feed(rules_of(setup.settings.symbol, **rules))
    rig.start(setup.strategy)
    rig.tick(setup.settings.symbol, price)
    return rig


def long_of(**changes: object) -> Setup[GridSettings]:
    """Return a long grid on spot."""
    return setup_of(symbol=SPOT, mode=GridMode.LONG, **changes)


def move(rig: Rig[GridState], price: str) -> None:
    """Let the price move and answer all with yes."""
    rig.tick(rig.state.symbol, price)
    rig.accept_all()


def slot(rig: Rig[GridState], level: int) -> Slot:
    """Return a slot of the grid."""
    return slots.slot_at(rig.state.books, level)
