"""The public topics of Bitget: who subscribed to which instrument, and in which frames it is told what moved."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.simulation.dialects.bitget.listing import MARKETS, category_of
from opensqt.simulation.dialects.bitget.market_rows import (
    BOOK_LEVELS,
    Json,
    candle_row,
    levels,
    print_row,
    ticker_row,
    whole_book,
)
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match
from opensqt.simulation.server.market_changes import Levels

BOOKS, TRADES, CANDLES, TICKER = "books", "publicTrade", "kline", "ticker"
DEPTHS = {"books1": 1, "books5": 5, "books50": 50}
PUBLIC_TOPICS = (BOOKS, *DEPTHS, TRADES, CANDLES, TICKER)
WHOLE, CHANGED = "snapshot", "update"
FIRST = 0  # what a whole book names as the change before it


class PublicFrames:
    """Subscriptions and emission of public frames."""

    tell_book: Callable[[InstrumentRules], None]

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[tuple[str, str], set[ClientSocket]] = {}

    def knows(self, arg: dict[str, str]) -> bool:
        """Whether there is such an instrument, and the topic for it."""
        return self._find(arg) is not None

    def subscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Add a topic of an instrument to a connection, and show it as it is now."""
        topic, rules = arg["topic"], self._find(arg)
        if rules is None:
            return
        if topic == BOOKS:
            self.tell_book(rules)  # what comes behind the whole book follows it
        wire.streams.add(f"{topic}:{rules.symbol}")
        self._wires.setdefault((topic, rules.symbol), set()).add(wire)
        shown = _shown(self._context, topic, rules)
        if shown:
            wire.emit(_framed(self._context, topic, rules, WHOLE, shown), _occasion(rules))

    def unsubscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Take a topic from a connection."""
        topic, rules = arg["topic"], self._find(arg)
        if rules is not None:
            wire.streams.discard(f"{topic}:{rules.symbol}")
            self._wires.get((topic, rules.symbol), set()).discard(wire)

    def forget(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        for wires in self._wires.values():
            wires.discard(wire)

    def traded(self, rules: InstrumentRules, trade: PublicTrade) -> None:
        """Tell of a print."""
        self._emit(TRADES, rules, lambda: [print_row(rules, trade)], CHANGED)

    def best_moved(self, rules: InstrumentRules) -> None:
        """Tell the few best levels."""
        for topic in DEPTHS:
            self._emit(topic, rules, partial(_shown, self._context, topic, rules))

    def book_moved(self, rules: InstrumentRules, changed: Levels, previous_id: int) -> None:
        """Tell the levels that changed."""
        moved = {
            "a": levels(rules, changed[Side.SELL]),
            "b": levels(rules, changed[Side.BUY]),
        }
        self._emit(
            BOOKS,
            rules,
            lambda: [{**_numbered(self._context, rules, 0, previous_id), **moved}],
            CHANGED,
        )

    def candle_moved(self, rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> None:
        """Tell a candle; whether it has ended is not said."""
        del closed
        self._emit(CANDLES, rules, lambda: [candle_row(candle)], CHANGED)

    def second_passed(self, rules: InstrumentRules) -> None:
        """Tell the ticker."""
        self._emit(TICKER, rules, lambda: [ticker_row(self._context, rules)])

    def _find(self, arg: dict[str, str]) -> InstrumentRules | None:
        category = arg.get("instType", "").upper()
        market = MARKETS.get(category)
        if market is None or arg.get("topic") not in PUBLIC_TOPICS:
            return None
        if arg["topic"] == CANDLES and arg.get("interval") != "1m":
            return None
        found = self._context.directory.find(market, arg.get("symbol", ""))
        return found if found is not None and category_of(found) == category else None

    def _emit(
        self,
        topic: str,
        rules: InstrumentRules,
        make: Callable[[], Sequence[object]],
        action: str = WHOLE,
    ) -> None:
        """Make a frame only when somebody listens, and hand it to everybody who does."""
        wires = self._wires.get((topic, rules.symbol))
        if not wires:
            return
        payload = _framed(self._context, topic, rules, action, make())
        for wire in wires:
            wire.emit(payload, _occasion(rules))


def _shown(context: VenueContext, topic: str, rules: InstrumentRules) -> Sequence[object]:
    """What a topic begins with."""
    if topic == BOOKS or topic in DEPTHS:
        return [_numbered(context, rules, DEPTHS.get(topic, BOOK_LEVELS), FIRST)]
    if topic == CANDLES:
        return [
            candle_row(candle) for candle in context.exchange.settlement.tapes[rules.symbol].candles
        ]
    return [ticker_row(context, rules)] if topic == TICKER else []


def _numbered(context: VenueContext, rules: InstrumentRules, depth: int, previous_id: int) -> Json:
    book = context.exchange.matchers[rules.symbol].book
    # The one number is a text and the other is none, as both were seen.
    numbers = {"seq": str(book.update_id), "pseq": previous_id}
    return {**whole_book(context, rules, depth), **numbers}


def _framed(
    context: VenueContext, topic: str, rules: InstrumentRules, action: str, data: Sequence[object]
) -> bytes:
    arg = {
        "instType": category_of(rules).lower(),
        "topic": topic,
        "symbol": rules.venue_symbol,
        **({"interval": "1m"} if topic == CANDLES else {}),
    }
    frame = {"action": action, "arg": arg, "data": data, "ts": context.now_ms()}
    return msgspec.json.encode(frame)


def _occasion(rules: InstrumentRules) -> Match:
    return Match(kind="public", market=rules.market.value, symbol=rules.venue_symbol)
