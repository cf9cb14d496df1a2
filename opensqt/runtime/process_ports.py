"""Ports whose server has not been reached yet: each effect fails as if it were down, until the server is there.

For processes that have work to do without their servers. Never waits, never keeps what could not be done.
"""

from collections.abc import Awaitable, Callable, Sequence

from opensqt.domain.journal import AppendOutcome, Entry, Head, Lease, Recorded
from opensqt.domain.messages import Message
from opensqt.runtime.bus.port import (
    Bus,
    BusDown,
    Follower,
    Published,
    Queue,
    Start,
    Stream,
    StreamState,
)
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.port import Journal, JournalDown, Leases


class LateBus:
    """A bus that is given its connection later."""

    def __init__(self) -> None:
        self._bus: Bus | None = None
        self._calls: list[Callable[[], Awaitable[None]]] = []

    def give(self, bus: Bus) -> None:
        """Pass everything on to this bus from now on."""
        self._bus = bus
        for call in self._calls:
            bus.on_reconnect(call)

    @property
    def missing(self) -> tuple[str, ...]:
        return self._bus.missing if self._bus is not None else ()

    async def publish(
        self, subject: str, message: Message, envelope: Envelope, *, confirmed: bool = True
    ) -> Published | None:
        return await self._there().publish(subject, message, envelope, confirmed=confirmed)

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        return await self._there().send(subject, data, headers)

    async def follow(self, stream: Stream, filters: Sequence[str], start: Start) -> Follower:
        return await self._there().follow(stream, filters, start)

    async def queue(self, stream: Stream, durable: str, filters: Sequence[str]) -> Queue:
        return await self._there().queue(stream, durable, filters)

    async def drop_queues(self, stream: Stream, *, prefix: str, keep: str) -> tuple[str, ...]:
        return await self._there().drop_queues(stream, prefix=prefix, keep=keep)

    async def state(self, stream: Stream) -> StreamState:
        return await self._there().state(stream)

    def on_reconnect(self, call: Callable[[], Awaitable[None]]) -> None:
        self._calls.append(call)
        if self._bus is not None:
            self._bus.on_reconnect(call)

    async def close(self) -> None:
        if self._bus is not None:
            await self._bus.close()

    def _there(self) -> Bus:
        if self._bus is None:
            raise BusDown("NATS has not been reached since the start")
        return self._bus


class LateJournal:
    """A journal that is given its connection later."""

    def __init__(self) -> None:
        self._journal: Journal | None = None

    def give(self, journal: Journal) -> None:
        """Pass everything on to this journal from now on."""
        self._journal = journal

    async def append(self, entry: Entry) -> AppendOutcome:
        return await self._there().append(entry)

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        return await self._there().read(after, count_max, stream_prefix=stream_prefix)

    async def head(self) -> Head:
        return await self._there().head()

    async def wait_beyond(self, position: int, wait_s: float) -> None:
        await self._there().wait_beyond(position, wait_s)

    async def keep(self, kind: str, data: bytes) -> str:
        return await self._there().keep(kind, data)

    async def close(self) -> None:
        if self._journal is not None:
            await self._journal.close()

    def _there(self) -> Journal:
        if self._journal is None:
            raise _never_reached()
        return self._journal


class LateLeases:
    """Leases whose database is reached later."""

    def __init__(self) -> None:
        self._leases: Leases | None = None

    def give(self, leases: Leases) -> None:
        """Pass everything on to these leases from now on."""
        self._leases = leases

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        return await self._there().acquire(name, holder, ttl_ms)

    async def renew(self, lease: Lease) -> bool:
        return await self._there().renew(lease)

    async def release(self, lease: Lease) -> None:
        await self._there().release(lease)

    def _there(self) -> Leases:
        if self._leases is None:
            raise _never_reached()
        return self._leases


def _never_reached() -> JournalDown:
    return JournalDown("Postgres has not been reached since the start")
