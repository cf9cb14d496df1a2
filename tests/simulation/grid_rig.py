"""Grids in a rig: how the grid's tests set one up and look at it."""

from decimal import Decimal

from opensqt.domain.instruments import Side
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.decide import decide
from opensqt.strategies.grid.slots import Slot
from opensqt.strategies.grid.state import GridSetup, GridState, evolve
from tests.simulation.strategy_facts import PERP, SPOT, rules_of
from tests.simulation.strategy_rig import Rig

BUY, SELL = Side.BUY, Side.SELL


def setup_of(**changes: object) -> GridSetup:
    """Return a neutral grid with a step of 10 at 45 000 and two levels each side."""
    values: dict[str, object] = {
        "strategy": "grid",
        "venue": "binance",
        "account": "main",
        "symbol": PERP,
        "neutral": True,
        "step_bps": Decimal(10) * 10_000 / Decimal(45_000),
        "levels_below": 2,
        "levels_above": 2,
        "order_notional_quote": Decimal(450),
        "orders_max": 20,
        "adopt": False,
        "tick_age_ms_max": 3_600_000,
    }
    return GridSetup(**{**values, **changes})  # type: ignore[arg-type]


def rig_of(setup: GridSetup, price: str = "45000", **rules: str) -> Rig[GridState]:
    """Return a started grid that has seen its first price."""
    rig = Rig(GridState(setup=setup), decide, evolve)
    rig.feed(rules_of(setup.symbol, **rules))
    rig.start(setup.strategy)
    rig.tick(setup.symbol, price)
    return rig


def long_of(**changes: object) -> GridSetup:
    """Return a long grid on spot."""
    return setup_of(symbol=SPOT, neutral=False, **changes)


def move(rig: Rig[GridState], price: str) -> None:
    """Let the price move and answer all with yes."""
    rig.tick(rig.state.setup.symbol, price)
    rig.accept_all()


def slot(rig: Rig[GridState], level: int) -> Slot:
    """Return a slot of the grid."""
    return slots.slot_at(rig.state.books, level)
