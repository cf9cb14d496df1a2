"""What `up` or its first minute would refuse, found before it starts: sizes, levels, limits and money. Pure.

Each finding is one sentence that names the field, its value and the least that works. Prices are those with which the
market begins; a market that has moved far away since then is judged by risk and venue as it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from opensqt.desk.pace import too_slow
from opensqt.desk.start_safety import margins_needed, unsafe
from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import Market, Side, quote_asset
from opensqt.risk.venue_caps import kept_for_exits
from opensqt.runtime.config.all import Config
from opensqt.strategies.prospect import FeeTerms, MarketView, rounded_up


def findings(config: Config, market: MarketView) -> Iterator[str]:
    """Yield why parts of a paper configuration could not trade on this market; nothing where all can."""
    market = msgspec.structs.replace(market, price_collar_bps=config.risk.price_collar_bps)
    for name, strategy in config.strategies.items():
        seen = msgspec.structs.replace(market, fees=_fees(config, strategy.account))
        for found in strategy.prospect(seen).findings:
            yield f"strategies.{name}.{found}"
    yield from too_slow(config)
    yield from _unvalued(config)
    yield from _limits(config)
    yield from _venue_caps(config, market)
    yield from _money(config, market)
    yield from unsafe(config, market)


def warnings(config: Config, market: MarketView) -> Iterator[str]:
    """Yield what can be started and will hardly ever trade on this paper market: it may elsewhere."""
    market = msgspec.structs.replace(market, price_collar_bps=config.risk.price_collar_bps)
    for name, strategy in config.strategies.items():
        for told in strategy.prospect(market).warnings:
            yield f"strategies.{name}.{told}"


def shared_symbols(config: Config) -> Iterator[str]:
    """Yield a sentence for each symbol of an account that several strategies net against each other."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, strategy in config.strategies.items():
        for symbol in strategy.symbols:
            owners[strategy.account, symbol].append(name)
    for (account, symbol), names in owners.items():
        if len(names) > 1 and ":" in symbol:
            yield (
                f"{' and '.join(names)} share the position of {symbol} on {account}: the venue knows only"
                " its net, and funding is paid on that"
            )


def _fees(config: Config, account: str) -> FeeTerms:
    """Return what an account pays its spot fees with, as it begins."""
    fees = config.paper.fees
    held = config.accounts[account].balances.get(fees.asset, ZERO)
    return FeeTerms(asset=fees.asset, price_quote=fees.price_quote, held=held)


def _unvalued(config: Config) -> Iterator[str]:
    """Yield which quote assets the limits cannot be met in: risk and executor would refuse all openings there."""
    currency = config.risk.currency
    for name, strategy in config.strategies.items():
        symbol = strategy.symbols[0]
        asset = quote_asset(symbol)
        if config.risk.rate(asset) is None:
            yield (
                f'strategies.{name}: {symbol} is counted in {asset}, and risk.currency = "{currency}": expected what'
                f' one {asset} is worth, [risk.rates] {asset} = "…", or limits in risk.currency = "{asset}"'
            )


def _limits(config: Config) -> Iterator[str]:
    risk = config.risk
    for account in config.accounts:
        orders = sum(
            one.orders_open_max for one in config.strategies.values() if one.account == account
        )
        if orders > risk.open_orders_max:
            yield (
                f"risk.open_orders_max = {risk.open_orders_max}: the strategies of {account} keep up to"
                f" {orders} orders open; expected at least {orders}"
            )
    worst = _worst(config)
    for (account, symbol), notional in worst.items():
        told = f"the orders that {account} wants in {symbol} come to"
        yield from _over(config, "position_notional_quote_max", notional, told)
        yield from _over(config, "asset_notional_quote_max", notional, told)
    told = "the orders that the desk wants come to"
    yield from _over(config, "exposure_notional_quote_max", sum(worst.values(), ZERO), told)


def _worst(config: Config) -> dict[tuple[str, str], Decimal]:
    """Return what the orders of the worse side come to by account and symbol, in the currency of the limits."""
    wanted: dict[tuple[str, str, Side], Decimal] = defaultdict(Decimal)
    for one in config.strategies.values():
        for symbol in one.symbols:
            for side in Side:
                wanted[one.account, symbol, side] += one.traded_quote_max(symbol, side)
    found: dict[tuple[str, str], Decimal] = {}
    for (account, symbol, _), notional in wanted.items():
        if (rate := config.risk.rate(quote_asset(symbol))) is not None:
            found[account, symbol] = max(found.get((account, symbol), ZERO), notional * rate)
    return found


def _over(config: Config, field: str, notional: Decimal, told: str) -> Iterator[str]:
    """Yield that a limit of risk is below what is wanted; 0 is none."""
    most: Decimal = getattr(config.risk, field)
    if most and notional > most:
        least = canonical(notional)
        yield (
            f'risk.{field} = "{most}": {told} {least} {config.risk.currency};'
            f" expected at least {least}"
        )


def _venue_caps(config: Config, market: MarketView) -> Iterator[str]:
    """Yield which orders of a symbol no opening could join at the venue any more."""
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for one in config.strategies.values():
        for symbol in one.symbols:
            wanted[one.account, symbol] += one.orders_open_max
    for (account, symbol), orders in wanted.items():
        rules = market.rules[symbol]
        most = rules.orders_max - kept_for_exits(rules)
        if rules.orders_max and orders > most:
            yield (
                f"strategies: {account} keeps up to {orders} orders open in {symbol}, and the venue rests"
                f" {rules.orders_max}, of which exits keep {rules.orders_max - most}; expected at most {most}"
            )


def _money(config: Config, market: MarketView) -> Iterator[str]:
    coins: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for strategy in config.strategies.values():
        for symbol in strategy.symbols:
            rules = market.rules[symbol]
            if rules.market is Market.SPOT:
                notional = max(strategy.traded_quote_max(symbol, side) for side in Side)
                coins[strategy.account, rules.quote] += notional
    for (account, asset), need in coins.items():
        yield from _short(config, account, asset, need, "spot wallet")
    for (account, asset), need in margins_needed(config).items():
        yield from _short(config, account, asset, need, "margin of the perpetuals")


def _short(config: Config, account: str, asset: str, need: Decimal, wallet: str) -> Iterator[str]:
    held = config.accounts[account].balances.get(asset, ZERO)
    if held < need:
        yield (
            f'accounts.{account}.balances.{asset} = "{canonical(held)}": the strategies need {rounded_up(need)}'
            f" in the {wallet}; expected at least {rounded_up(need)}"
        )
