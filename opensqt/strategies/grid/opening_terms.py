"""How much a grid opens with one order, and what keeps a side from opening; what it holds is closed anyway. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ONE
from opensqt.domain.instruments import Side
from opensqt.strategies.grid.market_reading import MarketReading
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.state import GridState

# Why a level has no opening, as `status` counts it.
OVERBOUGHT = "overbought: no new sells"
OVERSOLD = "oversold: no new buys"
THIN = "thin market"


class OpeningTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What the market leaves of the openings: `held` keeps new ones away, `withdrawn` takes back all that rest."""

    notional_quote: Decimal  # of one order
    held: dict[Side, str] = {}
    withdrawn: str = ""

    def why_not(self, side: Side) -> str:
        """Say why nothing new opens on a side, or nothing."""
        return self.withdrawn or self.held.get(side, "")


def terms_of(grid: GridState) -> OpeningTerms:
    """Return the terms at this moment. What the candles cannot tell yet keeps nothing away."""
    told, reading = grid.settings, grid.reading
    return OpeningTerms(
        notional_quote=told.order_notional_quote * _share(told, reading),
        held=_held(told, reading),
        withdrawn=THIN if _thin(told, reading) else "",
    )


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
