"""One account at work: the ports, the books and the lease that all tasks of an executor share.

Books change only after the journal has committed. Evidence of the venue is never lost: it waits until the journal
takes it.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from opensqt.domain.journal import (
    Appended,
    AppendOutcome,
    Conflict,
    Duplicate,
    Entry,
    Fenced,
    NewEvent,
    TooLate,
)
from opensqt.execution.bounded_set import BoundedSet
from opensqt.execution.caps import Caps, SubmissionTerms
from opensqt.execution.events import EventSource
from opensqt.execution.state import ExecutionState
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import Journal, JournalDown
from opensqt.runtime.latch import Latches
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.retrying import PAUSE_S, PAUSE_S_MAX, until_answered
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.order_traces import OrderTraces
from opensqt.runtime.telemetry.provider import Tracer
from opensqt.venues.engine.cancel_batcher import CancelBatcher
from opensqt.venues.port import Venue

REMEMBERED_MAX = 20_000


class ExecutorAccount:
    """What the tasks of an executor share."""

    def __init__(
        self,
        *,
        author: EventSource,
        venue: Venue,
        journal: Journal,
        lease: LeaseKeeper,
        clock: Clock,
        symbols: tuple[str, ...],
        folder: Path,
        caps: Caps,
        latches: Latches,
        approval_keys: ApprovalKeys,
        tracer: Tracer,
    ) -> None:
        self.author = author
        self.venue = venue
        self.cancels = CancelBatcher(venue, venue.policy)
        self.journal = journal
        self.lease = lease
        self.clock = clock
        self.symbols = symbols
        self.folder = folder
        self.caps = caps
        self.latches = latches
        self.approval_keys = approval_keys
        self.state = ExecutionState(author.account)
        self.position = 0  # of the journal, folded
        self.closing = False  # a clean stop has begun: nothing new is taken or sent
        self.sending: set[str] = set()  # orders whose request is under way
        self.sent_ms: dict[str, int] = {}  # orders that we sent -> market time, not earlier
        self.traces = OrderTraces(tracer)
        self.log = Log(f"executor.{author.account}")
        self._recorded: BoundedSet[str] = BoundedSet(REMEMBERED_MAX)
        self._down_since_s: float | None = None

    @property
    def silent_s(self) -> float:
        """Wall seconds for which the journal has not answered; 0 while it does."""
        down = self._down_since_s
        return 0.0 if down is None else self.clock.monotonic_s() - down

    def watched(self) -> tuple[str, ...]:
        """Return the configured symbols and those of living orders, whose strategy may be gone."""
        living = (order.placed.ref.symbol for order in self.state.living() if order.placed)
        return tuple(sorted({*self.symbols, *living}))

    def market_span_ms(self, wall_ms: int) -> int:
        """Return a span of wall time as market time."""
        return int(wall_ms * self.clock.speed)

    def terms(self, valid_until_ms: int) -> SubmissionTerms:
        """Return under what a command is admitted at this instant; the lease is checked by the sender."""
        now_ms = self.clock.market_ms()
        policy = self.venue.policy
        deadline_ms = now_ms + self.market_span_ms(policy.deadline_ms)
        left_ms = int((valid_until_ms - now_ms) / self.clock.speed)
        return SubmissionTerms(
            now_ms=now_ms,
            epoch=self.lease.lease.epoch,
            deadline_ms=deadline_ms,
            fence_ms=deadline_ms + self.market_span_ms(policy.fence_ms),
            valid_until_wall_ms=self.clock.wall_ms() + left_ms,
            caps=self.caps,
        )

    async def commit(self, entry: Entry) -> AppendOutcome:
        """Append once and fold what is in the journal then; raise `JournalDown`, or `LeaseLost` if we are fenced."""
        events, spans = self.traces.carry(entry.events)
        entry = msgspec.structs.replace(entry, events=events)
        try:
            outcome = await self.journal.append(entry)
        except JournalDown:
            if self._down_since_s is None:
                self._down_since_s = self.clock.monotonic_s()
            raise
        self._down_since_s = None
        if isinstance(outcome, Appended):
            for span in spans:
                span.end()
        match outcome:
            case Appended() | Duplicate():
                for event in entry.events:
                    self._fold(event)
                self.position = max(self.position, *outcome.positions)
            case Fenced() if entry.fence is not None and outcome.name == entry.fence.name:
                raise LeaseLost(f"{outcome.name} is held under epoch {outcome.current_epoch}")
            case Fenced() | Conflict() | TooLate():
                pass
        return outcome

    async def commit_surely(self, entry: Entry) -> AppendOutcome:
        """Append, again after a lost answer: what we committed ourselves a moment ago is still ours to act upon.

        Only one task may have an entry of these events under way. Raises `LeaseLost`.
        """
        lost: list[Exception] = []
        outcome = await until_answered(self.clock, lambda: self.commit(entry), told=lost.append)
        if lost and isinstance(outcome, Duplicate):
            return Appended(positions=outcome.positions)
        return outcome

    async def record(self, events: Iterable[NewEvent], *, fenced: bool = True) -> None:
        """Bring facts into the journal, each for itself, however long it takes; known facts are left out."""
        fresh = [event for event in events if event.event_id not in self._recorded]
        await asyncio.gather(*(self._record(event, fenced=fenced) for event in fresh))

    async def keep(self, kind: str, data: bytes) -> str:
        """Store evidence and return its hash, however long it takes."""
        if not data:
            return ""
        pause_s = PAUSE_S
        while True:
            try:
                return await self.journal.keep(kind, data)
            except JournalDown:
                # The hash is known before the journal is back: facts need not wait for their evidence.
                if pause_s >= PAUSE_S_MAX:
                    return hashlib.sha256(data).hexdigest()
                await self.clock.sleep(pause_s)
                pause_s *= 2

    async def _record(self, event: NewEvent, *, fenced: bool) -> None:
        entry = Entry(events=(event,), fence=self.lease.fence if fenced else None)
        outcome = await until_answered(self.clock, lambda: self.commit(entry))
        if isinstance(outcome, Conflict | TooLate | Fenced):
            self.log.error("fact_not_recorded", stream=event.stream, outcome=str(outcome))

    def _fold(self, event: NewEvent) -> None:
        self.state.fold(event.message)
        self._recorded.add(event.event_id)
