"""Whether an account may carry a strategy at all: its leverage, and how many orders its money supports. Pure.

Both are judged at every start, whatever positions there are; what a round trip earns each strategy says itself.
"""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

from opensqt.domain.decimals import EXACT, ONE, ZERO, canonical
from opensqt.domain.instruments import Market
from opensqt.runtime.config.all import Config
from opensqt.strategies.prospect import MarketView, rounded_up


def unsafe(config: Config, market: MarketView) -> Iterator[str]:
    """Yield why accounts may not carry what is configured for them; nothing where all may."""
    yield from _leverages(config)
    for name, strategy in config.strategies.items():
        for symbol in strategy.symbols:
            yield from _unsupported(config, name, symbol, market)


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
