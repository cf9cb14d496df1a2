"""The REST side of one account at a venue: budget, one send, retried reads and pages. Decides nothing."""

import asyncio
import random
from decimal import Decimal
from typing import TypeVar

import aiohttp
import msgspec

from opensqt.domain.decimals import ONE
from opensqt.domain.instruments import Market
from opensqt.domain.venue import VenueDown
from opensqt.domain.venue_contact import Contact
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.engine.classify import CLOCK_TROUBLE, throttled_ms, trouble_of
from opensqt.venues.engine.clock_offset import ClockOffset
from opensqt.venues.engine.dialect import Dialect
from opensqt.venues.engine.error_window import ErrorWindow
from opensqt.venues.engine.lazy_client import LazyClient
from opensqt.venues.engine.listing import Listing
from opensqt.venues.engine.rate_limit import Budget, Priority, limits_of, retried
from opensqt.venues.engine.request import Page, Query, RestRequest, SigningWindow, Unreadable
from opensqt.venues.engine.response import VenueResponse

MS_PER_S = 1000

Answer = TypeVar("Answer")
Row = TypeVar("Row")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue knows an account by; its text form shows nothing of it."""

    api_key: str = ""
    secret: str = ""
    passphrase: str = ""
    uid: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"

    def in_words_of_ccxt(self) -> dict[str, str]:
        """Return what is given of it, as ccxt names it."""
        words = {
            "apiKey": self.api_key,
            "secret": self.secret,
            "password": self.passphrase,
            "uid": self.uid,
        }
        return {word: value for word, value in words.items() if value}


class VenueRest:
    """Sends requests of one account within its budget.

    `part` of our share of the venue's weights is this process's own.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        config: VenueConfig,
        credentials: Credentials,
        markets: frozenset[Market],
        jitter: random.Random,
        part: Decimal = ONE,
    ) -> None:
        self.dialect = dialect
        self.clock = clock
        self.markets = markets
        self.jitter = jitter
        self.budget = Budget(clock, limits_of(config, dialect.rates, part))
        self.troubles = ErrorWindow(clock)
        self.contact = Contact(lambda: int(clock.monotonic_s() * MS_PER_S))
        self.time = ClockOffset(clock, required=dialect.measures_clock)
        self._measuring: asyncio.Future[None] | None = None
        self.clients = LazyClient(
            dialect,
            session=session,
            clock=clock,
            keys=credentials.in_words_of_ccxt(),
            markets=markets,
            deadline_ms=config.deadline_ms or dialect.policy.deadline_ms,
        )
        self.listing = Listing(self.clients)

    async def turn(self, request: RestRequest, *, until_ms: int | None = None) -> bool:
        """Wait until the budget lets a request of this cost leave; False if a market time passed before."""
        await self.clients.connected()
        left_s = None
        if until_ms is not None:
            left_s = float((until_ms - self.clock.market_ms()) / self.clock.speed) / MS_PER_S
        try:
            async with asyncio.timeout(left_s):
                await self.budget.acquire(request.cost, request.lane)
        except TimeoutError:
            return False
        # Only places wait for a fresh measure; a cancel or a read leaves with the time that is known.
        if self.time.stale:
            measuring = self._set_clock(request.market)
            if until_ms is not None:
                await asyncio.shield(measuring)
        return True

    async def dispatch(
        self, request: RestRequest, window: SigningWindow | None = None
    ) -> VenueResponse:
        """Send once, now: its turn has come."""
        client = await self.clients.connected()
        from opensqt.venues.engine.client import finished

        client.ahead_ms = self.time.ahead_ms
        signed_ms = 0 if window is None else window.signed_ms
        self.contact.ask(request.market)
        response = await finished(asyncio.ensure_future(client.call(request, signed_ms)))
        if response.status:
            self.contact.hear(request.market)
        for bucket, used in self.dialect.metadata.used(request, response.headers).items():
            self.budget.learn(bucket, used)
        wait_ms = throttled_ms(self.dialect, request.market, response)
        if wait_ms is not None:
            self.budget.pause(request.cost, wait_ms / MS_PER_S)
        trouble = trouble_of(self.dialect, request.market, response)
        if trouble:
            self.troubles.note(trouble)
        if trouble == CLOCK_TROUBLE:
            await self._set_clock(request.market)
        return response

    async def send(self, request: RestRequest) -> VenueResponse:
        """Send once, within the budget."""
        await self.turn(request)
        return await self.dispatch(request)

    async def ask(self, query: Query[Answer]) -> Answer:
        """Send a read, again if it was not answered, and read its answer; raise `VenueDown`."""
        return self.readable(query, await self.read(query.request))

    async def ask_once(self, query: Query[Answer]) -> Answer:
        """Send a request once and read its answer; raise `VenueDown`."""
        return self.readable(query, self._good(query.request, await self.send(query.request)))

    async def pages(self, query: Query[Page[Row]], lane: Priority = Priority.READ) -> list[Row]:
        """Read a list to its end; raise `VenueDown`."""
        found: list[Row] = []
        newest_first = False
        following: Query[Page[Row]] | None = query
        while following is not None:
            request = msgspec.structs.replace(following.request, lane=lane)
            page = self.readable(following, await self.read(request))
            found.extend(page.rows)
            following, newest_first = page.following, page.newest_first
        return found[::-1] if newest_first else found

    async def read(self, request: RestRequest) -> bytes:
        """Send a read, again if it was not answered; return the body or raise `VenueDown`."""

        async def once() -> VenueResponse:
            return await self.send(request)

        def again(response: VenueResponse) -> bool:
            if response.status == 0 or response.status >= 500:
                return True
            throttled = throttled_ms(self.dialect, request.market, response) is not None
            trouble = trouble_of(self.dialect, request.market, response)
            return throttled or trouble == CLOCK_TROUBLE

        return self._good(
            request, await retried(once, again=again, clock=self.clock, jitter=self.jitter)
        )

    async def close(self) -> None:
        """Disconnect."""
        await self.clients.close()

    def _good(self, request: RestRequest, response: VenueResponse) -> bytes:
        said = None if response.status == 0 else self.dialect.orders.said(response)
        if said is None or said.code:
            told = response.body[:200] if response.status else response.cause
            raise VenueDown(f"{request.verb} {request.path}: HTTP {response.status} {told}")
        return response.evidence

    def readable(self, query: Query[Answer], raw: bytes) -> Answer:
        """Read the answer to a query; raise `VenueDown`."""
        try:
            return query.read(raw, self.listing.loaded_symbols)
        except Unreadable as error:
            raise VenueDown(f"{query.request.path} could not be read: {error}") from error

    def _set_clock(self, market: Market) -> asyncio.Future[None]:
        """Measure how far the venue's clock is from ours; all who ask meanwhile share one measurement."""
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.ensure_future(self._measure_clock(market))
        return self._measuring

    async def _measure_clock(self, market: Market) -> None:
        client = await self.clients.connected()
        query = self.dialect.metadata.clock(market)

        async def ask() -> int | None:
            self.contact.ask(market)
            response = await client.call(query.request)
            if response.status:
                self.contact.hear(market)
            try:
                return query.read(response.evidence, {})
            except Unreadable:
                return None

        if not await self.time.measure(ask):
            self.troubles.note("no_time")
