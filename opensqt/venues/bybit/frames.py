"""Bybit's public frames and answers into our observations; pure. Numbers never pass through a float."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.market import Candle, Trade
from opensqt.venues.bybit.requests import VENUE
from opensqt.venues.bybit.words import OUR_SIDES, number
from opensqt.venues.engine.depth_book import DepthChange, Level
from opensqt.venues.engine.feed_format import (
    FeedFrame,
    MarkChange,
    SubscriptionAccepted,
    SubscriptionRefused,
    SymbolFrame,
)
from opensqt.venues.engine.instrument import trimmed

MINUTE_MS = 60_000
MINUTE_MS_PER_INTERVAL = {"1": MINUTE_MS}
SNAPSHOT = "snapshot"


class _FeedPush(msgspec.Struct, frozen=True):
    """A push by its topic, or the answer to an operation."""

    topic: str = ""
    type: str = ""
    ts: int = 0
    cts: int = 0
    op: str = ""
    success: bool | None = None
    ret_msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class _BookData(msgspec.Struct, frozen=True):
    s: str
    b: list[Level]
    a: list[Level]
    u: int


class _PrintRow(msgspec.Struct, frozen=True):
    T: int
    s: str
    S: str
    v: Decimal
    p: Decimal
    i: str


class _KlineRow(msgspec.Struct, frozen=True):
    start: int
    interval: str
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    confirm: bool
    timestamp: int


class _TickerData(msgspec.Struct, frozen=True, rename="camel"):
    """A change tells only what has changed; an instrument without funding tells an empty rate."""

    symbol: str
    mark_price: str = ""
    index_price: str = ""
    funding_rate: str = ""
    next_funding_time: str = ""


_HEADS = msgspec.json.Decoder(_FeedPush)
_BOOKS = msgspec.json.Decoder(_BookData)
_TRADES = msgspec.json.Decoder(list[_PrintRow])
_KLINES = msgspec.json.Decoder(list[_KlineRow])
_TICKERS = msgspec.json.Decoder(_TickerData)


def read_frame(text: str, symbols: Mapping[str, str]) -> FeedFrame:
    """Read one text frame; None is a frame that we did not ask for. Never raises."""
    try:
        head = _HEADS.decode(text)
        if not head.topic:
            return _answer(head)
        kind, _, rest = head.topic.partition(".")
        symbol = symbols.get(rest.rpartition(".")[2])
        if symbol is None:
            return None
        match kind:
            case "orderbook":
                return SymbolFrame(symbol, _change(head))
            case "publicTrade":
                return [
                    SymbolFrame(symbol, _trade(row, symbol)) for row in _TRADES.decode(head.data)
                ]
            case "kline":
                rows = _KLINES.decode(head.data)
                return [SymbolFrame(symbol, _candle(row, symbol)) for row in rows]
            case "tickers":
                return SymbolFrame(symbol, _mark(head))
            case _:
                return None
    except (msgspec.DecodeError, KeyError, ValueError, ArithmeticError, RecursionError):
        return None


def topics_of(venue_symbol: str, *, has_mark: bool) -> list[str]:
    """Return the topics of a symbol: the book of fifty levels, trades, minutes and, of a perpetual, its mark."""
    plain = [
        f"orderbook.50.{venue_symbol}",
        f"publicTrade.{venue_symbol}",
        f"kline.1.{venue_symbol}",
    ]
    return [*plain, f"tickers.{venue_symbol}"] if has_mark else plain


def _answer(head: _FeedPush) -> FeedFrame:
    if head.op != "subscribe":
        return None
    return SubscriptionAccepted() if head.success else SubscriptionRefused(head.ret_msg)


def _change(head: _FeedPush) -> DepthChange:
    """A whole book stands for itself, also with a number that begins anew; a change follows by one."""
    wire = _BOOKS.decode(head.data)
    return DepthChange(
        first=wire.u,
        last=wire.u,
        bids=wire.b,
        asks=wire.a,
        time_ms=head.cts or head.ts,
        whole=head.type == SNAPSHOT,
    )


def _trade(wire: _PrintRow, symbol: str) -> Trade:
    return Trade(
        venue=VENUE,
        symbol=symbol,
        trade_id=wire.i,
        price=trimmed(wire.p),
        quantity=trimmed(wire.v),
        taker=OUR_SIDES[wire.S],
        time_ms=wire.T,
    )


def _candle(wire: _KlineRow, symbol: str) -> Candle:
    return Candle(
        venue=VENUE,
        symbol=symbol,
        interval_ms=MINUTE_MS_PER_INTERVAL[wire.interval],
        open_time_ms=wire.start,
        open=trimmed(wire.open),
        high=trimmed(wire.high),
        low=trimmed(wire.low),
        close=trimmed(wire.close),
        volume=trimmed(wire.volume),
        closed=wire.confirm,
        time_ms=wire.timestamp,
    )


def _mark(head: _FeedPush) -> MarkChange:
    wire = _TICKERS.decode(head.data)
    return MarkChange(
        mark_price=number(wire.mark_price) if wire.mark_price else None,
        index_price=number(wire.index_price) if wire.index_price else None,
        rate=number(wire.funding_rate) if wire.funding_rate else None,
        next_funding_ms=int(wire.next_funding_time) if wire.next_funding_time else None,
        time_ms=head.ts,
    )
