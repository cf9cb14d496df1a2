"""Whether what a strategy waits for may be believed: only where nothing is under way that time or price could change.

Pure. A kind says between which prices its wish stays the same; the kernel adds that the wish is fulfilled.
"""

import msgspec

from opensqt.strategies.decision import Decision
from opensqt.strategies.idling import DUST, FULL
from opensqt.strategies.state import StrategyState
from opensqt.strategies.tracked_intent import TrackedIntent


def believed(state: StrategyState, decision: Decision) -> Decision:
    """Return the decision, without its wake condition where anything but that may lead to another one."""
    if decision.wake is None or _rests(state, decision):
        return decision
    return msgspec.structs.replace(decision, wake=None)


def _rests(state: StrategyState, decision: Decision) -> bool:
    if decision.intents or decision.choices or decision.reason:
        return False
    if not all(gap.bound or gap.why == FULL or gap.why.startswith(DUST) for gap in decision.gaps):
        return False
    return all(_works(ticket) for ticket in state.books.tickets.living.values())


def _works(ticket: TrackedIntent) -> bool:
    """Tell whether an order is known to be at the venue and nobody has asked to take it back."""
    return ticket.at_venue and ticket.cancel is None and not ticket.cancel_heard
