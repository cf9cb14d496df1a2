"""The local books of the watched symbols: kept by changes, made by snapshots, shown as their best levels.

A hole is a `FeedStatus` GAP, and the book is not shown again before a snapshot has joined.
"""

import asyncio

import msgspec

from opensqt.domain.instruments import Market, market_of
from opensqt.domain.market import BookTop, FeedState, FeedStatus
from opensqt.domain.venue import VenueDown
from opensqt.venues.binance.frames import read_snapshot
from opensqt.venues.binance.rest import BinanceRest, RestRequest
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.engine.background_tasks import BackgroundTasks, Observations
from opensqt.venues.engine.depth_book import DepthBook, DepthChange, DepthGap
from opensqt.venues.engine.rate_limit import retry_delay_s

BOOK = "book"
LEVELS = 10
SNAPSHOT_LEVELS = 1000
SNAPSHOT_WEIGHTS = {Market.SPOT: 50.0, Market.PERP: 20.0}  # docs, limit=1000
SECTIONS = {Market.SPOT: "public", Market.PERP: "fapiPublic"}


class BookKeeper:
    """Books by our symbol; observations go into the queue."""

    def __init__(self, gate: BinanceRest, queue: Observations, jobs: BackgroundTasks) -> None:
        self._gate = gate
        self._queue = queue
        self._jobs = jobs
        self._books: dict[str, DepthBook] = {}
        self._synchronising: dict[str, asyncio.Task[None]] = {}

    def add(self, symbol: str) -> None:
        """Keep a book of this symbol; it is empty until `renew`."""
        self._books[symbol] = DepthBook(market_of(symbol))

    def forget(self, symbol: str) -> None:
        """Drop what is known: the connection is lost."""
        self._stop(symbol)
        self._books[symbol].reset()

    def renew(self, symbol: str, cause: str) -> None:
        """Say that there is no book and begin again from a snapshot; changes that come meanwhile are kept."""
        self.say(symbol, BOOK, FeedState.GAP, cause)
        self._stop(symbol)
        self._books[symbol].reset()
        self._synchronising[symbol] = self._jobs.start(self._synchronise(symbol))

    def change(self, symbol: str, change: DepthChange) -> None:
        """Take one depth frame."""
        try:
            if self._books[symbol].change(change):
                self._show(symbol)
        except DepthGap as gap:
            self.renew(symbol, str(gap))

    def say(self, symbol: str, channel: str, state: FeedState, detail: str) -> None:
        """Report the health of a channel."""
        self._queue.put_nowait(
            FeedStatus(
                venue=VENUE,
                symbol=symbol,
                channel=channel,
                state=state,
                age_ms=0,
                detail=detail,
                time_ms=self._gate.clock.market_ms(),
            )
        )

    def _show(self, symbol: str) -> None:
        book = self._books[symbol]
        bids, asks = book.top(LEVELS)
        self._queue.put_nowait(
            BookTop(
                venue=VENUE,
                symbol=symbol,
                bids=bids,
                asks=asks,
                time_ms=book.time_ms,
                book_sequence=book.sequence,
            )
        )

    async def _synchronise(self, symbol: str) -> None:
        """Read snapshots until one joins the changes that came meanwhile."""
        market, attempt = market_of(symbol), 0
        names = {
            "symbol": await self._gate.venue_symbol(symbol),
            "limit": str(SNAPSHOT_LEVELS),
        }
        request = RestRequest(
            section=SECTIONS[market],
            verb="GET",
            path="depth",
            params=names,
            cost={market.value: SNAPSHOT_WEIGHTS[market]},
        )
        while True:
            try:
                raw = await self._gate.read(request)
                self._books[symbol].load(read_snapshot(raw, self._gate.clock.market_ms()))
            except (VenueDown, DepthGap, msgspec.DecodeError) as error:
                attempt += 1
                self.say(symbol, BOOK, FeedState.GAP, f"snapshot {attempt} is of no use: {error}")
                await self._gate.clock.sleep(retry_delay_s(attempt, self._gate.jitter))
            else:
                self.say(symbol, BOOK, FeedState.LIVE, "")
                self._show(symbol)
                return

    def _stop(self, symbol: str) -> None:
        task = self._synchronising.pop(symbol, None)
        if task is not None:
            task.cancel()
