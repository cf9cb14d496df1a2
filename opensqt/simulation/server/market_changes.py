"""What moved in the markets of a venue since it was told last: prints, best prices, books, candles. It sends nothing.

Books carry other people's orders and our resting ones; the ids of what is told follow each other without a hole.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.simulation.market.flow import Level
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.context import VenueContext

TICKS_PER_SECOND = 10
Levels = Mapping[Side, list[Level]]


class MarketTeller(Protocol):
    """A dialect's public streams: it gives what moved a shape and sends it to whoever listens."""

    def traded(self, rules: InstrumentRules, trade: PublicTrade) -> None:
        """Tell of a print."""

    def best_moved(self, rules: InstrumentRules) -> None:
        """Tell that a best price or its quantity changed."""

    def book_moved(self, rules: InstrumentRules, changed: Levels, previous_id: int) -> None:
        """Tell the levels that changed (base units, 0 for one that is gone) since an update id."""

    def candle_moved(self, rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> None:
        """Tell a one-minute candle."""

    def second_passed(self, rules: InstrumentRules) -> None:
        """Tell what goes out each second."""


class MarketChanges:
    """Compares the markets with what was told last."""

    def __init__(self, context: VenueContext, teller: MarketTeller) -> None:
        self._context, self._teller = context, teller
        self._tops: dict[str, tuple[Decimal, ...]] = {}
        self._last_ids: dict[str, int] = {}
        self._candles: dict[str, tuple[int, int]] = {}
        self._ticks = 0

    def flush(self) -> None:
        """Tell prints and best prices that came up since the last call."""
        for rules in self._context.exchange.rules.values():
            for trade in self._context.exchange.settlement.tapes[rules.symbol].drain():
                self._teller.traded(rules, trade)
            book = self._context.exchange.matchers[rules.symbol].book
            bid, ask = book.best(Side.BUY) or ZERO, book.best(Side.SELL) or ZERO
            top = (bid, book.level(Side.BUY, bid), ask, book.level(Side.SELL, ask))
            if top != self._tops.get(rules.symbol):
                self._tops[rules.symbol] = top
                self._teller.best_moved(rules)

    def tick(self) -> None:
        """Tell what goes out every 100 ms of wall time, and every tenth time what goes out each second."""
        self._ticks += 1
        for rules in self._context.exchange.rules.values():
            self.tell_book(rules)
            self._tell_candles(rules)
            if self._ticks % TICKS_PER_SECOND == 0:
                self._teller.second_passed(rules)

    def tell_book(self, rules: InstrumentRules) -> None:
        """Tell what changed in a book; whoever begins to listen is shown the whole of it right after."""
        book = self._context.exchange.matchers[rules.symbol].book
        previous = self._last_ids.get(rules.symbol, book.update_id)
        self._last_ids[rules.symbol] = book.update_id
        changed = {
            side: [(price, book.level(side, price)) for price in sorted(book.touched[side])]
            for side in Side
        }
        for side in Side:
            book.touched[side].clear()
        if book.update_id != previous:
            self._teller.book_moved(rules, changed, previous)

    def _tell_candles(self, rules: InstrumentRules) -> None:
        candles = self._context.exchange.settlement.tapes[rules.symbol].candles
        if not candles:
            return
        last = candles[-1]
        seen_ms, seen_trades = self._candles.get(rules.symbol, (last.open_ms, 0))
        if seen_ms < last.open_ms:
            for candle in [c for c in candles if seen_ms <= c.open_ms < last.open_ms]:
                self._teller.candle_moved(rules, candle, closed=True)
        if (seen_ms, seen_trades) != (last.open_ms, last.trades):
            self._teller.candle_moved(rules, last, closed=False)
        self._candles[rules.symbol] = (last.open_ms, last.trades)
