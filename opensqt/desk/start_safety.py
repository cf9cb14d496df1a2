"""Whether an account may carry a strategy at all: its leverage, and how many orders its money supports. Pure.

Both are judged at every start, whatever positions there are; what a round trip earns each strategy says itself.
"""

from collections.abc import Collection, Iterator
from decimal import ROUND_FLOOR, Decimal

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO, canonical
from opensqt.domain.instruments import Market, Side, quote_asset
from opensqt.risk.margin import BUFFER
from opensqt.runtime.config.all import Config
from opensqt.strategies.prospect import MarketView, rounded_up


def unsafe(config: Config, market: MarketView) -> Iterator[str]:
    """Yield why accounts may not carry what is configured for them; nothing where all may."""
    yield from _leverages(config)
    if config.risk.margin_health_min == ONE and margins_needed(config):
        yield 'risk.margin_health_min = "1": nothing that is held leaves it whole; expected below 1'
    for name, strategy in config.strategies.items():
        for symbol in strategy.symbols:
            yield from _unsupported(config, name, symbol, market)


def margins_needed(config: Config) -> dict[tuple[str, str], Decimal]:
    """Return the least equity by account and quote asset with which risk lets all orders of the perpetuals pass.

    The same three rules judge each order: leverage, the health of the margin, the distance to a liquidation.
    """
    sides: dict[tuple[str, str], dict[str, dict[Side, Decimal]]] = {}
    for one in config.strategies.values():
        for symbol in one.symbols:
            if ":" in symbol:
                place = one.account, quote_asset(symbol)
                mine = sides.setdefault(place, {}).setdefault(symbol, dict.fromkeys(Side, ZERO))
                for side in Side:
                    mine[side] += one.traded_quote_max(symbol, side)
    return {
        (account, asset): _margin(config, account, symbols.values())
        for (account, asset), symbols in sides.items()
    }


def _margin(config: Config, account: str, symbols: Collection[dict[Side, Decimal]]) -> Decimal:
    risk, leverage = config.risk, Decimal(config.accounts[account].leverage)
    whole = sum((max(sides.values()) for sides in symbols), ZERO)
    maintenance = whole * risk.maintenance_rate
    # Whoever is short owes more maintenance as the price runs away from him.
    farthest = max(
        notional * (ONE - side.sign * risk.maintenance_rate)
        for sides in symbols
        for side, notional in sides.items()
    )
    found = [
        EXACT.divide(whole, leverage),
        maintenance + farthest * risk.liquidation_distance_bps_min * BPS,
    ]
    if risk.margin_health_min < 1:  # a health of 1 has nobody who holds anything
        found.append(EXACT.divide(maintenance * BUFFER, ONE - risk.margin_health_min))
    return max(found)


def _leverages(config: Config) -> Iterator[str]:
    traders = {
        strategy.account
        for strategy in config.strategies.values()
        if any(":" in symbol for symbol in strategy.symbols)
    }
    for name, account in config.accounts.items():
        if name in traders and account.leverage > config.risk.leverage_max:
            yield (
                f"accounts.{name}.leverage = {account.leverage}: expected at most"
                f" risk.leverage_max = {config.risk.leverage_max}"
            )


def _unsupported(config: Config, name: str, symbol: str, market: MarketView) -> Iterator[str]:
    least, strategy = config.risk.supportable_orders_min, config.strategies[name]
    account, rules = config.accounts[strategy.account], market.rules[symbol]
    leverage = Decimal(account.leverage) if rules.market is Market.PERP else ONE
    held, order = account.balances.get(rules.quote, ZERO), strategy.order_notional_quote
    orders = EXACT.divide(held * leverage, order).to_integral_value(ROUND_FLOOR) if order else least
    if orders < least:
        most = rounded_up(EXACT.divide(order * least, leverage))
        yield (
            f'strategies.{name}.order_notional_quote = "{canonical(order)}": {canonical(held)} {rules.quote} at'
            f" leverage {leverage} support {orders} orders of {symbol}, and risk.supportable_orders_min = {least};"
            f" expected smaller orders, or at least {most} {rules.quote}"
        )
