"""One strategy of a desk from its configuration, with the code that its kind names."""

from typing import Any

from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.registry import with_code
from opensqt.runtime.strategy.specs import spec_of
from opensqt.strategies.kernel import StrategySpec


def play_of(context: Context, name: str) -> StrategySpec[Any]:
    """Return the strategy of this name, ready to be driven; raise `ConfigError` naming what is missing."""
    config, path = context.config, context.environment.config
    if name not in config.strategies:
        raise ConfigError(f"--name {name}: expected one of {', '.join(config.strategies)}")
    folder = path.parent if path is not None else None
    strategy, settings = with_code(name, config.strategies[name], config, folder)
    return spec_of(name, settings, config, context.clock, strategy)
