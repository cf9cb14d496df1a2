"""The public channels of Gate: who subscribed to which instrument, and in which frames it is told what moved."""

from collections.abc import Callable, Iterable

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.gate import market_views as views
from opensqt.simulation.dialects.gate.listing import SECTIONS, contracts
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match
from opensqt.simulation.server.market_changes import Levels
from opensqt.simulation.server.numbers import plain

Json = dict[str, object]
Topic = tuple[Market, str, str]  # market, channel, and the venue's name of an instrument
TRADES, TICKERS, BEST = "trades", "tickers", "book_ticker"
BOOK, WHOLE, CANDLES = "order_book_update", "obu", "candlesticks"
WHOLE_DEPTHS = {"50": 50, "400": 400}
LISTS = (TRADES, TICKERS, BEST)


class GatePublic:
    """Subscriptions and emission of public frames."""

    tell_book: Callable[[InstrumentRules], None]

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[Topic, set[ClientSocket]] = {}

    def topics(self, market: Market, channel: str, payload: list[str]) -> list[Topic]:
        """What a subscription means, nothing where it means nothing here."""
        match channel, payload:
            case (("trades" | "tickers" | "book_ticker"), [*names]) if names:
                pass
            case "order_book_update", [name, "100ms" | "20ms", *_]:
                names = [name]
            case "candlesticks", ["1m", name]:
                names = [name]
            case "obu", [stream] if stream.rpartition(".")[2] in WHOLE_DEPTHS:
                channel = f"{WHOLE}.{stream.rpartition('.')[2]}"
                names = [stream.removeprefix("ob.").rpartition(".")[0]]
            case _:
                return []
        known = all(self._context.directory.find(market, name) for name in names)
        return [(market, channel, name) for name in names] if known else []

    def subscribe(self, wire: ClientSocket, topics: list[Topic]) -> None:
        """Send topics from now on; a whole book begins with all of it."""
        for topic in topics:
            market, channel, name = topic
            rules = self._context.directory.find(market, name)
            if rules is None:
                continue
            if channel.startswith(WHOLE):
                self.tell_book(rules)  # what comes behind the whole book follows it
                depth = WHOLE_DEPTHS[channel.rpartition(".")[2]]
                found = views.whole(self._context, rules, depth)
                self._send([wire], rules, channel, self._obu(rules, channel, found, None))
            wire.streams.add(":".join(topic))
            self._wires.setdefault(topic, set()).add(wire)

    def unsubscribe(self, wire: ClientSocket, topics: list[Topic]) -> None:
        """Send topics no longer."""
        for topic in topics:
            wire.streams.discard(":".join(topic))
            self._wires.get(topic, set()).discard(wire)

    def forget(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        for wires in self._wires.values():
            wires.discard(wire)

    def traded(self, rules: InstrumentRules, trade: PublicTrade) -> None:
        """Tell of a print."""
        row = views.printed(rules, trade)
        self._emit(rules, TRADES, row if rules.market is Market.SPOT else [row])

    def best_moved(self, rules: InstrumentRules) -> None:
        """Tell the best prices."""
        book = self._context.exchange.matchers[rules.symbol].book
        row: Json = {
            "t": self._context.now_ms(),
            "u": book.update_id,
            "s": rules.venue_symbol,
        }
        for side, (price, size) in ((Side.BUY, "bB"), (Side.SELL, "aA")):
            best = book.best(side)
            row[price] = "" if best is None else canonical(best)
            count = None if best is None else contracts(rules, book.level(side, best))
            row[size] = "0" if count is None else plain(count)
        self._emit(rules, BEST, row)

    def book_moved(self, rules: InstrumentRules, changed: Levels, previous_id: int) -> None:
        """Tell the levels that changed."""
        last_id = self._context.exchange.matchers[rules.symbol].book.update_id
        row: Json = {
            "t": self._context.now_ms(),
            "s": rules.venue_symbol,
            "U": previous_id + 1,
            "u": last_id,
            "b": views.levels(rules, changed[Side.BUY]),
            "a": views.levels(rules, changed[Side.SELL]),
        }
        self._emit(rules, BOOK, row)
        for depth in WHOLE_DEPTHS:
            channel = f"{WHOLE}.{depth}"
            if self._wires.get((rules.market, channel, rules.venue_symbol)):
                self._emit(rules, channel, self._obu(rules, channel, changed, previous_id))

    def candle_moved(self, rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> None:
        """Tell a candle."""
        row = views.candle(rules, candle, closed=closed)
        self._emit(rules, CANDLES, row if rules.market is Market.SPOT else [row])

    def second_passed(self, rules: InstrumentRules) -> None:
        """Tell the ticker."""
        row = views.ticker(self._context, rules)
        self._emit(rules, TICKERS, row if rules.market is Market.SPOT else [row])

    def _obu(
        self, rules: InstrumentRules, channel: str, found: Levels, previous_id: int | None
    ) -> Json:
        """A book of the second kind, whole or what changed since an id; levels are pairs in both markets."""
        sides = {
            name: [
                [canonical(price), plain(contracts(rules, quantity))]
                for price, quantity in found[side]
            ]
            for name, side in (("b", Side.BUY), ("a", Side.SELL))
        }
        head: Json = {"full": True} if previous_id is None else {"U": previous_id + 1}
        return {
            "t": self._context.now_ms(),
            **head,
            "u": self._context.exchange.matchers[rules.symbol].book.update_id,
            "s": f"ob.{rules.venue_symbol}.{channel.rpartition('.')[2]}",
            **sides,
        }

    def _emit(self, rules: InstrumentRules, channel: str, result: object) -> None:
        wires = self._wires.get((rules.market, channel, rules.venue_symbol))
        if wires:
            self._send(wires, rules, channel, result)

    def _send(
        self, wires: Iterable[ClientSocket], rules: InstrumentRules, channel: str, result: object
    ) -> None:
        now_ms = self._context.now_ms()
        frame = {
            "time": now_ms // 1000,
            "time_ms": now_ms,
            "channel": f"{SECTIONS[rules.market]}.{channel.partition('.')[0]}",
            "event": "update",
            "result": result,
        }
        raw = msgspec.json.encode(frame)
        occasion = Match(kind="public", market=rules.market.value, symbol=rules.venue_symbol)
        for wire in wires:
            wire.emit(raw, occasion)
