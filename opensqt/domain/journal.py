"""What is appended to the journal, what comes back, and who may append. Pure values."""

import msgspec

from opensqt.domain.messages import Event


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """A lease that must still be held under this epoch for an append to succeed."""

    name: str
    epoch: int


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event to append. `version` None = the next of its stream; else exactly this one.

    `causation_id` names the event or message that it follows from, `correlation_id` the one with which all of it
    began. What nothing in the desk caused (a start, a person, an act of the venue) begins there: it names itself.
    """

    event_id: str
    stream: str
    message: Event
    subject: str
    actor: str
    occurred_at_ms: int
    version: int | None = None
    venue_time_ms: int | None = None
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""

    def __post_init__(self) -> None:
        for name in ("correlation_id", "causation_id"):
            if not getattr(self, name):
                msgspec.structs.force_setattr(self, name, self.event_id)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Events that are appended together or not at all.

    `fence` is the appender's own lease, `guards` are leases of others that must not have moved on (risk's, for a
    command), `not_after_ms` is the wall time after which the append is refused.
    """

    events: tuple[NewEvent, ...]
    fence: Fence | None = None
    guards: tuple[Fence, ...] = ()
    not_after_ms: int | None = None


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """Committed; `positions` in the order of the events."""

    positions: tuple[int, ...]


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """Every event id was already there: an earlier append succeeded; `positions` are theirs."""

    positions: tuple[int, ...]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A stream is not at the expected version (or some, not all, event ids are there); nothing was appended."""

    stream: str
    expected: int
    actual: int


class Fenced(msgspec.Struct, frozen=True, kw_only=True):
    """The lease has moved on; nothing was appended and the holder must stop."""

    name: str
    epoch: int
    current_epoch: int


class TooLate(msgspec.Struct, frozen=True, kw_only=True):
    """`not_after_ms` had passed; nothing was appended."""

    late_ms: int


AppendOutcome = Appended | Duplicate | Conflict | Fenced | TooLate


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One journal row. `prev` is the position before it on the same subject (0 = first)."""

    position: int
    prev: int
    event_id: str
    stream: str
    version: int
    type: str
    schema_version: int
    subject: str
    data: bytes
    data_hash: bytes
    actor: str
    correlation_id: str
    causation_id: str
    traceparent: str
    venue_time_ms: int | None
    occurred_at_ms: int
    recorded_at_ms: int
    epoch: int


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The last committed position and the desk's generation."""

    position: int
    generation: str


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A held lease. No row of an older epoch of this lease can exist beyond `head_position`."""

    name: str
    holder: str
    epoch: int
    ttl_ms: int
    head_position: int

    @property
    def fence(self) -> Fence:
        """What appends under this lease carry."""
        return Fence(name=self.name, epoch=self.epoch)
