"""The strategies of one session over its recorded input, message by message, as their process ran them.

It compares nothing. What a process did with a decision (publish, append) is left to whoever reads it here.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from opensqt.domain.intent import Basis
from opensqt.replay.past import PastBus, PastClock, PastJournal
from opensqt.replay.record import Session
from opensqt.runtime.archive import ArchiveRow
from opensqt.runtime.archive_reader import ArchiveReader, FeedLife
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, FeedReset
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.strategy.registry import strategy_of
from opensqt.runtime.strategy.runner import LOOKBACK_MS, filters_of
from opensqt.strategies.api import kind_of
from opensqt.strategies.decision import Decision
from opensqt.strategies.kernel import StrategyInstance, StrategySpec

Specs = Mapping[str, StrategySpec[Any]]


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """The past is folded: the state of each strategy."""

    states: dict[str, Any]


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy decided after one message."""

    strategy: str
    item: FeedItem
    basis: Basis
    decision: Decision


class Abandoned(msgspec.Struct, frozen=True, kw_only=True):
    """The reader began anew here, as it did then: the session is over."""

    reason: str


Step = Begun | Decided | Abandoned


class RecordedFeed:
    """The archived FEED of one session from its first message on, and what is missing in it.

    `without` leaves one sequence out: a control that must be noticed.
    """

    def __init__(
        self, archive: ArchiveReader, life: FeedLife, session: Session, *, without: int = 0
    ) -> None:
        self._archive = archive
        self._life = life
        self._without = without
        self._first = session.start.feed_first_sequence or session.basis.sequence + 1
        self.holes: list[tuple[int, int]] = []  # first and last missing sequence

    @property
    def last_sequence(self) -> int:
        """The last message that is archived."""
        return self._life.last_sequence

    def rows(self, until: int) -> Iterator[ArchiveRow]:
        """Yield the rows up to a sequence."""
        expected = self._first
        for row in self._archive.rows(self._life, self._first):
            if row.sequence > until:
                return
            if row.sequence > expected:
                self.holes.append((expected, row.sequence - 1))
            expected = row.sequence + 1
            if row.sequence != self._without:
                yield row


def specs_of(session: Session, folder: Path | None) -> dict[str, StrategySpec[Any]]:
    """Return the strategies of a session as its runs were told them, with the code that is there now."""
    found: dict[str, StrategySpec[Any]] = {}
    for name, run in session.runs.items():
        strategy = strategy_of(kind_of(run.start.told), folder)
        found[name] = strategy.spec_again(name, run.start.told)
    return found


async def decided(
    session: Session, specs: Specs, feed: RecordedFeed, journal: JournalRows, until: int
) -> AsyncIterator[Step]:
    """Yield what the strategies of a session decide up to a sequence of FEED, in its order."""
    actors = [StrategyInstance(spec) for spec in specs.values()]
    for actor in actors:
        start = session.runs[actor.play.name].start
        actor.own_run, actor.fault = start.run, start.fault
    reader = _reader(session, specs, feed, journal, until)
    live = False
    async for item in reader:
        match item:
            case CaughtUp():
                live = True
                yield _begun(actors)
            case FeedReset(reason=reason):
                yield Abandoned(reason=reason)
                return
            case FeedItem():
                for actor in actors:
                    decision = actor.hear(item.message, reader.basis, live=live and item.live)
                    if decision is not None:
                        yield Decided(
                            strategy=actor.play.name,
                            item=item,
                            basis=reader.basis,
                            decision=decision,
                        )
    if not live:  # nothing was heard behind the past
        yield _begun(actors)


def _begun(actors: Sequence[StrategyInstance]) -> Begun:
    return Begun(states={one.play.name: one.state for one in actors})


def _reader(
    session: Session, specs: Specs, feed: RecordedFeed, journal: JournalRows, until: int
) -> FeedReader:
    plays = list(specs.values())
    return FeedReader(
        bus=PastBus(feed.rows(until), session.basis.sequence),
        journal=PastJournal(journal, session.start.journal_position),
        clock=PastClock(plays[0].speed),
        filters=filters_of(plays),
        service=session.process,
        lookback_ms=LOOKBACK_MS,
    )
