"""The journal in Postgres: one autocommit call of one SQL function per group of entries, and plain reads.

Never opens a transaction, never writes a table itself (the role may not), and never says "not committed" when it
does not know: that is `JournalDown`, and the caller appends the same entry again.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

from opensqt.domain.journal import (
    Appended,
    AppendOutcome,
    Conflict,
    Duplicate,
    Entry,
    Fenced,
    Head,
    Lease,
    NewEvent,
    Recorded,
    TooLate,
)
from opensqt.domain.messages import name_of
from opensqt.runtime.clock import Clock, RunClock
from opensqt.runtime.codec import SCHEMA_VERSION, encode
from opensqt.runtime.journal.checkpoint import Checkpoint
from opensqt.runtime.journal.connection import (
    border,
    borrowed,
    new_pool,
    open_connection,
)
from opensqt.runtime.journal.notify_listener import NotifyListener
from opensqt.runtime.journal.sightings import LeaseSightings
from opensqt.runtime.journal.writer import Writer

POLL_S_MAX = 1.0  # a lost notification costs at most this
ENTRIES_MAX = 64  # in one commit
EVIDENCE_MAX = 16  # in one commit; a page of trades has a hundred thousand bytes

_APPEND = "SELECT * FROM journal_append($1::journal_event[], $2::journal_fence[], $3::bigint[]) ORDER BY entry"
_ROWS = (
    "SELECT position, prev, event_id, stream, version, type, schema_version, subject, data, data_hash, actor,"
    " correlation_id, causation_id, traceparent, venue_time_ms, occurred_at_ms, recorded_at_ms, epoch"
    " FROM journal WHERE position > $1"
)
_READ = _ROWS + " ORDER BY position LIMIT $2"
_READ_PREFIX = _ROWS + " AND stream >= $3 AND stream < $4 ORDER BY position LIMIT $2"
_KEEP = (
    "SELECT evidence_keep(kind, data) FROM unnest($1::text[], $2::bytea[]) AS found (kind, data)"
)
_CHECKPOINTS = "SELECT desk, generation, position, sequence, event_id, created_ms FROM relay_checkpoint ORDER BY number"
_ACQUIRE = "SELECT * FROM lease_acquire($1, $2, $3, $4)"
_HEAD = "SELECT position, generation FROM journal_head"
_NOT_MIGRATED = "journal_head is empty; run `python -m opensqt.runtime.migrate`"
_LAST_CHARACTER = "\U0010ffff"


class PostgresJournal:
    """One process's connection to the journal: down until it is opened, and it heals by itself after that.

    `role` is the role of its service at the database; without one it works as whoever the address names.
    """

    def __init__(self, dsn: str, clock: Clock | None = None, *, role: str = "") -> None:
        self.pool = new_pool(dsn, role=role)
        self.clock = clock or RunClock()
        self._dsn = dsn
        self._role = role
        self._bell = NotifyListener(dsn, role)
        self._writer = Writer(self._commit, group_max=ENTRIES_MAX)
        self._keeper = Writer(self._keep, group_max=EVIDENCE_MAX)
        self._opened = False

    @classmethod
    async def connect(
        cls, dsn: str, clock: Clock | None = None, *, role: str = ""
    ) -> "PostgresJournal":
        """Return an opened journal; raise `JournalDown`."""
        journal = cls(dsn, clock, role=role)
        try:
            await journal.open()
        except BaseException:
            await journal.close()
            raise
        return journal

    async def open(self) -> None:
        """Connect to a migrated database; raise `JournalDown`, or what it lacks.

        Until that has succeeded once every other call raises `JournalDown`.
        """
        connection = await open_connection(self._dsn, self._role)
        try:
            with border("read the journal's head"):
                if await connection.fetchrow(_HEAD) is None:
                    raise LookupError(_NOT_MIGRATED)
        finally:
            connection.terminate()
        with border("connect to the journal"):
            await self.pool
        self._opened = True

    async def append(self, entry: Entry) -> AppendOutcome:
        """Commit an entry; concurrent entries of this process share commits."""
        if not entry.events:
            raise ValueError("an entry holds at least one event")
        return await self._writer.write(entry)

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        """Return rows beyond position `after` in order, at most `count_max`."""
        async with borrowed(self.pool, "read the journal") as connection:
            if stream_prefix:
                rows = await connection.fetch(
                    _READ_PREFIX, after, count_max, stream_prefix, stream_prefix + _LAST_CHARACTER
                )
            else:
                rows = await connection.fetch(_READ, after, count_max)
        return [Recorded(**row) for row in rows]

    async def head(self) -> Head:
        """Return the head."""
        async with borrowed(self.pool, "read the journal's head") as connection:
            row = await connection.fetchrow(_HEAD)
        if row is None:
            raise LookupError(_NOT_MIGRATED)
        return Head(position=row["position"], generation=row["generation"])

    async def wait_beyond(self, position: int, wait_s: float) -> None:
        """Return when a position beyond this one may exist, after `wait_s` (wall) at the latest."""
        await self._bell.wait_beyond(position, min(wait_s, POLL_S_MAX))

    async def keep(self, kind: str, data: bytes) -> str:
        """Store evidence and return its hash (hex sha256)."""
        return await self._keeper.write((hashlib.sha256(data).hexdigest(), kind, data))

    async def close(self) -> None:
        """Commit what waits and disconnect; also a close that is given up leaves no connection behind."""
        try:
            await asyncio.gather(self._writer.close(), self._keeper.close())
            await self._bell.close()
        finally:
            if self._opened:
                self.pool.terminate()

    async def _commit(self, entries: Sequence[Entry]) -> list[AppendOutcome]:
        events, fences = _arrays(entries)
        async with borrowed(self.pool, "append to the journal") as connection:
            # The server is told a span: our clock and its own need not agree on the time of day.
            now_ms = self.clock.wall_ms()
            valid_ms = [e.not_after_ms and e.not_after_ms - now_ms for e in entries]
            rows = await connection.fetch(_APPEND, events, fences, valid_ms)
        return [_outcome(row) for row in rows]

    async def _keep(self, found: Sequence[tuple[str, str, bytes]]) -> list[str]:
        # All processes in one order: two that keep the same evidence never wait for each other in a circle.
        _, kinds, data = zip(*sorted(found), strict=True)
        async with borrowed(self.pool, "keep evidence") as connection:
            await connection.fetch(_KEEP, kinds, data)
        return [name for name, _, _ in found]


class PostgresLeases:
    """Leases in the database of a `PostgresJournal`, as one process sees them by its clock."""

    def __init__(self, journal: PostgresJournal) -> None:
        self._pool = journal.pool
        self._clock = journal.clock
        self._sightings = LeaseSightings()

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """Take the lease under a new epoch if it is free, was seen to stand still, or is held by this very holder."""
        silent = self._sightings.silent(name, self._clock.monotonic_s())
        async with borrowed(self._pool, f"acquire lease {name}") as connection:
            (row,) = await connection.fetch(_ACQUIRE, name, holder, ttl_ms, silent)
        if not row["taken"]:
            self._sightings.saw(name, row["renewals"], row["ttl_ms"], self._clock.monotonic_s())
            return None
        head = row["head_position"]
        return Lease(
            name=name, holder=holder, epoch=row["epoch"], ttl_ms=ttl_ms, head_position=head
        )

    async def renew(self, lease: Lease) -> bool:
        """Say that the lease is still used; False when the epoch has moved on."""
        return await self._renew(lease, lease.ttl_ms)

    async def release(self, lease: Lease) -> None:
        """Let the lease be free now; harmless when it has moved on."""
        await self._renew(lease, 0)

    async def _renew(self, lease: Lease, ttl_ms: int) -> bool:
        async with borrowed(self._pool, f"renew lease {lease.name}") as connection:
            return bool(
                await connection.fetchval(
                    "SELECT lease_renew($1, $2, $3)", lease.name, lease.epoch, ttl_ms
                )
            )


class PostgresCheckpoints:
    """The relay's checkpoints in the database of a `PostgresJournal`."""

    def __init__(self, journal: PostgresJournal) -> None:
        self._pool = journal.pool

    async def save(self, lease: Lease, checkpoint: Checkpoint) -> bool:
        """Add a checkpoint and forget those of a FEED that is no more; False when the lease has moved on."""
        async with borrowed(self._pool, "save the relay's checkpoint") as connection:
            return bool(
                await connection.fetchval(
                    "SELECT relay_checkpoint_save($1, $2, $3, $4, $5, $6, $7, $8)",
                    lease.name,
                    lease.epoch,
                    checkpoint.desk,
                    checkpoint.generation,
                    checkpoint.position,
                    checkpoint.sequence,
                    checkpoint.event_id,
                    checkpoint.created_ms,
                )
            )

    async def history(self) -> list[Checkpoint]:
        """Return the kept checkpoints, oldest first."""
        async with borrowed(self._pool, "read the relay's checkpoints") as connection:
            rows = await connection.fetch(_CHECKPOINTS)
        return [Checkpoint(**row) for row in rows]


def _arrays(entries: Sequence[Entry]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the entries as rows of `journal_event` and `journal_fence`; own fence first, then guards."""
    events: list[tuple[Any, ...]] = []
    fences: list[tuple[Any, ...]] = []
    for number, entry in enumerate(entries, start=1):
        epoch = entry.fence.epoch if entry.fence is not None else 0
        own = () if entry.fence is None else (entry.fence,)
        fences.extend((number, fence.name, fence.epoch) for fence in (*own, *entry.guards))
        events.extend(_event_row(number, event, epoch) for event in entry.events)
    return events, fences


def _event_row(number: int, event: NewEvent, epoch: int) -> tuple[Any, ...]:
    return (
        number,
        event.event_id,
        event.stream,
        event.version,
        name_of(event.message),
        SCHEMA_VERSION,
        event.subject,
        encode(event.message),
        event.actor,
        event.correlation_id,
        event.causation_id,
        event.traceparent,
        event.venue_time_ms,
        event.occurred_at_ms,
        epoch,
    )


def _outcome(row: Any) -> AppendOutcome:
    kind: str = row["outcome"]
    match kind:
        case "appended":
            return Appended(positions=tuple(row["positions"]))
        case "duplicate":
            return Duplicate(positions=tuple(row["positions"]))
        case "conflict":
            return Conflict(stream=row["name"], expected=row["expected"], actual=row["actual"])
        case "fenced":
            return Fenced(name=row["name"], epoch=row["expected"], current_epoch=row["actual"])
        case "too_late":
            return TooLate(late_ms=row["actual"])
        case _:
            raise ValueError(
                f"journal_append answered {kind!r}; migrate the database to this version"
            )
