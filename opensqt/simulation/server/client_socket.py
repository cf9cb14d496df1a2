"""One WebSocket connection of a client: a bounded queue in front of the socket, and stream faults on the way out.

A client that does not read loses its connection, never frames in the middle.
"""

import asyncio

import msgspec
from aiohttp import web

from opensqt.simulation.server.faults import FaultName, Faults, Match

QUEUE_MAX = 20_000
PING_EVERY_S = 20.0
OVERTAKEN_BY = 2  # frames that pass a reordered one
STREAM_FAULTS = (
    FaultName.DROPPED_FRAME,
    FaultName.DUPLICATE_FRAME,
    FaultName.REORDERED_FRAME,
    FaultName.MUTE,
)


class ClientSocket:
    """A client on `host` and `path`; `streams` are its subscriptions, `account` whose private stream it is."""

    def __init__(
        self, faults: Faults, transport: asyncio.Transport | None, host: str = "", path: str = ""
    ) -> None:
        self.transport, self.host, self.path = transport, host, path
        self.socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, compress=False, autoping=True)
        self.streams: set[str] = set()
        self.account = ""
        self._faults = faults
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MAX)
        self._held: bytes | None = None
        self._passed = 0

    def answer(self, payload: object) -> None:
        """Queue an answer to a request; no fault touches it."""
        self._put(msgspec.json.encode(payload))

    def say(self, word: str) -> None:
        """Queue a bare word, as venues answer pings with; no fault touches it."""
        self._put(word.encode())

    def emit(self, payload: bytes, occasion: Match) -> None:
        """Queue a stream frame; a fault may drop, double, hold back or silence it."""
        rule = self._faults.draw(STREAM_FAULTS, occasion)
        match rule.fault if rule else None:
            case FaultName.DROPPED_FRAME | FaultName.MUTE:
                return
            case FaultName.REORDERED_FRAME if self._held is None:
                self._held, self._passed = payload, 0
                return
            case FaultName.DUPLICATE_FRAME:
                self._put(payload)
            case _:
                pass
        self._put(payload)
        if self._held is not None:
            self._passed += 1
            if self._passed >= OVERTAKEN_BY:
                held, self._held = self._held, None
                self._put(held)

    def cut(self) -> None:
        """End the connection at once, without a closing handshake."""
        if self.transport is not None:
            self.transport.abort()

    def close(self) -> None:
        """End the connection after what is queued."""
        self._put(None)

    async def pump(self) -> None:
        """Send what is queued until the connection ends."""
        while (payload := await self._queue.get()) is not None:
            try:
                await self.socket.send_str(payload.decode())
            except ConnectionError:
                return
        await self.socket.close()

    def _put(self, payload: bytes | None) -> None:
        try:
            self._queue.put_nowait(payload)
        except asyncio.QueueFull:
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)
