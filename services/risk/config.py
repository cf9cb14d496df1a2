"""From the configuration in force to the limits of the gate."""

from decimal import Decimal

from opensqt.domain.grounds import StrategyLimits
from opensqt.risk.verdict import Intent
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.limits import limits_of


def limits_for(config: Config, speed: Decimal, intent: Intent) -> StrategyLimits:
    """Return what the owner of an intent may do in its symbol."""
    return limits_of(config, speed, intent.strategy, intent.symbol, intent.account)
