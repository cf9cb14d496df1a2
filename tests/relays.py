"""A house with a relay: bus, journal and helpers to look at FEED, in memory or on real servers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from opensqt.domain.journal import Appended
from opensqt.runtime.bus.port import Bus, Delivery, Start, Stream
from opensqt.runtime.clock import Clock, RunClock
from opensqt.runtime.envelope import Envelope, from_headers
from opensqt.runtime.journal.checkpoint import Checkpoints
from opensqt.runtime.journal.port import Journal, Leases
from services.relay.config import RelaySettings
from services.relay.service import Relay
from tests.conditions import until
from tests.journals import entry, event
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import (
    MemoryCheckpoints,
    MemoryJournal,
    MemoryLeases,
    MemoryStore,
)

SETTINGS = RelaySettings(
    lease_ttl_ms=300,
    retry_s=0.01,
    idle_wait_s=0.05,
    heartbeat_s=0.05,
    checkpoint_every_s=0.0,
    resend_rows_max=100,
    window=8,
)


class House(msgspec.Struct, frozen=True, kw_only=True):
    """The ports of a desk."""

    clock: Clock
    bus: Bus
    journal: Journal
    leases: Leases
    checkpoints: Checkpoints

    def relay(self, holder: str = "one", settings: RelaySettings = SETTINGS) -> Relay:
        """Return a relay process of this house."""
        return Relay(
            clock=self.clock,
            bus=self.bus,
            journal=self.journal,
            leases=self.leases,
            checkpoints=self.checkpoints,
            holder=holder,
            settings=settings,
        )


class MemoryHouse(House, frozen=True, kw_only=True):
    """A house in memory, with its faults at hand."""

    broker: MemoryBroker
    store: MemoryStore
    memory: MemoryJournal


def memory_house(clock: Clock | None = None) -> MemoryHouse:
    """Return an empty house in memory, on the system's time unless a clock is given."""
    clock = clock or RunClock()
    store, broker = MemoryStore(clock), MemoryBroker(clock)
    journal = MemoryJournal(store)
    return MemoryHouse(
        clock=clock,
        bus=MemoryBus(broker),
        journal=journal,
        leases=MemoryLeases(journal),
        checkpoints=MemoryCheckpoints(journal),
        broker=broker,
        store=store,
        memory=journal,
    )


@asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[Relay]:
    """Run a relay, and stop it in good order."""
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        yield relay
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task


@asynccontextmanager
async def crashing(relay: Relay) -> AsyncIterator[Relay]:
    """Run a relay, and end it as kill -9 does: no last checkpoint, no lease given back."""
    task = asyncio.create_task(relay.run(asyncio.Event()))
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.wait((task,))


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it stands in FEED."""

    sequence: int
    subject: str
    envelope: Envelope
    data: bytes


async def feed(bus: Bus, *, pulse: bool = False) -> list[Message]:
    """Return what FEED holds now, without the relay's pulse unless asked for."""
    end = (await bus.state(Stream.FEED)).last_sequence
    found: list[Message] = []
    if end == 0:
        return found
    async for delivery in await bus.follow(Stream.FEED, (), Start(sequence=1)):
        message = _message(delivery)
        if pulse or message.envelope.type not in ("Heartbeat", "Time"):
            found.append(message)
        if delivery.sequence >= end:
            break
    return found


async def append(house: House, count: int, name: str = "e") -> int:
    """Append rows on two subjects in turn and return the head."""
    for number in range(count):
        one = event(f"{name}{number}", stream=name, subject=f"evt.test.{number % 2}")
        assert isinstance(await house.journal.append(entry(one)), Appended)
    return (await house.journal.head()).position


async def everything_arrived(house: House) -> list[Message]:
    """Wait until each row of the journal is in FEED and return FEED."""

    async def is_there() -> bool:
        head = (await house.journal.head()).position
        return head in positions(await feed(house.bus))

    await until(is_there)
    return await feed(house.bus)


def chains_hold(messages: list[Message], *, last: dict[str, int] | None = None) -> bool:
    """Fold the journalled messages as a consumer does: known ones dropped, held ones in their turn, no hole left."""
    last = {} if last is None else last
    waiting = [message for message in messages if message.envelope.position > 0]
    is_moving: bool = True
    while waiting and is_moving:
        left = [message for message in waiting if not _folds(message, last)]
        is_moving, waiting = len(left) < len(waiting), left
    return not waiting


def positions(messages: list[Message]) -> list[int]:
    """Return the journal positions in FEED's order."""
    return [one.envelope.position for one in messages if one.envelope.position > 0]


def of_type(name: str) -> Callable[[Message], bool]:
    """Return a filter by type name."""
    return lambda message: message.envelope.type == name


def _folds(message: Message, last: dict[str, int]) -> bool:
    known = last.get(message.subject, 0)
    if message.envelope.position <= known:
        return True
    if message.envelope.prev != known:
        return False
    last[message.subject] = message.envelope.position
    return True


def _message(delivery: Delivery) -> Message:
    return Message(
        sequence=delivery.sequence,
        subject=delivery.subject,
        envelope=from_headers(delivery.headers),
        data=delivery.data,
    )
