"""The journal's twin in memory, for tests and the simulated world: the same promises, no I/O, no thread.

Everything inside is synchronous, so that one order of calls gives one journal. Never used with money.
"""

import asyncio
import hashlib
from collections.abc import Callable

from opensqt.domain.journal import (
    Appended,
    AppendOutcome,
    Conflict,
    Duplicate,
    Entry,
    Fence,
    Fenced,
    Head,
    Lease,
    NewEvent,
    Recorded,
    TooLate,
)
from opensqt.domain.messages import name_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.codec import SCHEMA_VERSION, encode
from opensqt.runtime.journal.checkpoint import Checkpoint
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.sightings import LeaseSightings


class _Held:
    """A lease row."""

    def __init__(self) -> None:
        self.holder = ""
        self.epoch = 0
        self.ttl_ms = 0
        self.renewals = 0


class MemoryStore:
    """What a database would hold; connections (`MemoryJournal`, ...) share it. `down` cuts all of them off."""

    def __init__(self, clock: Clock, *, generation: str = "memory") -> None:
        self.clock = clock
        self.generation = generation
        self.rows: list[Recorded] = []
        self.evidence: dict[str, tuple[str, bytes]] = {}
        self.checkpoints: list[Checkpoint] = []
        self.down = False
        self._positions: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._subjects: dict[str, int] = {}
        self._leases: dict[str, _Held] = {}
        self._waiters: list[asyncio.Future[None]] = []

    def lease_row(self, name: str) -> _Held:
        """Return the row of a lease, made when it is new."""
        return self._leases.setdefault(name, _Held())

    def append(self, entry: Entry, valid_ms: int | None = None) -> AppendOutcome:
        """Judge and append an entry at once; it is valid for so long from now."""
        refusal = self._known(entry) or self._fenced(entry) or self._late(valid_ms)
        refusal = refusal or self._conflict(entry.events)
        if refusal is not None:
            return refusal
        epoch = entry.fence.epoch if entry.fence is not None else 0
        positions = tuple(self._write(event, epoch) for event in entry.events)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _wake(waiter)
        return Appended(positions=positions)

    async def wait_beyond(self, position: int, wait_s: float) -> None:
        """Return when there is a row beyond `position`, after `wait_s` (wall) at the latest."""
        if len(self.rows) > position:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(woken)
        timer = asyncio.ensure_future(self.clock.sleep(wait_s))
        timer.add_done_callback(lambda _: _wake(woken))
        try:
            await woken
        finally:
            timer.cancel()
            if woken in self._waiters:
                self._waiters.remove(woken)

    def _known(self, entry: Entry) -> Duplicate | Conflict | None:
        found = [event for event in entry.events if event.event_id in self._positions]
        if not found:
            return None
        if len(found) == len(entry.events):
            return Duplicate(positions=tuple(self._positions[event.event_id] for event in found))
        row = self.rows[self._positions[found[0].event_id] - 1]
        return Conflict(stream=row.stream, expected=found[0].version or 0, actual=row.version)

    def _fenced(self, entry: Entry) -> Fenced | None:
        for fence in _fences(entry):
            row = self._leases.get(fence.name)
            current = row.epoch if row is not None else 0
            if row is None or current != fence.epoch:
                return Fenced(name=fence.name, epoch=fence.epoch, current_epoch=current)
        return None

    def _late(self, valid_ms: int | None) -> TooLate | None:
        return TooLate(late_ms=-valid_ms) if valid_ms is not None and valid_ms < 0 else None

    def _conflict(self, events: tuple[NewEvent, ...]) -> Conflict | None:
        versions: dict[str, int] = {}
        ids: set[str] = set()
        for event in events:
            actual = versions.get(event.stream, self._versions.get(event.stream, 0))
            if event.event_id in ids or event.version not in (None, actual + 1):
                return Conflict(stream=event.stream, expected=event.version or 0, actual=actual)
            versions[event.stream] = actual + 1
            ids.add(event.event_id)
        return None

    def _write(self, event: NewEvent, epoch: int) -> int:
        position = len(self.rows) + 1
        version = self._versions.get(event.stream, 0) + 1
        data = encode(event.message)
        self.rows.append(
            Recorded(
                position=position,
                prev=self._subjects.get(event.subject, 0),
                event_id=event.event_id,
                stream=event.stream,
                version=version,
                type=name_of(event.message),
                schema_version=SCHEMA_VERSION,
                subject=event.subject,
                data=data,
                data_hash=hashlib.sha256(data).digest(),
                actor=event.actor,
                correlation_id=event.correlation_id,
                causation_id=event.causation_id,
                traceparent=event.traceparent,
                venue_time_ms=event.venue_time_ms,
                occurred_at_ms=event.occurred_at_ms,
                recorded_at_ms=self.clock.wall_ms(),
                epoch=epoch,
            )
        )
        self._positions[event.event_id] = position
        self._versions[event.stream] = version
        self._subjects[event.subject] = position
        return position


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def _fences(entry: Entry) -> tuple[Fence, ...]:
    return entry.guards if entry.fence is None else (entry.fence, *entry.guards)


class MemoryJournal:
    """One process's connection to a `MemoryStore`.

    Faults: `down` cuts this process off; `answers_lost` of the next appends commit and then raise `JournalDown`;
    `before_append` is called before each append (to let something happen in between).
    """

    def __init__(self, store: MemoryStore, clock: Clock | None = None) -> None:
        self.store = store
        self._clock = clock
        self.down = False
        self.answers_lost = 0
        self.before_append: Callable[[Entry], None] | None = None

    @property
    def clock(self) -> Clock:
        """The clock of the process that is connected."""
        return self._clock or self.store.clock

    async def append(self, entry: Entry) -> AppendOutcome:
        """Commit an entry."""
        self.check()
        if not entry.events:
            raise ValueError("an entry holds at least one event")
        if self.before_append is not None:
            self.before_append(entry)
        now_ms = self.clock.wall_ms()
        outcome = self.store.append(entry, entry.not_after_ms and entry.not_after_ms - now_ms)
        if self.answers_lost > 0:
            self.answers_lost -= 1
            raise JournalDown("the answer of an append was lost (fault)")
        return outcome

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        """Return rows beyond position `after` in order, at most `count_max`."""
        self.check()
        rows = self.store.rows[after:]
        if stream_prefix:
            rows = [row for row in rows if row.stream.startswith(stream_prefix)]
        return rows[:count_max]

    async def head(self) -> Head:
        """Return the head."""
        self.check()
        return Head(position=len(self.store.rows), generation=self.store.generation)

    async def wait_beyond(self, position: int, wait_s: float) -> None:
        """Return when a position beyond this one may exist, after `wait_s` (wall) at the latest."""
        self.check()
        await self.store.wait_beyond(position, wait_s)

    async def keep(self, kind: str, data: bytes) -> str:
        """Store evidence and return its hash (hex sha256)."""
        self.check()
        name = hashlib.sha256(data).hexdigest()
        self.store.evidence.setdefault(name, (kind, data))
        return name

    async def close(self) -> None:
        """Disconnect: every later call raises `JournalDown`."""
        self.down = True

    def check(self) -> None:
        """Raise `JournalDown` while this connection or the store is down."""
        if self.down or self.store.down:
            raise JournalDown("the journal is down (fault or closed)")


class MemoryLeases:
    """Leases in the store of a `MemoryJournal`, as its process sees them; down when it is down."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self._store = journal.store
        self._sightings = LeaseSightings()

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """Take the lease under a new epoch if it is free, was seen to stand still, or is held by this very holder."""
        self._journal.check()
        row = self._store.lease_row(name)
        now_s = self._journal.clock.monotonic_s()
        silent = self._sightings.silent(name, now_s)
        if row.holder != holder and row.ttl_ms > 0 and row.renewals != silent:
            self._sightings.saw(name, row.renewals, row.ttl_ms, now_s)
            return None
        row.holder = holder
        row.epoch += 1
        row.renewals += 1
        row.ttl_ms = ttl_ms
        head = len(self._store.rows)
        return Lease(name=name, holder=holder, epoch=row.epoch, ttl_ms=ttl_ms, head_position=head)

    async def renew(self, lease: Lease) -> bool:
        """Say that the lease is still used; False when the epoch has moved on."""
        return self._renew(lease, lease.ttl_ms)

    async def release(self, lease: Lease) -> None:
        """Let the lease be free now; harmless when it has moved on."""
        self._renew(lease, 0)

    def _renew(self, lease: Lease, ttl_ms: int) -> bool:
        self._journal.check()
        row = self._store.lease_row(lease.name)
        if row.epoch != lease.epoch:
            return False
        row.ttl_ms = ttl_ms
        row.renewals += 1
        return True


class MemoryCheckpoints:
    """The relay's checkpoints in the store of a `MemoryJournal`."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal
        self._store = journal.store

    async def save(self, lease: Lease, checkpoint: Checkpoint) -> bool:
        """Add a checkpoint and forget those of a FEED that is no more; False when the lease has moved on."""
        self._journal.check()
        if self._store.lease_row(lease.name).epoch != lease.epoch:
            return False
        kept = [
            old
            for old in self._store.checkpoints
            if old.created_ms == checkpoint.created_ms and old.sequence <= checkpoint.sequence
        ]
        self._store.checkpoints = [*kept, checkpoint]
        return True

    async def history(self) -> list[Checkpoint]:
        """Return the kept checkpoints, oldest first."""
        self._journal.check()
        return list(self._store.checkpoints)
