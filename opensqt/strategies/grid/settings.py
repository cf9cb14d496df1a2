"""What a grid is told, and what that means in money. Pure."""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO, NotADecimal, canonical, floor_to, parse
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.ranges import Count, NotNegative, Positive, Range
from opensqt.strategies.grid.levels import BUFFER, GridLevels, close_level, lattice_at
from opensqt.strategies.pricing import quantity_of
from opensqt.strategies.prospect import (
    MarketView,
    Prospect,
    break_even_bps,
    rounded_down,
    rounded_up,
)
from opensqt.strategies.resale import Bought, least_bought
from opensqt.strategies.settings import SettingError, Settings, check_symbol


class GridMode(StrEnum):
    """Long: buys below, sells what it bought. Neutral: both sides of an anchor (perpetuals only)."""

    LONG = "long"
    NEUTRAL = "neutral"


class GridSettings(Settings, frozen=True, kw_only=True):
    """A grid of orders on one symbol; `anchor` is a price, or empty for the first price seen."""

    symbol: str
    mode: GridMode
    step_bps: Annotated[Decimal, Range(above="0", most="5000")]
    levels_below: Count
    levels_above: Count
    order_notional_quote: Positive
    inventory_notional_quote_max: NotNegative = ZERO  # 0: what the levels of one side come to
    adopt: bool = True
    anchor: str = ""

    @property
    def symbols(self) -> tuple[str, ...]:
        """Its one symbol."""
        return (self.symbol,)

    @property
    def neutral(self) -> bool:
        """True when it opens sells above, too."""
        return self.mode is GridMode.NEUTRAL

    @property
    def perpetual(self) -> bool:
        """True when the symbol is a perpetual, so that the venue knows a position."""
        return ":" in self.symbol

    @property
    def anchor_price(self) -> Decimal | None:
        """The configured anchor in quote units, or None for the first price seen."""
        return parse(self.anchor) if self.anchor else None

    @property
    def orders_open_max(self) -> int:
        """One order for each level."""
        return sum(self.levels.values())

    @property
    def levels(self) -> dict[str, int]:
        """How many levels have orders, by the setting that says so."""
        found = {"levels_below": self.levels_below}
        return {**found, "levels_above": self.levels_above} if self.neutral else found

    def resolved(self, order_quote_max: Decimal) -> "GridSettings":
        """Return the grid with the most that it may hold: by default what the levels of one side come to."""
        del order_quote_max
        self._check()
        levels = max(self.levels.values())
        if not self.inventory_notional_quote_max:
            # Orders are bought on the way: the first one is worth more, or less, at the price of the last.
            most = levels * self.order_notional_quote * (ONE + levels * self.step_bps * BPS)
            return msgspec.structs.replace(self, inventory_notional_quote_max=most)
        if self.inventory_notional_quote_max < self.order_notional_quote:
            limit = (
                f"at least order_notional_quote = {self.order_notional_quote}, or 0 for the default"
            )
            raise SettingError(
                "inventory_notional_quote_max", self.inventory_notional_quote_max, limit
            )
        return self

    def traded_quote_max(self, symbol: str, side: Side) -> Decimal:
        """Return what the levels of one side come to."""
        del symbol
        field = "levels_below" if side is Side.BUY else "levels_above"
        return self.levels.get(field, 0) * self.order_notional_quote

    def prospect(self, market: MarketView) -> Prospect:
        """Return step in force, break-even and capital."""
        rules = market.rules[self.symbol]
        step_bps, costs_bps = _step_bps(self, market), break_even_bps(rules)
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
        )

    def _check(self) -> None:
        check_symbol("symbol", self.symbol, perp=self.perpetual)
        if self.neutral and not self.perpetual:
            raise SettingError(
                "mode", self.mode, "long (spot cannot go short; neutral needs a perpetual)"
            )
        if self.levels_below + self.levels_above == 0:
            raise SettingError("levels_below and levels_above", "both 0", "one above 0")
        if not self.neutral and self.levels_below == 0:
            raise SettingError("levels_below", 0, "at least 1: a long grid buys below the price")
        if self.anchor and not _is_price(self.anchor):
            raise SettingError("anchor", self.anchor, 'a price above 0, or "" for the first price')


def _is_price(text: str) -> bool:
    try:
        return parse(text) > 0
    except NotADecimal:
        return False


def _lattice(grid: GridSettings, market: MarketView) -> GridLevels:
    """Return the lattice that this grid would have: tick and anchor decide on the step in force."""
    anchor = grid.anchor_price or market.mids[grid.symbol]
    return lattice_at(anchor, grid.step_bps, market.rules[grid.symbol])


def _step_bps(grid: GridSettings, market: MarketView) -> Decimal:
    """Return the step in force, as bps of the price with which the market begins."""
    return EXACT.divide(_lattice(grid, market).step_price, market.mids[grid.symbol]) / BPS


def _findings(grid: GridSettings, market: MarketView) -> Iterator[str]:
    rules, mid = market.rules[grid.symbol], market.mids[grid.symbol]
    lattice, step_bps = _lattice(grid, market), _step_bps(grid, market)
    if step_bps <= break_even_bps(rules):
        yield (
            f'step_bps = "{grid.step_bps}": in force are {rounded_down(step_bps)} bps of the price'
            f" {canonical(mid)} (tick {rules.tick_size}, anchor {canonical(lattice.anchor_price)}), and a round"
            f" trip costs {rounded_up(break_even_bps(rules))} bps of fees; expected at least"
            f" {rounded_up(_least_step_bps(lattice, mid, rules))}"
        )
    yield from _untradable_size(grid, lattice, market)
    yield from _beyond_the_collar(grid, step_bps, market.price_collar_bps)


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
    yield (
        f'order_notional_quote = "{grid.order_notional_quote}": {refused if broken else unsold};'
        f" expected at least {rounded_up(least)}"
    )


def _bought(grid: GridSettings, lattice: GridLevels, level: int, rules: InstrumentRules) -> Bought:
    price = rules.fit_price(lattice.price(level), Side.BUY)
    return Bought(
        quantity=quantity_of(grid.order_notional_quote, price, rules),
        price=price,
        sale_price=lattice.price(close_level(level, ONE)),
    )


def _beyond_the_collar(grid: GridSettings, step_bps: Decimal, collar_bps: Decimal) -> Iterator[str]:
    for field, levels in grid.levels.items():
        # The nearest level is up to a step and the buffer away, each further one a step more.
        reach_bps = (levels + BUFFER) * step_bps
        if reach_bps > collar_bps:
            fit = (collar_bps / step_bps - BUFFER).to_integral_value(ROUND_FLOOR)
            yield (
                f"{field} = {levels}: the last level lies up to {rounded_up(reach_bps)} bps from the price,"
                f" and risk.price_collar_bps = {collar_bps} refuses what is farther; expected at most"
                f" {max(fit, ZERO)} levels, or a collar of at least {rounded_up(reach_bps)}"
            )


def _least_step_bps(lattice: GridLevels, mid: Decimal, rules: InstrumentRules) -> Decimal:
    """Return the smallest `step_bps` whose step in force earns more than its fees."""
    costs = EXACT.multiply(mid, break_even_bps(rules) * BPS)
    step_price = floor_to(costs, rules.tick_size) + rules.tick_size
    return EXACT.divide(step_price, lattice.anchor_price) / BPS
