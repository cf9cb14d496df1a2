"""Where the relay stands between journal and FEED, kept beside the journal; never ahead of a confirmed ack."""

from typing import Protocol

import msgspec

from opensqt.domain.journal import Lease


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of this desk generation up to `position` are in the FEED created at `created_ms`, up to `sequence`.

    `event_id` is the message at `sequence`, so that a FEED which lost its tail and grew again is found out. Empty
    with sequence 0: nothing of this FEED has been written yet.
    """

    desk: str
    generation: int
    position: int
    sequence: int
    event_id: str
    created_ms: int


class Checkpoints(Protocol):
    """The relay's memory. All methods raise `JournalDown`."""

    async def save(self, lease: Lease, checkpoint: Checkpoint) -> bool:
        """Add a checkpoint and forget those of a FEED that is no more; False when the lease has moved on."""

    async def history(self) -> list[Checkpoint]:
        """Return the kept checkpoints, oldest first."""
