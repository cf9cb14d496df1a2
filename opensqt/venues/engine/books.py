"""The local books of the watched symbols: kept by changes, made by snapshots, shown as their best levels.

A hole is a `FeedStatus` GAP, and the book is not shown again before a snapshot has joined.
"""

import asyncio
from collections.abc import Callable

from opensqt.domain.market import BookTop, FeedState, FeedStatus
from opensqt.domain.venue import VenueDown
from opensqt.venues.engine.background_tasks import BackgroundTasks, Observations
from opensqt.venues.engine.depth_book import DepthBook, DepthChange, DepthGap
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.rate_limit import retry_delay_s
from opensqt.venues.engine.rest import VenueRest

BOOK = "book"
LEVELS = 10
WHOLE_S_MAX = 2.0  # wall; a venue that sends whole books by itself has sent one by then


class BookKeeper:
    """Books by our symbol; observations go into the queue."""

    def __init__(
        self,
        rest: VenueRest,
        queue: Observations,
        jobs: BackgroundTasks,
        begin_again: Callable[[str, str], None],
    ) -> None:
        self._rest = rest
        self._begin_again = begin_again  # our symbol, cause: its connection is dialled anew
        self._queue = queue
        self._jobs = jobs
        self._books: dict[str, DepthBook] = {}
        self._instruments: dict[str, Instrument] = {}
        self._synchronising: dict[str, asyncio.Task[None]] = {}

    def add(self, at: Instrument) -> None:
        """Keep a book of this instrument; it is empty until `renew`."""
        rule = self._rest.dialect.feed.sequence_rules[at.market]
        checksum = self._rest.dialect.feed.checksum
        self._books[at.symbol] = DepthBook(rule, at.contract_size, checksum)
        self._instruments[at.symbol] = at

    def forget(self, symbol: str) -> None:
        """Drop what is known: the connection is lost."""
        self._stop(symbol)
        self._books[symbol].reset()

    def begin(self, symbol: str, cause: str) -> None:
        """Begin on a new connection, over which the venue may have sent a whole book already."""
        if self._books[symbol].is_live:
            self.say(symbol, BOOK, FeedState.LIVE, "")
        else:
            self.renew(symbol, cause)

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
                if change.whole:
                    self.say(symbol, BOOK, FeedState.LIVE, "")
                self._show(symbol)
        except DepthGap as gap:
            self.renew(symbol, str(gap))

    def say(self, symbol: str, channel: str, state: FeedState, detail: str) -> None:
        """Report the health of a channel."""
        self._queue.put_nowait(
            FeedStatus(
                venue=self._rest.dialect.name,
                symbol=symbol,
                channel=channel,
                state=state,
                age_ms=0,
                detail=detail,
                time_ms=self._rest.clock.market_ms(),
            )
        )

    def _show(self, symbol: str) -> None:
        book = self._books[symbol]
        bids, asks = book.top(LEVELS)
        self._queue.put_nowait(
            BookTop(
                venue=self._rest.dialect.name,
                symbol=symbol,
                bids=bids,
                asks=asks,
                time_ms=book.time_ms,
                book_sequence=book.sequence,
            )
        )

    async def _synchronise(self, symbol: str) -> None:
        """Read snapshots until one joins the changes that came meanwhile.

        Where the venue sends them by itself, it is given a moment; then its connection is dialled anew.
        """
        attempt, at = 0, self._instruments[symbol]
        while True:
            query = self._rest.dialect.feed.snapshot(at, self._rest.clock.market_ms())
            if query is None:
                await self._rest.clock.sleep(WHOLE_S_MAX)
                if not self._books[symbol].is_live:
                    self._begin_again(symbol, "no whole book came")
                return
            try:
                self._books[symbol].change(await self._rest.ask(query))
            except (VenueDown, DepthGap) as error:
                attempt += 1
                self.say(symbol, BOOK, FeedState.GAP, f"snapshot {attempt} is of no use: {error}")
                await self._rest.clock.sleep(retry_delay_s(attempt, self._rest.jitter))
            else:
                self.say(symbol, BOOK, FeedState.LIVE, "")
                self._show(symbol)
                return

    def _stop(self, symbol: str) -> None:
        task = self._synchronising.pop(symbol, None)
        if task is not None:
            task.cancel()
