"""Limits that a person changes while the desk runs: which may be, to what, and [risk] with what was changed. Pure."""

from collections.abc import Iterable
from typing import Any

import msgspec

from opensqt.domain.control import LimitChanged
from opensqt.runtime.config.reader import ConfigError, read_risk
from opensqt.runtime.config.schema import RiskConfig

# What only bounds orders. All else of the configuration says what the desk is, and wants a restart.
CHANGEABLE = (
    "order_notional_quote_max",
    "position_notional_quote_max",
    "open_orders_max",
    "exposure_notional_quote_max",
    "asset_notional_quote_max",
    "leverage_max",
    "price_collar_bps",
    "margin_health_min",
    "liquidation_distance_bps_min",
    "tick_age_ms_max",
    "order_age_ms_max",
)
CONFIGURED = "configured"  # said in place of a value: what the file says counts again
CAP_FACTOR = 2  # the executor's own caps stand so far behind the configured limits
CAPPED = frozenset(CHANGEABLE[:6])  # nobody loosens these further without a restart


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
            f"risk.{field} = {text}: expected at most {most}, {CAP_FACTOR} times what is configured:"
            " for more change the configuration and start again"
        )
    return text


def in_force(configured: RiskConfig, changes: Iterable[LimitChanged]) -> RiskConfig:
    """Return [risk] with the newest change of each limit.

    The file may have been changed since: no limit goes beyond the executor's cap of today, and a change that this
    version does not know or may not read changes nothing.
    """
    found: dict[str, Any] = {}
    for one in changes:
        if not one.after or one.field not in CHANGEABLE:
            continue
        try:
            value = getattr(read_risk({one.field: one.after}), one.field)
        except ConfigError:
            continue
        most = getattr(configured, one.field) * CAP_FACTOR
        found[one.field] = min(value, most) if one.field in CAPPED else value
    return msgspec.structs.replace(configured, **found)


def shown(risk: RiskConfig, field: str) -> str:
    """Return the value of a limit as a configuration would say it."""
    return str(getattr(risk, field))
