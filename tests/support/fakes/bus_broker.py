"""The streams of the in-memory bus: one broker, many connections, deterministic. Never touches a network.

Faults are methods: the broker goes down and up, loses the tail of a stream, or makes a stream anew.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice

import msgspec

from opensqt.domain.subjects import Interest
from opensqt.runtime.bus.port import (
    BusDown,
    ConnectionWatch,
    Published,
    Stream,
    StreamFull,
    StreamState,
)
from opensqt.runtime.bus.streams import STREAMS, StreamSpec
from opensqt.runtime.clock import Clock
from opensqt.runtime.envelope import MESSAGE_ID

NEVER_MS = 1 << 62


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """One message as a stream keeps it."""

    sequence: int
    subject: str
    headers: dict[str, str]
    data: bytes
    wall_ms: int
    size_bytes: int  # what it counts against the byte cap


class Durable(msgspec.Struct, kw_only=True):
    """A durable consumer: where it is and what it has handed out."""

    filters: list[str]
    interest: Interest
    cursor: int = 0
    deadline_ms: dict[int, int] = {}
    deliveries: dict[int, int] = {}


class Bell:
    """Wakes those who wait, in the order in which they came: all of them, or who wants a subject."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Interest, asyncio.Future[None]]] = []

    def next(self, interest: Interest) -> asyncio.Future[None]:
        """Return what is done at the next ring that is of interest, beginning now."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((interest, future))
        return future

    def ring(self, subject: str | None = None) -> None:
        """Wake who wants this subject, without one all."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            interest, future = one
            if future.done():
                continue
            if subject is None or interest.wants(subject):
                future.set_result(None)
            else:
                self._waiting.append(one)


class MemoryStream:
    """One stream with the limits of its spec."""

    def __init__(self, spec: StreamSpec, created_ms: int) -> None:
        self.spec = spec
        self.created_ms = created_ms
        self.last_sequence = 0
        self.durables: dict[str, Durable] = {}
        self._kept: dict[int, Stored] = {}
        self._ids: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._size_bytes = 0
        self._lowest = 1
        spans_s = (spec.age_s_max, spec.duplicate_window_s)
        self._kept_ms = min(int(span_s * 1000) for span_s in spans_s if span_s)
        self.due_ms = NEVER_MS  # until then nothing of any message can be too old
        self.losses = 0

    def add(self, subject: str, headers: dict[str, str], data: bytes, wall_ms: int) -> Published:
        """Store a message; raise `StreamFull` when it discards new ones."""
        if wall_ms > self.due_ms:
            self.expire(wall_ms)
        message_id = headers.get(MESSAGE_ID, "")
        known = self._ids.get(message_id) if message_id else None
        if known is not None:
            return Published(sequence=known[0], duplicate=True)
        head_bytes = sum(map(len, headers)) + sum(map(len, headers.values()))
        stored = Stored(
            sequence=self.last_sequence + 1,
            subject=subject,
            headers=dict(headers),
            data=data,
            wall_ms=wall_ms,
            size_bytes=len(subject) + head_bytes + len(data),
        )
        if self.spec.discard_new and self._size_bytes + stored.size_bytes > self.spec.bytes_max:
            raise StreamFull(f"stream {self.spec.name} holds {self._size_bytes} bytes: full")
        self.last_sequence = stored.sequence
        self._kept[stored.sequence] = stored
        self._size_bytes += stored.size_bytes
        if message_id:
            self._ids[message_id] = (stored.sequence, wall_ms)
        if self.due_ms is NEVER_MS:
            self.due_ms = wall_ms + self._kept_ms
        while self._size_bytes > self.spec.bytes_max:
            self.remove(self._first())
        return Published(sequence=stored.sequence, duplicate=False)

    def beyond(self, sequence: int, filters: Sequence[str]) -> Iterator[Stored]:
        """Return the messages after a sequence that the filters accept (no filter = all)."""
        return self.wanted(sequence, Interest(filters))

    def wanted(self, sequence: int, interest: Interest) -> Iterator[Stored]:
        """Return the messages after a sequence that somebody wants."""
        for number in range(max(sequence + 1, self._first()), self.last_sequence + 1):
            stored = self._kept.get(number)
            if stored is not None and interest.wants(stored.subject):
                yield stored

    def find(self, sequence: int) -> Stored | None:
        """Return a message that is still kept."""
        return self._kept.get(sequence)

    def remove(self, sequence: int) -> None:
        """Forget a message."""
        stored = self._kept.pop(sequence, None)
        if stored is not None:
            self._size_bytes -= stored.size_bytes

    def expire(self, wall_ms: int) -> None:
        """Forget what is older than the stream keeps, and ids beyond the duplicate window."""
        if self.spec.age_s_max:
            oldest_ms = wall_ms - int(self.spec.age_s_max * 1000)
            while (oldest := self._kept.get(self._first())) and oldest.wall_ms < oldest_ms:
                self.remove(oldest.sequence)
        known_ms = wall_ms - int(self.spec.duplicate_window_s * 1000)
        while self._ids and next(iter(self._ids.values()))[1] < known_ms:
            self._ids.popitem(last=False)
        oldest = self._kept.get(self._first())
        times = [oldest.wall_ms] if oldest is not None else []
        times += [known[1] for known in islice(self._ids.values(), 1)]
        self.due_ms = min(times) + self._kept_ms if times else NEVER_MS

    def lose_tail(self, count: int) -> None:
        """Forget the last messages as if they had never been stored."""
        for _ in range(min(count, self.last_sequence)):
            self.remove(self.last_sequence)
            self.last_sequence -= 1
        self.losses += 1
        self._lowest = min(self._lowest, self.last_sequence + 1)
        for name in [name for name, found in self._ids.items() if found[0] > self.last_sequence]:
            del self._ids[name]

    def state(self) -> StreamState:
        """Return what the stream holds."""
        return StreamState(
            first_sequence=self._first(),
            last_sequence=self.last_sequence,
            messages=len(self._kept),
            size_bytes=self._size_bytes,
            created_ms=self.created_ms,
        )

    def _first(self) -> int:
        while self._lowest <= self.last_sequence and self._lowest not in self._kept:
            self._lowest += 1
        return self._lowest


class MemoryBroker:
    """The server side of the in-memory bus."""

    def __init__(self, clock: Clock, specs: tuple[StreamSpec, ...] = STREAMS) -> None:
        self.clock = clock
        self.bell = Bell()
        self.is_down = False
        self._streams = {spec.name: MemoryStream(spec, clock.wall_ms()) for spec in specs}
        self._lost: dict[Stream, MemoryStream] = {}
        self._takers = [(spec.name, Interest(spec.subjects)) for spec in specs]
        self._reconnect_calls: list[Callable[[], Awaitable[None]]] = []

    def stream(self, name: Stream) -> MemoryStream:
        """Return a stream, old messages forgotten; raise `BusDown`."""
        if self.is_down:
            raise BusDown("the in-memory broker is down")
        found = self._streams.get(name)
        if found is None:
            raise BusDown(f"stream {name} does not exist")
        wall_ms = self.clock.wall_ms()
        if wall_ms > found.due_ms:
            found.expire(wall_ms)
        return found

    def serves(self, name: Stream) -> bool:
        """Tell whether the broker is up and has this stream."""
        return not self.is_down and name in self._streams

    def publish(self, subject: str, headers: dict[str, str], data: bytes) -> Published:
        """Store a message in the stream of its subject; raise `BusDown` or `StreamFull`."""
        for name, interest in self._takers:
            if interest.wants(subject):
                added = self.stream(name).add(subject, headers, data, self.clock.wall_ms())
                self.bell.ring(subject)
                return added
        raise BusDown(f"no stream takes {subject}")

    def on_reconnect(self, call: Callable[[], Awaitable[None]]) -> None:
        """Call when the broker is up again; tell a `ConnectionWatch` when it is down too."""
        self._reconnect_calls.append(call)

    def down(self) -> None:
        """Fault: nobody is connected any more."""
        self.is_down = True
        for call in self._reconnect_calls:
            if isinstance(call, ConnectionWatch):
                call.lost()
        self.bell.ring()

    async def up(self) -> None:
        """End of the fault: everybody is connected again."""
        self.is_down = False
        self.bell.ring()
        for call in self._reconnect_calls:
            await call()

    @property
    def missing(self) -> tuple[str, ...]:
        """The streams that were lost and are not made again."""
        return tuple(name.value for name in Stream if name not in self._streams)

    def lose(self, name: Stream) -> None:
        """Fault: a stream is gone, until it is made anew."""
        self._lost[name] = self._streams.pop(name)
        self.bell.ring()

    def lose_tail(self, name: Stream, count: int) -> None:
        """Fault: a stream forgets its last messages (while down, as a restored server does)."""
        self._streams[name].lose_tail(count)

    def make_anew(self, name: Stream) -> None:
        """Fault: a stream is made again under the same name, empty."""
        before = self._streams.get(name) or self._lost.pop(name)
        created_ms = max(self.clock.wall_ms(), before.created_ms + 1)
        self._streams[name] = MemoryStream(before.spec, created_ms)
        self.bell.ring()
