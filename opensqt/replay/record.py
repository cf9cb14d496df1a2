"""What journal and archive hold of the strategies' decisions: runs, intents and choices. It judges none of them."""

from collections.abc import AsyncIterator

import msgspec

from opensqt.domain.control import MANUAL_OWNER
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.journal import Recorded
from opensqt.domain.strategy_events import (
    AnchorSet,
    PositionAdopted,
    SagaStep,
    StrategyEvent,
    StrategyStarted,
)
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.runtime.archive_reader import ArchiveReader
from opensqt.runtime.codec import Undecodable, decode
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.journal.reading import decode_row

ROWS_PER_READ = 1000
Intent = PlaceIntent | CancelIntent
Choice = AnchorSet | PositionAdopted | SagaStep
_READ = frozenset(
    kind.__name__
    for kind in (StrategyStarted, AnchorSet, PositionAdopted, SagaStep, RiskApproved, RiskRefused)
)


class RecordedIntent(msgspec.Struct, frozen=True, kw_only=True):
    """An intent as it was said; `position` is that of its verdict, 0 where nobody answered it."""

    intent: Intent
    position: int


class RecordedChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that a strategy wrote about itself."""

    event_id: str
    message: StrategyEvent
    position: int
    cause: str  # id of the message after which it was chosen


class Run(msgspec.Struct, kw_only=True):
    """One run of one strategy, with what is recorded of it."""

    start: StrategyStarted
    position: int  # of its start
    intents: dict[str, RecordedIntent] = {}
    choices: dict[str, RecordedChoice] = {}

    @property
    def basis(self) -> Basis:
        """Up to where the past was folded when it began."""
        return self.start.basis or Basis(generation=0, sequence=0)

    @property
    def last_sequence(self) -> int:
        """The last message of FEED after which something was said."""
        said = (one.intent.basis.sequence for one in self.intents.values())
        return max(said, default=self.basis.sequence)


class Session(msgspec.Struct, kw_only=True):
    """The runs that began together in one process: they read FEED as one."""

    process: str
    runs: dict[str, Run]
    ended: int = 0  # the last sequence that it read; 0: not known, its process died or ended

    @property
    def basis(self) -> Basis:
        """What it had read of FEED when it began to decide."""
        return next(iter(self.runs.values())).basis

    @property
    def start(self) -> StrategyStarted:
        """What each of its starts says of journal and FEED."""
        return next(iter(self.runs.values())).start

    @property
    def last_sequence(self) -> int:
        """The last sequence at which it is known to have lived."""
        return max(self.ended, *(run.last_sequence for run in self.runs.values()))


class Record(msgspec.Struct, kw_only=True):
    """All sessions of a desk, and the intents of runs whose beginning nothing tells."""

    sessions: list[Session] = []
    unplaced: list[RecordedIntent] = []


async def rows_of(journal: JournalRows, last: int | None = None) -> AsyncIterator[Recorded]:
    """Yield the rows of a journal in order, all of them or up to a position."""
    position = 0
    while rows := await journal.read(position, ROWS_PER_READ):
        for row in rows:
            if last is not None and row.position > last:
                return
            position = row.position
            yield row


async def read_record(journal: JournalRows, said: ArchiveReader) -> Record:
    """Return what is recorded; `said` is the archive of INTENTS, for those that nobody answered."""
    record, runs = Record(), _Runs()
    async for row in rows_of(journal):
        if row.type in _READ:
            _take(record, runs, row)
    for life in said.lives:
        for archived in said.rows(life, 1):
            try:
                intent = decode(archived.data)
            except Undecodable:
                continue
            if isinstance(intent, Intent):
                runs.place(record, RecordedIntent(intent=intent, position=0))
    return record


class _Runs:
    """The runs of each strategy, in order."""

    def __init__(self) -> None:
        self._of: dict[str, list[Run]] = {}
        self.known: set[str] = set()  # intents

    def begin(self, run: Run) -> None:
        self._of.setdefault(run.start.strategy, []).append(run)

    def newest(self, strategy: str) -> Run | None:
        runs = self._of.get(strategy)
        return runs[-1] if runs else None

    def place(self, record: Record, recorded: RecordedIntent) -> None:
        """Put an intent to the run that said it: the last one of its feed generation that had begun before."""
        intent = recorded.intent
        if intent.intent_id in self.known:
            return
        self.known.add(intent.intent_id)
        for run in reversed(self._of.get(intent.strategy, [])):
            same = run.start.told and run.basis.generation == intent.basis.generation
            if same and run.basis.sequence < intent.basis.sequence:
                run.intents[intent.intent_id] = recorded
                return
        record.unplaced.append(recorded)


def _take(record: Record, runs: _Runs, row: Recorded) -> None:
    message = decode_row(row)
    match message:
        case StrategyStarted():
            run = Run(start=message, position=row.position, intents={}, choices={})
            runs.begin(run)
            _begin(record, run, row.actor)
        case RiskApproved() | RiskRefused():
            intent = message.place or message.cancel
            # What people wished was decided by no code.
            if intent is not None and intent.strategy != MANUAL_OWNER:
                runs.place(record, RecordedIntent(intent=intent, position=row.position))
        case AnchorSet() | PositionAdopted() | SagaStep():
            found = runs.newest(message.strategy)
            if found is not None and found.start.told:
                found.choices[row.event_id] = RecordedChoice(
                    event_id=row.event_id,
                    message=message,
                    position=row.position,
                    cause=row.causation_id,
                )
        case _:
            pass


def _begin(record: Record, run: Run, process: str) -> None:
    """Put a run to those that began with it, or begin a session; what an older version began tells too little."""
    if not run.start.told:
        return
    ours = [one for one in record.sessions if one.process == process]
    last = ours[-1] if ours else None
    if last is not None and run.start.strategy not in last.runs and _together(last, run):
        last.runs[run.start.strategy] = run
        return
    if last is not None and run.start.before is not None:
        last.ended = run.start.before.sequence
    record.sessions.append(Session(process=process, runs={run.start.strategy: run}))


def _together(session: Session, run: Run) -> bool:
    one, other = session.start, run.start
    return (one.basis, one.journal_position, one.feed_first_sequence) == (
        other.basis,
        other.journal_position,
        other.feed_first_sequence,
    )
