"""Binance's public market data, spot and USDⓈ-M, as the feed port.

ccxt.pro dials and pings; frames are read before its caches, which hold floats, merge trades and bridge holes.
Never sees credentials, never decides what is stale.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market, market_of
from opensqt.domain.market import Candle, FeedState, Trade
from opensqt.domain.venue import VenueDown
from opensqt.venues.binance.books import BookKeeper
from opensqt.venues.binance.frames import (
    FUNDING_HOURS_USUAL,
    MarkFrame,
    SubscriptionAccepted,
    SubscriptionRefused,
    SymbolFrame,
    read_frame,
    read_funding_hours,
)
from opensqt.venues.binance.rest import BinanceRest, RestRequest
from opensqt.venues.binance.rules import rules_of
from opensqt.venues.binance.stream_connection import StreamConnection, keep_line
from opensqt.venues.engine.background_tasks import BackgroundTasks, Observations
from opensqt.venues.engine.depth_book import DepthChange
from opensqt.venues.feed_port import FeedDown, Observation

FUNDING_POLL_S = 600.0
FUNDING_RETRY_S = 1.0
CATEGORIES = {Market.SPOT: ("public",), Market.PERP: ("public", "market")}


class BinanceFeed:
    """Public data of the symbols that are watched; one `watch` at a time."""

    def __init__(self, gate: BinanceRest) -> None:
        self._gate = gate
        self._queue: Observations = Observations()
        self._jobs = BackgroundTasks(self._queue)
        self._books = BookKeeper(gate, self._queue, self._jobs)
        self._symbols: dict[Market, dict[str, str]] = {}
        self._lines: dict[str, StreamConnection] = {}
        self._funding_hours: dict[str, int] | None = None

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return filters and list fees, read anew; raise `FeedDown`, or `LookupError` naming an unknown symbol."""
        try:
            listing = await self._gate.listing(reload=True)
        except VenueDown as error:
            raise FeedDown(str(error)) from error
        now_ms = self._gate.clock.market_ms()
        return tuple(rules_of(listing, symbol, fees=None, time_ms=now_ms) for symbol in symbols)

    async def watch(self, symbols: Sequence[str]) -> AsyncIterator[Observation]:
        """Yield observations for ever; raise `FeedDown` or `LookupError` if the symbols cannot be found."""
        await self._prepare(symbols)
        self._gate.tap = self._tap
        for line in self._lines.values():
            self._jobs.start(keep_line(self._gate, line, self._line_up, self._line_down))
        if Market.PERP in self._symbols:
            self._jobs.start(self._poll_funding())
        try:
            while True:
                observation = await self._queue.get()
                if isinstance(observation, Exception):
                    raise observation
                yield observation
        finally:
            if self._gate.tap == self._tap:
                self._gate.tap = None
            await self._jobs.stop()

    async def close(self) -> None:
        """Disconnect, also a `watch` that nobody reads any more."""
        await self._jobs.stop()
        await self._gate.close()

    async def _prepare(self, symbols: Sequence[str]) -> None:
        try:
            for symbol in symbols:
                venue_symbol = await self._gate.venue_symbol(symbol)
                self._symbols.setdefault(market_of(symbol), {})[venue_symbol] = symbol
                self._books.add(symbol)
        except VenueDown as error:
            raise FeedDown(str(error)) from error
        for market, names in self._symbols.items():
            for category in CATEGORIES[market]:
                line = StreamConnection(
                    market=market, category=category, venue_symbols=tuple(sorted(names))
                )
                self._lines[self._gate.client.feed_url(market, category)] = line

    def _tap(self, url: str, text: str) -> bool:
        line = self._lines.get(url)
        if line is None:
            return False
        symbols = self._symbols[line.market]
        match read_frame(text, symbols):
            case SubscriptionAccepted():
                line.acknowledged.set()
            case SubscriptionRefused(reason):
                line.end(f"subscription refused: {reason}")
            case SymbolFrame(venue_symbol, DepthChange() as change):
                self._books.change(symbols[venue_symbol], change)
            case SymbolFrame(venue_symbol, MarkFrame() as frame):
                self._marked(venue_symbol, frame)
            case SymbolFrame(_, (Trade() | Candle()) as told):
                self._queue.put_nowait(told)
            case None:
                pass
        return True

    def _marked(self, venue_symbol: str, frame: MarkFrame) -> None:
        self._queue.put_nowait(frame.mark)
        if self._funding_hours is not None:
            hours = self._funding_hours.get(venue_symbol, FUNDING_HOURS_USUAL)
            funding = frame.funding(hours)
            if funding is not None:
                self._queue.put_nowait(funding)

    async def _poll_funding(self) -> None:
        """Keep the real funding intervals; without them no funding is shown."""
        request = RestRequest(
            section="fapiPublic", verb="GET", path="fundingInfo", cost={Market.PERP.value: 1.0}
        )
        while True:
            try:
                self._funding_hours = read_funding_hours(await self._gate.read(request))
            except (VenueDown, msgspec.DecodeError):
                await self._gate.clock.sleep(FUNDING_RETRY_S)
            else:
                await self._gate.clock.sleep(FUNDING_POLL_S)

    def _line_up(self, line: StreamConnection) -> None:
        for symbol in self._symbols_of(line):
            if line.has_books:
                self._books.renew(symbol, "waiting for the first snapshot of this connection")
            self._books.say(symbol, line.category, FeedState.LIVE, "")

    def _line_down(self, line: StreamConnection, cause: str) -> None:
        for symbol in self._symbols_of(line):
            if line.has_books:
                self._books.forget(symbol)
            self._books.say(symbol, line.category, FeedState.DOWN, cause)

    def _symbols_of(self, line: StreamConnection) -> list[str]:
        return [self._symbols[line.market][name] for name in line.venue_symbols]
