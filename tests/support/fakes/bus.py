"""The in-memory twin of the bus: same contract, no network, deterministic on a virtual clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

from opensqt.domain.messages import Message
from opensqt.domain.subjects import Interest, overlaps, widest
from opensqt.runtime.bus.port import (
    BusDown,
    Delivery,
    Published,
    QueueTaken,
    Start,
    Stream,
    StreamChanged,
    StreamState,
    epoch_in,
)
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import Envelope
from tests.support.fakes.bus_broker import Durable, MemoryBroker, MemoryStream, Stored

ACK_WAIT_MS = 30_000
UNACKED_MAX = 256


class MemoryFollower:
    """Follows one stream of a broker in order."""

    def __init__(
        self, broker: MemoryBroker, stream: Stream, filters: Sequence[str], start: Start
    ) -> None:
        self._broker = broker
        self._name = stream
        self._interest = Interest(widest(filters))
        self._idle = False  # waits: nothing beyond the cursor is wanted
        self._closed = False
        found = broker.stream(stream)
        self._created_ms = found.created_ms
        self._losses = found.losses
        self._last = 0
        self._cursor = found.last_sequence
        self._since_ms = 0
        if start.sequence is not None:
            self._cursor = start.sequence - 1
        elif start.wall_ms is not None:
            self._cursor, self._since_ms = 0, start.wall_ms

    @property
    def waiting(self) -> int:
        if self._idle or not self._broker.serves(self._name):
            return 0
        return self._broker.stream(self._name).last_sequence - self._cursor

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        while not self._closed:
            stored = self._next() if self._broker.serves(self._name) else None
            if stored is None:
                self._idle = True
                await self._broker.bell.next(self._interest)
                self._idle = False
                continue
            yield _delivery(self._name, stored, 1)

    async def close(self) -> None:
        self._closed = True
        self._broker.bell.ring()

    def _next(self) -> Stored | None:
        stream = self._broker.stream(self._name)
        if stream.created_ms != self._created_ms or stream.last_sequence < self._last:
            changed = StreamChanged(
                f"stream {self._name} ends at {stream.last_sequence}, was read up to {self._last}"
            )
            self._created_ms, self._last = stream.created_ms, 0
            self._cursor = stream.last_sequence
            if stream.spec.in_memory:
                self._cursor = 0
            else:
                raise changed
        if stream.losses != self._losses:
            self._losses = stream.losses
            self._cursor = min(self._cursor, max(self._last, stream.last_sequence))
        for stored in stream.wanted(self._cursor, self._interest):
            self._cursor = self._last = stored.sequence
            if stored.wall_ms >= self._since_ms:
                return stored
        self._cursor = max(self._cursor, stream.last_sequence)
        return None


class MemoryQueue:
    """A durable of one stream of a broker."""

    def __init__(self, broker: MemoryBroker, stream: Stream, durable: str) -> None:
        self._broker = broker
        self._name = stream
        self._durable = durable
        self._own = broker.stream(stream).durables[durable]

    async def fetch(self, count_max: int, wait_s: float) -> list[Delivery]:
        found = [] if self._broker.is_down else self._take(count_max)
        if found:
            return found
        timer = asyncio.ensure_future(self._broker.clock.sleep(wait_s))
        try:
            while True:
                found = [] if self._broker.is_down else self._take(count_max)
                if found or timer.done():
                    return found
                ring = self._broker.bell.next(self._own.interest)
                wake = partial(_wake, ring)
                timer.add_done_callback(wake)
                try:
                    await ring
                finally:
                    timer.remove_done_callback(wake)
        finally:
            timer.cancel()

    async def ack(self, delivery: Delivery) -> None:
        stream, durable = self._attached()
        if durable.deadline_ms.pop(delivery.sequence, None) is None:
            raise BusDown(f"message {delivery.sequence} of {self._name} was not delivered here")
        durable.deliveries.pop(delivery.sequence, None)
        if stream.spec.work_queue:
            stream.remove(delivery.sequence)

    async def drop(self) -> None:
        stream = self._broker.stream(self._name)
        if stream.durables.get(self._durable) is self._own:
            del stream.durables[self._durable]
            self._broker.bell.ring()

    def _attached(self) -> tuple[MemoryStream, Durable]:
        stream = self._broker.stream(self._name)
        found = stream.durables.get(self._durable)
        if found is not self._own:
            raise BusDown(f"queue {self._durable} of {self._name} is gone")
        return stream, found

    def _take(self, count_max: int) -> list[Delivery]:
        stream, durable = self._attached()
        now_ms = self._broker.clock.wall_ms()
        due = sorted(n for n, deadline_ms in durable.deadline_ms.items() if deadline_ms <= now_ms)
        taken = [stored for stored in map(stream.find, due) if stored is not None]
        room = min(count_max - len(taken), UNACKED_MAX - len(durable.deadline_ms))
        for stored in stream.wanted(durable.cursor, durable.interest):
            if room <= 0:
                break
            durable.cursor = stored.sequence
            taken.append(stored)
            room -= 1
        deliveries = []
        for stored in taken[:count_max]:
            durable.deadline_ms[stored.sequence] = now_ms + ACK_WAIT_MS
            count = durable.deliveries.get(stored.sequence, 0) + 1
            durable.deliveries[stored.sequence] = count
            deliveries.append(_delivery(self._name, stored, count))
        return deliveries


class MemoryBus:
    """One connection to a `MemoryBroker`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._followers: list[MemoryFollower] = []
        self.dropped = 0

    @property
    def missing(self) -> tuple[str, ...]:
        return self._broker.missing

    async def publish(
        self, subject: str, message: Message, envelope: Envelope, *, confirmed: bool = True
    ) -> Published | None:
        data, headers = encode(message), envelope.headers()
        if confirmed:
            return await self.send(subject, data, headers)
        try:
            self._broker.publish(subject, headers, data)
        except BusDown:
            self.dropped += 1
        return None

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        return self._broker.publish(subject, headers, data)

    async def follow(self, stream: Stream, filters: Sequence[str], start: Start) -> MemoryFollower:
        follower = MemoryFollower(self._broker, stream, filters, start)
        self._followers.append(follower)
        return follower

    async def queue(self, stream: Stream, durable: str, filters: Sequence[str]) -> MemoryQueue:
        found = self._broker.stream(stream)
        wanted = widest(filters) or list(found.spec.subjects)
        if durable not in found.durables:
            if found.spec.work_queue:
                _refuse_overlap(found, durable, wanted)
            found.durables[durable] = Durable(filters=wanted, interest=Interest(wanted))
        return MemoryQueue(self._broker, stream, durable)

    async def drop_queues(self, stream: Stream, *, prefix: str, keep: str) -> tuple[str, ...]:
        durables = self._broker.stream(stream).durables
        dropped = sorted(
            name for name in durables if name != keep and epoch_in(name, prefix) is not None
        )
        for name in dropped:
            del durables[name]
        self._broker.bell.ring()
        return tuple(dropped)

    async def state(self, stream: Stream) -> StreamState:
        return self._broker.stream(stream).state()

    def on_reconnect(self, call: Callable[[], Awaitable[None]]) -> None:
        self._broker.on_reconnect(call)

    async def close(self) -> None:
        for follower in self._followers:
            await follower.close()


def _refuse_overlap(stream: MemoryStream, durable: str, wanted: list[str]) -> None:
    for name, other in stream.durables.items():
        if any(overlaps(mine, yours) for mine in wanted for yours in other.filters):
            message = f"queue {durable} of {stream.spec.name}: {name} serves these subjects"
            raise QueueTaken(message, tuple(sorted(stream.durables)))


def _wake(ring: "asyncio.Future[None]", _: object) -> None:
    if not ring.done():
        ring.set_result(None)


def _delivery(stream: Stream, stored: Stored, deliveries: int) -> Delivery:
    return Delivery(
        stream=stream,
        sequence=stored.sequence,
        subject=stored.subject,
        headers=dict(stored.headers),
        data=stored.data,
        deliveries=deliveries,
    )
