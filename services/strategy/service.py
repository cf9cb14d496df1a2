"""The shell of one strategy: the shared runner with what the configuration names. It decides nothing."""

from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.runner import StrategyRunner
from services.strategy.config import play_of


def build(context: Context, name: str) -> StrategyRunner:
    """Return the service that runs the strategy of this name."""
    return StrategyRunner(context, f"strategy-{name}", [play_of(context, name)])
