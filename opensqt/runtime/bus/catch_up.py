"""One pass over the past and the present of FEED: the journal to its head, then messages in chain order.

A pass never repairs itself: when it cannot go on without a hole it raises, and the reader begins a new one.
"""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from opensqt.domain.control import FeedGeneration, Heartbeat
from opensqt.domain.decimals import ONE
from opensqt.domain.journal import Recorded
from opensqt.domain.messages import Event
from opensqt.domain.subjects import FEED_GENERATION, HEARTBEAT, Interest
from opensqt.runtime.bus.admission import (
    NEVER_RECORDED,
    NOT_ADMITTED,
    Misplaced,
    event_of,
    is_never_recorded,
)
from opensqt.runtime.bus.dead_letters import set_aside
from opensqt.runtime.bus.feed_items import CaughtUp, FeedItem
from opensqt.runtime.bus.journal_check import ROWS_PER_READ, JournalCheck
from opensqt.runtime.bus.port import Delivery, FeedSource, Stream
from opensqt.runtime.bus.sequence_tracker import (
    SequenceBroken,
    SequenceLink,
    SequenceTracker,
    SequenceVerdict,
)
from opensqt.runtime.codec import UnknownType
from opensqt.runtime.envelope import IGNORABLE_HEADER, BadEnvelope, Envelope, from_headers
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.journal.reading import envelope_of
from opensqt.runtime.progress import Loop, Progress
from opensqt.runtime.telemetry.metrics import Metrics

HOLE_S_MAX = 2.0
FAR_POSITIONS = 1000  # beyond what was read: more than the relay has on its way at once
_OF_THE_RELAY = frozenset({FEED_GENERATION, HEARTBEAT})


class _Heard(NamedTuple):
    """A delivery in its place; `message` is None where it is unknown and may be skipped."""

    delivery: Delivery
    envelope: Envelope
    link: SequenceLink
    message: Event | None


class ResetRequired(Exception):
    """This pass cannot go on; `kind` is a short name for metrics."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class CatchUpPass:
    """What one pass has folded: positions per subject, the feed generation, the last sequence."""

    def __init__(
        self,
        *,
        bus: FeedSource,
        journal: JournalRows,
        filters: Sequence[str],
        service: str,
        metrics: Metrics,
        end: int,
        progress: Loop | None = None,
        speed: Decimal = ONE,
    ) -> None:
        self._bus = bus
        self._journal = journal
        self._witness = JournalCheck(journal, metrics)
        self._interest = Interest(filters)
        self._service = service
        self._metrics = metrics
        self._loop = progress or Progress().loop("reading FEED")
        self._speed = speed  # of market time
        self._end = end  # FEED's last sequence when the pass began
        self._chain: SequenceTracker[_Heard] = SequenceTracker()
        self._hole: tuple[SequenceLink, float] | None = None
        self._heard = 0
        self._journal_position = 0  # how far the journal itself was read
        self._first_sequence = 0  # what of FEED was heard first
        self.is_live = False
        self.generation = 0
        self.sequence = 0
        self.position = 0

    async def past(self) -> AsyncIterator[FeedItem]:
        """Yield the wanted journal rows up to the head; raise `JournalDown` or the codec's errors."""
        head = (await self._journal.head()).position
        while self.position < head:
            self._loop.step()
            for row in await self._journal.read(self.position, ROWS_PER_READ):
                self.position = row.position
                item = self._row(row)
                if item is not None:
                    yield item
        self._journal_position = self.position

    def caught_up(self, reached: int) -> CaughtUp | None:
        """Return the mark between past and present, once, when FEED was read up to `reached`."""
        if self.is_live or reached < self._end:
            return None
        self.is_live = True
        self.sequence = max(self.sequence, self._end)
        return CaughtUp(
            position=self.position,
            sequence=self.sequence,
            generation=self.generation,
            journal_position=self._journal_position,
            first_sequence=self._first_sequence,
        )

    async def offer(self, delivery: Delivery, now_s: float, now_ms: int) -> AsyncIterator[FeedItem]:
        """Yield what this delivery makes known; raise `ResetRequired` or `SequenceBroken`.

        `now_s` is monotonic, `now_ms` our market time. Raises `JournalDown` and `BusDown` too.
        """
        self._first_sequence = self._first_sequence or delivery.sequence
        heard = await self._hear(delivery, now_ms)
        released = [] if heard is None else self._chain.offer(heard.link, heard)
        self._heard = max(self._heard, delivery.sequence)
        for index, one in enumerate(released):
            self._advance(released[index + 1 :])
            item = await self._item(one)
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
        message = self._witness.read(row)
        if isinstance(message, FeedGeneration):
            self.generation = message.generation
        if message is None or not is_wanted:
            return None
        return self._wanted(message, envelope_of(row), row.subject, 0)

    async def _hear(self, delivery: Delivery, now_ms: int) -> _Heard | None:
        """Return what is to be folded in its turn; None for what was folded before, or is set aside."""
        try:
            envelope = from_headers(delivery.headers)
        except BadEnvelope as error:
            await self._set_aside(delivery, error)
            return None
        if envelope.position and is_never_recorded(delivery.subject):
            await self._set_aside(delivery, Misplaced(NEVER_RECORDED.format(delivery.subject)))
            return None
        link = SequenceLink(
            subject=delivery.subject, position=envelope.position, prev=envelope.prev
        )
        if _is_odd(self._chain, link, self.position) and not await self._witness.row_of(
            link, envelope
        ):
            stray = Misplaced(f"the journal has no such fact at position {envelope.position}")
            await self._set_aside(delivery, stray)
            return None
        if self._chain.judge(link) is SequenceVerdict.DROP:
            return None
        try:
            message = event_of(delivery, envelope.position, now_ms, self._speed)
        except NOT_ADMITTED as error:
            if isinstance(error, UnknownType) and IGNORABLE_HEADER in delivery.headers:
                self._metrics.skipped.labels(Stream.FEED.value).inc()
                return _Heard(delivery, envelope, link, None)
            await self._set_aside(delivery, error)
            row = await self._witness.row_of(link, envelope) if envelope.position else None
            # A fact whose copy is spoilt is a hole in the chain: it is read where it was written.
            return (
                None if row is None else _Heard(delivery, envelope, link, self._witness.read(row))
            )
        return _Heard(delivery, envelope, link, message)

    async def _item(self, heard: _Heard) -> FeedItem | None:
        delivery, envelope, _, message = heard
        self.position = max(self.position, envelope.position)
        if message is None:
            return None
        newer = _generation_said(delivery.subject, message)
        if newer > self.generation:
            if newer <= await self._witness.generation():
                raise ResetRequired("feed generation", f"{self.generation} became {newer}")
            stray = Misplaced(f"the journal knows no feed generation {newer}")
            await self._set_aside(delivery, stray)
            return None
        if not self._interest.wants(delivery.subject):
            return None
        return self._wanted(message, envelope, delivery.subject, delivery.sequence)

    def _wanted(self, message: Event, envelope: Envelope, subject: str, sequence: int) -> FeedItem:
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
            for waiting in (*rest, *self._chain.waiting()):
                reached = min(reached, waiting.delivery.sequence - 1)
        self.sequence = max(self.sequence, reached)

    def _watch_hole(self, now_s: float) -> None:
        hole = self._chain.hole
        if hole is None:
            self._hole = None
        elif self._hole is None or self._hole[0] != hole:
            self._hole = (hole, now_s)
        elif now_s - self._hole[1] > HOLE_S_MAX:
            raise ResetRequired("hole", f"{hole.subject} waits for position {hole.prev}")

    async def _set_aside(self, delivery: Delivery, error: Exception) -> None:
        await set_aside(self._bus, self._service, delivery, error, self._metrics)


def _is_odd(chain: SequenceTracker[_Heard], link: SequenceLink, reached: int) -> bool:
    """Tell whether a claimed position is not what comes next: then the journal is asked for such a fact."""
    if link.position - reached > FAR_POSITIONS:
        return True
    try:
        return chain.judge(link) is SequenceVerdict.HOLD
    except SequenceBroken:
        return True


def _generation_said(subject: str, message: Event) -> int:
    # Other processes beat too, with epochs of their own: only the relay's words count.
    if subject in _OF_THE_RELAY and isinstance(message, FeedGeneration | Heartbeat):
        return message.generation
    return 0
