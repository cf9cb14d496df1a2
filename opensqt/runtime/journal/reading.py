"""From a journal row back to the fact it holds; never trusts bytes whose hash does not fit."""

import hashlib

from opensqt.domain.journal import Recorded
from opensqt.domain.messages import Event
from opensqt.runtime.codec import decode_event
from opensqt.runtime.envelope import Envelope


class CorruptRow(ValueError):
    """The bytes of a row are not the bytes that were appended."""


def verified(row: Recorded) -> bytes:
    """Return the bytes of a row as they were appended; raise `CorruptRow`."""
    found = hashlib.sha256(row.data).digest()
    if found != row.data_hash:
        raise CorruptRow(
            f"journal position {row.position} ({row.type}): data hashes to {found.hex()[:16]}..., expected "
            f"{row.data_hash.hex()[:16]}...; restore the journal from its backup"
        )
    return row.data


def decode_row(row: Recorded) -> Event:
    """Return the fact of a row; raise `CorruptRow` or the codec's `Undecodable`."""
    return decode_event(verified(row))


def envelope_of(row: Recorded) -> Envelope:
    """Return the envelope under which a row travels."""
    return Envelope(
        event_id=row.event_id,
        type=row.type,
        source=row.actor,
        time_ms=row.occurred_at_ms,
        stream=row.stream,
        version=row.version,
        schema_version=row.schema_version,
        position=row.position,
        prev=row.prev,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        traceparent=row.traceparent,
    )
