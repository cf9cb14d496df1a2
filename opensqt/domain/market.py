"""What the market does: prices, trades, candles, funding and the rules of instruments."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.instruments import InstrumentRules, Side


class FeedState(StrEnum):
    """How healthy a market data channel is."""

    LIVE = "live"
    STALE = "stale"
    GAP = "gap"
    DOWN = "down"


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """Best bid and ask of one symbol, conflated: the latest wins."""

    venue: str
    symbol: str  # ccxt unified, e.g. BTC/USDT:USDT
    bid_price: Decimal
    bid_quantity: Decimal
    ask_price: Decimal
    ask_quantity: Decimal
    time_ms: int  # venue event time, market clock
    book_sequence: int  # the venue's sequence of the book this top was read from


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One public trade."""

    venue: str
    symbol: str
    trade_id: str
    price: Decimal
    quantity: Decimal
    taker: Side  # side of the aggressor
    time_ms: int


class BookLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a book."""

    price: Decimal
    quantity: Decimal


class BookTop(msgspec.Struct, frozen=True, kw_only=True):
    """The best levels of a book, conflated."""

    venue: str
    symbol: str
    bids: tuple[BookLevel, ...] = ()  # best first
    asks: tuple[BookLevel, ...] = ()  # best first
    time_ms: int
    book_sequence: int


class Candle(msgspec.Struct, frozen=True, kw_only=True):
    """One candle; `closed` says that it will not change any more."""

    venue: str
    symbol: str
    interval_ms: int
    open_time_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal  # base units
    closed: bool
    time_ms: int


class Funding(msgspec.Struct, frozen=True, kw_only=True):
    """The funding rate of a perpetual."""

    venue: str
    symbol: str
    rate: Decimal  # fraction per interval, positive = longs pay
    interval_hours: int
    next_funding_ms: int
    time_ms: int


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The mark price of a perpetual."""

    venue: str
    symbol: str
    mark_price: Decimal
    index_price: Decimal
    time_ms: int


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A change in the health of a market data channel."""

    venue: str
    symbol: str
    channel: str
    state: FeedState
    age_ms: int  # since the last frame, wall clock
    detail: str
    time_ms: int


class Time(msgspec.Struct, frozen=True, kw_only=True):
    """The passing of market time, so that time goes on when the market does not."""

    time_ms: int


MarketEvent = Tick | Trade | BookTop | Candle | Funding | Mark | FeedStatus | InstrumentRules
