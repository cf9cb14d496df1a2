"""The carries of a desk from its configuration."""

from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config
from opensqt.runtime.strategy.specs import specs_of
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.strategy import CARRY
from opensqt.strategies.kernel import StrategySpec


def plays_of(config: Config, clock: Clock) -> list[StrategySpec[CarryState]]:
    """Return every carry of the configuration, ready to be driven."""
    return specs_of(config, clock, CARRY)
