"""Binance's public frames and answers into our observations; pure. Numbers never pass through a float."""

from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

import msgspec

from opensqt.domain.instruments import Market, Side
from opensqt.domain.market import Candle, Trade
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.engine.depth_book import DepthChange, Level
from opensqt.venues.engine.feed_format import (
    FeedFrame,
    MarkChange,
    SubscriptionAccepted,
    SubscriptionRefused,
    SymbolFrame,
)
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.engine.request import decoded

MINUTE_MS = 60_000


class _Depth(msgspec.Struct, frozen=True, tag_field="e", tag="depthUpdate"):
    s: str
    E: int
    U: int
    u: int
    b: list[Level]
    a: list[Level]
    pu: int = 0
    T: int | None = None


class _TradeFrame(msgspec.Struct, frozen=True, tag_field="e", tag="trade"):
    s: str
    t: int
    p: Decimal
    q: Decimal
    T: int
    m: bool


class _KlineBody(msgspec.Struct, frozen=True):
    t: int
    i: str
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the venue's letter
    c: Decimal
    v: Decimal
    x: bool


class _Kline(msgspec.Struct, frozen=True, tag_field="e", tag="kline"):
    s: str
    E: int
    k: _KlineBody


class _Mark(msgspec.Struct, frozen=True, tag_field="e", tag="markPriceUpdate"):
    s: str
    E: int
    p: Decimal
    i: Decimal
    r: str
    T: int


class _Answer(msgspec.Struct, frozen=True):
    """The answer to SUBSCRIBE: a null result, or an error."""

    id: int | str | None = None
    error: msgspec.Raw = msgspec.Raw(b"")


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    last: int = msgspec.field(name="lastUpdateId")
    bids: list[Level]
    asks: list[Level]
    E: int = 0


class _FundingInfo(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    funding_interval_hours: int


_FRAMES: msgspec.json.Decoder[_Depth | _TradeFrame | _Kline | _Mark] = msgspec.json.Decoder(
    _Depth | _TradeFrame | _Kline | _Mark
)
_ANSWERS = msgspec.json.Decoder(_Answer)


def read_frame(text: str, symbols: Mapping[str, str]) -> FeedFrame:
    """Read one text frame; None is a frame that we did not ask for. Never raises."""
    try:
        wire = _FRAMES.decode(text)
    except (ValueError, RecursionError):
        return _answer(text)
    symbol = symbols.get(wire.s)
    if symbol is None:
        return None
    match wire:
        case _Depth():
            change = DepthChange(
                first=wire.U,
                last=wire.u,
                previous=wire.pu,
                bids=wire.b,
                asks=wire.a,
                time_ms=wire.T or wire.E,
            )
            return SymbolFrame(symbol, change)
        case _TradeFrame():
            return SymbolFrame(symbol, _trade(wire, symbol)) if wire.q else None
        case _Kline():
            return SymbolFrame(symbol, _candle(wire, symbol))
        case _Mark():
            return SymbolFrame(symbol, _mark(wire))
        case _:
            assert_never(wire)


def read_snapshot(raw: bytes, time_ms: int) -> DepthChange:
    """Read a depth answer; spot names no time, so `time_ms` stands in. Raises `Unreadable`."""
    wire = decoded(raw, _Snapshot)
    return DepthChange(
        last=wire.last, bids=wire.bids, asks=wire.asks, time_ms=wire.E or time_ms, whole=True
    )


def read_funding_hours(raw: bytes, symbols: Mapping[str, str]) -> dict[str, int]:
    """Read fundingInfo: the interval of every symbol of ours that has its own. Raises `Unreadable`."""
    return {
        symbols[row.symbol]: row.funding_interval_hours
        for row in decoded(raw, list[_FundingInfo])
        if row.symbol in symbols
    }


def streams_of(market: Market, category: str, venue_symbol: str) -> list[str]:
    """Return the streams of a symbol on a connection: spot has one, usdm splits public and market (docs)."""
    low = venue_symbol.lower()
    public = [f"{low}@depth@100ms", f"{low}@trade"]
    if market is Market.SPOT:
        return [*public, f"{low}@kline_1m"]
    return public if category == "public" else [f"{low}@kline_1m", f"{low}@markPrice@1s"]


def _answer(text: str) -> FeedFrame:
    try:
        answer = _ANSWERS.decode(text)
    except (ValueError, RecursionError):
        return None
    if bytes(answer.error):
        return SubscriptionRefused(bytes(answer.error).decode())
    return SubscriptionAccepted() if answer.id is not None else None


def _trade(wire: _TradeFrame, symbol: str) -> Trade:
    return Trade(
        venue=VENUE,
        symbol=symbol,
        trade_id=str(wire.t),
        price=trimmed(wire.p),
        quantity=trimmed(wire.q),
        taker=Side.SELL if wire.m else Side.BUY,  # m: the buyer is the maker
        time_ms=wire.T,
    )


def _candle(wire: _Kline, symbol: str) -> Candle:
    body = wire.k
    return Candle(
        venue=VENUE,
        symbol=symbol,
        interval_ms=MINUTE_MS,
        open_time_ms=body.t,
        open=trimmed(body.o),
        high=trimmed(body.h),
        low=trimmed(body.l),
        close=trimmed(body.c),
        volume=trimmed(body.v),
        closed=body.x,
        time_ms=wire.E,
    )


def _mark(wire: _Mark) -> MarkChange:
    return MarkChange(
        mark_price=trimmed(wire.p),
        index_price=trimmed(wire.i),
        rate=trimmed(Decimal(wire.r)) if wire.r else None,
        next_funding_ms=wire.T,
        time_ms=wire.E,
    )
