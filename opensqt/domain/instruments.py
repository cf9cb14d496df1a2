"""Instruments: what a venue lets us trade and the grid on which its prices and quantities lie."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import ZERO, ceil_to, floor_to


class Market(StrEnum):
    """Which of a venue's markets an instrument lives on."""

    SPOT = "spot"
    PERP = "perp"


def market_of(symbol: str) -> Market:
    """Tell the market of a unified symbol: a perpetual names its settlement asset."""
    return Market.PERP if ":" in symbol else Market.SPOT


class Side(StrEnum):
    """The side of an order or fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class InstrumentRules(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's filters for one instrument, as read from its metadata, never hard-coded.

    Quantities are in base units. `price_band_*` are multipliers of the reference price (0 = no band).
    """

    venue: str
    symbol: str
    market: Market
    venue_symbol: str
    base: str
    quote: str
    tick_size: Decimal
    quantity_step: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    notional_min: Decimal
    price_min: Decimal = ZERO
    price_max: Decimal = ZERO
    price_band_up: Decimal = ZERO
    price_band_down: Decimal = ZERO
    maker_fee: Decimal = ZERO
    taker_fee: Decimal = ZERO
    time_ms: int = 0

    def fit_price(self, price: Decimal, side: Side) -> Decimal:
        """Round a limit price to the tick: buys down, sells up, so that it never pays more than asked."""
        return (
            floor_to(price, self.tick_size) if side is Side.BUY else ceil_to(price, self.tick_size)
        )

    def fit_quantity(self, quantity: Decimal) -> Decimal:
        """Round a quantity (base units) down to the step and to the venue's maximum."""
        capped = min(quantity, self.quantity_max) if self.quantity_max > 0 else quantity
        return floor_to(capped, self.quantity_step)

    def refusal(self, price: Decimal, quantity: Decimal) -> str:
        """Name the filter that this order would break, or return an empty text."""
        if quantity <= 0 or quantity < self.quantity_min:
            return "below_quantity_min"
        if self.quantity_max > 0 and quantity > self.quantity_max:
            return "above_quantity_max"
        if quantity != floor_to(quantity, self.quantity_step):
            return "off_quantity_step"
        if price != floor_to(price, self.tick_size):
            return "off_tick_size"
        if price <= 0 or (self.price_min > 0 and price < self.price_min):
            return "below_price_min"
        if self.price_max > 0 and price > self.price_max:
            return "above_price_max"
        if price * quantity < self.notional_min:
            return "below_notional_min"
        return ""
