"""The connection to NATS: made for ever again, complaining in one line every few seconds, never with a traceback.

The client gives up by itself where the server ends a connection with an error that is not of the wire, and is of no use
from then on: `closed_for_good` tells it. Should it stop trying without a word, the loop that watches it stands still.
"""

import asyncio
from collections.abc import Awaitable, Callable

from nats.aio.client import Client

from opensqt.runtime.access.credentials import without_user
from opensqt.runtime.access.inboxes import inbox_for
from opensqt.runtime.bus.port import BusDown, ConnectionWatch
from opensqt.runtime.bus.streams import check_server, server_version
from opensqt.runtime.progress import Progress
from opensqt.runtime.telemetry.logs import Log

RECONNECT_WAIT_S = 0.1
CONNECT_TIMEOUT_S = 2
PING_INTERVAL_S = 5
PINGS_MISSED_MAX = 2
COMPLAINT_EVERY_S = 5.0

_log = Log("bus")


class ConnectionClosed(RuntimeError):
    """The client closed its connection and will not try again: only another process helps."""


class Connection:
    """One client with its callbacks; nothing is buffered while it is down."""

    def __init__(
        self, url: str, name: str, monotonic_s: Callable[[], float], progress: Progress
    ) -> None:
        self.client = Client()
        self._url = url
        self._name = name
        self._monotonic_s = monotonic_s
        self._complained_s = -COMPLAINT_EVERY_S
        self._on_lost: list[Callable[[], None]] = []
        self._on_regained: list[Callable[[], Awaitable[None]]] = []
        self._loop = progress.loop("reaching NATS")
        self._ended = asyncio.Event()
        self._is_ending = False
        self.is_open = False  # was connected once, and all that needs a connection was prepared

    async def open(self) -> None:
        """Connect, however long it takes; raise `ServerTooOld`."""
        await self.client.connect(
            self._url,
            name=self._name,
            error_cb=self._complain,
            disconnected_cb=self._lost,
            reconnected_cb=self._regained,
            closed_cb=self._closed,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]  # seconds, a float works
            connect_timeout=CONNECT_TIMEOUT_S,
            ping_interval=PING_INTERVAL_S,
            max_outstanding_pings=PINGS_MISSED_MAX,
            pending_size=0,
            inbox_prefix=inbox_for(self._url, self._name),
        )
        check_server(server_version(self.client))

    def check(self) -> None:
        """Raise `BusDown` until it is open: a client that was never connected keeps requests and never sends them."""
        if not self.is_open:
            raise BusDown("NATS has not been reached since the start")

    def on_lost(self, call: Callable[[], None]) -> None:
        """Call when the connection is lost."""
        self._on_lost.append(call)

    def on_regained(self, call: Callable[[], Awaitable[None]]) -> None:
        """Call after every regained connection, in order of registration; tell a `ConnectionWatch` of losses, too."""
        if isinstance(call, ConnectionWatch):
            self.on_lost(call.lost)
        self._on_regained.append(call)

    async def close(self) -> None:
        """Flush and disconnect; harmless where nothing was ever connected."""
        self._is_ending = True
        if self.client.is_connected or self.client.is_reconnecting:
            await self.client.close()

    async def closed_for_good(self) -> None:
        """Wait until the client has given up, unasked; then raise `ConnectionClosed`."""
        await self._ended.wait()
        raise ConnectionClosed(f"the NATS client gave up: {self.client.last_error!r}")

    async def _complain(self, error: Exception) -> None:
        if not self.client.is_connected:
            self._loop.step()  # it tried again
        if self._monotonic_s() - self._complained_s >= COMPLAINT_EVERY_S:
            self._complained_s = self._monotonic_s()
            _log.warning(
                "nats trouble, trying again", url=without_user(self._url), detail=repr(error)
            )

    async def _closed(self) -> None:
        if not self._is_ending:
            self._ended.set()

    async def _lost(self) -> None:
        self._loop.step()
        for call in self._on_lost:
            call()

    async def _regained(self) -> None:
        _log.info("nats connected again", url=without_user(self._url))
        for call in self._on_regained:
            await call()
        self._loop.rest()
