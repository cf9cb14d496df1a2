"""The grids of a desk from its configuration."""

from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config
from opensqt.runtime.strategy.specs import specs_of
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.grid.strategy import GRID
from opensqt.strategies.kernel import StrategySpec


def plays_of(config: Config, clock: Clock) -> list[StrategySpec[GridState]]:
    """Return every grid of the configuration, ready to be driven."""
    return specs_of(config, clock, GRID)
