"""The grid as a kind of strategy."""

from opensqt.strategies.api import Strategy
from opensqt.strategies.grid.decide import decide
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.state import GridState, evolve

GRID = Strategy(
    settings=GridSettings, decide=decide, evolve=evolve, state=GridState, decides_early=True
)
