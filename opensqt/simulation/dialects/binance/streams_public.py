"""The public streams: who subscribed to what, and what is sent after each batch of frames and on each tick.

Depth frames carry other people's book and our resting orders; their ids follow each other without a hole.
"""

from collections.abc import Callable
from functools import partial

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.binance import stream_frames as frames
from opensqt.simulation.dialects.binance.numbers import level
from opensqt.simulation.dialects.binance.ticker import mini_ticker_frame, ticker_frame
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match

Key = tuple[Market, str]
TICKS_PER_SECOND = 10


class PublicStreamHub:
    """Subscriptions and emission of public frames."""

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[Key, set[ClientSocket]] = {}
        self._tops: dict[str, object] = {}
        self._last_ids: dict[str, int] = {}
        self._candles: dict[str, tuple[int, int]] = {}
        self._ticks = 0

    def subscribe(self, wire: ClientSocket, market: Market, streams: list[str]) -> None:
        """Add streams such as btcusdt@trade to a connection."""
        for stream in streams:
            wire.streams.add(stream)
            self._wires.setdefault((market, stream), set()).add(wire)

    def unsubscribe(self, wire: ClientSocket, market: Market, streams: list[str]) -> None:
        """Take streams from a connection."""
        for stream in streams:
            wire.streams.discard(stream)
            self._wires.get((market, stream), set()).discard(wire)

    def flush(self) -> None:
        """Send prints and best prices that came up since the last call."""
        now_ms = self._context.now_ms()
        for rules in self._context.exchange.rules.values():
            for trade in self._context.exchange.settlement.tapes[rules.symbol].drain():
                self._emit(rules, ("trade",), partial(frames.trade_frame, rules, trade, now_ms))
                self._emit(
                    rules, ("aggTrade",), partial(frames.agg_trade_frame, rules, trade, now_ms)
                )
            book = self._context.exchange.matchers[rules.symbol].book
            bid, ask = book.best(Side.BUY) or ZERO, book.best(Side.SELL) or ZERO
            top = (bid, book.level(Side.BUY, bid), ask, book.level(Side.SELL, ask))
            if top != self._tops.get(rules.symbol):
                self._tops[rules.symbol] = top
                self._emit(
                    rules, ("bookTicker",), partial(frames.book_ticker_frame, self._context, rules)
                )

    def tick(self) -> None:
        """Send what goes out every 100 ms of wall time, and every tenth time what goes out each second."""
        self._ticks += 1
        for rules in self._context.exchange.rules.values():
            self._emit_depth(rules)
            self._emit_candle(rules)
            if self._ticks % TICKS_PER_SECOND:
                continue
            self._emit(rules, ("miniTicker",), partial(mini_ticker_frame, self._context, rules))
            self._emit(rules, ("ticker",), partial(ticker_frame, self._context, rules))
            if rules.market is Market.PERP:
                names = ("markPrice", "markPrice@1s")
                self._emit(rules, names, partial(frames.mark_frame, self._context, rules))

    def _emit_depth(self, rules: InstrumentRules) -> None:
        book = self._context.exchange.matchers[rules.symbol].book
        previous = self._last_ids.get(rules.symbol, book.update_id)
        self._last_ids[rules.symbol] = book.update_id
        changed = {
            side: [
                level(rules, price, book.level(side, price)) for price in sorted(book.touched[side])
            ]
            for side in Side
        }
        for side in Side:
            book.touched[side].clear()
        if book.update_id == previous:
            return
        names = ("depth@100ms", "depth@0ms", "depth@500ms", "depth")
        self._emit(
            rules, names, partial(frames.depth_frame, self._context, rules, changed, previous)
        )

    def _emit_candle(self, rules: InstrumentRules) -> None:
        candles = self._context.exchange.settlement.tapes[rules.symbol].candles
        if not candles:
            return
        now_ms, last = self._context.now_ms(), candles[-1]
        seen_ms, seen_trades = self._candles.get(rules.symbol, (last.open_ms, 0))
        if seen_ms < last.open_ms:
            for candle in [c for c in candles if seen_ms <= c.open_ms < last.open_ms]:
                self._emit(
                    rules,
                    ("kline_1m",),
                    partial(frames.kline_frame, rules, candle, now_ms, closed=True),
                )
        if (seen_ms, seen_trades) != (last.open_ms, last.trades):
            self._emit(
                rules, ("kline_1m",), partial(frames.kline_frame, rules, last, now_ms, closed=False)
            )
        self._candles[rules.symbol] = (last.open_ms, last.trades)

    def _emit(
        self,
        rules: InstrumentRules,
        names: tuple[str, ...],
        make: Callable[[], dict[str, object] | None],
    ) -> None:
        """Make a frame once, only when somebody listens, and hand it to everybody who does."""
        frame: dict[str, object] | None = None
        for name in names:
            stream = f"{rules.venue_symbol.lower()}@{name}"
            wires = self._wires.get((rules.market, stream))
            if not wires:
                continue
            frame = frame or make()
            if frame is None:
                return
            plain = msgspec.json.encode(frame)
            occasion = Match(kind="public", market=rules.market.value, symbol=rules.venue_symbol)
            for wire in wires:
                combined = "/stream" in wire.path
                wire.emit(
                    msgspec.json.encode({"stream": stream, "data": frame}) if combined else plain,
                    occasion,
                )
