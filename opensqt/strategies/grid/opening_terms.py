"""How much and where a grid opens, and what keeps a side from opening; what it holds is closed anyway. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, ONE, ZERO
from opensqt.domain.instruments import Side
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.ladder_settings import OutOfRange
from opensqt.strategies.grid.market_reading import MarketReading
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.slots import GridBooks

# Why a level has no opening, as `status` counts it.
OVERBOUGHT = "overbought: no new sells"
OVERSOLD = "oversold: no new buys"
THIN = "thin market"
OUT_OF_RANGE = "price out of the range"
BEYOND_RANGE = "level beyond the range"
SKEWED = "moved away by the inventory"


class PriceRange(msgspec.Struct, frozen=True, kw_only=True):
    """The prices between which a grid opens; None: that side has no end."""

    low: Decimal | None = None
    high: Decimal | None = None

    def beyond(self, price: Decimal) -> Decimal:
        """Return how far a price lies outside, below as a negative number; 0 inside."""
        if self.low is not None and price < self.low:
            return price - self.low
        return price - self.high if self.high is not None and price > self.high else ZERO

    def moved(self, distance: Decimal) -> "PriceRange":
        """Return the range this much higher."""
        low = None if self.low is None else self.low + distance
        high = None if self.high is None else self.high + distance
        return PriceRange(low=low, high=high)


class OpeningTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What market and inventory leave of the openings."""

    notional_quote: Decimal = ZERO  # of one order; known with the first anchor
    held: dict[Side, str] = {}  # why nothing new opens on a side
    withdrawn: str = ""  # why no opening may rest
    kept: bool = False  # what rests stays wherever the price is
    limits: dict[Side, Decimal] = {}  # beyond which a side opens
    range: PriceRange = PriceRange()

    def why_not(self, side: Side) -> str:
        """Say why nothing new opens on a side, or nothing."""
        return self.withdrawn or self.held.get(side, "")

    def start(self, side: Side, mid_price: Decimal) -> Decimal:
        """Return the price from which a side looks for levels to open."""
        limit = self.limits.get(side)
        if limit is None:
            return mid_price
        return min(mid_price, limit) if side is Side.BUY else max(mid_price, limit)

    def unwanted(self, side: Side, price: Decimal) -> str:
        """Say why an opening at a price should go, or nothing."""
        if self.withdrawn:
            return self.withdrawn
        if self.range.beyond(price):
            return BEYOND_RANGE
        limit = self.limits.get(side)
        return SKEWED if limit is not None and (price - limit) * side.sign > 0 else ""


def terms_by(told: GridSettings, reading: MarketReading) -> OpeningTerms:
    """Return what the last closed candles leave. What they cannot tell yet keeps nothing away."""
    return OpeningTerms(
        notional_quote=told.order_notional_quote * _share(told, reading),
        held=_held(told, reading),
        withdrawn=THIN if _thin(told, reading) else "",
        range=PriceRange(low=told.range_low or None, high=told.range_high or None),
    )


def terms_at(
    terms: OpeningTerms, told: GridSettings, books: GridBooks, mid_price: Decimal
) -> OpeningTerms:
    """Return what inventory and price leave of these terms."""
    if told.skew_bps_per_order:
        terms = msgspec.structs.replace(terms, limits=_skewed(told, books))
    outside = terms.range.beyond(mid_price)
    if not outside:
        return terms
    if told.out_of_range is OutOfRange.TRAIL:
        return msgspec.structs.replace(terms, range=terms.range.moved(outside))
    if told.out_of_range is OutOfRange.STOP:
        return msgspec.structs.replace(terms, withdrawn=OUT_OF_RANGE)
    return msgspec.structs.replace(terms, held=dict.fromkeys(Side, OUT_OF_RANGE), kept=True)


def _skewed(told: GridSettings, books: GridBooks) -> dict[Side, Decimal]:
    """Return the price beyond which what adds to the inventory opens: P * (1 - k * inventory), counted in orders.

    P is the price of the last trade, the anchor before the first one: so it moves with the inventory alone, and an
    order that rests is never withdrawn because the price comes near it.
    """
    held = slots.quantity(books)
    if not held or books.lattice is None:
        return {}
    price = books.traded_price or books.lattice.anchor_price
    orders = held * price / told.order_notional_quote
    most = told.skew_bps_max * BPS
    shift = max(-most, min(most, orders * told.skew_bps_per_order * BPS))
    return {Side.BUY if held > 0 else Side.SELL: price * (ONE - shift)}


def _share(told: GridSettings, reading: MarketReading) -> Decimal:
    """Return the share of a full order: max(least, 1 - scale * volatility)."""
    if not told.quantity_volatility_scale or reading.volatility is None:
        return ONE
    return max(told.quantity_share_min, ONE - told.quantity_volatility_scale * reading.volatility)


def _held(told: GridSettings, reading: MarketReading) -> dict[Side, str]:
    strength = reading.strength
    if strength is None:
        return {}
    if strength > told.rsi_high:
        return {Side.SELL: OVERBOUGHT}
    return {Side.BUY: OVERSOLD} if strength < told.rsi_low else {}


def _thin(told: GridSettings, reading: MarketReading) -> bool:
    return reading.turnover_quote is not None and reading.turnover_quote < told.thin_turnover_quote
