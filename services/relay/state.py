"""Where the relay stands between journal and FEED. Pure: holds what acknowledgements proved and nothing hoped for."""

import msgspec


class FeedCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Rows up to `position` are in the FEED made at `created_ms`, at or before `sequence`, where `event_id` stands."""

    generation: int
    position: int
    sequence: int
    event_id: str
    created_ms: int


class PublishedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was published, and its acknowledgement (sequence 0: none came)."""

    position: int
    event_id: str
    sequence: int = 0
    is_duplicate: bool = False


def advance(place: FeedCursor, sent: tuple[PublishedRow, ...]) -> FeedCursor:
    """Return the place after these consecutive rows: up to the first one without an acknowledgement."""
    for row in sent:
        if row.sequence == 0:
            break
        if row.position != place.position + 1:
            raise ValueError(
                f"row {row.position} sent after {place.position}: the journal has a hole"
            )
        if row.sequence > place.sequence:
            place = msgspec.structs.replace(place, sequence=row.sequence, event_id=row.event_id)
        place = msgspec.structs.replace(place, position=row.position)
    return place
