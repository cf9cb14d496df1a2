"""The gate's limits from the configuration; spans that the configuration gives in wall time become market time."""

from decimal import Decimal

from opensqt.runtime.config import Config
from services.risk.grounds import Limits


def limits_of(config: Config, speed: Decimal) -> Limits:
    """Return the limits for a run whose market time passes `speed` times as fast as the wall's."""
    risk = config.risk
    return Limits(
        order_notional_quote_max=risk.order_notional_quote_max,
        position_notional_quote_max=risk.position_notional_quote_max,
        open_orders_max=risk.open_orders_max,
        price_collar_bps=risk.price_collar_bps,
        tick_age_ms_max=int(risk.tick_age_ms_max * speed),
    )
