"""What the journal says of a message that claims a place in it. Anybody may claim one; only rows prove it."""

from opensqt.domain.control import CONTROL_STREAM, FeedGeneration
from opensqt.domain.journal import Recorded
from opensqt.domain.messages import IGNORABLE, Event
from opensqt.domain.subjects import FEED_GENERATION
from opensqt.runtime.bus.sequence_tracker import SequenceLink
from opensqt.runtime.codec import UnknownType
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.telemetry.metrics import Metrics

ROWS_PER_READ = 1000


class JournalCheck:
    """The journal as a reader of FEED asks it. Methods raise `JournalDown`."""

    def __init__(self, journal: JournalRows, metrics: Metrics) -> None:
        self._journal = journal
        self._metrics = metrics

    async def row_of(self, link: SequenceLink, envelope: Envelope) -> Recorded | None:
        """Return the row of which this message is the copy; None when there is no such fact."""
        for row in await self._journal.read(link.position - 1, 1):
            place = SequenceLink(subject=row.subject, position=row.position, prev=row.prev)
            if place == link and row.event_id == envelope.event_id:
                return row
        return None

    async def generation(self) -> int:
        """Return the newest feed generation that is recorded."""
        position, newest = 0, 0
        while rows := await self._journal.read(
            position, ROWS_PER_READ, stream_prefix=CONTROL_STREAM
        ):
            position = rows[-1].position
            for row in rows:
                fact = self.read(row) if row.subject == FEED_GENERATION else None
                if isinstance(fact, FeedGeneration):
                    newest = max(newest, fact.generation)
        return newest

    def read(self, row: Recorded) -> Event | None:
        """Return the fact of a row, None for an unknown one that may be ignored; any other raises `UnknownType`."""
        try:
            return decode_row(row)
        except UnknownType:
            if row.type not in IGNORABLE:
                raise
            self._metrics.skipped.labels("journal").inc()
            return None
