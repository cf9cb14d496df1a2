"""How far from the price a grid's orders lie, held against what risk and its own range leave of them. Pure."""

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

import msgspec

from opensqt.domain.decimals import BPS, EXACT, canonical
from opensqt.domain.ranges import PRICE_COLLAR_BPS_MOST
from opensqt.strategies.grid.ladder_settings import LadderSettings, OutOfRange
from opensqt.strategies.grid.levels import BUFFER, GridLevels
from opensqt.strategies.prospect import MarketView, break_even_bps, rounded_down, rounded_up


def lattice_of(grid: LadderSettings, market: MarketView) -> GridLevels:
    """Return the lattice that this grid would have: tick and anchor decide on the step in force."""
    return grid.lattice(market.mids[grid.symbol], market.rules[grid.symbol])


def step_in_force_bps(grid: LadderSettings, market: MarketView) -> Decimal:
    """Return the step in force, as bps of the price with which the market begins."""
    lattice = lattice_of(grid, market)
    return EXACT.divide(lattice.step_price, stepped_from(lattice, market.mids[grid.symbol])) / BPS


def stepped_from(lattice: GridLevels, mid: Decimal) -> Decimal:
    """Return the price of which the step in force is a share: a geometric ladder has the same one everywhere.

    An anchor below the tick is none, and is found to be none before anything else.
    """
    return lattice.anchor_price if lattice.geometric and lattice.anchor_price else mid


def beyond_the_collar(grid: LadderSettings, market: MarketView) -> Iterator[str]:
    """Yield which levels lie where risk allows no order, and what works."""
    collar_bps, step_bps = market.price_collar_bps, step_in_force_bps(grid, market)
    if grid.ladder_prices:
        yield from _listed_beyond(grid, market)
        return
    for field, levels in grid.levels.items():
        reach_bps = _reach_bps(levels, step_bps)
        if reach_bps <= collar_bps:
            continue
        fit = (collar_bps / step_bps - BUFFER).to_integral_value(ROUND_FLOOR)
        ways = [_at_most(int(fit))] if fit >= 1 else list(_smaller_step(grid, market, levels))
        yield (
            f"{field} = {levels}: the last level lies up to {rounded_up(reach_bps)} bps from the price,"
            f" and risk.price_collar_bps = {collar_bps} refuses what is farther; expected"
            f" {_either(ways, reach_bps)}"
        )


def too_wide(grid: LadderSettings, market: MarketView) -> Iterator[str]:
    """Yield that levels of the widest interval would lie where risk allows no order; the nearer ones trade."""
    widest_bps = step_in_force_bps(grid, market) * grid.stride_max
    reach_bps = _reach_bps(max(grid.levels.values()), widest_bps)
    if grid.stride_max > 1 and reach_bps > market.price_collar_bps:
        yield (
            f'step_bps_max = "{grid.step_bps_max}": at the widest interval of {rounded_up(widest_bps)} bps the last'
            f" level lies {rounded_up(reach_bps)} bps from the price, and risk.price_collar_bps ="
            f" {market.price_collar_bps} refuses what is farther"
        )


def idle(grid: LadderSettings, market: MarketView) -> Iterator[str]:
    """Yield why nothing opens at the price with which the market begins."""
    mid, low, high = market.mids[grid.symbol], grid.range_low, grid.range_high
    shown = canonical(mid)
    trails = grid.out_of_range is OutOfRange.TRAIL
    if not trails and (field := _left_by(mid, low, high)):
        limit = "above" if field == "range_high" else "below"
        yield (
            f'{field} = "{canonical(getattr(grid, field))}": the market begins at {shown}, outside the range, and'
            f" nothing is opened until it comes in; expected {limit} {shown}"
        )
        return
    prices = [price for found in _windows(grid, market).values() for price in found]
    if not prices:
        yield (
            f"ladder_prices: the market begins at {shown}, and none of them lies where an order opens: buys below"
            f" it{', sells above it' * grid.neutral}, and never at the last price of its side"
        )
    elif not trails and all(_left_by(price, low, high) for price in prices):
        field, end = ("range_high", high) if high else ("range_low", low)
        yield (
            f'{field} = "{canonical(end)}": the market begins at {shown}, and no level next to that lies in the range;'
            " expected a wider one"
        )


def _windows(grid: LadderSettings, market: MarketView) -> dict[str, list[Decimal]]:
    """Return the prices at which orders would open first, nearest first, by the setting that says how many."""
    lattice, mid = lattice_of(grid, market), market.mids[grid.symbol]
    sides = {"levels_below": lattice.below, "levels_above": lattice.above}
    return {
        field: [lattice.price(level) for level in sides[field](mid, levels)]
        for field, levels in grid.levels.items()
    }


def _left_by(price: Decimal, low: Decimal, high: Decimal) -> str:
    """Return the end of a range beyond which a price lies, or nothing; 0: that side has no end."""
    if low and price < low:
        return "range_low"
    return "range_high" if high and price > high else ""


def _listed_beyond(grid: LadderSettings, market: MarketView) -> Iterator[str]:
    mid = market.mids[grid.symbol]
    for field, prices in _windows(grid, market).items():
        reaches = [EXACT.divide(abs(price - mid), mid) / BPS for price in prices]
        fit = sum(1 for reach in reaches if reach <= market.price_collar_bps)
        if fit == len(reaches):
            continue
        ways = [_at_most(fit)] if fit else ["prices nearer to that"]
        yield (
            f"{field} = {grid.levels[field]}: the market begins at {canonical(mid)}, the last of these ladder_prices"
            f" lies {rounded_up(max(reaches))} bps from it, and risk.price_collar_bps = {market.price_collar_bps}"
            f" refuses what is farther; expected {_either(ways, max(reaches))}"
        )


def _reach_bps(levels: int, step_bps: Decimal) -> Decimal:
    """Return how far the last level may be: the nearest is a step and the buffer away, each further one a step."""
    return (levels + BUFFER) * step_bps


def _smaller_step(grid: LadderSettings, market: MarketView, levels: int) -> Iterator[str]:
    """Yield the largest step that works with these levels, or with one; nothing where none would earn its fees."""
    rules, scale = market.rules[grid.symbol], grid.step_bps / step_in_force_bps(grid, market)
    for kept in sorted({levels, 1}, reverse=True):
        most = Decimal(rounded_down(market.price_collar_bps / _reach_bps(kept, scale**-1)))
        if most <= 0:
            continue
        there = step_in_force_bps(msgspec.structs.replace(grid, step_bps=most), market)
        if break_even_bps(rules) < there and _reach_bps(kept, there) <= market.price_collar_bps:
            with_one = " with 1 level" * (kept != levels)
            yield f'step_bps of at most "{most}"{with_one}'
            return


def _at_most(levels: int) -> str:
    return f"at most {levels} level{'s' * (levels > 1)}"


def _either(ways: list[str], reach_bps: Decimal) -> str:
    """Join what works; a collar is offered where it may be so wide."""
    collar = rounded_up(reach_bps)
    if Decimal(collar) <= Decimal(PRICE_COLLAR_BPS_MOST):
        ways = [*ways, f"a collar of at least {collar}"]
    return ", or ".join(ways) or "an anchor near the price"
