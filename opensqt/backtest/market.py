"""The market as the run walks through it: row by row, or at once to the next row that can change anything.

A row is of interest where it touches or crosses an order of ours, or moves the mid out of what a strategy waits in.
The rows between are counted, and their last quote is told the exchange: nothing of ours depends on the others.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from opensqt.backtest.agenda import Agenda
from opensqt.domain.instruments import Side
from opensqt.domain.market import Tick
from opensqt.simulation.engine.book import MergedBook
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.notices import Notice
from opensqt.simulation.market.flow import (
    BestQuotes,
    BookDelta,
    BookSnapshot,
    Frame,
    Level,
    MarketTrade,
)


class RowInterest(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a quote of a symbol worth a look; prices in quote units, None: nothing on that side."""

    own_bid: Decimal | None = None  # our highest buy
    own_ask: Decimal | None = None  # our lowest sell
    mid_min: Decimal | None = None  # strategies look again at or below it
    mid_max: Decimal | None = None

    def is_left(self, tick: Tick) -> bool:
        """Tell whether the mid is out of what strategies wait in."""
        mid, low, high = (tick.bid_price + tick.ask_price) / 2, self.mid_min, self.mid_max
        return (low is not None and mid <= low) or (high is not None and mid >= high)


class WalkedMarket(Protocol):
    """What the run asks of a market."""

    @property
    def rows(self) -> int:
        """How many rows were played or passed over."""

    @property
    def next_ms(self) -> int | None:
        """Market time of the next row, or None at the end."""

    def advance(self, until_ms: int | None, interests: Mapping[str, RowInterest] | None) -> str:
        """Play rows up to a market time until one of interest was played, and return its symbol, else nothing.

        Without `interests` every row is of interest.
        """

    def tick(self, symbol: str) -> Tick | None:
        """Return the best bid and ask of other people, or None before there are both."""


class PlayedMarket:
    """What was shown of each symbol, and the exchange that it is played to."""

    def __init__(self, exchange: Exchange, agenda: Agenda) -> None:
        self.exchange, self.agenda = exchange, agenda
        self.rows = 0
        self.noticed = False  # the last frame did something to an order of ours
        self._counts: dict[str, int] = {}
        self._ticks: dict[str, Tick] = {}
        exchange.listeners.append(self._notice)

    def tick(self, symbol: str) -> Tick | None:
        """Return the best bid and ask of other people as they were told last, or None before there are both."""
        return self._ticks.get(symbol)

    def play(self, frame: Frame | BestQuotes, count: int = 1) -> None:
        """Let the exchange match a frame, the last of `count` of its symbol, and commit what came of it."""
        self.noticed = False
        self.exchange.play(frame)
        if not isinstance(frame, MarketTrade):
            self._show(frame, count)
        settlement = self.exchange.settlement
        if settlement.changes:
            self.exchange.commit()
        for touched in self.exchange.matchers[frame.symbol].book.touched.values():
            touched.clear()
        settlement.tapes[frame.symbol].fresh.clear()

    def _show(self, frame: BookSnapshot | BookDelta | BestQuotes, count: int) -> None:
        symbol = frame.symbol
        self._counts[symbol] = self._counts.get(symbol, 0) + count
        best = _best(frame, self.exchange.matchers[symbol].book)
        if best is None:
            return
        (bid, bid_quantity), (ask, ask_quantity) = best
        self._ticks[symbol] = Tick(
            venue=self.exchange.settlement.venue,
            symbol=symbol,
            bid_price=bid,
            bid_quantity=bid_quantity,
            ask_price=ask,
            ask_quantity=ask_quantity,
            time_ms=frame.time_ms,
            book_sequence=self._counts[symbol],
        )

    def _notice(self, notices: list[Notice]) -> None:
        self.noticed = self.noticed or bool(notices)


class FlowMarket(PlayedMarket):
    """A recorded or synthetic flow, whose frames are changes of whole books: each is played, not each is looked at."""

    def __init__(
        self, frames: Iterator[Frame], exchange: Exchange, agenda: Agenda, to_ms: int | None
    ) -> None:
        super().__init__(exchange, agenda)
        self._frames, self._to_ms = frames, to_ms
        self._next = self._following()

    @property
    def next_ms(self) -> int | None:
        """Market time of the next frame, or None at the end."""
        return None if self._next is None else self._next.time_ms

    def advance(self, until_ms: int | None, interests: Mapping[str, RowInterest] | None) -> str:
        """Play frames up to a market time until one of interest was played."""
        while (frame := self._next) is not None:
            if until_ms is not None and frame.time_ms > until_ms:
                break
            self.agenda.now_ms = max(self.agenda.now_ms, frame.time_ms)
            self.rows += 1
            self.play(frame)
            self._next = self._following()
            if interests is None or self.noticed or self._outside(frame, interests):
                return frame.symbol
        return ""

    def _outside(self, frame: Frame, interests: Mapping[str, RowInterest]) -> bool:
        interest, tick = interests.get(frame.symbol), self.tick(frame.symbol)
        if interest is None or tick is None or isinstance(frame, MarketTrade):
            return False
        return interest.is_left(tick)

    def _following(self) -> Frame | None:
        frame = next(self._frames, None)
        ended = frame is not None and self._to_ms is not None and frame.time_ms >= self._to_ms
        return None if ended else frame


def _best(
    frame: BookSnapshot | BookDelta | BestQuotes, book: MergedBook
) -> tuple[Level, Level] | None:
    """Return the best bid and ask that a frame leaves; best quotes are as they were told, whatever we took of them."""
    if isinstance(frame, BestQuotes):
        return frame.bid, frame.ask
    bids, asks = book.flow[Side.BUY], book.flow[Side.SELL]
    if bids.best is None or asks.best is None:
        return None
    return (bids.best, bids.quantity(bids.best)), (asks.best, asks.quantity(asks.best))
