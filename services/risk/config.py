"""The gate's limits from the configuration; spans that the configuration gives in wall time become market time."""

from decimal import Decimal

from opensqt.domain.instruments import quote_asset
from opensqt.risk.grounds import StrategyLimits
from opensqt.runtime.config.all import CarryConfig, Config, GridConfig

# A hedge follows what was filled, at another price: the bound must never stand in its way.
CARRY_ROOM = Decimal("1.5")


def limits_of(config: Config, speed: Decimal, strategy: str, symbol: str) -> StrategyLimits:
    """Return what one strategy may do in a symbol, in a run whose market time passes `speed` times as fast."""
    risk = config.risk
    return StrategyLimits(
        currency=risk.currency,
        order_notional_quote_max=risk.order_notional_quote_max,
        position_notional_quote_max=risk.position_notional_quote_max,
        inventory_notional_quote_max=_inventory_max(config, strategy),
        rate_stated=risk.rates.get(quote_asset(symbol)),
        open_orders_max=risk.open_orders_max,
        price_collar_bps=risk.price_collar_bps,
        tick_age_ms_max=int(risk.tick_age_ms_max * speed),
    )


def _inventory_max(config: Config, name: str) -> Decimal | None:
    """Return the most that a strategy may hold, in quote units; one that is not configured any more has no bound."""
    match config.strategies.get(name):
        case GridConfig(inventory_notional_quote_max=most):
            return most
        case CarryConfig(notional_quote_max=most):
            return most * CARRY_ROOM
        case _:
            return None
