"""The orders that live, by the state in which the journal has them; whoever waits for a state is called at once."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from opensqt.domain.recon_events import DiscrepancyKind

APPROVED = "approved"  # a command is queued and nothing is in the journal yet
SUBMITTING = "submitting"
UNRESOLVED = "unresolved"
ACCEPTED = "accepted"
PARTIAL = "partial"
CANCEL_REQUESTED = "cancelrequested"
PHASES = (APPROVED, SUBMITTING, UNRESOLVED, ACCEPTED, PARTIAL, CANCEL_REQUESTED)
DOUBTFUL = (SUBMITTING, UNRESOLVED)  # before there is evidence of presence

ENDS = ("Canceled", "Expired", "Rejected", "NeverPlaced")
OF_ORDERS = (
    DiscrepancyKind.MISSING_ORDER,
    DiscrepancyKind.UNKNOWN_ORDER,
    DiscrepancyKind.ORPHAN_ORDER,
)
READ = {
    "RiskApproved",
    "RiskRefused",
    "IntentPlaced",
    "Submitting",
    "Fill",
    "KillLatched",
    "KillReleased",
    "Accepted",
    "Unresolved",
    "CancelRequested",
    "FeedGeneration",
    "Discrepancy",
    "Adjustment",
    "Halted",
    "Resumed",
    "VenueSnapshot",
    "FundingPaid",
    *ENDS,
}


class Told(msgspec.Struct, kw_only=True):
    """What the journal says of one order, counted row by row."""

    intent: str
    symbol: str
    quantity: Decimal
    epoch: int = 0  # of its Submitting, 0: none
    phase: str = "placed"
    end: str = ""
    filled: Decimal = Decimal(0)

    @property
    def over(self) -> bool:
        """True when it can do nothing more."""
        return bool(self.end) or self.filled >= self.quantity


class Register:
    """Who is in which state now."""

    def __init__(self) -> None:
        self._phase: dict[str, str] = {}
        self._counts = dict.fromkeys(PHASES, 0)
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def clear(self) -> None:
        """Forget who is where."""
        self._phase.clear()
        self._counts = dict.fromkeys(PHASES, 0)

    def move(self, name: str, phase: str) -> None:
        """Note that an order is in a state now."""
        before = self._phase.get(name)
        if before == phase:
            return
        if before is not None:
            self._counts[before] -= 1
        self._phase[name] = phase
        self._counts[phase] += 1
        for call in self._waiting.pop(phase, ()):
            call()

    def leave(self, name: str) -> None:
        """Note that an order is over."""
        before = self._phase.pop(name, None)
        if before is not None:
            self._counts[before] -= 1

    def drop(self, phase: str) -> None:
        """Note that nobody is in a state any more."""
        for name in [name for name, here in self._phase.items() if here == phase]:
            self.leave(name)

    def met(self) -> list[str]:
        """Return the states in which an order is now."""
        return [phase for phase, count in self._counts.items() if count]

    def first(self, phase: str) -> str:
        """Return who came into a state first of those that are in it."""
        return next((name for name, here in self._phase.items() if here == phase), "")

    def when(self, phase: str, call: Callable[[], None]) -> None:
        """Call as soon as an order is in a state: at once if one is."""
        if self._counts[phase]:
            call()
        else:
            self._waiting.setdefault(phase, []).append(call)
