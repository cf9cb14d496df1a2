"""One pass over the past and the present of FEED: the journal to its head, then messages in chain order.

A pass never repairs itself: when it cannot go on without a hole it raises, and the reader begins a new one.
"""

from collections.abc import AsyncIterator, Sequence

from opensqt.domain.control import FeedGeneration, Heartbeat
from opensqt.domain.messages import IGNORABLE, Message
from opensqt.runtime.bus.chain import Chain, Link
from opensqt.runtime.bus.dlq import Poison, bury
from opensqt.runtime.bus.items import CaughtUp, FeedItem
from opensqt.runtime.bus.port import Bus, Delivery, Stream
from opensqt.runtime.bus.subjects import FEED_GENERATION, HEARTBEAT, Interest, matches
from opensqt.runtime.codec import Undecodable, UnknownType, decode
from opensqt.runtime.envelope import IGNORABLE_HEADER, BadEnvelope, Envelope, from_headers
from opensqt.runtime.journal.port import Journal, Recorded
from opensqt.runtime.journal.reading import decode_row, envelope_of
from opensqt.runtime.logs import Log
from opensqt.runtime.metrics import Metrics
from opensqt.runtime.progress import Loop, Progress

HOLE_S_MAX = 2.0
ROWS_PER_READ = 1000
MARKET_DATA = "md.>"
_OF_THE_RELAY = frozenset({FEED_GENERATION, HEARTBEAT})

_log = Log("feed")

_Heard = tuple[Delivery, Envelope]


class StartAgain(Exception):
    """This pass cannot go on; `kind` is a short name for metrics."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class FeedPass:
    """What one pass has folded: positions per subject, the feed generation, the last sequence."""

    def __init__(
        self,
        *,
        bus: Bus,
        filters: Sequence[str],
        service: str,
        metrics: Metrics,
        end: int,
        progress: Loop | None = None,
    ) -> None:
        self._bus = bus
        self._interest = Interest(filters)
        self._service = service
        self._metrics = metrics
        self._loop = progress or Progress().loop("reading FEED")
        self._end = end  # FEED's last sequence when the pass began
        self._chain: Chain[_Heard] = Chain()
        self._hole: tuple[Link, float] | None = None
        self._heard = 0
        self.is_live = False
        self.generation = 0
        self.sequence = 0
        self.position = 0

    async def past(self, journal: Journal) -> AsyncIterator[FeedItem]:
        """Yield the wanted journal rows up to the head; raise `JournalDown` or the codec's errors."""
        head = (await journal.head()).position
        while self.position < head:
            self._loop.step()
            for row in await journal.read(self.position, ROWS_PER_READ):
                self.position = row.position
                item = self._row(row)
                if item is not None:
                    yield item

    def caught_up(self, reached: int) -> CaughtUp | None:
        """Return the mark between past and present, once, when FEED was read up to `reached`."""
        if self.is_live or reached < self._end:
            return None
        self.is_live = True
        self.sequence = max(self.sequence, self._end)
        return CaughtUp(position=self.position, sequence=self.sequence)

    async def offer(self, delivery: Delivery, now_s: float) -> AsyncIterator[FeedItem]:
        """Yield what this delivery makes known; raise `StartAgain`, `ChainBroken` or `Poison`."""
        try:
            envelope = from_headers(delivery.headers)
        except BadEnvelope as error:
            await self._poison(delivery, error)
            return
        link = Link(subject=delivery.subject, position=envelope.position, prev=envelope.prev)
        released = self._chain.offer(link, (delivery, envelope))
        self._heard = max(self._heard, delivery.sequence)
        for index, one in enumerate(released):
            self._advance(released[index + 1 :])
            item = await self._item(*one)
            if item is not None:
                yield item
        self._advance(())
        self._watch_hole(now_s)

    @property
    def held(self) -> int:
        """How many messages wait behind a hole."""
        return self._chain.held

    def _row(self, row: Recorded) -> FeedItem | None:
        is_wanted = self._interest.wants(row.subject)
        if not is_wanted and row.subject != FEED_GENERATION:
            return None
        self._chain.seed(row.subject, row.position)
        try:
            message = decode_row(row)
        except UnknownType:
            if row.type not in IGNORABLE:
                raise
            self._metrics.skipped.labels("journal").inc()
            return None
        if isinstance(message, FeedGeneration):
            self.generation = message.generation
        return self._wanted(message, envelope_of(row), row.subject, 0) if is_wanted else None

    async def _item(self, delivery: Delivery, envelope: Envelope) -> FeedItem | None:
        self.position = max(self.position, envelope.position)
        try:
            message = decode(delivery.data)
        except Undecodable as error:
            if isinstance(error, UnknownType) and IGNORABLE_HEADER in delivery.headers:
                self._metrics.skipped.labels(Stream.FEED.value).inc()
            else:
                await self._poison(delivery, error)
            return None
        newer = _generation_said(delivery.subject, message)
        if newer > self.generation:
            raise StartAgain("feed generation", f"{self.generation} became {newer}")
        if not self._interest.wants(delivery.subject):
            return None
        return self._wanted(message, envelope, delivery.subject, delivery.sequence)

    def _wanted(
        self, message: Message, envelope: Envelope, subject: str, sequence: int
    ) -> FeedItem:
        return FeedItem(
            message=message,
            envelope=envelope,
            subject=subject,
            sequence=sequence,
            generation=self.generation,
            live=self.is_live,
        )

    def _advance(self, rest: "Sequence[_Heard]") -> None:
        # What waits, or comes later in this batch, is not folded yet: the basis stays before it.
        reached = self._heard
        if rest or self._chain.held:
            for waiting, _ in (*rest, *self._chain.waiting()):
                reached = min(reached, waiting.sequence - 1)
        self.sequence = max(self.sequence, reached)

    def _watch_hole(self, now_s: float) -> None:
        hole = self._chain.hole
        if hole is None:
            self._hole = None
        elif self._hole is None or self._hole[0] != hole:
            self._hole = (hole, now_s)
        elif now_s - self._hole[1] > HOLE_S_MAX:
            raise StartAgain("hole", f"{hole.subject} waits for position {hole.prev}")

    async def _poison(self, delivery: Delivery, error: Exception) -> None:
        self._metrics.dead_letters.labels(Stream.FEED.value, type(error).__name__).inc()
        _log.error(
            "message not understood",
            subject=delivery.subject,
            sequence=delivery.sequence,
            detail=str(error),
        )
        await bury(self._bus, self._service, delivery, str(error))
        if not matches(MARKET_DATA, delivery.subject):
            raise Poison(f"{delivery.subject} {delivery.sequence}: {error}") from error


def _generation_said(subject: str, message: Message) -> int:
    # Other processes beat too, with epochs of their own: only the relay's words count.
    if subject in _OF_THE_RELAY and isinstance(message, FeedGeneration | Heartbeat):
        return message.generation
    return 0
