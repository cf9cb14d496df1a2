"""The facts that strategies write about themselves, in order, each once, under the lease. Never blocks a decision."""

import asyncio

from opensqt.domain import ids
from opensqt.domain.journal import Entry, Fenced, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime.envelope import Envelope, begun_by
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.process_context import Context
from opensqt.runtime.retrying import until_answered
from opensqt.strategies.decision import JournalledChoice


class StrategyJournal:
    """The queue of one process towards stream `strategy/<name>`."""

    def __init__(self, context: Context, lease: LeaseKeeper) -> None:
        self._context = context
        self._lease = lease
        self._waiting: asyncio.Queue[NewEvent] = asyncio.Queue()

    def add(self, strategy: str, choice: JournalledChoice, after: Envelope | None = None) -> None:
        """Queue a fact that follows from a message, if from any; it is recorded once, however often it is added."""
        self._waiting.put_nowait(
            NewEvent(
                event_id=choice_id(strategy, choice),
                stream=f"strategy/{strategy}",
                message=choice.message,
                subject=subject_of(choice.message),
                actor=self._context.name,
                occurred_at_ms=choice.message.time_ms,
                causation_id=after.event_id if after is not None else "",
                correlation_id=begun_by(after) if after is not None else "",
            )
        )

    async def write(self) -> None:
        """Append for ever; raise `LeaseLost` when the lease has moved on."""
        while True:
            event = await self._waiting.get()
            await self._append(event)

    async def _append(self, event: NewEvent) -> None:
        entry, log = Entry(events=(event,), fence=self._lease.fence), self._context.log
        outcome = await until_answered(
            self._context.clock,
            lambda: self._context.journal.append(entry),
            told=lambda error: log.warning("journal away, will try again", detail=str(error)),
        )
        if isinstance(outcome, Fenced):
            raise LeaseLost(f"lease {outcome.name} is at epoch {outcome.current_epoch}")


def choice_id(strategy: str, choice: JournalledChoice) -> str:
    """Return the id under which a choice is recorded, once, however often it is asked for."""
    # An adoption is one for all strategies of a symbol; everything else belongs to its strategy.
    cause = choice.cause if choice.cause[0] == "adopted" else (strategy, *choice.cause)
    return ids.event_id("strategy", *cause)
