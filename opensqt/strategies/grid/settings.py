"""What the settings of a grid mean in money on a market, and why it could not trade there. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.domain.decimals import BPS, EXACT, ONE, canonical, floor_to
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.strategies.grid.ladder_settings import STEP_BPS_MOST, LadderSettings
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.reach import (
    beyond_the_collar,
    idle,
    lattice_of,
    step_in_force_bps,
    stepped_from,
    too_wide,
)
from opensqt.strategies.pricing import quantity_of
from opensqt.strategies.prospect import (
    MarketView,
    Prospect,
    break_even_bps,
    rounded_down,
    rounded_up,
)
from opensqt.strategies.resale import Bought, least_bought


class GridSettings(LadderSettings, frozen=True, kw_only=True):
    """A grid of orders on one symbol, and what it would meet on a market."""

    def traded_quote_max(self, symbol: str, side: Side) -> Decimal:
        """Return what the levels of one side come to."""
        del symbol
        field = "levels_below" if side is Side.BUY else "levels_above"
        return self.levels.get(field, 0) * self.order_notional_quote

    def prospect(self, market: MarketView) -> Prospect:
        """Return step in force, break-even and capital."""
        rules = market.rules[self.symbol]
        step_bps, costs_bps = step_in_force_bps(self, market), break_even_bps(rules)
        earns = step_bps > costs_bps
        break_even = rounded_up(costs_bps)
        capital = rounded_up(max(self.levels.values()) * self.order_notional_quote)
        verdict = (
            "earns" if earns else f"LOSES on every round trip: raise step_bps above {break_even}"
        )
        return Prospect(
            text=f"{self.mode.value} grid on {self.symbol}: step {self.step_bps} bps, break-even"
            f" {break_even} bps ({verdict}); needs {capital} {rules.quote},"
            f" holds at most {rounded_up(self.inventory_notional_quote_max)} {rules.quote}",
            earns=earns,
            figures={
                "step_bps": canonical(self.step_bps),
                "step_bps_in_force": rounded_down(step_bps),
                "break_even_bps": break_even,
                "capital_quote": capital,
                "inventory_notional_quote_max": canonical(self.inventory_notional_quote_max),
            },
            findings=tuple(_findings(self, market)),
            warnings=tuple(_warnings(self, market)),
        )


def _findings(grid: GridSettings, market: MarketView) -> Iterator[str]:
    rules, mid = market.rules[grid.symbol], market.mids[grid.symbol]
    lattice = lattice_of(grid, market)
    if lattice.anchor_price <= 0:
        yield f'anchor = "{grid.anchor}": no price on the tick of {rules.tick_size}; {_near(mid)}'
        return
    step_bps = step_in_force_bps(grid, market)
    if step_bps <= break_even_bps(rules) and grid.ladder_prices:
        yield (
            f"ladder_prices: two of them lie {rounded_down(step_bps)} bps apart, and a round trip costs"
            f" {rounded_up(break_even_bps(rules))} bps of fees; expected more"
        )
        return  # prices within one tick of each other make no lattice to judge
    if step_bps <= break_even_bps(rules):
        least = _least_step_bps(lattice, mid, rules)
        yield (
            f'step_bps = "{grid.step_bps}": in force are {rounded_down(step_bps)} bps of the price'
            f" {canonical(mid)} (tick {rules.tick_size}, anchor {canonical(lattice.anchor_price)}), and a round"
            f" trip costs {rounded_up(break_even_bps(rules))} bps of fees;"
            f" {f'expected at least {rounded_up(least)}' if least <= STEP_BPS_MOST else _near(mid)}"
        )
    yield from _untradable_size(grid, lattice, market)
    yield from beyond_the_collar(grid, market)


def _warnings(grid: GridSettings, market: MarketView) -> Iterator[str]:
    lattice = lattice_of(grid, market)
    if lattice.anchor_price > 0 and lattice.step_price > 0:
        yield from too_wide(grid, market)
        yield from idle(grid, market)


def _near(mid: Decimal) -> str:
    return f"expected an anchor near the price {canonical(mid)}"


def _untradable_size(grid: GridSettings, lattice: GridLevels, market: MarketView) -> Iterator[str]:
    """Yield why orders of this size cannot be placed, or what they buy cannot be sold again."""
    rules, mid = market.rules[grid.symbol], market.mids[grid.symbol]
    levels = lattice.below(mid, grid.levels_below)
    if grid.neutral:
        levels += lattice.above(mid, grid.levels_above)
    bought = [_bought(grid, lattice, level, rules) for level in levels]
    broken = {rules.refusal(one.price, one.quantity) for one in bought} - {""}
    unsold = next((why for one in bought if (why := one.trouble(rules, market.fees))), "")
    if not broken and not unsold:
        return
    refused = (
        f"the venue refuses orders of {grid.symbol} so small or large ({', '.join(sorted(broken))})"
    )
    least = max(least_bought(one.price, rules, market.fees) * one.price for one in bought)
    least = EXACT.divide(least, grid.share_least)
    wild = f", of which wild markets leave {grid.share_least}" * (grid.share_least < ONE)
    yield (
        f'order_notional_quote = "{canonical(grid.order_notional_quote)}"{wild}: {refused if broken else unsold};'
        f" expected at least {rounded_up(least)}"
    )


def _bought(grid: GridSettings, lattice: GridLevels, level: int, rules: InstrumentRules) -> Bought:
    price = rules.fit_price(lattice.price(level), Side.BUY)
    return Bought(
        quantity=quantity_of(grid.order_notional_quote * grid.share_least, price, rules),
        price=price,
        sale_price=lattice.price(lattice.close_level(level, ONE)),
    )


def _least_step_bps(lattice: GridLevels, mid: Decimal, rules: InstrumentRules) -> Decimal:
    """Return the smallest `step_bps` whose step in force earns more than its fees."""
    costs = EXACT.multiply(stepped_from(lattice, mid), break_even_bps(rules) * BPS)
    step_price = floor_to(costs, rules.tick_size) + rules.tick_size
    return EXACT.divide(step_price, lattice.anchor_price) / BPS
