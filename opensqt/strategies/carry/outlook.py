"""What a round trip of a carry is expected to bring, in bps of one leg's notional, from what is seen now. Pure.

Funding at the venue's own interval within the holding time, and the basis captured, less the fees of all four trades
and what they slip through the books as they stand. At the end spot and perpetual are expected to meet. Leaving is
judged as the reverse of entering: both signs turned, the same costs. So one market never asks for both.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from opensqt.domain.decimals import BPS, EXACT, ZERO, canonical
from opensqt.domain.instruments import Side
from opensqt.domain.market import Tick
from opensqt.domain.strategy_events import CarryOutlook
from opensqt.strategies.carry import carry as worth
from opensqt.strategies.carry.carry import shown
from opensqt.strategies.carry.depth import slippage_bps
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.view import levels

KEPT = Decimal("0.0001")  # bps: the figures in the journal add up to the last digit


def entry_outlook(carry: CarryState, quantity: Decimal) -> CarryOutlook | None:
    """Return what buying spot and selling the perpetual is expected to bring; None without a funding rate."""
    spot, perp = _ticks(carry)
    return _outlook(carry, quantity, 1, worth.entry_basis_bps(spot, perp))


def exit_outlook(carry: CarryState) -> CarryOutlook | None:
    """Return what leaving now is expected to bring beyond staying; None without a position or a funding rate."""
    spot, perp = _ticks(carry)
    held = carry.books.spot.quantity
    return _outlook(carry, held, -1, worth.exit_basis_bps(spot, perp)) if held > 0 else None


def parts_of(outlook: CarryOutlook) -> str:
    """Write the parts of an expected return for people, rounded: they add up to it."""
    return (
        f"{shown(outlook.return_bps)} bps over {canonical(outlook.holding_hours)} h: funding"
        f" {shown(outlook.funding_bps)}, basis {shown(outlook.basis_bps)}, fees {shown(-outlook.fees_bps)},"
        f" slippage {shown(-outlook.slippage_bps)}"
    )


def _outlook(
    carry: CarryState, quantity: Decimal, direction: int, basis_bps: Decimal
) -> CarryOutlook | None:
    settings, market = carry.settings, carry.market
    funding = carry.funding
    if funding is None:
        return None
    spot, perp = _ticks(carry)
    paid = worth.settlements(funding, market.now_ms, settings.holding_hours)
    funding_bps = _kept(EXACT.multiply(paid * direction, funding.rate) / BPS)
    basis_bps = _kept(basis_bps)
    fees_bps = _kept(worth.fees_bps(market.rules[settings.spot], market.rules[settings.perp]))
    slipped_bps = _kept(_slippage_bps(carry, quantity))
    return CarryOutlook(
        quantity=quantity,
        spot_bid=spot.bid_price,
        spot_ask=spot.ask_price,
        spot_time_ms=spot.time_ms,
        perp_bid=perp.bid_price,
        perp_ask=perp.ask_price,
        perp_time_ms=perp.time_ms,
        funding_rate=funding.rate,
        interval_hours=funding.interval_hours,
        next_funding_ms=funding.next_funding_ms,
        holding_hours=settings.holding_hours,
        settlements=paid,
        funding_bps=funding_bps,
        basis_bps=basis_bps,
        fees_bps=fees_bps,
        slippage_bps=slipped_bps,
        return_bps=funding_bps + basis_bps - fees_bps - slipped_bps,
    )


def _slippage_bps(carry: CarryState, quantity: Decimal) -> Decimal:
    """Return what four trades of this size slip: two beyond the prices of the basis, two from the middle later."""
    found = ZERO
    for symbol in carry.settings.symbols:
        found += worth.half_spread_bps(carry.market.ticks[symbol])
        for side in Side:
            known = levels(carry, symbol, side)
            found += slippage_bps(known, quantity, side, carry.settings.slippage_bps_max)
    return found


def _ticks(carry: CarryState) -> tuple[Tick, Tick]:
    return carry.market.ticks[carry.settings.spot], carry.market.ticks[carry.settings.perp]


def _kept(number: Decimal) -> Decimal:
    return number.quantize(KEPT, rounding=ROUND_HALF_EVEN, context=EXACT)
