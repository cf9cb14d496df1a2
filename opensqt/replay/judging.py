"""Recorded against decided again: what is the same, what differs, and what nobody can know. Pure; reads nothing."""

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from opensqt.domain.intent import PlaceIntent
from opensqt.replay.deciding import Decided
from opensqt.replay.record import Intent, RecordedIntent, Run
from opensqt.runtime.codec import encode, to_json
from opensqt.runtime.strategy.journal import choice_id


class DifferenceKind(StrEnum):
    """How a decision differs."""

    STATE = "state"  # what a run had folded when it began
    MISSING = "missing"  # recorded, not decided again
    CHANGED = "changed"  # decided again with other content
    ADDED = "added"  # decided again, and recorded by nobody
    CHOICE = "choice"  # a fact of the strategy about itself
    HOLE = "hole"  # the archive lacks messages


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The message after which something was decided, and why the strategy did not trade, if it did not."""

    sequence: int
    subject: str
    event_id: str
    message: dict[str, object]
    reason: str = ""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of which the record says one thing, and the code another."""

    kind: DifferenceKind
    strategy: str
    run: int
    sequence: int  # of FEED
    what: str
    position: int = 0  # in the journal
    recorded: dict[str, object] | None = None
    decided: dict[str, object] | None = None
    fields: tuple[str, ...] = ()
    recorded_after: Seen | None = None
    decided_after: Seen | None = None


class SpanVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one strategy, judged."""

    intents: int  # recorded, within what was asked for
    same: int
    unanswered: int  # of those that are the same: said, and nobody answered
    unverifiable: int
    unrecorded: int  # decided again, while nobody may have heard what strategies said
    choices: int
    recorded_sha256: str
    decided_sha256: str
    differences: tuple[Difference, ...]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What the record can know: up to which sequence it was decided, and when nothing that was said was heard.

    `deaf` are spans of market ms in which what strategies said may have been archived by nobody.
    """

    until: int
    deaf: tuple[tuple[int, int], ...] = ()

    def may_be_lost(self, intent: Intent) -> bool:
        """Tell whether an intent may have been said without a trace."""
        return any(
            begin <= intent.valid_until_ms and intent.created_ms < end for begin, end in self.deaf
        )


class SpanJudge:
    """Hears what one strategy decides again, and compares it with what is recorded of its run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._said: dict[str, tuple[Intent, Seen]] = {}
        self._chosen: dict[str, dict[str, object]] = {}
        self._seen: dict[int, Seen] = {}  # what was there after which something is recorded
        self._causes = {one.cause for one in run.choices.values()}
        self._reached: set[str] = set()  # of those causes
        self._wanted = {one.intent.basis.sequence for one in run.intents.values()}
        self._state = ""

    def begin(self, state: str) -> None:
        """Hear the fingerprint of what was folded."""
        self._state = state

    def hear(self, step: Decided) -> None:
        """Hear one decision."""
        sequence, cause = step.basis.sequence, step.item.envelope.event_id
        if cause in self._causes:
            self._reached.add(cause)
        fresh = [one for one in step.decision.intents if one.intent_id not in self._said]
        if fresh or sequence in self._wanted:
            seen = self._seen[sequence] = _seen(step)
            for intent in fresh:
                self._said[intent.intent_id] = (intent, seen)
        for choice in step.decision.choices:
            name = choice_id(self.run.start.strategy, choice)
            self._chosen.setdefault(name, to_json(choice.message))

    @property
    def differs(self) -> bool:
        """Whether an intent already differs from the record; what is not decided yet does not count."""
        for name, (intent, _) in self._said.items():
            recorded = self.run.intents.get(name)
            if recorded is None or recorded.intent != intent:
                return True
        return False

    def missing(self) -> Iterable[RecordedIntent]:
        """Return what is recorded and was not decided again so far."""
        return (one for name, one in self.run.intents.items() if name not in self._said)

    def verdict(self, coverage: Coverage, asked: Iterable[str]) -> SpanVerdict:
        """Judge the intents that were asked for, and everything that was decided beside them."""
        wanted = [self.run.intents[name] for name in asked]
        wanted.sort(key=_order)
        known = [one for one in wanted if one.intent.basis.sequence <= coverage.until]
        same = [one for one in known if self._is_same(one)]
        differences = [
            *self._state_difference(coverage),
            *(self._difference(one) for one in known if not self._is_same(one)),
            *self._added(coverage),
            *self._choices(),
        ]
        beside = [one for name, (one, _) in self._said.items() if name not in self.run.intents]
        decided = (self._said.get(one.intent.intent_id) for one in known)
        return SpanVerdict(
            intents=len(wanted),
            same=len(same),
            unanswered=sum(one.position == 0 for one in same),
            unverifiable=len(wanted) - len(known),
            unrecorded=sum(map(coverage.may_be_lost, beside)),
            choices=len(self.run.choices),
            recorded_sha256=_hash(one.intent for one in known),
            decided_sha256=_hash(one[0] for one in decided if one is not None),
            differences=tuple(sorted(differences, key=lambda one: one.sequence)),
        )

    def _is_same(self, recorded: RecordedIntent) -> bool:
        said = self._said.get(recorded.intent.intent_id)
        return said is not None and said[0] == recorded.intent

    def _state_difference(self, coverage: Coverage) -> Sequence[Difference]:
        start = self.run.start
        if self._state == start.state_fingerprint or coverage.until < self.run.basis.sequence:
            return ()
        return (
            self._told(
                DifferenceKind.STATE,
                self.run.basis.sequence,
                "what it had folded when it began",
                recorded={"state": start.state_fingerprint},
                decided={"state": self._state},
            ),
        )

    def _difference(self, recorded: RecordedIntent) -> Difference:
        intent, sequence = recorded.intent, recorded.intent.basis.sequence
        said = self._said.get(intent.intent_id)
        return self._told(
            DifferenceKind.CHANGED if said else DifferenceKind.MISSING,
            sequence,
            _words(intent),
            position=recorded.position,
            recorded=to_json(intent),
            decided=to_json(said[0]) if said else None,
            fields=_fields(intent, said[0]) if said else (),
            recorded_after=self._seen.get(sequence),
            decided_after=said[1] if said else None,
        )

    def _added(self, coverage: Coverage) -> Iterable[Difference]:
        for name, (intent, seen) in self._said.items():
            known = name in self.run.intents or coverage.may_be_lost(intent)
            if not known and intent.basis.sequence <= coverage.until:
                yield self._told(
                    DifferenceKind.ADDED,
                    intent.basis.sequence,
                    _words(intent),
                    decided=to_json(intent),
                    decided_after=seen,
                )

    def _choices(self) -> Iterable[Difference]:
        for name, choice in self.run.choices.items():
            decided, recorded = self._chosen.get(name), to_json(choice.message)
            # What was chosen after a message that could not be reached is not known.
            if decided == recorded or (decided is None and choice.cause not in self._reached):
                continue
            yield self._told(
                DifferenceKind.CHOICE,
                self.run.last_sequence,
                type(choice.message).__name__,
                position=choice.position,
                recorded=recorded,
                decided=decided,
                fields=tuple(
                    field for field in recorded if decided and recorded[field] != decided[field]
                ),
            )

    def _told(self, kind: DifferenceKind, sequence: int, what: str, **rest: Any) -> Difference:
        start = self.run.start
        return Difference(
            kind=kind,
            strategy=start.strategy,
            run=start.run,
            sequence=sequence,
            what=what,
            **rest,
        )


def _order(recorded: RecordedIntent) -> tuple[int, str]:
    return recorded.intent.basis.sequence, recorded.intent.intent_id


def _hash(intents: Iterable[Intent]) -> str:
    digest = hashlib.sha256()
    for intent in intents:
        digest.update(hashlib.sha256(encode(intent)).digest())
    return digest.hexdigest()


def _fields(recorded: Intent, decided: Intent) -> tuple[str, ...]:
    names = set(recorded.__struct_fields__) | set(decided.__struct_fields__)
    missing = object()
    return tuple(
        sorted(
            name
            for name in names
            if getattr(recorded, name, missing) != getattr(decided, name, missing)
        )
    )


def _words(intent: Intent) -> str:
    if isinstance(intent, PlaceIntent):
        price = f"{intent.side.value} {intent.quantity} at {intent.price}"
        return f"place {intent.slot}: {price} {intent.symbol}"
    return f"cancel on {intent.symbol}: {intent.reason}"


def _seen(step: Decided) -> Seen:
    return Seen(
        sequence=step.item.sequence,
        subject=step.item.subject,
        event_id=step.item.envelope.event_id,
        message=to_json(step.item.message),
        reason=step.decision.reason,
    )
