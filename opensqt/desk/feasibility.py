"""What `up` or its first minute would refuse, found before it starts: sizes, levels, limits and money. Pure.

Each finding is one sentence that names the field, its value and the least that works. Prices are those with which the
market begins; a market that has moved far away since then is judged by risk and venue as it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from opensqt.desk.economics import break_even_bps
from opensqt.domain.decimals import BPS, EXACT, ZERO, canonical, ceil_to, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, Side, quote_asset
from opensqt.runtime.config.all import (
    CarryConfig,
    Config,
    GridConfig,
    GridMode,
    Strategy,
    symbols_of,
)
from opensqt.strategies.carry.carry import clip_quantity, common_step
from opensqt.strategies.grid.levels import BUFFER, GridLevels, lattice_at, opening_quantity

CENT = Decimal("0.01")
CARRY_LEGS = 2
PAPER_LEVERAGE = Decimal(5)  # with which the paper venue's USDⓈ-M positions begin


class MarketView(msgspec.Struct, frozen=True, kw_only=True):
    """The instruments of a market and the mid with which each begins (quote units), by symbol."""

    rules: Mapping[str, InstrumentRules]
    mids: Mapping[str, Decimal]

    def lattice(self, grid: GridConfig) -> GridLevels:
        """Return the lattice that this grid would have: tick and anchor decide on the step in force."""
        anchor = grid.anchor_price or self.mids[grid.symbol]
        return lattice_at(anchor, grid.step_bps, self.rules[grid.symbol])

    def step_bps(self, grid: GridConfig) -> Decimal:
        """Return the step in force, as bps of the price with which the market begins."""
        return EXACT.divide(self.lattice(grid).step_price, self.mids[grid.symbol]) / BPS


def findings(config: Config, market: MarketView) -> Iterator[str]:
    """Yield why parts of a paper configuration could not trade on this market; nothing where all can."""
    for name, strategy in config.strategies.items():
        path = f"strategies.{name}"
        if isinstance(strategy, GridConfig):
            yield from _grid(path, strategy, config, market)
        else:
            yield from _carry(path, strategy, market)
    yield from _unvalued(config)
    yield from _limits(config)
    yield from _money(config, market)


def shared_symbols(config: Config) -> Iterator[str]:
    """Yield a sentence for each symbol of an account that several strategies net against each other."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, strategy in config.strategies.items():
        for symbol in symbols_of(strategy):
            owners[strategy.account, symbol].append(name)
    for (account, symbol), names in owners.items():
        if len(names) > 1 and ":" in symbol:
            yield (
                f"{' and '.join(names)} share the position of {symbol} on {account}: the venue knows only"
                " its net, and funding is paid on that"
            )


def _unvalued(config: Config) -> Iterator[str]:
    """Yield which quote assets the limits cannot be met in: risk and executor would refuse all openings there."""
    currency = config.risk.currency
    for name, strategy in config.strategies.items():
        symbol = symbols_of(strategy)[0]
        asset = quote_asset(symbol)
        if config.risk.rate(asset) is None:
            yield (
                f'strategies.{name}: {symbol} is counted in {asset}, and risk.currency = "{currency}": expected what'
                f' one {asset} is worth, [risk.rates] {asset} = "…", or limits in risk.currency = "{asset}"'
            )


def _grid(path: str, grid: GridConfig, config: Config, market: MarketView) -> Iterator[str]:
    rules, mid = market.rules[grid.symbol], market.mids[grid.symbol]
    lattice = market.lattice(grid)
    prices = [lattice.price(level) for level in lattice.below(mid, grid.levels_below)]
    if grid.mode is GridMode.NEUTRAL:
        prices += [lattice.price(level) for level in lattice.above(mid, grid.levels_above)]
    broken = {
        rules.refusal(price, opening_quantity(grid.order_notional_quote, price, rules))
        for price in (rules.fit_price(one, Side.BUY) for one in prices)
    } - {""}
    if market.step_bps(grid) <= break_even_bps(rules):
        yield (
            f'{path}.step_bps = "{grid.step_bps}": in force are {_down(market.step_bps(grid))} bps of the price'
            f" {canonical(mid)} (tick {rules.tick_size}, anchor {canonical(lattice.anchor_price)}), and a round"
            f" trip costs {_up(break_even_bps(rules))} bps of fees; expected at least"
            f" {_up(_least_step_bps(lattice, mid, rules))}"
        )
    if broken:
        least = max((_least_notional(price, rules) for price in prices), default=ZERO)
        yield (
            f'{path}.order_notional_quote = "{grid.order_notional_quote}": the venue refuses orders of'
            f" {grid.symbol} so small or large ({', '.join(sorted(broken))}); expected at least"
            f" {canonical(least)}"
        )
    collar_bps = config.risk.price_collar_bps
    step_bps = market.step_bps(grid)
    for field, levels in _levels(grid):
        # The nearest level is up to a step and the buffer away, each further one a step more.
        reach_bps = (levels + BUFFER) * step_bps
        if reach_bps > collar_bps:
            fit = (collar_bps / step_bps - BUFFER).to_integral_value(ROUND_FLOOR)
            yield (
                f"{path}.{field} = {levels}: the last level lies up to {_up(reach_bps)} bps from the price,"
                f" and risk.price_collar_bps = {collar_bps} refuses what is farther; expected at most"
                f" {max(fit, ZERO)} levels, or a collar of at least {_up(reach_bps)}"
            )


def _carry(path: str, carry: CarryConfig, market: MarketView) -> Iterator[str]:
    spot, perp = market.rules[carry.spot], market.rules[carry.perp]
    price = market.mids[carry.spot]
    quantity = clip_quantity(carry.order_notional_quote, price, spot, perp)
    broken = {
        f"{rules.symbol} {why}"
        for rules in (spot, perp)
        if (why := rules.refusal(rules.fit_price(market.mids[rules.symbol], Side.BUY), quantity))
    }
    if broken:
        step = common_step(spot.quantity_step, perp.quantity_step)
        least = max(
            ceil_to(_least_quantity(market.mids[rules.symbol], rules), step) * price
            for rules in (spot, perp)
        )
        yield (
            f'{path}.order_notional_quote = "{carry.order_notional_quote}": the venue refuses a leg of that'
            f" size ({', '.join(sorted(broken))}); expected at least {_up(least)}"
        )


def _limits(config: Config) -> Iterator[str]:
    risk = config.risk
    for account in config.accounts:
        mine = [one for one in config.strategies.values() if one.account == account]
        orders = sum(_orders(one) for one in mine)
        if orders > risk.open_orders_max:
            yield (
                f"risk.open_orders_max = {risk.open_orders_max}: the strategies of {account} keep up to"
                f" {orders} orders open; expected at least {orders}"
            )
        for symbol in dict.fromkeys(symbol for one in mine for symbol in symbols_of(one)):
            rate = risk.rate(quote_asset(symbol))
            worst = max(
                sum(
                    (_notional(one, symbol, sign) for one in mine if symbol in symbols_of(one)),
                    ZERO,
                )
                for sign in (1, -1)
            )
            if rate is not None and worst * rate > risk.position_notional_quote_max:
                least = canonical(worst * rate)
                yield (
                    f'risk.position_notional_quote_max = "{risk.position_notional_quote_max}": the orders'
                    f" that {account} wants in {symbol} come to {least} {risk.currency};"
                    f" expected at least {least}"
                )


def _money(config: Config, market: MarketView) -> Iterator[str]:
    needs: dict[tuple[str, Market, str], Decimal] = defaultdict(Decimal)
    for strategy in config.strategies.values():
        for symbol in symbols_of(strategy):
            rules = market.rules[symbol]
            notional = max(_notional(strategy, symbol, sign) for sign in (1, -1))
            if rules.market is Market.PERP:
                notional = EXACT.divide(notional, PAPER_LEVERAGE)
            needs[strategy.account, rules.market, rules.quote] += notional
    for (account, kind, asset), need in needs.items():
        held = config.accounts[account].balances.get(asset, ZERO)
        if held < need:
            wallet = "spot wallet" if kind is Market.SPOT else "margin of the perpetuals"
            yield (
                f'accounts.{account}.balances.{asset} = "{canonical(held)}": the strategies need {_up(need)}'
                f" in the {wallet}; expected at least {_up(need)}"
            )


def _levels(grid: GridConfig) -> Iterable[tuple[str, int]]:
    yield "levels_below", grid.levels_below
    if grid.mode is GridMode.NEUTRAL:
        yield "levels_above", grid.levels_above


def _orders(strategy: Strategy) -> int:
    if isinstance(strategy, CarryConfig):
        return CARRY_LEGS
    return sum(levels for _, levels in _levels(strategy))


def _notional(strategy: Strategy, symbol: str, sign: int) -> Decimal:
    """Return how much (quote units) a strategy would buy (+1) or sell (-1) of a symbol, starting from nothing."""
    if isinstance(strategy, CarryConfig):
        bought = symbol == strategy.spot
        return strategy.notional_quote_max if bought is (sign > 0) else ZERO
    levels = dict(_levels(strategy)).get("levels_below" if sign > 0 else "levels_above", 0)
    return levels * strategy.order_notional_quote


def _least_step_bps(lattice: GridLevels, mid: Decimal, rules: InstrumentRules) -> Decimal:
    """Return the smallest `step_bps` whose step in force earns more than its fees."""
    costs = EXACT.multiply(mid, break_even_bps(rules) * BPS)
    step_price = floor_to(costs, rules.tick_size) + rules.tick_size
    return EXACT.divide(step_price, lattice.anchor_price) / BPS


def _least_quantity(price: Decimal, rules: InstrumentRules) -> Decimal:
    """Return the smallest order (base units) that the venue takes at a price."""
    wanted = max(EXACT.divide(rules.notional_min, price), rules.quantity_min)
    return ceil_to(wanted, rules.quantity_step)


def _least_notional(price: Decimal, rules: InstrumentRules) -> Decimal:
    return (_least_quantity(price, rules) * price).quantize(CENT, ROUND_CEILING)


def _up(number: Decimal) -> str:
    """Write a figure rounded up to cents: nothing that is needed is shown too low."""
    return canonical(number.quantize(CENT, ROUND_CEILING))


def _down(number: Decimal) -> str:
    return canonical(number.quantize(CENT, ROUND_FLOOR))
