"""One WebSocket of a ccxt.pro client: dialled and pinged by ccxt, heard by us, declared lost, mute or over.

Imports ccxt: import this module only where a venue is opened. Never parses a frame.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from ccxt.base.errors import BaseError

from opensqt.runtime.clock import Clock

LOSS = "opensqt:loss"
CHECK_S = 0.1
MUTE_MS_MAX = 15_000  # wall; ccxt pings every 5 s, so a living socket is never silent longer


class SocketLost(ConnectionError):
    """The socket cannot go on; dial again."""


class VenueSocket:
    """A socket by its URL; `end` declares it over from outside."""

    def __init__(self, client: Any, url: str, clock: Clock) -> None:
        self.url = url
        self._client = client
        self._clock = clock
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._socket: Any = None
        self._lost: asyncio.Future[Any] | None = None
        self._dialled_ms = clock.wall_ms()

    async def dial(self) -> None:
        """Connect; raise `SocketLost`."""
        self._lost = self._client.watch(self.url, LOSS, None, LOSS, {"name": LOSS})
        self._lost.add_done_callback(_consume)
        self._socket = self._client.client(self.url)
        await asyncio.wait(
            {self._socket.connected, self._lost}, return_when=asyncio.FIRST_COMPLETED
        )
        self._check()
        self._dialled_ms = self._clock.wall_ms()

    async def send(self, message: dict[str, object]) -> None:
        """Send one JSON message; raise `SocketLost`."""
        try:
            await self._socket.send(message)
        except (ConnectionError, BaseError) as error:
            raise SocketLost(f"could not send: {error}") from error

    async def wait(self, seconds: float) -> None:
        """Wait that long, or raise `SocketLost` as soon as it is lost, over or mute."""
        if self._lost is not None:
            waited: set[asyncio.Future[Any]] = {self._lost, self._over}
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self._check()
        silent_ms = self._clock.wall_ms() - self.heard_ms
        if silent_ms > MUTE_MS_MAX:
            raise SocketLost(f"mute for {silent_ms} ms")

    async def until(self, told: Coroutine[Any, Any, object]) -> None:
        """Wait for what the venue tells over this socket; raise `SocketLost` if it is lost before."""
        telling = asyncio.ensure_future(told)
        try:
            while not telling.done():
                await asyncio.wait({telling}, timeout=CHECK_S)
                await self.wait(0)
        finally:
            telling.cancel()

    def end(self, cause: str) -> None:
        """Declare the socket over; whoever waits learns it."""
        if not self._over.done():
            self._over.set_result(cause)

    @property
    def heard_ms(self) -> int:
        """Wall time in ms of the last frame, pongs included."""
        heard_ms: int | None = self._socket.last_message_at
        return heard_ms or self._dialled_ms

    async def drop(self) -> None:
        """Close for good."""
        await self._client.drop_socket(self.url)

    def _check(self) -> None:
        if self._over.done():
            raise SocketLost(self._over.result())
        if self._lost is not None and self._lost.done():
            cancelled = self._lost.cancelled()
            raise SocketLost("closed" if cancelled else str(self._lost.exception()))


def _consume(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()
