"""The shell of the grids: the shared runner with the grids of the configuration. It decides nothing."""

from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.runner import StrategyRunner
from services.grid.config import plays_of


def build(context: Context) -> StrategyRunner:
    """Return the service that runs every grid of this desk."""
    return StrategyRunner(context, "grid", plays_of(context.config, context.clock))
