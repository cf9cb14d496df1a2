"""The public topics of Bybit: who subscribed to what, and in which frames they are told what moved.

A book topic begins with the whole book; its changes are numbered one by one from the start of this venue.
"""

from collections.abc import Iterable

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.bybit.listing import MARKETS, wire_id
from opensqt.simulation.dialects.bybit.public_views import Json, levels, ticker_view
from opensqt.simulation.dialects.bybit.views import SIDES
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match
from opensqt.simulation.server.market_changes import Levels

Key = tuple[Market, str]
DEPTHS = (1, 50, 200)
BOOK, TRADES, KLINE, TICKERS = "orderbook", "publicTrade", "kline", "tickers"


class PublicTopics:
    """Subscriptions and emission of public frames."""

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[Key, set[ClientSocket]] = {}
        self._numbers: dict[str, int] = {}
        self._tickers: dict[str, Json] = {}

    def knows(self, wire: ClientSocket, topic: str) -> bool:
        """Whether a connection may have this topic."""
        return self._rules_of(wire, topic) is not None

    def subscribe(self, wire: ClientSocket, topics: list[str]) -> None:
        """Send topics such as orderbook.50.BTCUSDT from now on, books and tickers beginning with all of it."""
        for topic in topics:
            rules = self._rules_of(wire, topic)
            if rules is None:
                continue
            wire.streams.add(topic)
            self._wires.setdefault((rules.market, topic), set()).add(wire)
            kind = topic.partition(".")[0]
            if kind == BOOK:
                self._send([wire], rules, topic, "snapshot", self._whole(rules, topic))
            elif kind == TICKERS:
                self._send([wire], rules, topic, "snapshot", ticker_view(self._context, rules))

    def unsubscribe(self, wire: ClientSocket, topics: list[str]) -> None:
        """Send topics no longer."""
        for topic in topics:
            wire.streams.discard(topic)
        for (_, topic), wires in self._wires.items():
            if topic in topics:
                wires.discard(wire)

    def traded(self, rules: InstrumentRules, trade: PublicTrade) -> None:
        """Tell of a print."""
        row = {
            "T": trade.time_ms,
            "s": rules.venue_symbol,
            "S": SIDES[trade.taker.value],
            "v": canonical(trade.quantity),
            "p": canonical(trade.price),
            "i": wire_id(rules.market, trade.trade_id),
            "BT": False,
        }
        self._emit(rules, f"{TRADES}.{rules.venue_symbol}", "snapshot", [row])

    def best_moved(self, rules: InstrumentRules) -> None:
        """Tell the whole of a book of one level."""
        topic = f"{BOOK}.1.{rules.venue_symbol}"
        if self._wires.get((rules.market, topic)):
            self._emit(rules, topic, "snapshot", self._whole(rules, topic))

    def book_moved(self, rules: InstrumentRules, changed: Levels, previous_id: int) -> None:
        """Tell the levels that changed, under the next number of the topic."""
        del previous_id
        number = self._numbers[rules.symbol] = self._numbers.get(rules.symbol, 1) + 1
        written = {
            side: [[canonical(price), canonical(quantity)] for price, quantity in moved]
            for side, moved in changed.items()
        }
        data: Json = {
            "s": rules.venue_symbol,
            "b": written[Side.BUY],
            "a": written[Side.SELL],
            "u": number,
            "seq": self._context.exchange.matchers[rules.symbol].book.update_id,
        }
        for depth in DEPTHS[1:]:
            self._emit(rules, f"{BOOK}.{depth}.{rules.venue_symbol}", "delta", data)

    def candle_moved(self, rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> None:
        """Tell a candle."""
        row = _candle(candle, self._context.now_ms(), confirmed=closed)
        self._emit(rules, f"{KLINE}.1.{rules.venue_symbol}", "snapshot", [row])

    def second_passed(self, rules: InstrumentRules) -> None:
        """Tell the ticker: of a perpetual only what has changed, of spot all."""
        now = ticker_view(self._context, rules)
        before = self._tickers.get(rules.symbol, {})
        self._tickers[rules.symbol] = now
        topic = f"{TICKERS}.{rules.venue_symbol}"
        if rules.market is Market.SPOT:
            self._emit(rules, topic, "snapshot", now)
            return
        changed = {name: value for name, value in now.items() if before.get(name) != value}
        self._emit(rules, topic, "delta", {"symbol": rules.venue_symbol, **changed})

    def _whole(self, rules: InstrumentRules, topic: str) -> Json:
        book = self._context.exchange.matchers[rules.symbol].book
        depth = int(topic.split(".")[1])
        return {
            "s": rules.venue_symbol,
            "b": levels(book, Side.BUY, depth),
            "a": levels(book, Side.SELL, depth),
            "u": self._numbers.setdefault(rules.symbol, 1),
            "seq": book.update_id,
        }

    def _rules_of(self, wire: ClientSocket, topic: str) -> InstrumentRules | None:
        market = MARKETS.get(wire.path.rpartition("/")[2])
        kind, _, rest = topic.partition(".")
        detail, _, name = rest.rpartition(".")
        depth_known = detail.isdecimal() and int(detail) in DEPTHS
        if market is None or not {
            BOOK: depth_known,
            KLINE: detail == "1",
            TRADES: not detail,
            TICKERS: not detail,
        }.get(kind, False):
            return None
        return self._context.directory.find(market, name)

    def _emit(self, rules: InstrumentRules, topic: str, kind: str, data: object) -> None:
        wires = self._wires.get((rules.market, topic))
        if wires:
            self._send(wires, rules, topic, kind, data)

    def _send(
        self,
        wires: Iterable[ClientSocket],
        rules: InstrumentRules,
        topic: str,
        kind: str,
        data: object,
    ) -> None:
        now_ms = self._context.now_ms()
        frame = {"topic": topic, "type": kind, "ts": now_ms, "data": data, "cts": now_ms}
        raw = msgspec.json.encode(frame)
        occasion = Match(kind="public", market=rules.market.value, symbol=rules.venue_symbol)
        for wire in wires:
            wire.emit(raw, occasion)


def _candle(candle: MinuteCandle, now_ms: int, *, confirmed: bool) -> Json:
    names = ("open", "close", "high", "low", "volume", "turnover")
    return {
        "start": candle.open_ms,
        "end": candle.close_ms,
        "interval": "1",
        **{name: canonical(getattr(candle, name)) for name in names},
        "confirm": confirmed,
        "timestamp": now_ms,
    }
