"""The shell of the carries: the shared runner with the carries of the configuration. It decides nothing."""

from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.runner import StrategyRunner
from services.arb.config import plays_of


def build(context: Context) -> StrategyRunner:
    """Return the service that runs every carry of this desk."""
    return StrategyRunner(context, "arb", plays_of(context.config, context.clock))
