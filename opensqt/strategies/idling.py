"""Which orders a strategy wants and does not have, and what it says when that lasts. Pure."""

import msgspec

from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.strategies.decision import Decision
from opensqt.strategies.idleness import (
    UNHEARD,
    Lack,
    Working,
    awaited,
    commonest,
    looked,
    missed,
)
from opensqt.strategies.permissions import STALE
from opensqt.strategies.planner import SkipReason
from opensqt.strategies.state import StrategyState

# Why a slot has no order, as `status` counts it; beside these stand the codes of venue filters.
FULL = "inventory at its limit"
RESTING = "resting after a refusal"
OUTSIDE = "outside the price band"
STOPPED = "stopped"
DUST = "dust: "  # with the filter that a close of it would break
# What does not keep a strategy from trading as long as other orders of it work.
BOUNDS = frozenset(
    {(Purpose.OPEN, FULL), (Purpose.OPEN, SkipReason.CAP.value), (Purpose.CLOSE, OUTSIDE)}
)


def or_idle(state: StrategyState, decision: Decision) -> Decision:
    """Give the decision its reason where what it wants has come to nothing for a while already."""
    lacking = _lacks(state, decision)
    if not lacking:
        return decision
    seen = _watched(state, lacking)
    what, found = missed(seen, lacking, state.market.now_ms, state.setup.timing)
    if not what:
        return decision
    first, count = commonest(found)
    share = "" if count == len(found) else f" ({count} of {len(found)} orders)"
    return msgspec.structs.replace(decision, reason=f"{what}: {first.why}{share}", idle=True)


def worked_until(state: StrategyState, decision: Decision) -> Working:
    """Return until when all was well; what was not allowed is not missed, the time begins again after it."""
    if decision.reason.startswith(STALE):
        return state.working  # prices that come and go must not hide that nothing comes of them
    if decision.reason and not decision.idle:
        return Working()
    return _watched(state, _lacks(state, decision))


def _watched(state: StrategyState, lacking: tuple[Lack, ...]) -> Working:
    at_venue = {one.purpose for one in state.books.tickets.living.values() if one.at_venue}
    return looked(state.working, at_venue, lacking, state.market.now_ms)


def _lacks(state: StrategyState, decision: Decision) -> tuple[Lack, ...]:
    """Return each order that is wanted and not at the venue; dust is not wanted, nobody could sell it."""
    books = state.books
    found, under_way = [], set()
    for ticket in books.tickets.living.values():
        under_way.add(ticket.slot)
        if not ticket.at_venue:
            why = books.retry(ticket.slot).vain_why or awaited(ticket)
            found.append(Lack(slot=ticket.slot, purpose=ticket.purpose, why=why))
    for intent in decision.intents:
        if isinstance(intent, PlaceIntent) and intent.slot not in under_way:
            why = books.retry(intent.slot).vain_why or UNHEARD
            found.append(Lack(slot=intent.slot, purpose=intent.purpose, why=why))
    for gap in decision.gaps:
        if gap.slot in under_way or gap.why.startswith(DUST):
            continue
        why = books.retry(gap.slot).vain_why if gap.why == RESTING else gap.words or gap.why
        bound = gap.bound or (gap.purpose, gap.why) in BOUNDS
        found.append(Lack(slot=gap.slot, purpose=gap.purpose, why=why, bound=bound))
    return tuple(found)
