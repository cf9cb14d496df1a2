"""Any ccxt.pro client, thin: signing, hosts and sockets are ccxt's, every answer and frame is tapped raw.

Imports ccxt (half a second): import this module only where a venue is opened. It never retries, never caches orders or
books, and never turns a number into a float: ccxt's own arithmetic silently loses a Decimal, so that numbers stay text.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import aiohttp
import ccxt.pro
from ccxt.async_support.base.exchange import Exchange
from ccxt.base.errors import BaseError

from opensqt.domain.venue import VenueDown
from opensqt.runtime.clock import Clock
from opensqt.venues.engine.request import RestRequest
from opensqt.venues.engine.response import Transmitted, VenueResponse

KEEP_ALIVE_MS = 5000
CLOSE_S_MAX = 1.0
MS_PER_S = 1000
# What ccxt loads with its markets: no currencies, no margin pairs.
_OPTIONS: dict[str, Any] = {
    "fetchMargins": False,
    "maxRetriesOnFailure": 0,
    "warnOnFetchOpenOrdersWithoutSymbol": False,
    "ws": {"compress": 0},
}
_RESPONSE: ContextVar[VenueResponse | None] = ContextVar("venue_response", default=None)
_HEADERS: ContextVar[Mapping[str, str] | None] = ContextVar("venue_headers", default=None)
_OPTIONS_ONCE: ContextVar[Mapping[str, Any] | None] = ContextVar("venue_options", default=None)
_SIGNED_MS: ContextVar[int] = ContextVar("venue_signed_ms", default=0)

# Takes a raw text frame and says whether it was consumed; the rest is ccxt's own business (acknowledgements).
FrameTap = Callable[[str, str], bool]


class VenueClient(Exchange):  # type: ignore[misc]  # ccxt ships no types
    """What we lay over ccxt's class of a venue; `client_class` joins the two."""

    number = str
    rateLimit: float  # noqa: N815  # as ccxt names it
    options: dict[str, Any]
    has: dict[str, Any]

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        timeout_ms: int,
        tap: FrameTap,
        keys: Mapping[str, str],
        options: Mapping[str, Any],
        throttle_statuses: frozenset[int],
    ) -> None:
        self._run_clock = clock
        self._tap = tap
        self._throttle_statuses = throttle_statuses
        self.barred_until_s = 0.0  # monotonic; whoever asks before makes it longer
        self.ahead_ms = 0  # how far the venue's clock is ahead of ours
        super().__init__(
            {
                "session": session,
                "enableRateLimit": False,
                "has": {"fetchCurrencies": False},
                "timeout": timeout_ms,
                "streaming": {"keepAlive": KEEP_ALIVE_MS, "maxPingPongMisses": 2},
                "options": {**_OPTIONS, **options},
                **keys,
            }
        )
        # A listing needs no currencies, which some venues tell only to a key.
        self.has = {**self.has, "fetchCurrencies": False}

    def pace(self, share: Decimal) -> None:
        """Let ccxt hold its unified calls to this share of the venue's limits, by its own table of costs."""
        self.rateLimit = float(self.rateLimit) / float(share)
        self.enableRateLimit = True
        self.init_throttler()

    def milliseconds(self) -> int:
        """Return the market time at which the request of this context is signed, on the venue's clock."""
        return _SIGNED_MS.get() or self._run_clock.market_ms() + self.ahead_ms

    def seconds(self) -> int:
        """Return market time in seconds: sockets log in with it."""
        return self.milliseconds() // MS_PER_S

    def sign(self, *request: Any, **named: Any) -> Any:
        """Sign with the options of this context; what is signed next has those of the client again."""
        lasting = self.options
        once = _OPTIONS_ONCE.get()
        if not once:
            return super().sign(*request, **named)
        self.options = {**lasting, **once}
        try:
            return super().sign(*request, **named)
        finally:
            self.options = lasting

    async def fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        """Send with the headers of this context."""
        return await super().fetch(url, method, {**(headers or {}), **(_HEADERS.get() or {})}, body)

    def on_rest_response(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        response_headers: dict[str, str],
        response_body: str,
        request_headers: object,
        request_body: object,
    ) -> str:
        """Keep the raw answer of the call that runs in this context."""
        del reason, url, method, request_headers, request_body
        headers = {name.lower(): value for name, value in response_headers.items()}
        wait_s = headers.get("retry-after", "")
        if code in self._throttle_statuses and wait_s.isdigit():
            self.barred_until_s = self._run_clock.monotonic_s() + int(wait_s)
        response = _RESPONSE.get()
        if response is not None:
            response.status, response.body, response.headers = code, response_body, headers
        return response_body

    async def call(self, request: RestRequest, signed_ms: int = 0) -> VenueResponse:
        """Send one request, once, and return what came back; transport failures are part of it.

        `signed_ms` is the time of signing on the venue's clock, 0 for now.
        """
        response = VenueResponse()
        tokens = (
            (_RESPONSE, _RESPONSE.set(response)),
            (_HEADERS, _HEADERS.set(request.headers)),
            (_OPTIONS_ONCE, _OPTIONS_ONCE.set(request.client_options)),
            (_SIGNED_MS, _SIGNED_MS.set(signed_ms)),
        )
        try:
            await self.request(request.path, list(request.section), request.verb, request.params)
        except BaseError as error:
            response.sent, response.cause = _judge_transport(error)
        finally:
            for variable, token in tokens:
                variable.reset(token)  # type: ignore[arg-type]  # each token is of its variable
        return response

    def client(self, url: str) -> Any:
        """Return ccxt's socket of this URL with our tap in front of its parser."""
        socket = super().client(url)
        if "tapped" not in vars(socket):
            socket.tapped = True
            ordinary = socket.handle_text_or_binary_message

            def tapped(data: str | bytes) -> None:
                text = data.decode() if isinstance(data, bytes) else data
                if not self._tap(url, text):
                    ordinary(data)
                # ccxt waits for an answer to each of its pings by its own clock; whoever speaks is alive.
                socket.lastPong = socket.last_message_at

            socket.handle_text_or_binary_message = tapped
        return socket

    async def drop_socket(self, url: str) -> None:
        """Close a socket for good; the next watch dials at once, the back-off is the caller's."""
        socket = (self.clients or {}).pop(url, None)
        getattr(self, "ws_dial_backoff", {}).pop(url, None)
        if socket is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(
                    CLOSE_S_MAX
                ):  # a mute peer does not answer a close either
                    await socket.close()


@functools.cache
def client_class(name: str) -> type[VenueClient]:
    """Return ccxt.pro's class of a venue under our own."""
    return type(f"VenueClient_{name}", (VenueClient, getattr(ccxt.pro, name)), {})


async def load_markets(client: VenueClient, *, reload: bool) -> Mapping[str, Any]:
    """Return the markets by unified symbol, loaded once or anew; raise `VenueDown`."""
    try:
        found: Mapping[str, Any] = await client.load_markets(reload)
    except BaseError as error:
        raise VenueDown(f"the listing was not answered: {error}") from error
    return found


def _judge_transport(error: BaseError) -> tuple[Transmitted, str]:
    """Tell whether the request can have left this machine; only a failed connect proves that it did not."""
    cause = error.__cause__
    never = isinstance(cause, aiohttp.ClientConnectorError)
    text = f"{type(cause or error).__name__}"
    return (Transmitted.NEVER if never else Transmitted.MAYBE), text


async def finished(task: "asyncio.Task[VenueResponse]") -> VenueResponse:
    """Wait for a request to its end, also while being cancelled: its outcome is returned, then the cancel goes on."""
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if task.cancelled() or ours is None:
                raise
            await asyncio.wait({task})
            ours.uncancel()
            ours.cancel()
    return task.result()
