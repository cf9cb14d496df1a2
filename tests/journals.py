"""A desk's journal behind both implementations, for the suites that both must pass."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from opensqt.domain.control import KillLatched
from opensqt.domain.journal import Entry, Fence, NewEvent
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.checkpoint import Checkpoints
from opensqt.runtime.journal.port import Journal, Leases
from opensqt.runtime.journal.postgres import (
    PostgresCheckpoints,
    PostgresJournal,
    PostgresLeases,
)
from tests.support.fakes.journal import (
    MemoryCheckpoints,
    MemoryJournal,
    MemoryLeases,
    MemoryStore,
)

KINDS = ("memory", "postgres")


class Desk:
    """One store and the ports of a process that is connected to it."""

    def __init__(
        self,
        journal: Journal,
        leases: Leases,
        checkpoints: Checkpoints,
        connect: Callable[[], Awaitable[Journal]],
    ) -> None:
        self.journal = journal
        self.leases = leases
        self.checkpoints = checkpoints
        self._connect = connect
        self._connected = [journal]

    async def another(self) -> Journal:
        """Connect a second process."""
        self._connected.append(await self._connect())
        return self._connected[-1]

    async def close(self) -> None:
        """Disconnect all."""
        for journal in self._connected:
            await journal.close()


async def _memory() -> Desk:
    store = MemoryStore(RunClock())
    journal = MemoryJournal(store)

    async def connect() -> Journal:
        return MemoryJournal(store)

    return Desk(journal, MemoryLeases(journal), MemoryCheckpoints(journal), connect)


async def _postgres(dsn: str) -> Desk:
    journal = await PostgresJournal.connect(dsn)
    return Desk(
        journal,
        PostgresLeases(journal),
        PostgresCheckpoints(journal),
        lambda: PostgresJournal.connect(dsn),
    )


@asynccontextmanager
async def open_desk(dsn: str) -> AsyncIterator[Desk]:
    """Open the desk of a database; without an address one in memory."""
    desk = await _postgres(dsn) if dsn else await _memory()
    try:
        yield desk
    finally:
        await desk.close()


def event(
    name: str, *, stream: str = "control", subject: str = "ctl.latch", version: int | None = None
) -> NewEvent:
    """Return an event to append whose id is its name."""
    return NewEvent(
        event_id=name,
        stream=stream,
        message=KillLatched(scope="desk", reason=name, actor="person", time_ms=1),
        subject=subject,
        actor="test",
        occurred_at_ms=1,
        version=version,
    )


def entry(*events: NewEvent, fence: Fence | None = None) -> Entry:
    """Return an entry of these events."""
    return Entry(events=events, fence=fence)
