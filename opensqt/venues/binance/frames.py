"""Binance's public frames and answers into our observations; pure. Numbers never pass through a float."""

from decimal import Decimal
from typing import assert_never

import msgspec

from opensqt.domain.instruments import Market, Side
from opensqt.domain.market import Candle, Funding, Mark, Trade
from opensqt.venues.binance.parser import trimmed
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.engine.depth_book import DepthChange, DepthSnapshot, Level

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
FUNDING_HOURS_USUAL = (
    8  # docs: fundingInfo lists only the symbols whose interval or cap was adjusted
)


class _Depth(msgspec.Struct, frozen=True, tag_field="e", tag="depthUpdate"):
    s: str
    E: int
    U: int
    u: int
    b: list[Level]
    a: list[Level]
    pu: int | None = None
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
    funding_interval_hours: int = FUNDING_HOURS_USUAL


_FRAMES: msgspec.json.Decoder[_Depth | _TradeFrame | _Kline | _Mark] = msgspec.json.Decoder(
    _Depth | _TradeFrame | _Kline | _Mark
)
_ANSWERS = msgspec.json.Decoder(_Answer)


class SubscriptionRefused(msgspec.Struct, frozen=True):
    """The venue refused a subscription."""

    reason: str


class SubscriptionAccepted(msgspec.Struct, frozen=True):
    """The venue took a subscription."""


class SymbolFrame(msgspec.Struct, frozen=True):
    """What a frame says of one of the venue's symbols; a mark frame also carries rate and next time of funding."""

    venue_symbol: str
    value: "DepthChange | Trade | Candle | MarkFrame"


class MarkFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A mark price with the funding that is due."""

    mark: Mark
    rate: Decimal | None
    next_funding_ms: int

    def funding(self, interval_hours: int) -> Funding | None:
        """Return the funding, or None for an instrument that has none."""
        if self.rate is None:
            return None
        return Funding(
            venue=VENUE,
            symbol=self.mark.symbol,
            rate=self.rate,
            interval_hours=interval_hours,
            next_funding_ms=self.next_funding_ms,
            time_ms=self.mark.time_ms,
        )


Frame = SymbolFrame | SubscriptionAccepted | SubscriptionRefused | None


def read_frame(text: str, symbols: dict[str, str]) -> Frame:
    """Read one text frame; None is a frame that we did not ask for. Never raises."""
    try:
        wire = _FRAMES.decode(text)
    except msgspec.DecodeError:
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
            return SymbolFrame(wire.s, change)
        case _TradeFrame():
            return SymbolFrame(wire.s, _trade(wire, symbol)) if wire.q else None
        case _Kline():
            return SymbolFrame(wire.s, _candle(wire, symbol))
        case _Mark():
            return SymbolFrame(wire.s, _mark(wire, symbol))
        case _:
            assert_never(wire)


def read_snapshot(raw: bytes, time_ms: int) -> DepthSnapshot:
    """Read a depth answer; spot names no time, so `time_ms` stands in. Raises `msgspec.DecodeError`."""
    wire = msgspec.json.decode(raw, type=_Snapshot)
    return DepthSnapshot(last=wire.last, bids=wire.bids, asks=wire.asks, time_ms=wire.E or time_ms)


def read_funding_hours(raw: bytes) -> dict[str, int]:
    """Read fundingInfo: the interval of every symbol that has its own. Raises `msgspec.DecodeError`."""
    return {
        row.symbol: row.funding_interval_hours
        for row in msgspec.json.decode(raw, type=list[_FundingInfo])
    }


def streams_of(market: Market, category: str, venue_symbol: str) -> list[str]:
    """Return the streams of a symbol on a connection: spot has one, usdm splits public and market (docs)."""
    low = venue_symbol.lower()
    public = [f"{low}@depth@100ms", f"{low}@trade"]
    if market is Market.SPOT:
        return [*public, f"{low}@kline_1m"]
    return public if category == "public" else [f"{low}@kline_1m", f"{low}@markPrice@1s"]


def _answer(text: str) -> Frame:
    try:
        answer = _ANSWERS.decode(text)
    except msgspec.DecodeError:
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


def _mark(wire: _Mark, symbol: str) -> MarkFrame:
    return MarkFrame(
        mark=Mark(
            venue=VENUE,
            symbol=symbol,
            mark_price=trimmed(wire.p),
            index_price=trimmed(wire.i),
            time_ms=wire.E,
        ),
        rate=trimmed(Decimal(wire.r)) if wire.r else None,
        next_funding_ms=wire.T,
    )
