"""Both user streams of a Binance account as one: every frame, unconflated, reconnecting for ever.

ccxt dials, signs and pings; frames are read before ccxt's caches, which merge and regress orders. Never sends an order.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import PrivateEvent, StreamDown, StreamUp, VenueDown
from opensqt.venues.binance.parser import Unreadable
from opensqt.venues.binance.rest import SECTIONS, BinanceRest, RestRequest
from opensqt.venues.binance.user_frames import Ended, read_frame
from opensqt.venues.engine.rate_limit import retry_delay_s
from opensqt.venues.engine.response import VenueResponse

if TYPE_CHECKING:
    from opensqt.venues.engine.ccxt_socket import VenueSocket

CONNECT_S_MAX = 10.0
CHECK_S = 1.0
# docs: a listen key lives 60 minutes and is extended by PUT.
LISTEN_KEY_RENEW_MS = 20 * 60_000


class BinanceUserStream:
    """One listener's connections; `StreamUp` is said when all markets are connected, `StreamDown` when one is lost."""

    def __init__(self, gate: BinanceRest) -> None:
        self._gate = gate
        self._symbols: dict[Market, Mapping[str, str]] = {}
        self._queue: asyncio.Queue[PrivateEvent | Exception] = asyncio.Queue()
        self._sockets: dict[str, tuple[Market, VenueSocket]] = {}
        self._connected: set[Market] = set()
        self._announced: bool | None = None

    async def events(self) -> AsyncIterator[PrivateEvent]:
        """Yield for ever; a defect of ours ends it with the exception."""
        self._gate.tap = self._tap
        links = [asyncio.create_task(self._keep(market)) for market in sorted(self._gate.markets)]
        for link in links:
            link.add_done_callback(self._link_done)
        try:
            while True:
                event = await self._queue.get()
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            if self._gate.tap == self._tap:
                self._gate.tap = None
            for link in links:
                link.cancel()
            await asyncio.gather(*links, return_exceptions=True)

    async def _keep(self, market: Market) -> None:
        """Keep one market's stream connected."""
        await self._gate.connected()
        from opensqt.venues.engine.ccxt_socket import SocketLost

        attempt = 0
        while True:
            try:
                self._symbols[market] = await self._gate.symbols(market)
                async with asyncio.timeout(CONNECT_S_MAX):
                    socket = await self._connect(market)
                self._up(market)
                attempt = 0
                await self._watch(market, socket)
            except (SocketLost, VenueDown, TimeoutError) as error:
                self._down(market, str(error) or "no answer while connecting")
            await self._drop(market)
            attempt += 1
            await self._gate.clock.sleep(retry_delay_s(attempt, self._gate.jitter))

    async def _connect(self, market: Market) -> "VenueSocket":
        """Dial and subscribe."""
        from opensqt.venues.engine.ccxt_socket import VenueSocket

        client, key = self._gate.client, ""
        if market is Market.PERP:
            key = read_listen_key(await self._gate.send(_listen_key("POST")))
        socket = VenueSocket(client, client.user_url(key), self._gate.clock)
        self._sockets[socket.url] = market, socket
        await socket.dial()
        if market is Market.SPOT:
            await client.subscribe_spot()
        return socket

    async def _watch(self, market: Market, socket: "VenueSocket") -> None:
        """Renew the listen key for ever; the socket raises when it is lost."""
        clock = self._gate.clock
        renewed_s = clock.monotonic_s()
        renew_s = LISTEN_KEY_RENEW_MS / 1000 / float(clock.speed)
        while True:
            await socket.wait(CHECK_S)
            if market is Market.PERP and clock.monotonic_s() - renewed_s > renew_s:
                reply = await self._gate.send(_listen_key("PUT"))
                if reply.status != 200:
                    raise VenueDown(f"listen key not renewed: HTTP {reply.status}")
                renewed_s = clock.monotonic_s()

    async def _drop(self, market: Market) -> None:
        for url, (owner, socket) in list(self._sockets.items()):
            if owner is market:
                del self._sockets[url]
                await socket.drop()

    def _tap(self, url: str, text: str) -> bool:
        """Take our frames of our sockets; whatever cannot be read ends the socket, and REST is read again."""
        if url not in self._sockets:
            return False
        market, socket = self._sockets[url]
        try:
            frame = read_frame(market, text, self._symbols[market])
        except Unreadable as error:
            frame = Ended(f"unreadable frame: {error}")
        if frame is None:
            return False
        if isinstance(frame, Ended):
            socket.end(frame.cause)
            return True
        for event in frame:
            self._queue.put_nowait(event)
        return True

    def _up(self, market: Market) -> None:
        self._connected.add(market)
        if self._connected == self._gate.markets:
            self._announced = True
            self._queue.put_nowait(StreamUp(time_ms=self._gate.clock.market_ms()))

    def _down(self, market: Market, cause: str) -> None:
        self._connected.discard(market)
        if self._announced is not False:
            self._announced = False
            now_ms = self._gate.clock.market_ms()
            self._queue.put_nowait(StreamDown(cause=f"{market.value}: {cause}", time_ms=now_ms))

    def _link_done(self, link: "asyncio.Task[None]") -> None:
        error = None if link.cancelled() else link.exception()
        if isinstance(error, Exception):
            self._queue.put_nowait(error)


class _ListenKey(msgspec.Struct, frozen=True, rename="camel"):
    listen_key: str


def read_listen_key(reply: VenueResponse) -> str:
    """Return the key of an answer; raise `VenueDown`."""
    try:
        key = msgspec.json.decode(reply.body, type=_ListenKey).listen_key
    except msgspec.DecodeError as error:
        told = reply.body[:200] or reply.cause
        raise VenueDown(f"no listen key: HTTP {reply.status} {told}") from error
    return key


def _listen_key(verb: str) -> RestRequest:
    return RestRequest(
        section=SECTIONS[Market.PERP],
        verb=verb,
        path="listenKey",
        cost={Market.PERP.value: 1.0},
    )
