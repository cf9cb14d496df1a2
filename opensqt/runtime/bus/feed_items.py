"""What a reader of FEED yields. Values only."""

import msgspec

from opensqt.domain.messages import Event
from opensqt.runtime.envelope import Envelope


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. From the journal: `sequence` 0; `live` False while the past is being read."""

    message: Event
    envelope: Envelope
    subject: str
    sequence: int
    generation: int
    live: bool


class CaughtUp(msgspec.Struct, frozen=True, kw_only=True):
    """The past is folded: the journal up to `position`, FEED up to `sequence`.

    `journal_position` is how far the journal itself was read, `first_sequence` what of FEED was heard first after it.
    """

    position: int
    sequence: int
    generation: int = 0
    journal_position: int = 0
    first_sequence: int = 0


class FeedReset(msgspec.Struct, frozen=True, kw_only=True):
    """Everything begins again: forget what was folded."""

    reason: str


Item = FeedItem | CaughtUp | FeedReset
