"""Bus, journal and clock of a run that is over, as a reader of FEED sees them. Nothing is written anywhere.

So a reader in replay is the reader of the live process: what it skips, holds back and believes is decided by its code.
"""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from decimal import Decimal

from opensqt.domain.journal import Head, Recorded
from opensqt.domain.plausible import TIMES_MS_MAX
from opensqt.domain.subjects import Interest
from opensqt.runtime.archive import ArchiveRow
from opensqt.runtime.bus.port import Delivery, Follower, Published, Start, Stream, StreamState
from opensqt.runtime.journal.port import JournalRows


class PastClock:
    """The time of one who looks back: behind everything that was recorded, and standing still."""

    def __init__(self, speed: Decimal) -> None:
        self.speed = speed

    def market_ms(self) -> int:
        """Return an instant that nothing recorded is ahead of."""
        return TIMES_MS_MAX

    def wall_ms(self) -> int:
        """Return the same instant."""
        return TIMES_MS_MAX

    def monotonic_s(self) -> float:
        """Return always the same: a hole in the feed is waited for as long as it takes."""
        return 0.0

    async def sleep(self, seconds_wall: float) -> None:
        """Return at once: nobody waits for the past."""


class PastJournal:
    """A journal whose head stands where a run read it; its rows are those of the real one."""

    def __init__(self, journal: JournalRows, position: int) -> None:
        self._journal = journal
        self._position = position

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        """Return rows as the journal does; a read of the past ends at the head."""
        if after < self._position:
            count_max = min(count_max, self._position - after)
        return await self._journal.read(after, count_max, stream_prefix=stream_prefix)

    async def head(self) -> Head:
        """Return the head of then."""
        generation = (await self._journal.head()).generation
        return Head(position=self._position, generation=generation)


class PastFollower:
    """Archived rows as deliveries of FEED, one after the other."""

    def __init__(self, rows: Iterator[ArchiveRow], filters: Sequence[str]) -> None:
        self._rows = rows
        self._interest = Interest(filters)

    @property
    def waiting(self) -> int:
        """Nothing waits."""
        return 0

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        for row in self._rows:
            if self._interest.wants(row.subject):
                yield Delivery(
                    stream=Stream.FEED,
                    sequence=row.sequence,
                    subject=row.subject,
                    headers=json.loads(row.headers),
                    data=row.data,
                )

    async def close(self) -> None:
        """Nothing is held open."""


class PastBus:
    """The FEED of one run: it ended at `last_sequence` when the run began, and goes on as it was archived."""

    def __init__(self, rows: Iterator[ArchiveRow], last_sequence: int) -> None:
        self._rows = rows
        self._last_sequence = last_sequence

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Say that it is there already: what is set aside in replay was set aside then."""
        del subject, data, headers
        return Published(sequence=0, duplicate=True)

    async def follow(self, stream: Stream, filters: Sequence[str], start: Start) -> Follower:
        """Return the one follower of FEED; it begins where that of the run began."""
        del stream, start
        return PastFollower(self._rows, filters)

    async def state(self, stream: Stream) -> StreamState:
        """Return FEED as the run found it."""
        del stream
        return StreamState(
            first_sequence=0,
            last_sequence=self._last_sequence,
            messages=0,
            size_bytes=0,
            created_ms=0,
        )
