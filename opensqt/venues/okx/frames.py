"""OKX's public frames and answers into our observations; pure. Numbers never pass through a float.

Quantities of perpetuals are contracts; the engine turns them into base units.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.market import Candle, Trade
from opensqt.venues.engine.depth_book import DepthChange, Level
from opensqt.venues.engine.feed_format import (
    FeedFrame,
    MarkChange,
    SubscriptionAccepted,
    SubscriptionRefused,
    SymbolFrame,
)
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.okx.policy import VENUE
from opensqt.venues.okx.requests import SWAP, rows_in

BOOKS, TRADES, CANDLES = "books", "trades", "candle1m"
MARK, INDEX, FUNDING = "mark-price", "index-tickers", "funding-rate"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
WHOLE = "snapshot"
DONE = "1"  # `confirm` of a candle that is complete

_Row = tuple[Decimal, Decimal, str, str]  # price, size, and two that mean nothing to us


class _OkxArg(msgspec.Struct, frozen=True, rename="camel"):
    channel: str
    inst_id: str = ""


class _OkxHead(msgspec.Struct, frozen=True):
    arg: _OkxArg | None = None
    event: str = ""
    msg: str = ""
    code: str = ""
    action: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")


class _OkxDepth(msgspec.Struct, frozen=True, rename="camel"):
    bids: list[_Row]
    asks: list[_Row]
    ts: str
    seq_id: int = 0
    prev_seq_id: int = -1
    checksum: int = 0


class _OkxTradeRow(msgspec.Struct, frozen=True, rename="camel"):
    trade_id: str
    px: Decimal
    sz: Decimal
    side: Side  # of the taker
    ts: str


class _MarkRow(msgspec.Struct, frozen=True, rename="camel"):
    mark_px: Decimal
    ts: str


class _IndexRow(msgspec.Struct, frozen=True, rename="camel"):
    idx_px: Decimal
    ts: str


class _FundingRow(msgspec.Struct, frozen=True, rename="camel"):
    inst_id: str
    funding_rate: Decimal
    funding_time: str
    next_funding_time: str = ""
    ts: str = ""


_HEADS = msgspec.json.Decoder(_OkxHead)
_DEPTHS = msgspec.json.Decoder(list[_OkxDepth])
_TRADES = msgspec.json.Decoder(list[_OkxTradeRow])
_CANDLES = msgspec.json.Decoder(list[list[str]])
_MARKS = msgspec.json.Decoder(list[_MarkRow])
_INDICES = msgspec.json.Decoder(list[_IndexRow])
_FUNDINGS = msgspec.json.Decoder(list[_FundingRow])
_FUNDING = msgspec.json.Decoder(_FundingRow)


def read_frame(text: str, symbols: Mapping[str, str]) -> FeedFrame:
    """Read one text frame; None is a frame that we did not ask for. Never raises."""
    try:
        head = _HEADS.decode(text)
        if head.event:
            return _event(head)
        if head.arg is None:
            return None
        channel, name = head.arg.channel, head.arg.inst_id
        symbol = symbols.get(name + SWAP if channel == INDEX else name)
        reader = _READERS.get(channel)
        return None if symbol is None or reader is None else reader(head, symbol)
    except (msgspec.DecodeError, ArithmeticError, ValueError, IndexError, RecursionError):
        return None  # a pong, or not as documented: a book then shows the hole


def read_funding_hours(raw: bytes, symbols: Mapping[str, str]) -> dict[str, int]:
    """Read the interval of every perpetual of ours from its next two payments. Raises `Unreadable`."""
    found = {}
    for row in rows_in(raw):
        try:
            told = _FUNDING.decode(row)
        except (msgspec.DecodeError, RecursionError):
            continue  # one that is not traded yet has no rate
        if told.inst_id in symbols and told.next_funding_time.isdigit():
            span_ms = int(told.next_funding_time) - int(told.funding_time)
            found[symbols[told.inst_id]] = span_ms // HOUR_MS
    return found


def _event(head: _OkxHead) -> FeedFrame:
    match head.event:
        case "subscribe":
            return SubscriptionAccepted()
        case "error":
            return SubscriptionRefused(f"{head.code} {head.msg}")
        case _:
            return None


def _books(head: _OkxHead, symbol: str) -> FeedFrame:
    return [
        SymbolFrame(symbol, _change(row, whole=head.action == WHOLE))
        for row in _DEPTHS.decode(head.data)
    ]


def _change(wire: _OkxDepth, *, whole: bool) -> DepthChange:
    return DepthChange(
        last=wire.seq_id,
        previous=wire.prev_seq_id,
        bids=_levels(wire.bids),
        asks=_levels(wire.asks),
        time_ms=int(wire.ts),
        whole=whole,
        checksum=wire.checksum,
    )


def _levels(rows: list[_Row]) -> list[Level]:
    return [(price, size) for price, size, _, _ in rows]


def _trades(head: _OkxHead, symbol: str) -> FeedFrame:
    return [
        SymbolFrame(
            symbol,
            Trade(
                venue=VENUE,
                symbol=symbol,
                trade_id=row.trade_id,
                price=trimmed(row.px),
                quantity=trimmed(row.sz),
                taker=row.side,
                time_ms=int(row.ts),
            ),
        )
        for row in _TRADES.decode(head.data)
    ]


def _candles(head: _OkxHead, symbol: str) -> FeedFrame:
    return [SymbolFrame(symbol, _candle(row, symbol)) for row in _CANDLES.decode(head.data)]


def _candle(row: list[str], symbol: str) -> Candle:
    """Read [ts, open, high, low, close, volume as the venue counts, ..., confirm]; the frame has no time of its own."""
    opened_ms = int(row[0])
    prices = [trimmed(Decimal(text)) for text in row[1:5]]
    return Candle(
        venue=VENUE,
        symbol=symbol,
        interval_ms=MINUTE_MS,
        open_time_ms=opened_ms,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        volume=trimmed(Decimal(row[5])),
        closed=row[-1] == DONE,
        time_ms=opened_ms,
    )


def _mark(head: _OkxHead, symbol: str) -> FeedFrame:
    row = _MARKS.decode(head.data)[-1]
    return SymbolFrame(symbol, MarkChange(mark_price=trimmed(row.mark_px), time_ms=int(row.ts)))


def _index(head: _OkxHead, symbol: str) -> FeedFrame:
    row = _INDICES.decode(head.data)[-1]
    return SymbolFrame(symbol, MarkChange(index_price=trimmed(row.idx_px), time_ms=int(row.ts)))


def _funding(head: _OkxHead, symbol: str) -> FeedFrame:
    row = _FUNDINGS.decode(head.data)[-1]
    change = MarkChange(
        rate=trimmed(row.funding_rate),
        next_funding_ms=int(row.funding_time),
        time_ms=int(row.ts or row.funding_time),
    )
    return SymbolFrame(symbol, change)


_READERS: dict[str, Callable[[_OkxHead, str], FeedFrame]] = {
    BOOKS: _books,
    TRADES: _trades,
    CANDLES: _candles,
    MARK: _mark,
    INDEX: _index,
    FUNDING: _funding,
}
