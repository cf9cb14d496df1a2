"""The recorded feed under another configuration: which decisions would have been others. Changes nothing.

What the venue did is recorded and answers the recorded orders only: behind its first other decision a strategy is shown
what it would have wanted next, not what would have come of it.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from opensqt.domain.intent import PlaceIntent
from opensqt.replay.deciding import Decided, decided, specs_of
from opensqt.replay.record import Intent, Run, Session
from opensqt.replay.replaying import Replay, ReplayWindow
from opensqt.runtime.codec import to_json
from opensqt.strategies.kernel import StrategySpec

Specs = Mapping[str, StrategySpec[Any]]


class OtherDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision that is another one: what was said, and what would have been, each perhaps nothing."""

    strategy: str
    run: int
    sequence: int  # of FEED
    time_ms: int  # market
    recorded: tuple[dict[str, object], ...]
    decided: tuple[dict[str, object], ...]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy of one session: how many decisions said something, and those that differ."""

    decisions: int
    differing: tuple[OtherDecision, ...]


async def compared(
    replay: Replay, sessions: list[Session], specs: Specs, window: ReplayWindow
) -> AsyncIterator[Compared]:
    """Yield what each run that was recorded would have decided as these strategies."""
    for session in sessions:
        if not any(window.asked(run) for run in session.runs.values()):
            continue
        feed = replay.feed_of(session)
        if feed is None:
            continue
        until = min(session.last_sequence, feed.last_sequence)
        plays = specs_of(session, replay.folder)
        others = {name: specs.get(name, spec) for name, spec in plays.items()}
        said: dict[str, dict[int, list[Intent]]] = {name: {} for name in plays}
        times: dict[int, int] = {}
        known: set[str] = set()
        async for step in decided(session, others, feed, replay.journal, until):
            if isinstance(step, Decided):
                fresh = [one for one in step.decision.intents if one.intent_id not in known]
                known |= {one.intent_id for one in fresh}
                if fresh:
                    said[step.strategy][step.basis.sequence] = fresh
                    times[step.basis.sequence] = fresh[0].created_ms
        for name, run in session.runs.items():
            if window.strategy in ("", name):
                yield _compared(run, said[name], times, window)


def _compared(
    run: Run, said: Mapping[int, list[Intent]], times: Mapping[int, int], window: ReplayWindow
) -> Compared:
    recorded: dict[int, list[Intent]] = {}
    for name in window.asked(run):
        intent = run.intents[name].intent
        recorded.setdefault(intent.basis.sequence, []).append(intent)
    inside = {
        sequence: one
        for sequence, one in said.items()
        if window.first_ms <= times[sequence] <= window.last_ms
    }
    places = sorted(recorded.keys() | inside.keys())
    differing = [
        OtherDecision(
            strategy=run.start.strategy,
            run=run.start.run,
            sequence=place,
            time_ms=times.get(place) or recorded[place][0].created_ms,
            recorded=tuple(map(to_json, recorded.get(place, ()))),
            decided=tuple(map(to_json, inside.get(place, ()))),
        )
        for place in places
        if _wishes(recorded.get(place, [])) != _wishes(inside.get(place, []))
    ]
    return Compared(decisions=len(places), differing=tuple(differing))


def _wishes(intents: list[Intent]) -> list[tuple[object, ...]]:
    """Return what is wished for, by content: an id counts how often something was said before."""
    return sorted(
        (
            ("place", one.slot, one.side, one.price, one.quantity, one.time_in_force)
            if isinstance(one, PlaceIntent)
            else ("cancel", one.symbol, one.reason)
        )
        for one in intents
    )
