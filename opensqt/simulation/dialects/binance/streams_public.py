"""The public streams of Binance: who subscribed to what, and in which frames they are told what moved."""

from collections.abc import Callable
from functools import partial

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.binance import stream_frames as frames
from opensqt.simulation.dialects.binance.numbers import level
from opensqt.simulation.dialects.binance.ticker import mini_ticker_frame, ticker_frame
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match
from opensqt.simulation.server.market_changes import Levels

Key = tuple[Market, str]
DEPTH_STREAMS = ("depth@100ms", "depth@0ms", "depth@500ms", "depth")


class PublicStreamHub:
    """Subscriptions and emission of public frames."""

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[Key, set[ClientSocket]] = {}

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

    def traded(self, rules: InstrumentRules, trade: PublicTrade) -> None:
        """Tell of a print, and of the aggregate that it is."""
        now_ms = self._context.now_ms()
        self._emit(rules, ("trade",), partial(frames.trade_frame, rules, trade, now_ms))
        self._emit(rules, ("aggTrade",), partial(frames.agg_trade_frame, rules, trade, now_ms))

    def best_moved(self, rules: InstrumentRules) -> None:
        """Tell the best prices."""
        self._emit(rules, ("bookTicker",), partial(frames.book_ticker_frame, self._context, rules))

    def book_moved(self, rules: InstrumentRules, changed: Levels, previous_id: int) -> None:
        """Tell the levels that changed."""
        written = {
            side: [level(rules, price, quantity) for price, quantity in levels]
            for side, levels in changed.items()
        }
        make = partial(frames.depth_frame, self._context, rules, written, previous_id)
        self._emit(rules, DEPTH_STREAMS, make)

    def candle_moved(self, rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> None:
        """Tell a candle."""
        now_ms = self._context.now_ms()
        make = partial(frames.kline_frame, rules, candle, now_ms, closed=closed)
        self._emit(rules, ("kline_1m",), make)

    def second_passed(self, rules: InstrumentRules) -> None:
        """Tell the tickers, and the mark of a perpetual."""
        self._emit(rules, ("miniTicker",), partial(mini_ticker_frame, self._context, rules))
        self._emit(rules, ("ticker",), partial(ticker_frame, self._context, rules))
        if rules.market is Market.PERP:
            names = ("markPrice", "markPrice@1s")
            self._emit(rules, names, partial(frames.mark_frame, self._context, rules))

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
