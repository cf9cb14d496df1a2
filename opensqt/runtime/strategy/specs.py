"""The strategies of a configuration, ready to be driven; what is given in wall time becomes market time."""

from typing import TypeVar

from opensqt.runtime.clock import Clock
from opensqt.runtime.code_version import code_version
from opensqt.runtime.config.all import Config, strategy_hash
from opensqt.strategies.api import RunTerms, Strategy
from opensqt.strategies.kernel import StrategySpec
from opensqt.strategies.settings import Settings
from opensqt.strategies.state import StrategyState

S = TypeVar("S", bound=StrategyState)


def specs_of(config: Config, clock: Clock, strategy: Strategy[S]) -> list[StrategySpec[S]]:
    """Return every strategy of this kind that is configured."""
    return [
        spec_of(name, settings, config, clock, strategy)
        for name, settings in config.strategies.items()
        if isinstance(settings, strategy.settings)
    ]


def spec_of(
    name: str, settings: Settings, config: Config, clock: Clock, strategy: Strategy[S]
) -> StrategySpec[S]:
    """Return one strategy of a configuration."""
    terms = RunTerms(
        venue=config.accounts[settings.account].venue,
        orders_open_max=config.risk.open_orders_max,
        tick_age_ms_max=config.risk.tick_age_ms_max,
        speed=clock.speed,
        config_hash=strategy_hash(config.strategies[name]),
        code_version=code_version(),
    )
    return strategy.spec(name, settings, terms)
