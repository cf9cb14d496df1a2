"""What the journal says of a desk's strategies, and how something is added to it."""

import os
from pathlib import Path

import msgspec

from opensqt.desk.error import CliError
from opensqt.domain import ids
from opensqt.domain.control import CONTROL_STREAM, StrategyChange, StrategyRetiring
from opensqt.domain.journal import Appended, Duplicate, Entry, NewEvent
from opensqt.domain.messages import name_of
from opensqt.domain.subjects import subject_of
from opensqt.runtime.config.strategy_changes import NO_CHANGES, StrategyChanges
from opensqt.runtime.config.strategy_file import FILE
from opensqt.runtime.journal.port import Journal, JournalRows
from opensqt.runtime.journal.reading import decode_row

ROWS_MAX = 1000


class StrategyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The changes up to a journal position, and where each strategy that leaves was told to."""

    position: int = 0
    changes: StrategyChanges = NO_CHANGES
    retired_at: dict[str, int] = {}


async def recorded(journal: JournalRows, known: StrategyRecord | None = None) -> StrategyRecord:
    """Return what the journal says, reading on from what is known; raise `JournalDown`."""
    found = known or StrategyRecord()
    position, changes, retired_at = found.position, found.changes, dict(found.retired_at)
    while rows := await journal.read(position, ROWS_MAX, stream_prefix=CONTROL_STREAM):
        for row in rows:
            position, fact = row.position, decode_row(row)
            if isinstance(fact, StrategyChange):
                changes = changes.said(fact)
            if isinstance(fact, StrategyRetiring):
                retired_at[fact.strategy] = position
    return StrategyRecord(position=position, changes=changes, retired_at=retired_at)


async def record(journal: Journal, change: StrategyChange) -> None:
    """Append a change; raise `JournalDown`, or `CliError` where it was not taken."""
    event = NewEvent(
        event_id=ids.event_id(name_of(change), change.strategy, change.time_ms),
        stream=CONTROL_STREAM,
        message=change,
        subject=subject_of(change),
        actor=change.actor,
        occurred_at_ms=change.time_ms,
    )
    outcome = await journal.append(Entry(events=(event,)))
    if not isinstance(outcome, Appended | Duplicate):
        raise CliError(f"nothing was changed: the journal says {type(outcome).__name__}, try again")


def write_changes(data: Path, changes: StrategyChanges) -> None:
    """Replace the folder's copy in one step, and wait for the disk."""
    path = data / FILE
    fresh = path.with_suffix(".json.new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(changes), indent=1))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
