"""What a strategy must earn before it earns: break-even, capital, funding that pays for fees. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.runtime.config.all import CarryConfig, GridConfig, GridMode, PaperFunding

HOURS_PER_YEAR = Decimal(8760)
LEGS_PER_CARRY = 2  # in and out


class GridCost(msgspec.Struct, frozen=True, kw_only=True):
    """The economics of a grid: bps per step, quote units of capital."""

    break_even_bps: Decimal
    step_bps: Decimal
    capital_quote: Decimal

    @property
    def earns(self) -> bool:
        """Whether a completed round trip earns anything."""
        return self.step_bps > self.break_even_bps


class CarryCost(msgspec.Struct, frozen=True, kw_only=True):
    """The economics of a carry: what in and out of both legs costs, and the yearly funding that pays for it.

    `basis_bps_enter` is the least basis at which it enters under a funding that is known, else None.
    """

    cost_bps: Decimal
    apr_break_even: Decimal
    hours_to_break_even: Decimal
    capital_quote: Decimal
    basis_bps_enter: Decimal | None


def break_even_bps(rules: InstrumentRules) -> Decimal:
    """Return the step that pays the maker fees of both sides: buy at p, sell at p(1+s), s = 2m / (1 - m)."""
    return 2 * rules.maker_fee / (1 - rules.maker_fee) / BPS


def grid_cost(grid: GridConfig, rules: InstrumentRules, step_bps: Decimal) -> GridCost:
    """Return break-even and capital of a grid whose step in force is `step_bps` of the price."""
    levels = (
        grid.levels_below
        if grid.mode is GridMode.LONG
        else max(grid.levels_below, grid.levels_above)
    )
    return GridCost(
        break_even_bps=break_even_bps(rules),
        step_bps=step_bps,
        capital_quote=levels * grid.order_notional_quote,
    )


def carry_cost(
    carry: CarryConfig,
    spot: InstrumentRules,
    perp: InstrumentRules,
    funding: PaperFunding | None = None,
) -> CarryCost:
    """Return the cost of taker fees in and out of both legs, and the APR that earns it while holding."""
    cost = LEGS_PER_CARRY * (spot.taker_fee + perp.taker_fee)
    hours = cost / carry.entry_apr_min * HOURS_PER_YEAR if carry.entry_apr_min > 0 else ZERO
    return CarryCost(
        cost_bps=cost / BPS,
        apr_break_even=cost * HOURS_PER_YEAR / carry.holding_hours,
        hours_to_break_even=hours,
        capital_quote=2 * carry.notional_quote_max,  # spot in full, the perpetual at leverage 1
        basis_bps_enter=_basis_bps_enter(carry, cost / BPS, funding),
    )


def _basis_bps_enter(
    carry: CarryConfig, cost_bps: Decimal, funding: PaperFunding | None
) -> Decimal | None:
    """Return the basis from which on a round trip pays its fees and `return_bps_min`; slippage comes on top."""
    if funding is None:
        return None
    settlements = carry.holding_hours // funding.interval_hours  # of any holding time, at least
    needed_bps = cost_bps + carry.return_bps_min - settlements * funding.rate / BPS
    return max(needed_bps, carry.basis_bps_min)
