"""What the relay does next: go on, go back, or begin a new feed generation. Pure: no clock, no I/O."""

from enum import StrEnum
from itertools import pairwise

import msgspec

from services.relay.state import FeedCursor, PublishedRow


class FeedSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What FEED holds, as the bus says."""

    first_sequence: int
    last_sequence: int
    created_ms: int


class FeedComparison(StrEnum):
    """How FEED stands to the newest checkpoint."""

    FIRST = "first start of this feed"
    RESTORED = "the journal was restored"
    OTHER = "FEED was made anew"
    SHORTER = "FEED lost its tail"
    UNPROVEN = "FEED is long enough, its message must be looked at"
    SAME = "FEED holds everything"


def standing(
    place: FeedCursor | None, place_desk: str, desk: str, feed: FeedSeen
) -> FeedComparison:
    """Compare FEED and the desk's generation with the newest checkpoint; length alone never proves sameness."""
    if place is None:
        return FeedComparison.FIRST
    if place_desk != desk:
        return FeedComparison.RESTORED
    if place.created_ms != feed.created_ms:
        return FeedComparison.OTHER
    if place.sequence > feed.last_sequence:
        return FeedComparison.SHORTER
    # Nothing written yet, or aged out in front while the end went on: there is nothing to look at.
    if place.sequence < max(feed.first_sequence, 1):
        return FeedComparison.SAME
    return FeedComparison.UNPROVEN


def contradicts(place: FeedCursor, sent: tuple[PublishedRow, ...]) -> bool:
    """Tell whether acknowledgements prove that FEED is not all the time the one of this place.

    What is stored anew gets a higher sequence than everything before it, also within one window of rows.
    """
    fresh = [row.sequence for row in sent if row.sequence and not row.is_duplicate]
    return any(later <= before for before, later in pairwise((place.sequence, *fresh)))


def middle(low: int, high: int) -> int:
    """Return which checkpoint to look at next, when those below `low` are held and those from `high` on are not."""
    return (low + high) // 2


def resend_after(held_position: int, head_position: int, resend_rows_max: int) -> int:
    """Return the position after which a new generation sends again; further back is the journal's business."""
    return max(held_position, head_position - resend_rows_max)


def due_time_ms(market_ms: int, step_ms: int) -> int:
    """Return the last instant of market time, a whole number of steps, that has come."""
    return market_ms - market_ms % step_ms
