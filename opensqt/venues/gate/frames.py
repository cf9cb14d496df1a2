"""Gate's public frames and answers into our observations; pure. Numbers never pass through a float.

Quantities of perpetuals are contracts; the engine turns them into base units.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Market, Side
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
from opensqt.venues.engine.request import decoded
from opensqt.venues.gate.requests import MS_PER_S, VENUE

BOOKS, TRADES, CANDLES, TICKERS = "order_book_update", "trades", "candlesticks", "tickers"
MINUTE, MINUTE_MS = "1m", 60_000


class _PricedSize(msgspec.Struct, frozen=True):
    p: Decimal
    s: Decimal


class _GateHead(msgspec.Struct, frozen=True):
    channel: str = ""
    event: str = ""
    time: int = 0
    time_ms: int = 0
    error: msgspec.Raw = msgspec.Raw(b"null")
    result: msgspec.Raw = msgspec.Raw(b"")


class _GateDepth(msgspec.Struct, frozen=True):
    s: str
    t: int
    u: int
    U: int = 0
    b: list[Level | _PricedSize] = []
    a: list[Level | _PricedSize] = []
    full: bool = False


class _SpotPrint(msgspec.Struct, frozen=True):
    id: int
    currency_pair: str
    side: Side  # of the taker
    amount: Decimal
    price: Decimal
    create_time_ms: Decimal


class _PerpPrint(msgspec.Struct, frozen=True):
    id: int
    contract: str
    size: Decimal  # negative where the taker sold
    price: Decimal
    create_time: Decimal
    create_time_ms: Decimal = Decimal(0)


class _GateCandle(msgspec.Struct, frozen=True):
    """`v` counts the quote asset (spot) or contracts, `a` base units; spot says whether the window is closed."""

    t: Decimal
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741  the venue's name
    c: Decimal
    v: Decimal
    n: str
    a: Decimal | None = None
    w: bool | None = None


class _GateTicker(msgspec.Struct, frozen=True):
    contract: str
    mark_price: Decimal
    index_price: Decimal
    funding_rate: Decimal


class _WholeBook(msgspec.Struct, frozen=True):
    """`update` is in ms of spot, in seconds of perpetuals; old answers do not have it."""

    id: int
    bids: list[Level | _PricedSize]
    asks: list[Level | _PricedSize]
    update: Decimal = Decimal(0)


_HEADS = msgspec.json.Decoder(_GateHead)
_DEPTHS = msgspec.json.Decoder(_GateDepth)
_SPOT_PRINTS = msgspec.json.Decoder(_SpotPrint | list[_SpotPrint])
_PERP_PRINTS = msgspec.json.Decoder(list[_PerpPrint])
_CANDLES = msgspec.json.Decoder(_GateCandle | list[_GateCandle])
_TICKERS = msgspec.json.Decoder(_GateTicker | list[_GateTicker])


def read_frame(text: str, symbols: Mapping[str, str], market: Market) -> FeedFrame:
    """Read one text frame of a market's connection; None is a frame that we did not ask for. Never raises."""
    try:
        head = _HEADS.decode(text)
        if head.event == "subscribe":
            refused = bytes(head.error) != b"null"
            return (
                SubscriptionRefused(bytes(head.error).decode())
                if refused
                else (SubscriptionAccepted())
            )
        reader = _READERS.get(head.channel.partition(".")[2])
        if head.event != "update" or reader is None:
            return None
        return reader(head, symbols, market)
    except (msgspec.DecodeError, KeyError, ValueError, ArithmeticError, RecursionError):
        return None


def read_whole(raw: bytes, market: Market) -> DepthChange:
    """Read the book of an answer; raise `Unreadable`."""
    wire = decoded(raw, _WholeBook)
    return DepthChange(
        last=wire.id,
        bids=_levels(wire.bids),
        asks=_levels(wire.asks),
        time_ms=int(wire.update if market is Market.SPOT else wire.update * MS_PER_S),
        whole=True,
    )


def _book(head: _GateHead, symbols: Mapping[str, str], market: Market) -> FeedFrame:
    del market
    wire = _DEPTHS.decode(head.result)
    change = DepthChange(
        first=wire.U,
        last=wire.u,
        bids=_levels(wire.b),
        asks=_levels(wire.a),
        time_ms=wire.t,
        whole=wire.full,
    )
    return SymbolFrame(symbols[wire.s], change) if wire.s in symbols else None


def _levels(rows: Sequence[Level | _PricedSize]) -> list[Level]:
    """Pairs of spot, objects of perpetuals."""
    return [(row.p, row.s) if isinstance(row, _PricedSize) else row for row in rows]


def _trades(head: _GateHead, symbols: Mapping[str, str], market: Market) -> FeedFrame:
    if market is Market.PERP:
        return [
            SymbolFrame(symbols[one.contract], _perp_trade(one, symbols[one.contract]))
            for one in _PERP_PRINTS.decode(head.result)
            if one.contract in symbols
        ]
    told = _SPOT_PRINTS.decode(head.result)
    return [
        SymbolFrame(symbols[one.currency_pair], _spot_trade(one, symbols[one.currency_pair]))
        for one in (told if isinstance(told, list) else [told])
        if one.currency_pair in symbols
    ]


def _spot_trade(wire: _SpotPrint, symbol: str) -> Trade:
    return Trade(
        venue=VENUE,
        symbol=symbol,
        trade_id=str(wire.id),
        price=trimmed(wire.price),
        quantity=trimmed(wire.amount),
        taker=wire.side,
        time_ms=int(wire.create_time_ms),
    )


def _perp_trade(wire: _PerpPrint, symbol: str) -> Trade:
    return Trade(
        venue=VENUE,
        symbol=symbol,
        trade_id=str(wire.id),
        price=trimmed(wire.price),
        quantity=trimmed(abs(wire.size)),
        taker=Side.BUY if wire.size > 0 else Side.SELL,
        time_ms=int(wire.create_time_ms or wire.create_time * MS_PER_S),
    )


def _candles(head: _GateHead, symbols: Mapping[str, str], market: Market) -> FeedFrame:
    told = _CANDLES.decode(head.result)
    rows = told if isinstance(told, list) else [told]
    found = []
    for one in rows:
        interval, _, name = one.n.partition("_")
        volume = one.a if market is Market.SPOT else one.v
        if interval == MINUTE and name in symbols and volume is not None:
            symbol = symbols[name]
            found.append(SymbolFrame(symbol, _candle(one, symbol, volume, _time_ms(head))))
    return found


def _candle(wire: _GateCandle, symbol: str, volume: Decimal, time_ms: int) -> Candle:
    """A window that does not say so is closed when its end has passed."""
    open_ms = int(wire.t * MS_PER_S)
    return Candle(
        venue=VENUE,
        symbol=symbol,
        interval_ms=MINUTE_MS,
        open_time_ms=open_ms,
        open=trimmed(wire.o),
        high=trimmed(wire.h),
        low=trimmed(wire.l),
        close=trimmed(wire.c),
        volume=trimmed(volume),
        closed=time_ms >= open_ms + MINUTE_MS if wire.w is None else wire.w,
        time_ms=time_ms,
    )


def _marks(head: _GateHead, symbols: Mapping[str, str], market: Market) -> FeedFrame:
    if market is Market.SPOT:
        return None
    told = _TICKERS.decode(head.result)
    return [
        SymbolFrame(
            symbols[one.contract],
            MarkChange(
                mark_price=trimmed(one.mark_price),
                index_price=trimmed(one.index_price),
                rate=trimmed(one.funding_rate),
                on_the_grid=True,
                time_ms=_time_ms(head),
            ),
        )
        for one in (told if isinstance(told, list) else [told])
        if one.contract in symbols
    ]


def _time_ms(head: _GateHead) -> int:
    return head.time_ms or head.time * MS_PER_S


_READERS: dict[str, Callable[[_GateHead, Mapping[str, str], Market], FeedFrame]] = {
    BOOKS: _book,
    TRADES: _trades,
    CANDLES: _candles,
    TICKERS: _marks,
}
