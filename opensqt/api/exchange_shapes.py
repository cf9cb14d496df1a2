"""What ExchangeService is asked and answers, beside what many calls share. Values only."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from opensqt.api.call import CallReply
from opensqt.api.requests import Limit, OfAccount, OfSymbol, OrderLine, PositionLine


class OfAccountSymbol(OfAccount, frozen=True, kw_only=True):
    """Asks for an account, and one of its symbols or all."""

    symbol: str = ""


class OfAccountNews(OfAccount, frozen=True, kw_only=True):
    """Asks for what comes of an account from now on, or behind a sequence that was told; empty: of all."""

    after: Annotated[int, msgspec.Meta(ge=0)] = 0


class OfVenueOrder(OfAccount, frozen=True, kw_only=True):
    """Asks for an order by one of its ids."""

    client_order_id: str = ""
    venue_order_id: str = ""


class OfAsset(OfAccount, frozen=True, kw_only=True):
    """Asks for what is held of an asset, in one wallet or in all."""

    asset: str
    wallet: str = ""


class OfKlines(OfSymbol, frozen=True, kw_only=True):
    """Asks for the newest candles; the interval is a number of minutes or hours: 1m, 5m, 1h."""

    interval: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,2}[mh]$")] = "1m"
    limit: Limit = 100


class NameReply(CallReply, frozen=True, kw_only=True):
    """Whose account it is."""

    name: str
    account: str


class TypeReply(CallReply, frozen=True, kw_only=True):
    """Which markets an account trades, and whether they share one wallet; None before the venue told its wallets."""

    types: tuple[str, ...]
    is_unified_margin: bool | None = None


class BalanceLine(CallReply, frozen=True, kw_only=True):
    """What a wallet holds; `free` is what the venue showed last that no order holds."""

    wallet: str
    asset: str
    total: Decimal
    free: Decimal | None = None


class AccountReply(CallReply, frozen=True, kw_only=True):
    """An account in the desk's currency; None while a price is unknown."""

    venue: str
    account: str
    currency: str
    total_wallet_balance: Decimal | None = None
    total_margin_balance: Decimal | None = None
    available_balance: Decimal | None = None
    leverage: int
    balances: tuple[BalanceLine, ...] = ()
    positions: tuple[PositionLine, ...] = ()


class BalanceReply(CallReply, frozen=True, kw_only=True):
    """What is held of an asset."""

    asset: str
    balance: Decimal
    wallets: tuple[BalanceLine, ...] = ()


class PriceReply(CallReply, frozen=True, kw_only=True):
    """The price of a symbol: the venue's mark, else the middle of its book."""

    venue: str
    symbol: str
    price: Decimal
    bid: Decimal | None = None
    ask: Decimal | None = None
    time: datetime | None = None


class TickerLine(CallReply, frozen=True, kw_only=True):
    """A symbol as its candles of the last hours show it; `window_minutes` is how far they reach."""

    venue: str
    symbol: str
    last_price: Decimal | None = None
    price_change: Decimal | None = None
    price_change_percent: Decimal | None = None
    volume: Decimal
    quote_volume: Decimal
    window_minutes: int


class TickersReply(CallReply, frozen=True, kw_only=True):
    """Every symbol that was heard of."""

    tickers: tuple[TickerLine, ...] = ()


class CandleLine(CallReply, frozen=True, kw_only=True):
    """A candle; volume in base units."""

    sequence: int = 0
    venue: str
    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    time: datetime
    is_closed: bool


class KlinesReply(CallReply, frozen=True, kw_only=True):
    """Candles, oldest first."""

    candles: tuple[CandleLine, ...] = ()


class SymbolInfo(CallReply, frozen=True, kw_only=True):
    """The venue's rules of a symbol; quantities in base units, 0 is no rule."""

    venue: str
    symbol: str
    venue_symbol: str
    market: str
    base_asset: str
    quote_asset: str
    tick_size: Decimal
    step_size: Decimal
    price_precision: int
    quantity_precision: int
    min_quantity: Decimal
    max_quantity: Decimal
    min_notional: Decimal
    maker_fee: Decimal
    taker_fee: Decimal


class ExchangeInfoReply(CallReply, frozen=True, kw_only=True):
    """The rules of all symbols."""

    symbols: tuple[SymbolInfo, ...] = ()


class SymbolsReply(CallReply, frozen=True, kw_only=True):
    """The names of the symbols."""

    symbols: tuple[str, ...] = ()


class FundingLine(CallReply, frozen=True, kw_only=True):
    """The funding of a perpetual: the rate of its interval, longs pay where it is positive."""

    sequence: int = 0
    venue: str
    symbol: str
    rate: Decimal
    interval_hours: int
    next_funding_time: datetime
    time: datetime


class FundingReply(CallReply, frozen=True, kw_only=True):
    """The funding of every perpetual that was heard of."""

    rates: tuple[FundingLine, ...] = ()


class PriceChange(CallReply, frozen=True, kw_only=True):
    """A new top of the book."""

    sequence: int = 0
    venue: str
    symbol: str
    price: Decimal
    bid: Decimal
    ask: Decimal
    time: datetime


class OrderNews(CallReply, frozen=True, kw_only=True):
    """What happened to an order, and the order after it."""

    sequence: int = 0
    event: str
    order: OrderLine


class AccountNews(CallReply, frozen=True, kw_only=True):
    """A wallet or position of an account may have changed, and the account after it."""

    sequence: int = 0
    event: str
    account: AccountReply


class PositionNews(CallReply, frozen=True, kw_only=True):
    """A position changed by one of our trades, and the position after it."""

    sequence: int = 0
    update_type: str
    position: PositionLine
    trade_id: str
    client_order_id: str


class NotBuilt(CallReply, frozen=True, kw_only=True):
    """Nothing: the part behind this call is not built yet."""
