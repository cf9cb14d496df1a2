"""Whether the orders that a strategy wants come to be, since when they do not, and what is missed. Pure.

A strategy whose orders rest trades while one of them works at the venue. It is idle when it wants orders, may have them
and for a while none of them came to be: none at all, none that opens, or none that closes.
"""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from opensqt.domain.intent import Purpose
from opensqt.strategies.tracked_intent import RetryPolicy, TrackedIntent

UNHEARD = "risk has not answered"
FIGURES = str.maketrans("", "", "0123456789.")


class Working(msgspec.Struct, frozen=True, kw_only=True):
    """The last market time at which orders worked at the venue, or none were wanted; 0 before the first look."""

    any_ms: int = 0
    opening_ms: int = 0
    closing_ms: int = 0


class Lack(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is wanted and not at the venue; `bound` where only the owner's or the market's bounds keep it away.

    What is bound is missed only while nothing else works.
    """

    slot: str
    purpose: Purpose
    why: str
    bound: bool = False


def looked(
    working: Working, at_venue: Collection[Purpose], lacking: Sequence[Lack], now_ms: int
) -> Working:
    """Return until when all was well, after one more look: at what works, and at what is wanted and does not."""
    beyond = {one.purpose for one in lacking if not one.bound}
    idle = {purpose: purpose in beyond and purpose not in at_venue for purpose in Purpose}
    return Working(
        any_ms=_since(working.any_ms, now_ms, idle=bool(lacking) and not at_venue),
        opening_ms=_since(working.opening_ms, now_ms, idle=idle[Purpose.OPEN]),
        closing_ms=_since(working.closing_ms, now_ms, idle=idle[Purpose.CLOSE]),
    )


def traded(working: Working, purpose: Purpose, now_ms: int) -> Working:
    """Return until when all was well: just now an order of this purpose traded."""
    if purpose is Purpose.OPEN:
        return msgspec.structs.replace(working, any_ms=now_ms, opening_ms=now_ms)
    return msgspec.structs.replace(working, any_ms=now_ms, closing_ms=now_ms)


def missed(
    working: Working, lacking: Sequence[Lack], now_ms: int, timing: RetryPolicy
) -> tuple[str, tuple[Lack, ...]]:
    """Say what has not come to be for too long, and which orders those are; nothing while all is well."""
    before_ms = now_ms - timing.idle_after_ms
    if working.any_ms <= before_ms:
        return "no order can be placed", tuple(lacking)
    for words, then_ms, purpose in (
        ("nothing can be closed", working.closing_ms, Purpose.CLOSE),
        ("nothing can be opened", working.opening_ms, Purpose.OPEN),
    ):
        if then_ms <= before_ms:
            return words, tuple(one for one in lacking if one.purpose is purpose and not one.bound)
    return "", ()


def commonest(lacking: Sequence[Lack]) -> tuple[Lack, int]:
    """Return the first of those whose cause is the commonest, and how many there are."""
    ((kind, count),) = Counter(_kind(one.why) for one in lacking).most_common(1)
    return next(one for one in lacking if _kind(one.why) == kind), count


def awaited(ticket: TrackedIntent) -> str:
    """Say who has not answered yet about a ticket without an order at the venue."""
    if ticket.orders:
        return "the venue has not answered"
    return "the executor has not answered" if ticket.approved else UNHEARD


def _since(then_ms: int, now_ms: int, *, idle: bool) -> int:
    return then_ms if idle and then_ms > 0 else now_ms


def _kind(why: str) -> str:
    """Return the words without their figures: the same cause names another price at each level."""
    return why.translate(FIGURES)
