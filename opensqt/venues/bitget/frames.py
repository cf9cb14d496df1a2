"""Bitget's public frames into our observations; pure. Numbers never pass through a float."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.market import Candle, Trade
from opensqt.venues.bitget.requests import VENUE
from opensqt.venues.bitget.words import moment, number
from opensqt.venues.engine.depth_book import DepthChange, Level
from opensqt.venues.engine.feed_format import (
    FeedFrame,
    MarkChange,
    RunningCandle,
    SubscriptionAccepted,
    SubscriptionRefused,
    SymbolFrame,
)
from opensqt.venues.engine.instrument import trimmed

BOOKS, TRADES, CANDLES, TICKER = "books", "publicTrade", "kline", "ticker"
INTERVAL = "1m"
INTERVAL_MS = 60_000
WHOLE = "snapshot"
CANDLES_KEPT = (
    2  # of those that a subscription begins with: the one before the running one ends with it
)


class _FeedArg(msgspec.Struct, frozen=True, rename="camel"):
    topic: str = ""
    symbol: str = ""


class _BitgetPush(msgspec.Struct, frozen=True):
    event: str = ""
    action: str = ""
    code: int | str = 0
    msg: str = ""
    arg: _FeedArg = _FeedArg()
    ts: int = 0
    data: msgspec.Raw = msgspec.Raw(b"")


class _BitgetBook(msgspec.Struct, frozen=True):
    """Numbers come as numbers or as texts."""

    a: list[Level]
    b: list[Level]
    seq: int
    pseq: int
    ts: int


class _BitgetPrint(msgspec.Struct, frozen=True):
    i: str
    p: Decimal
    v: Decimal
    S: Side
    T: int


class _BitgetCandle(msgspec.Struct, frozen=True):
    start: int
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal


class _BitgetTicker(msgspec.Struct, frozen=True, rename="camel"):
    mark_price: str | None = None
    index_price: str | None = None
    funding_rate: str | None = None
    next_funding_time: str | int | None = None


_HEADS = msgspec.json.Decoder(_BitgetPush, strict=False)
_BOOKS = msgspec.json.Decoder(list[_BitgetBook], strict=False)
_PRINTS = msgspec.json.Decoder(list[_BitgetPrint], strict=False)
_CANDLES = msgspec.json.Decoder(list[_BitgetCandle], strict=False)
_TICKERS = msgspec.json.Decoder(list[_BitgetTicker])


def read_frame(text: str, symbols: Mapping[str, str]) -> FeedFrame:
    """Read one text frame; None is a frame that we did not ask for. Never raises."""
    try:
        head = _HEADS.decode(text)
        if head.event:
            return _answer(head)
        symbol = symbols.get(head.arg.symbol)
        if symbol is None:
            return None
        match head.arg.topic:
            case "books":
                return [SymbolFrame(symbol, _change(head, row)) for row in _BOOKS.decode(head.data)]
            case "publicTrade":
                return [
                    SymbolFrame(symbol, _trade(row, symbol)) for row in _PRINTS.decode(head.data)
                ]
            case "kline":
                rows = sorted(_CANDLES.decode(head.data), key=lambda row: row.start)
                return [
                    SymbolFrame(symbol, _candle(row, symbol, head.ts))
                    for row in rows[-CANDLES_KEPT:]
                ]
            case "ticker":
                return [
                    SymbolFrame(symbol, _mark(row, head.ts)) for row in _TICKERS.decode(head.data)
                ]
            case _:
                return None
    except (msgspec.DecodeError, KeyError, ValueError, ArithmeticError, RecursionError):
        return None


def _answer(head: _BitgetPush) -> FeedFrame:
    if head.event == "subscribe":
        return SubscriptionAccepted()
    return SubscriptionRefused(f"{head.code} {head.msg}") if head.event == "error" else None


def _change(head: _BitgetPush, wire: _BitgetBook) -> DepthChange:
    return DepthChange(
        last=wire.seq,
        previous=wire.pseq,
        bids=wire.b,
        asks=wire.a,
        time_ms=wire.ts,
        whole=head.action == WHOLE,
    )


def _trade(wire: _BitgetPrint, symbol: str) -> Trade:
    return Trade(
        venue=VENUE,
        symbol=symbol,
        trade_id=wire.i,
        price=trimmed(wire.p),
        quantity=trimmed(wire.v),
        taker=wire.S,
        time_ms=wire.T,
    )


def _candle(wire: _BitgetCandle, symbol: str, time_ms: int) -> RunningCandle:
    candle = Candle(
        venue=VENUE,
        symbol=symbol,
        interval_ms=INTERVAL_MS,
        open_time_ms=wire.start,
        open=trimmed(wire.open),
        high=trimmed(wire.high),
        low=trimmed(wire.low),
        close=trimmed(wire.close),
        volume=trimmed(wire.volume),
        closed=False,
        time_ms=time_ms,
    )
    return RunningCandle(candle)


def _mark(wire: _BitgetTicker, time_ms: int) -> MarkChange:
    due = wire.next_funding_time
    return MarkChange(
        mark_price=number(wire.mark_price) if wire.mark_price else None,
        index_price=number(wire.index_price) if wire.index_price else None,
        rate=number(wire.funding_rate) if wire.funding_rate else None,
        next_funding_ms=moment(due) if due else None,
        time_ms=time_ms,
    )
