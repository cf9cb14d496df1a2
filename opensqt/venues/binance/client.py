"""ccxt.pro's Binance client, thin: signing, hosts and sockets are ccxt's, every answer and frame is tapped raw.

Imports ccxt (half a second): import this module only where a venue is opened. It never retries, never caches orders or
books, and never turns a number into a float.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

import aiohttp
import ccxt.pro
from ccxt.base.errors import BaseError

from opensqt.domain.instruments import Market
from opensqt.domain.venue import VenueDown
from opensqt.runtime.clock import Clock
from opensqt.venues.binance.refusals import THROTTLE_STATUSES
from opensqt.venues.engine.response import Transmitted, VenueResponse

KEEP_ALIVE_MS = 5000
CLOSE_S_MAX = 1.0
_REPLY: ContextVar[VenueResponse | None] = ContextVar("binance_reply", default=None)

# Takes a raw text frame and says whether it was consumed; the rest is ccxt's own business (acknowledgements).
FrameTap = Callable[[str, str], bool]

_KINDS = {Market.SPOT: "spot", Market.PERP: "linear"}

# What ccxt loads with its markets: no currencies, no margin pairs.
_OPTIONS: dict[str, Any] = {
    "fetchCurrencies": False,
    "fetchMargins": False,
    "warnOnFetchOpenOrdersWithoutSymbol": False,
    "ws": {"compress": 0},
}


class BinanceClient(ccxt.pro.binance):  # type: ignore[misc]  # ccxt ships no types
    """One HTTP session's client of spot and linear."""

    number = Decimal

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        timeout_ms: int,
        recv_window_ms: int,
        tap: FrameTap,
        api_key: str = "",
        secret: str = "",
        markets: frozenset[Market] = frozenset(Market),
    ) -> None:
        self._run_clock = clock
        self.barred_until_s = 0.0  # monotonic; whoever asks before makes it longer
        self._tap = tap
        super().__init__(
            {
                "session": session,
                "apiKey": api_key,
                "secret": secret,
                "enableRateLimit": False,
                "timeout": timeout_ms,
                "streaming": {"keepAlive": KEEP_ALIVE_MS, "maxPingPongMisses": 2},
                "options": {
                    **_OPTIONS,
                    "recvWindow": recv_window_ms,
                    "maxRetriesOnFailure": 0,
                    "fetchMarkets": {"types": _kinds(markets)},
                },
            }
        )

    def milliseconds(self) -> int:
        """Return market time: what is signed lives on the run's clock."""
        return self._run_clock.market_ms()

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
        if code in THROTTLE_STATUSES and wait_s.isdigit():
            self.barred_until_s = self._run_clock.monotonic_s() + int(wait_s)
        reply = _REPLY.get()
        if reply is not None:
            reply.status, reply.body, reply.headers = code, response_body, headers
        return response_body

    async def call(
        self, section: str, verb: str, path: str, params: Mapping[str, str]
    ) -> VenueResponse:
        """Send one request, once, and return what came back; transport failures are part of the reply."""
        reply = VenueResponse()
        token = _REPLY.set(reply)
        try:
            await self.request(path, [section], verb, dict(params))
        except BaseError as error:
            reply.sent, reply.cause = _judge_transport(error)
        finally:
            _REPLY.reset(token)
        return reply

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

            socket.handle_text_or_binary_message = tapped
        return socket

    def list_also(self, markets: frozenset[Market]) -> None:
        """Load these markets with the next listing."""
        self.options["fetchMarkets"] = {"types": _kinds(markets)}

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

    def user_url(self, listen_key: str = "") -> str:
        """Return the URL of the user stream: spot, or usdm with its listen key."""
        if listen_key:
            return str(self.get_private_ws_url("linear", listen_key))
        return str(self.urls["api"]["ws"]["ws-api"]["spot"])

    def feed_url(self, market: Market, category: str) -> str:
        """Return the URL of a public connection; usdm splits `public` and `market`."""
        return str(self.get_ws_url(_KINDS[market], category)) + "/0"

    async def subscribe_spot(self) -> None:
        """Subscribe the spot user stream with a signature; raise `VenueDown`."""
        try:
            await self.ensure_user_data_stream_ws_subscribe_signature("spot")
        except BaseError as error:
            raise VenueDown(f"the spot user stream was refused: {error}") from error


def _kinds(markets: frozenset[Market]) -> list[str]:
    return [_KINDS[market] for market in sorted(markets)]


async def load_markets(client: BinanceClient, *, reload: bool) -> Mapping[str, Any]:
    """Return the markets by unified symbol, loaded once or anew; raise `VenueDown`."""
    try:
        found: Mapping[str, Any] = await client.load_markets(reload)
    except BaseError as error:
        raise VenueDown(f"exchangeInfo was not answered: {error}") from error
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
