"""A whole record decided again, session by session, and the two controls that show that this would notice anything."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from opensqt.replay.deciding import Begun, Decided, RecordedFeed, decided, specs_of
from opensqt.replay.judging import Coverage, Difference, DifferenceKind, SpanJudge, SpanVerdict
from opensqt.replay.record import Record, RecordedIntent, Run, Session
from opensqt.runtime.archive_reader import ArchiveReader
from opensqt.runtime.journal.port import JournalRows
from opensqt.strategies.fingerprint import fingerprint
from opensqt.strategies.kernel import StrategySpec

SAID_MS_MAX = 1 << 62  # later than anything


class ReplayWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions are asked for: of which strategy, from and to which journal position or market time."""

    strategy: str = ""
    first_position: int = 0
    last_position: int = SAID_MS_MAX
    first_ms: int = 0
    last_ms: int = SAID_MS_MAX

    @property
    def is_whole(self) -> bool:
        """Whether it leaves no time out."""
        return msgspec.structs.replace(self, strategy="") == ReplayWindow()

    def holds(self, recorded: RecordedIntent) -> bool:
        """Tell whether an intent is asked for; one without a verdict has no position."""
        intent, position = recorded.intent, recorded.position
        named = self.strategy in ("", intent.strategy)
        timely = self.first_ms <= intent.created_ms <= self.last_ms
        placed = position == 0 or self.first_position <= position <= self.last_position
        return named and timely and placed

    def asked(self, run: Run) -> list[str]:
        """Return the ids of the intents of a run that are asked for."""
        return [name for name, one in run.intents.items() if self.holds(one)]


class ReplayedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one strategy: where it stands, and its verdict."""

    process: str
    run: Run
    until: int
    verdict: SpanVerdict


class Archives(msgspec.Struct, frozen=True):
    """FEED and INTENTS as they were archived."""

    feed: ArchiveReader
    intents: ArchiveReader

    def deaf(self) -> tuple[tuple[int, int], ...]:
        """Return the spans of market ms in which what strategies said may stand nowhere."""
        spans: list[tuple[int, int]] = []
        heard_ms, expected = 0, 0
        for life in self.intents.lives:
            expected = 0
            for row in self.intents.rows(life, 1):
                if row.sequence != expected:
                    spans.append((heard_ms, row.time_ms))
                heard_ms, expected = row.time_ms, row.sequence + 1
        return (*spans, (heard_ms, SAID_MS_MAX))


class Replay:
    """One journal and its archives, to be decided again; `folder` is where strategies of one's own lie."""

    def __init__(
        self, journal: JournalRows, archives: Archives, record: Record, folder: Path | None
    ) -> None:
        self.journal = journal
        self._archives = archives
        self._record = record
        self.folder = folder

    async def spans(
        self, window: ReplayWindow, told: Callable[[str], None]
    ) -> AsyncIterator[ReplayedRun]:
        """Yield every run that the window asks for, judged; `told` hears what is being done."""
        deaf = self._archives.deaf()
        sessions = [one for one in self._record.sessions if _touches(one, window)]
        for number, session in enumerate(sessions, start=1):
            count = sum(len(window.asked(run)) for run in session.runs.values())
            told(f"{session.process}, session {number} of {len(sessions)}: {count} intents")
            async for span in self._session(session, window, deaf):
                yield span

    async def _session(
        self, session: Session, window: ReplayWindow, deaf: tuple[tuple[int, int], ...]
    ) -> AsyncIterator[ReplayedRun]:
        judges = {name: SpanJudge(run) for name, run in session.runs.items()}
        feed = self.feed_of(session)
        until = 0
        holes: tuple[Difference, ...] = ()
        if feed is not None:
            until = min(session.last_sequence, feed.last_sequence)
            await self._hear(session, specs_of(session, self.folder), feed, judges, until)
            holes = _holes(session, feed)
        coverage = Coverage(until=until, deaf=deaf)
        for name, judge in judges.items():
            if window.strategy not in ("", name):
                continue
            verdict = judge.verdict(coverage, window.asked(judge.run))
            if feed is None:
                verdict = msgspec.structs.replace(verdict, differences=())
            if holes:
                verdict = msgspec.structs.replace(
                    verdict, differences=(*holes, *verdict.differences)
                )
                holes = ()
            yield ReplayedRun(process=session.process, run=judge.run, until=until, verdict=verdict)

    async def _hear(
        self,
        session: Session,
        specs: Mapping[str, StrategySpec[Any]],
        feed: RecordedFeed,
        judges: Mapping[str, SpanJudge],
        until: int,
    ) -> None:
        async for step in decided(session, specs, feed, self.journal, until):
            match step:
                case Begun(states=states):
                    for name, state in states.items():
                        judges[name].begin(fingerprint(state))
                case Decided():
                    judges[step.strategy].hear(step)
                case _:
                    return

    def feed_of(self, session: Session, *, without: int = 0) -> RecordedFeed | None:
        """Return the archived FEED of a session; None where nothing of its generation was archived."""
        life = self._archives.feed.life_of(session.basis.generation)
        if life is None:
            return None
        return RecordedFeed(self._archives.feed, life, session, without=without)

    async def differs(
        self,
        session: Session,
        name: str,
        *,
        until: int,
        without: int = 0,
        spec: StrategySpec[Any] | None = None,
    ) -> bool:
        """Tell whether one strategy decides anything else up to a sequence when one thing is not as it was."""
        feed = self.feed_of(session, without=without)
        if feed is None:
            return False
        specs = specs_of(session, self.folder)
        specs[name] = spec or specs[name]
        run = session.runs[name]
        judge = SpanJudge(run)
        async for step in decided(session, specs, feed, self.journal, until):
            if isinstance(step, Decided) and step.strategy == name:
                judge.hear(step)
                if judge.differs:
                    return True
        return any(one.intent.basis.sequence <= until for one in judge.missing())


def _touches(session: Session, window: ReplayWindow) -> bool:
    if window.strategy and window.strategy not in session.runs:
        return False
    return window.is_whole or any(window.asked(run) for run in session.runs.values())


def _holes(session: Session, feed: RecordedFeed) -> tuple[Difference, ...]:
    """Return a difference for each piece that the archive lacks: a bus loses its end, never its middle."""
    run = next(iter(session.runs.values()))
    return tuple(
        Difference(
            kind=DifferenceKind.HOLE,
            strategy=run.start.strategy,
            run=run.start.run,
            sequence=first,
            what=f"the archive lacks {last - first + 1} messages of FEED, {first} to {last}",
        )
        for first, last in feed.holes
    )
