"""Limits that a person changes while the desk runs: which may be, to what, and [risk] with what was changed. Pure."""

from collections.abc import Iterable

import msgspec

from opensqt.domain.control import LimitChanged
from opensqt.runtime.config.reader import ConfigError, read_risk
from opensqt.runtime.config.schema import RiskConfig

# What only bounds orders. All else of the configuration says what the desk is, and wants a restart.
CHANGEABLE = (
    "order_notional_quote_max",
    "position_notional_quote_max",
    "open_orders_max",
    "price_collar_bps",
    "tick_age_ms_max",
)
CONFIGURED = "configured"  # said in place of a value: what the file says counts again
CAP_FACTOR = 2  # the executor's own caps stand so far behind the configured limits
CAPPED = frozenset(CHANGEABLE[:3])


def new_value(configured: RiskConfig, field: str, text: str) -> str:
    """Return the value that a change records, empty for the configured one; raise `ConfigError` if it may not be."""
    if field not in CHANGEABLE:
        raise ConfigError(
            f"risk.{field} cannot be changed while the desk runs (what can: {', '.join(CHANGEABLE)}):"
            " change the configuration and start again"
        )
    if text == CONFIGURED:
        return ""
    value = getattr(read_risk({field: text}), field)
    most = getattr(configured, field) * CAP_FACTOR
    if field in CAPPED and value > most:
        raise ConfigError(
            f"risk.{field} = {text}: the executor's own cap is {most}, {CAP_FACTOR} times what is configured:"
            " change the configuration and start again"
        )
    return text


def in_force(configured: RiskConfig, changes: Iterable[LimitChanged]) -> RiskConfig:
    """Return [risk] with the newest change of each limit; one that this version does not know changes nothing."""
    changed = {one.field: one.after for one in changes if one.after and one.field in CHANGEABLE}
    read = read_risk(changed)
    return msgspec.structs.replace(configured, **{name: getattr(read, name) for name in changed})


def shown(risk: RiskConfig, field: str) -> str:
    """Return the value of a limit as a configuration would say it."""
    return str(getattr(risk, field))
