"""Entries in a row that were bought and sold back, and how long the next one pauses for them. Pure.

An entry begins with its own step and ends where the carry is neutral or flat again. Whether it was sold back is what
its trades say, not its last step: an exit ends flat as well, and beside a position an unwound entry ends neutral.
"""

import msgspec

from opensqt.domain.strategy_events import SagaStep
from opensqt.strategies.carry.backoff import entry_wait_ms
from opensqt.strategies.tracked_intent import RetryPolicy

FLAT_STEPS = frozenset({"", "flat"})
UNWINDING_STEPS = frozenset({"compensating", "escalated"})


class Attempts(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal tells of entries; the pause is of entries alone, no exit and no hedge waits for it."""

    entering: bool = False  # an entry is under way
    sold_back: bool = False  # some of what it bought
    unwound: int = 0  # entries in a row that were sold back
    rest_until_ms: int = 0  # market time before which no entry begins


def stepped(attempts: Attempts, before: str, step: SagaStep, timing: RetryPolicy) -> Attempts:
    """Fold one step of the saga, `before` being the step until then."""
    change = msgspec.structs.replace
    if step.step in ("entering", "exiting"):
        return change(attempts, entering=step.step == "entering", sold_back=False)
    if step.step == "compensating" and before in FLAT_STEPS:
        # A trade of an entry that came after its end.
        return change(attempts, entering=True, sold_back=False)
    if step.step not in ("neutral", "flat") or not attempts.entering:
        return attempts
    attempts = change(attempts, entering=False)
    if attempts.sold_back:
        unwound = attempts.unwound + 1
        rest_until_ms = step.time_ms + entry_wait_ms(timing, unwound)
        return change(attempts, sold_back=False, unwound=unwound, rest_until_ms=rest_until_ms)
    # An entry that bought nothing says nothing about the next hedge.
    covered = step.step == "neutral" and before != "entering"
    return change(attempts, unwound=0) if covered else attempts


def sold(attempts: Attempts, step: str) -> Attempts:
    """Fold a sale of spot during this step of the saga."""
    if not attempts.entering or step not in UNWINDING_STEPS:
        return attempts
    return msgspec.structs.replace(attempts, sold_back=True)
