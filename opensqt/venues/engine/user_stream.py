"""All private connections of an account as one stream: every frame, unconflated, reconnecting for ever.

ccxt dials, signs and pings; frames are read before ccxt's caches, which merge and regress orders. Never sends an order.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from opensqt.domain.venue import (
    OrderView,
    PrivateEvent,
    StreamDown,
    StreamUp,
    TradeView,
    VenueDown,
)
from opensqt.venues.engine.dialect import StreamEnded, StreamSubscribed, UserConnection
from opensqt.venues.engine.rate_limit import retry_delay_s
from opensqt.venues.engine.request import Unreadable
from opensqt.venues.engine.rest import VenueRest

if TYPE_CHECKING:
    from opensqt.venues.engine.ccxt_socket import VenueSocket

CONNECT_S_MAX = 10.0
CHECK_S = 1.0


class UserStream:
    """One listener's connections; `StreamUp` is said when all are connected, `StreamDown` when one is lost."""

    def __init__(self, rest: VenueRest) -> None:
        self._rest = rest
        self._format = rest.dialect.stream
        self._queue: asyncio.Queue[PrivateEvent | Exception] = asyncio.Queue()
        self._sockets: dict[str, tuple[UserConnection, VenueSocket]] = {}
        self._subscribed: dict[str, asyncio.Semaphore] = {}
        self._connected: set[str] = set()
        self._wanted: set[str] = set()
        self._announced: bool | None = None

    async def events(self) -> AsyncIterator[PrivateEvent]:
        """Yield for ever; a defect of ours ends it with the exception."""
        self._rest.clients.tap = self._tap
        connections = self._format.connections(self._rest.markets)
        self._wanted = {connection.name for connection in connections}
        keepers = [asyncio.create_task(self._keep(each)) for each in connections]
        for keeper in keepers:
            keeper.add_done_callback(self._keeper_done)
        try:
            while True:
                event = await self._queue.get()
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            if self._rest.clients.tap == self._tap:
                self._rest.clients.tap = None
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, connection: UserConnection) -> None:
        """Keep one connection for ever."""
        await self._rest.clients.connected()
        from opensqt.venues.engine.ccxt_socket import SocketLost

        attempt = 0
        while True:
            try:
                await self._rest.listing.load()
                async with asyncio.timeout(CONNECT_S_MAX):
                    socket = await self._connect(connection)
                self._up(connection)
                attempt = 0
                await self._watch(connection, socket)
            except (SocketLost, VenueDown, TimeoutError) as error:
                self._down(connection, str(error) or "no answer while connecting")
            await self._drop(connection)
            attempt += 1
            await self._rest.clock.sleep(retry_delay_s(attempt, self._rest.jitter))

    async def _connect(self, connection: UserConnection) -> "VenueSocket":
        """Dial, log in and subscribe."""
        from opensqt.venues.engine.ccxt_socket import VenueSocket

        client = self._rest.clients.client
        key = "" if connection.key is None else await self._rest.ask_once(connection.key)
        socket = VenueSocket(client, self._format.url(connection, client, key), self._rest.clock)
        self._sockets[socket.url] = connection, socket
        taken = self._subscribed[connection.name] = asyncio.Semaphore(0)
        await socket.dial()
        await self._format.login(connection, client)
        for message in self._format.messages(connection, client, key):
            await socket.send(message)
        for _ in range(connection.subscriptions):
            await socket.until(taken.acquire())
        return socket

    async def _watch(self, connection: UserConnection, socket: "VenueSocket") -> None:
        """Renew the key for ever; the socket raises when it is lost."""
        clock = self._rest.clock
        renewed_s = clock.monotonic_s()
        renew_s = connection.renew_ms / 1000 / float(clock.speed)
        while True:
            await socket.wait(CHECK_S)
            if connection.renewal is not None and clock.monotonic_s() - renewed_s > renew_s:
                response = await self._rest.send(connection.renewal)
                if response.status != 200:
                    raise VenueDown(f"{connection.name} not renewed: HTTP {response.status}")
                renewed_s = clock.monotonic_s()

    async def _drop(self, connection: UserConnection) -> None:
        for url, (owner, socket) in list(self._sockets.items()):
            if owner.name == connection.name:
                del self._sockets[url]
                await socket.drop()

    def _tap(self, url: str, text: str) -> bool:
        """Take our frames of our sockets; whatever cannot be read ends the socket, and REST is read again."""
        if url not in self._sockets:
            return False
        connection, socket = self._sockets[url]
        try:
            frame = self._format.read(connection, text, self._rest.listing.loaded_symbols)
        except Unreadable as error:
            frame = StreamEnded(f"unreadable frame: {error}")
        match frame:
            case None:
                return False
            case StreamEnded(cause):
                socket.end(cause)
            case StreamSubscribed():
                self._subscribed[connection.name].release()
            case list():
                for event in frame:
                    self._queue.put_nowait(self._in_base_units(event))
        return True

    def _in_base_units(self, event: PrivateEvent) -> PrivateEvent:
        match event:
            case OrderView():
                return self._rest.listing.known(event.symbol).order(event)
            case TradeView():
                return self._rest.listing.known(event.symbol).trade(event)
            case _:
                return event

    def _up(self, connection: UserConnection) -> None:
        self._connected.add(connection.name)
        if self._connected == self._wanted:
            self._announced = True
            self._queue.put_nowait(StreamUp(time_ms=self._rest.clock.market_ms()))

    def _down(self, connection: UserConnection, cause: str) -> None:
        self._connected.discard(connection.name)
        if self._announced is not False:
            self._announced = False
            now_ms = self._rest.clock.market_ms()
            self._queue.put_nowait(StreamDown(cause=f"{connection.name}: {cause}", time_ms=now_ms))

    def _keeper_done(self, keeper: "asyncio.Task[None]") -> None:
        error = None if keeper.cancelled() else keeper.exception()
        if isinstance(error, Exception):
            self._queue.put_nowait(error)
