"""Instruments: what a venue lets us trade and the grid on which its prices and quantities lie."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import ONE, ZERO, ceil_to, floor_to


class Market(StrEnum):
    """Which of a venue's markets an instrument lives on."""

    SPOT = "spot"
    PERP = "perp"


def market_of(symbol: str) -> Market:
    """Tell the market of a unified symbol: a perpetual names its settlement asset."""
    return Market.PERP if ":" in symbol else Market.SPOT


def reduce_only_binds(symbol: str) -> bool:
    """Tell whether the venue takes, and so enforces, a reduce-only flag: spot has no positions and knows none."""
    return market_of(symbol) is Market.PERP


def base_asset(symbol: str) -> str:
    """Return the asset that a unified symbol trades, whichever the market."""
    return symbol.partition("/")[0]


def quote_asset(symbol: str) -> str:
    """Return the asset in which prices and notionals of a unified symbol are counted."""
    return symbol.partition(":")[0].partition("/")[2]


def rate_symbols(asset: str, currency: str) -> tuple[str, str]:
    """Return the symbols whose price is what one unit of an asset is worth in a currency."""
    return f"{asset}/{currency}", f"{asset}/{currency}:{currency}"


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

    Quantities are in base units; a filter of 0 is off. `price_band_*` are multipliers of the reference price: a buy is
    at most `up`, a sell at least `down`; where a venue also bounds the passive side, a buy is at least `buy_down` and a
    sell at most `sell_up`. `orders_max` counts the account's open orders in the symbol, `position_max` what it holds.
    `contract_size` is what the venue counts as one.
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
    price_band_buy_down: Decimal = ZERO
    price_band_sell_up: Decimal = ZERO
    notional_max: Decimal = ZERO
    position_max: Decimal = ZERO
    orders_max: int = 0
    settle: str = ""
    contract_size: Decimal = ONE

    @property
    def settles_in(self) -> str:
        """The asset of a position's profit, fees and funding: the quote, unless the venue says otherwise."""
        return self.settle or self.quote

    def fit_price(self, price: Decimal, side: Side) -> Decimal:
        """Round a limit price to the tick: buys down, sells up, so that it never pays more than asked."""
        if self.tick_size == 0:
            return price
        return (
            floor_to(price, self.tick_size) if side is Side.BUY else ceil_to(price, self.tick_size)
        )

    def fit_quantity(self, quantity: Decimal) -> Decimal:
        """Round a quantity (base units) down to the step and to the venue's maximum."""
        capped = min(quantity, self.quantity_max) if self.quantity_max > 0 else quantity
        return capped if self.quantity_step == 0 else floor_to(capped, self.quantity_step)

    def refusal(self, price: Decimal, quantity: Decimal, *, reduce_only: bool = False) -> str:
        """Name the filter that this order would break, or return an empty text.

        `reduce_only` is the venue's flag: an order that carries it has no least notional where the market knows it.
        """
        if quantity <= 0 or quantity < self.quantity_min:
            return "below_quantity_min"
        if self.quantity_max > 0 and quantity > self.quantity_max:
            return "above_quantity_max"
        if self.quantity_step > 0 and quantity != floor_to(quantity, self.quantity_step):
            return "off_quantity_step"
        if self.tick_size > 0 and price != floor_to(price, self.tick_size):
            return "off_tick_size"
        if price <= 0 or (self.price_min > 0 and price < self.price_min):
            return "below_price_min"
        if self.price_max > 0 and price > self.price_max:
            return "above_price_max"
        if self.notional_max > 0 and price * quantity > self.notional_max:
            return "above_notional_max"
        exempt = reduce_only and self.market is Market.PERP
        return "below_notional_min" if price * quantity < self.notional_min and not exempt else ""

    def outside_band(self, side: Side, price: Decimal, reference: Decimal) -> bool:
        """Tell whether a limit price is beyond what the venue allows this side around its reference price."""
        buys = side is Side.BUY
        up = self.price_band_up if buys else self.price_band_sell_up
        down = self.price_band_buy_down if buys else self.price_band_down
        return (up > 0 and price > reference * up) or (down > 0 and price < reference * down)
