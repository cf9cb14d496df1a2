"""The desk's generation: drawn once by the database, journalled before anything else, part of every order id."""

from opensqt.domain.control import CONTROL_STREAM, DeskGeneration
from opensqt.domain.ids import event_id
from opensqt.domain.journal import Appended, Duplicate, Entry, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import Journal


class GenerationLost(RuntimeError):
    """The journal refused the desk's generation; nothing may be sent under it."""


async def ensure_generation(journal: Journal, actor: str, clock: Clock) -> str:
    """Journal the desk's generation if that has not been done, and return it; raise `JournalDown`."""
    head = await journal.head()
    fact = DeskGeneration(
        generation=head.generation,
        reason="init" if head.position == 0 else "restore",
        time_ms=clock.market_ms(),
    )
    event = NewEvent(
        event_id=event_id("desk_generation", head.generation),
        stream=CONTROL_STREAM,
        message=fact,
        subject=subject_of(fact),
        actor=actor,
        occurred_at_ms=fact.time_ms,
    )
    outcome = await journal.append(Entry(events=(event,)))
    if not isinstance(outcome, Appended | Duplicate):
        raise GenerationLost(f"the journal refused desk generation {head.generation}: {outcome}")
    return head.generation
