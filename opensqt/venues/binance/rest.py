"""The one door to Binance for an account: budget, one send, retried reads, and the venue's markets. Decides nothing."""

import asyncio
import importlib
import random
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from opensqt.domain.decimals import ONE
from opensqt.domain.instruments import Market, market_of
from opensqt.domain.venue import VenueDown
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.binance.classify import CLOCK_TROUBLE, retry_after_ms, time_of, trouble_of
from opensqt.venues.binance.rules import venue_symbols
from opensqt.venues.engine.clock_offset import ClockOffset
from opensqt.venues.engine.error_window import ErrorWindow
from opensqt.venues.engine.rate_limit import Budget, Priority, limits_of, retried
from opensqt.venues.engine.response import VenueResponse

if TYPE_CHECKING:
    from opensqt.venues.binance.client import BinanceClient

CLIENT_MODULE = "opensqt.venues.binance.client"
LAST_OF_CLIENT = "finished"  # where the module has its last name, its import is over
MS_PER_S = 1000
USED_WEIGHT = "x-mbx-used-weight-1m"  # of the whole address, in the venue's minute
PATIENCE_MS = 1000  # how long we wait for an answer beyond the deadline that the venue enforces
PUBLIC_SECTIONS = {Market.SPOT: "public", Market.PERP: "fapiPublic"}
SECTIONS = {Market.SPOT: "private", Market.PERP: "fapiPrivate"}


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """An account's key pair; its text form shows nothing of it."""

    api_key: str
    secret: str

    def __repr__(self) -> str:
        return "Credentials(…)"


class RestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One REST call: `cost` names the buckets and weights it takes; what names no lane is a read."""

    section: str
    verb: str
    path: str
    params: dict[str, Any] = {}
    cost: dict[str, float]
    lane: Priority = Priority.READ


class BinanceRest:
    """Sends requests of one account within its budget; the client is made when it is first needed.

    `part` of our share of the venue's weights is this process's own.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        config: VenueConfig,
        credentials: Credentials,
        markets: frozenset[Market],
        jitter: random.Random,
        part: Decimal = ONE,
    ) -> None:
        self.clock = clock
        self.markets = markets
        self.jitter = jitter
        self.budget = Budget(clock, limits_of(config, part))
        self.troubles = ErrorWindow(clock)
        self.time = ClockOffset(clock)
        self.tap: Callable[[str, str], bool] | None = None
        self._session = session
        self._config = config
        self._credentials = credentials
        self._listed = markets
        self._client: BinanceClient | None = None
        self._importing: asyncio.Future[Any] | None = None
        self._named: Mapping[str, Any] | None = None
        self._names: dict[Market, dict[str, str]] = {}

    @property
    def client(self) -> "BinanceClient":
        """The ccxt client; where nobody has `connected` before, importing it blocks the loop for seconds."""
        if self._client is None:
            from opensqt.venues.binance.client import BinanceClient

            window_ms = int(self._config.deadline_ms * self.clock.speed)
            self._client = BinanceClient(
                session=self._session,
                clock=self.clock,
                timeout_ms=self._config.deadline_ms + PATIENCE_MS,
                recv_window_ms=window_ms,
                tap=self._tapped,
                api_key=self._credentials.api_key,
                secret=self._credentials.secret,
                markets=self.markets,
            )
        return self._client

    async def connected(self) -> "BinanceClient":
        """Return the ccxt client, imported beside the loop: kill and health answer meanwhile."""
        if self._client is None and not hasattr(sys.modules.get(CLIENT_MODULE), LAST_OF_CLIENT):
            # One import for all who ask meanwhile: a second one would wait for it inside the loop.
            if self._importing is None:
                work = asyncio.to_thread(importlib.import_module, CLIENT_MODULE)
                self._importing = asyncio.ensure_future(work)
            await asyncio.shield(self._importing)
        return self.client

    async def turn(self, request: RestRequest, *, until_ms: int | None = None) -> bool:
        """Wait until the budget lets a request of this cost leave; False if a market time passed before."""
        await self.connected()
        left_s = None
        if until_ms is not None:
            left_s = float((until_ms - self.clock.market_ms()) / self.clock.speed) / MS_PER_S
        try:
            async with asyncio.timeout(left_s):
                await self.budget.acquire(request.cost, request.lane)
        except TimeoutError:
            return False
        if self.time.stale:
            await self._set_clock(market_in(request.section))
        return True

    async def dispatch(self, request: RestRequest) -> VenueResponse:
        """Send once, now: its turn has come."""
        client = await self.connected()
        from opensqt.venues.binance.client import finished

        client.options["timeDifference"] = -self.time.ahead_ms
        call = client.call(request.section, request.verb, request.path, request.params)
        reply = await finished(asyncio.ensure_future(call))
        used = reply.headers.get(USED_WEIGHT, "")
        if used.isdigit():
            self.budget.learn(market_in(request.section).value, float(used))
        wait_ms = retry_after_ms(reply)
        if wait_ms is not None:
            self.budget.pause(request.cost, wait_ms / MS_PER_S)
        trouble = trouble_of(market_in(request.section), reply)
        if trouble:
            self.troubles.note(trouble)
        if trouble == CLOCK_TROUBLE:
            await self._set_clock(market_in(request.section))
        return reply

    async def send(self, request: RestRequest) -> VenueResponse:
        """Send once, within the budget."""
        await self.turn(request)
        return await self.dispatch(request)

    async def read(self, request: RestRequest) -> bytes:
        """Send a read, again if it was not answered; return the body or raise `VenueDown`."""

        async def once() -> VenueResponse:
            return await self.send(request)

        def again(reply: VenueResponse) -> bool:
            return _unanswered(reply) or trouble_of(market, reply) == CLOCK_TROUBLE

        market = market_in(request.section)
        reply = await retried(once, again=again, clock=self.clock, jitter=self.jitter)
        if reply.status != 200:
            told = reply.body[:200] if reply.status else reply.cause
            raise VenueDown(f"{request.verb} {request.path}: HTTP {reply.status} {told}")
        return reply.evidence

    async def listing(self, *, reload: bool = False) -> Mapping[str, Any]:
        """Return ccxt's markets by unified symbol, loaded once or anew; raise `VenueDown`."""
        client = await self.connected()
        from opensqt.venues.binance.client import load_markets

        barred_s = client.barred_until_s - self.clock.monotonic_s()
        if barred_s > 0 and (reload or not client.markets):
            # To ask on would make a ban longer.
            raise VenueDown(
                f"exchangeInfo is not asked for: the venue lets us wait {barred_s:.0f} s"
            )
        return await load_markets(client, reload=reload)

    async def symbols(self, market: Market) -> dict[str, str]:
        """Return our symbol of each of the venue's symbols; raise `VenueDown`."""
        listing = await self.listing()
        if self._named is not listing:
            self._named = listing
            self._names = {each: venue_symbols(listing, each) for each in Market}
        return self._names[market]

    async def venue_symbol(self, symbol: str) -> str:
        """Return the venue's symbol of ours; raise `VenueDown` or `LookupError`."""
        listing = await self.listing()
        market = market_of(symbol)
        if market not in self._listed:
            # No strategy trades there any more, an order of one may still live.
            self.client.list_also(self._listed | {market})
            listing = await self.listing(reload=True)
            self._listed |= {market}
        if symbol not in listing:
            raise LookupError(f"symbol {symbol!r} is not traded at binance")
        return str(listing[symbol]["id"])

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            await self._client.close()
        await self._session.close()

    async def _set_clock(self, market: Market) -> None:
        """Measure how far the venue's clock is from ours: it does not believe our time."""
        client = await self.connected()

        async def ask() -> int | None:
            section = PUBLIC_SECTIONS[market]
            return time_of(await client.call(section, "GET", "time", {}))

        if not await self.time.measure(ask):
            self.troubles.note("no_time")

    def _tapped(self, url: str, text: str) -> bool:
        return self.tap is not None and self.tap(url, text)


def market_in(section: str) -> Market:
    """Tell the market of one of ccxt's API sections."""
    return Market.PERP if section.startswith("fapi") else Market.SPOT


def _unanswered(reply: VenueResponse) -> bool:
    return reply.status == 0 or reply.status >= 500 or retry_after_ms(reply) is not None
