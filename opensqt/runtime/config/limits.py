"""The limits of gate and executor from the configuration; spans given in wall time become market time."""

from decimal import Decimal

from opensqt.domain.grounds import StrategyLimits
from opensqt.domain.instruments import base_asset, quote_asset
from opensqt.execution.caps import Caps
from opensqt.risk.breakers.panel import BreakerPanel, panel_of
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.limit_changes import CAP_FACTOR


def limits_of(
    config: Config, speed: Decimal, strategy: str, symbol: str, account: str = ""
) -> StrategyLimits:
    """Return what one strategy may do in a symbol, in a run whose market time passes `speed` times as fast.

    `account` is that of an owner whom no configuration names.
    """
    risk, settings = config.risk, config.strategies.get(strategy)
    return StrategyLimits(
        currency=risk.currency,
        order_notional_quote_max=risk.order_notional_quote_max,
        position_notional_quote_max=risk.position_notional_quote_max,
        inventory_notional_quote_max=settings.held_quote_max if settings else None,
        rate_stated=risk.rates.get(quote_asset(symbol)),
        open_orders_max=risk.open_orders_max,
        price_collar_bps=risk.price_collar_bps,
        tick_age_ms_max=int(risk.tick_age_ms_max * speed),
        exposure_notional_quote_max=risk.exposure_notional_quote_max or None,
        asset_notional_quote_max=risk.asset_notional_quote_max or None,
        leverage_max=Decimal(_leverage_max(config, strategy, account)),
        margin_health_min=risk.margin_health_min,
        liquidation_distance_bps_min=risk.liquidation_distance_bps_min,
        maintenance_rate=risk.maintenance_rate,
        collateral_share=risk.collateral_shares.get(base_asset(symbol)),
    )


def _leverage_max(config: Config, strategy: str, name: str) -> int:
    """Return how often perpetuals may be worth the equity: as risk says, and no more than the account is set to."""
    settings = config.strategies.get(strategy)
    account = config.accounts.get(settings.account if settings is not None else name)
    most = config.risk.leverage_max
    return most if account is None else min(most, account.leverage)


def caps_of(config: Config) -> Caps:
    """Return what an executor sends at most, whatever the gate approved."""
    risk = config.risk
    return Caps(
        currency=risk.currency,
        rates=risk.rates,
        orders_max=risk.open_orders_max * CAP_FACTOR,
        order_notional_max=risk.order_notional_quote_max * CAP_FACTOR,
        notional_max=risk.position_notional_quote_max * CAP_FACTOR,
    )


def breakers_of(config: Config, speed: Decimal) -> BreakerPanel:
    """Return the breakers that a configuration switches on, in a run whose market time passes `speed` times as fast."""
    places = config.places()
    rates = {
        asset: rate
        for asset in {quote_asset(symbol) for _, _, symbol in places}
        if (rate := config.risk.rate(asset)) is not None
    }
    return panel_of(config.breakers, places, rates, speed)
