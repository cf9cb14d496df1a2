"""The public market data of any venue as the feed port.

ccxt.pro dials and pings; frames are read before its caches, which hold floats, merge trades and bridge holes.
Never sees credentials, never decides what is stale.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.market import Candle, FeedState, Trade
from opensqt.domain.venue import VenueDown
from opensqt.venues.engine.background_tasks import BackgroundTasks, Observations
from opensqt.venues.engine.books import BookKeeper
from opensqt.venues.engine.candles import CandleKeeper
from opensqt.venues.engine.depth_book import DepthChange
from opensqt.venues.engine.feed_format import (
    FeedConnection,
    MarkChange,
    RunningCandle,
    SubscriptionAccepted,
    SubscriptionRefused,
    SymbolFrame,
)
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.marks import MarkKeeper
from opensqt.venues.engine.request import Query
from opensqt.venues.engine.rest import VenueRest
from opensqt.venues.engine.stream_connection import StreamConnection, keep_connected
from opensqt.venues.feed_port import FeedDown, Observation

FUNDING_POLL_S = 600.0
FUNDING_RETRY_S = 1.0


class VenueFeed:
    """Public data of the symbols that are watched; one `watch` at a time."""

    def __init__(self, rest: VenueRest) -> None:
        self._rest = rest
        self._format = rest.dialect.feed
        self._queue: Observations = Observations()
        self._jobs = BackgroundTasks(self._queue)
        self._books = BookKeeper(rest, self._queue, self._jobs, self._begin_again)
        self._marks = MarkKeeper(rest.dialect.name)
        self._candles = CandleKeeper()
        self._instruments: dict[str, Instrument] = {}
        self._names: dict[Market | None, dict[str, str]] = {key: {} for key in (None, *Market)}
        self._connections: dict[str, StreamConnection] = {}
        self._funding_hours: Mapping[str, int] | None = None

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return filters and list fees, read anew; raise `FeedDown`, or `LookupError` naming an unknown symbol."""
        listing = self._rest.listing
        try:
            await listing.load(reload=True)
            return tuple([await listing.rules(symbol, fees=None) for symbol in symbols])
        except VenueDown as error:
            raise FeedDown(str(error)) from error

    async def watch(self, symbols: Sequence[str]) -> AsyncIterator[Observation]:
        """Yield observations for ever; raise `FeedDown` or `LookupError` if the symbols cannot be found."""
        await self._prepare(symbols)
        self._rest.clients.tap = self._tap
        for connection in self._connections.values():
            self._jobs.start(keep_connected(self._rest, connection, self._up, self._down))
        query = self._format.funding_hours(
            frozenset(at.market for at in self._instruments.values())
        )
        if query is not None:
            self._jobs.start(self._poll_funding(query))
        try:
            while True:
                observation = await self._queue.get()
                if isinstance(observation, Exception):
                    raise observation
                yield observation
        finally:
            if self._rest.clients.tap == self._tap:
                self._rest.clients.tap = None
            await self._jobs.stop()

    async def close(self) -> None:
        """Disconnect, also a `watch` that nobody reads any more."""
        await self._jobs.stop()
        await self._rest.close()

    async def _prepare(self, symbols: Sequence[str]) -> None:
        try:
            for symbol in symbols:
                at = await self._rest.listing.instrument(symbol)
                self._instruments[symbol] = at
                self._names[at.market][at.venue_symbol] = symbol
                self._names[None][at.venue_symbol] = symbol
                self._books.add(at)
        except VenueDown as error:
            raise FeedDown(str(error)) from error
        client, watched = self._rest.clients.client, tuple(self._instruments.values())
        for connection in self._format.connections(client, watched):
            self._connections[connection.url] = StreamConnection(connection)

    def _tap(self, url: str, text: str) -> bool:
        connection = self._connections.get(url)
        if connection is None:
            return False
        about = connection.about
        match self._format.read(about, text, self._names[about.market]):
            case SubscriptionAccepted():
                connection.acknowledged.set()
            case SubscriptionRefused(reason):
                connection.end(f"subscription refused: {reason}")
            case SymbolFrame() as frame:
                self._take(frame)
            case list() as frames:
                for frame in frames:
                    self._take(frame)
            case None:
                pass
        return True

    def _take(self, frame: SymbolFrame) -> None:
        match frame.value:
            case DepthChange() as change:
                self._books.change(frame.symbol, change)
            case MarkChange() as change:
                self._marked(frame.symbol, change)
            case RunningCandle(candle):
                for told in self._candles.change(candle):
                    self._queue.put_nowait(self._in_base_units(frame.symbol, told))
            case (Trade() | Candle()) as told:
                self._queue.put_nowait(self._in_base_units(frame.symbol, told))

    def _in_base_units(self, symbol: str, told: Trade | Candle) -> Trade | Candle:
        at = self._instruments[symbol]
        if at.contract_size == 1:
            return told
        if isinstance(told, Trade):
            return msgspec.structs.replace(told, quantity=at.base_units(told.quantity))
        return msgspec.structs.replace(told, volume=at.base_units(told.volume))

    def _marked(self, symbol: str, change: MarkChange) -> None:
        mark = self._marks.change(symbol, change)
        if mark is not None:
            self._queue.put_nowait(mark)
        if self._funding_hours is not None:
            hours = self._funding_hours.get(symbol, self._format.funding_hours_usual)
            funding = self._marks.funding(symbol, hours)
            if funding is not None:
                self._queue.put_nowait(funding)

    def _begin_again(self, symbol: str, cause: str) -> None:
        """Dial the connections of a book anew: a venue sends the whole book to whoever comes."""
        for connection in self._connections.values():
            if connection.about.has_books and symbol in connection.about.symbols:
                connection.end(cause)

    async def _poll_funding(self, query: Query[Mapping[str, int]]) -> None:
        """Keep the real funding intervals; without them no funding is shown."""
        while True:
            try:
                self._funding_hours = await self._rest.ask(query)
            except VenueDown:
                await self._rest.clock.sleep(FUNDING_RETRY_S)
            else:
                await self._rest.clock.sleep(FUNDING_POLL_S)

    def _up(self, connection: FeedConnection) -> None:
        for symbol in connection.symbols:
            if connection.has_books:
                self._books.begin(symbol, "waiting for the first snapshot of this connection")
            self._books.say(symbol, connection.category, FeedState.LIVE, "")

    def _down(self, connection: FeedConnection, cause: str) -> None:
        for symbol in connection.symbols:
            self._marks.forget(symbol)
            self._candles.forget(symbol)
            if connection.has_books:
                self._books.forget(symbol)
            self._books.say(symbol, connection.category, FeedState.DOWN, cause)
