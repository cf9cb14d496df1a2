"""What a funding carry is worth and how large its steps are. Formulas only; knows no orders."""

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO, canonical, ceil_to, floor_to
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.market import Funding, Tick

HOURS_PER_YEAR = Decimal(24 * 365)
HOUR_MS = 3_600_000
SIDES = Decimal(2)  # a carry is entered and left
GUARD = Decimal("0.10")  # of the mark: nearer to liquidation than this, it is left
MAINTENANCE = Decimal("0.005")  # from memory: the first maintenance margin tier of large perpetuals
_SHOWN = Decimal("0.1")


class FundingWish(StrEnum):
    """What the funding alone asks for."""

    ENTER = "enter"  # long spot, short perpetual
    ENTER_REVERSED = "enter_reversed"  # short spot, long perpetual
    EXIT = "exit"
    NONE = "none"


def apr(rate: Decimal, interval_hours: int) -> Decimal:
    """Return a funding rate per interval as a fraction a year; 0 where the interval is unknown."""
    if interval_hours <= 0:
        return ZERO
    return EXACT.divide(EXACT.multiply(rate, HOURS_PER_YEAR), Decimal(interval_hours))


def wish(
    carry_apr: Decimal, direction: int, entry_apr_min: Decimal, exit_apr_max: Decimal
) -> FundingWish:
    """Return what to do at this APR: `direction` is 0 when flat, 1 for long spot, -1 for the reverse.

    An open carry is left when what it earns falls below `exit_apr_max`, and so also when the sign turns against it.
    """
    if direction == 0:
        if carry_apr > entry_apr_min:
            return FundingWish.ENTER
        return FundingWish.ENTER_REVERSED if carry_apr < -entry_apr_min else FundingWish.NONE
    return FundingWish.EXIT if carry_apr * direction < exit_apr_max else FundingWish.NONE


def settlement_ms(next_ms: int, interval_hours: int, now_ms: int) -> int:
    """Return the first settlement after now: a date that has passed, or none, is continued at the interval."""
    if next_ms > now_ms or interval_hours <= 0:
        return next_ms
    interval_ms = interval_hours * HOUR_MS
    return next_ms + ((now_ms - next_ms) // interval_ms + 1) * interval_ms


def settlements(funding: Funding, now_ms: int, holding_hours: Decimal) -> int:
    """Return how often funding is paid from now on within a holding time; 0 where the interval is unknown."""
    interval_ms = funding.interval_hours * HOUR_MS
    if interval_ms <= 0:
        return 0
    first_ms = settlement_ms(funding.next_funding_ms, funding.interval_hours, now_ms)
    spare_ms = int(holding_hours * HOUR_MS) - (first_ms - now_ms)
    return spare_ms // interval_ms + 1 if spare_ms >= 0 else 0


def entry_basis_bps(spot: Tick, perp: Tick) -> Decimal:
    """Return what buying spot and selling the perpetual captures: above 0 where the perpetual stands above spot."""
    return EXACT.divide(perp.bid_price - spot.ask_price, spot.ask_price) / BPS


def exit_basis_bps(spot: Tick, perp: Tick) -> Decimal:
    """Return what selling spot and buying the perpetual back captures: above 0 where spot stands above it."""
    return EXACT.divide(spot.bid_price - perp.ask_price, spot.bid_price) / BPS


def fees_bps(spot: InstrumentRules, perp: InstrumentRules) -> Decimal:
    """Return the taker fees of both legs, in and out."""
    return SIDES * (spot.taker_fee + perp.taker_fee) / BPS


def half_spread_bps(tick: Tick) -> Decimal:
    """Return how far the best price lies from the middle: what the second trade of a leg pays."""
    middle = tick.bid_price + tick.ask_price
    return EXACT.divide(tick.ask_price - tick.bid_price, middle) / BPS if middle > 0 else ZERO


def near_liquidation(mark_price: Decimal, liquidation_price: Decimal) -> bool:
    """Tell whether the mark is within the guard of a liquidation price (0 = none)."""
    if liquidation_price <= 0 or mark_price <= 0:
        return False
    return abs(mark_price - liquidation_price) < mark_price * GUARD


def liquidation_price(quantity: Decimal, cost: Decimal, margin: Decimal) -> Decimal:
    """Estimate the mark at which a position is liquidated with this much margin in quote units; 0 = never.

    `quantity` and `cost` are signed. Solves margin + quantity * mark - cost = maintenance * |quantity| * mark.
    """
    slope = quantity - abs(quantity) * MAINTENANCE
    if quantity == 0 or slope == 0:
        return ZERO
    return max(EXACT.divide(cost - margin, slope), ZERO)


def common_step(one: Decimal, other: Decimal) -> Decimal:
    """Return the smallest step that is a multiple of both."""
    coarse, fine = max(one, other), min(one, other)
    step = coarse
    while step % fine != 0:
        step += coarse
    return step


def clip_quantity(
    notional_quote: Decimal, price: Decimal, spot: InstrumentRules, perp: InstrumentRules
) -> Decimal:
    """Return base units that both legs can trade exactly, at most this notional."""
    step = common_step(spot.quantity_step, perp.quantity_step)
    whole = EXACT.divide(notional_quote, price)
    for rules in (spot, perp):
        whole = min(whole, rules.quantity_max) if rules.quantity_max > 0 else whole
    return floor_to(whole, step)


def entry_quantity(
    notional_quote: Decimal, price: Decimal, spot: InstrumentRules, perp: InstrumentRules
) -> Decimal:
    """Return the spot to buy, at most this notional, so that what arrives is no less than both legs can trade.

    The venue may keep its fee in the base asset: without this surplus the perpetual would cover one step less.
    """
    payable = spot.fit_quantity(EXACT.divide(notional_quote, price))
    kept = EXACT.subtract(ONE, spot.taker_fee)
    both = clip_quantity(EXACT.multiply(payable, kept), ONE, spot, perp)
    return min(ceil_to(EXACT.divide(both, kept), spot.quantity_step), payable)


def crossing_price(
    tick: Tick,
    side: Side,
    slippage_bps_max: Decimal,
    rules: InstrumentRules,
    *,
    own_bid: Decimal | None = None,
    own_ask: Decimal | None = None,
) -> Decimal:
    """Return the limit of an order that takes: so far beyond the best, and never through our own orders."""
    if side is Side.BUY:
        limit = rules.fit_price(tick.ask_price * (1 + slippage_bps_max * BPS), side)
        return limit if own_ask is None else min(limit, own_ask - rules.tick_size)
    limit = rules.fit_price(tick.bid_price * (1 - slippage_bps_max * BPS), side)
    return limit if own_bid is None else max(limit, own_bid + rules.tick_size)


def shown(number: Decimal) -> str:
    """Write a figure for people, with one digit after the point."""
    return canonical(number.quantize(_SHOWN, rounding=ROUND_HALF_EVEN, context=EXACT))
