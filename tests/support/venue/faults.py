"""What can go wrong between a simulated venue and who asks it; set by tests, in the order in which it is met."""

from collections import deque
from collections.abc import Sequence
from enum import StrEnum

from opensqt.domain.venue import (
    InDoubt,
    NotSent,
    OrderRequest,
    Refusal,
    Refused,
    Throttled,
    VenueDown,
)
from opensqt.venues.engine.error_window import ErrorWindow
from tests.support.venue.exchange import RiggedExchange

RETRY_AFTER_MS = 1000
EVIDENCE = b"{}"


class Fault(StrEnum):
    """What can go wrong with one request."""

    LOST_ACK = "lost_ack"  # it had its effect, the answer did not come
    LOST_REQUEST = "lost_request"  # it had none, the answer did not come
    LATE = "late"  # in doubt, and it arrives only at `Faults.deliver_late`
    REFUSED = "refused"
    NO_FUNDS = "no_funds"
    THROTTLED = "throttled"
    NOT_SENT = "not_sent"


REFUSED = {
    Fault.REFUSED: (Refusal.FILTER, "-1013", "set by the test"),
    Fault.NO_FUNDS: (Refusal.FUNDS, "-2019", "Margin is insufficient."),
}


class Faults:
    """What goes wrong next, by call (place, order, cancel, end, look, read), in the order it was set."""

    def __init__(self, exchange: RiggedExchange) -> None:
        self._exchange = exchange
        self.troubles = ErrorWindow(exchange.clock)
        self._next: dict[str, deque[Fault | None]] = {}
        self._late: list[OrderRequest] = []

    def set(self, call: str, *faults: Fault | None) -> None:
        """Let the next calls of this kind meet these faults; None lets one pass."""
        self._next.setdefault(call, deque()).extend(faults)

    def take(self, call: str) -> Fault | None:
        """Return the fault that this call meets."""
        waiting = self._next.get(call)
        fault = waiting.popleft() if waiting else None
        if fault is not None and fault not in REFUSED:
            self.troubles.note(fault.value)
        return fault

    def check_read(self, what: str) -> None:
        """Raise `VenueDown` if a read shall fail next."""
        if self.take("read") is not None:
            raise VenueDown(f"{what} was not answered (set by the test)")

    def hold(self, requests: Sequence[OrderRequest]) -> None:
        """Keep a place request on the wire, with all its orders."""
        self._late.extend(requests)

    def deliver_late(self) -> None:
        """Let the held requests arrive; the exchange refuses those behind their deadline."""
        for request in self._late:
            self._exchange.take(request)
        self._late.clear()


def failed_by(fault: Fault | None) -> Throttled | NotSent | InDoubt | None:
    """Return the outcome of a request that had no effect when it was sent."""
    match fault:
        case Fault.LOST_REQUEST | Fault.LATE:
            return InDoubt(cause="timeout", evidence=b"")
        case Fault.THROTTLED:
            return Throttled(retry_after_ms=RETRY_AFTER_MS, evidence=EVIDENCE)
        case Fault.NOT_SENT:
            return NotSent(cause="connection refused")
        case _:
            return None


def refused_by(fault: Fault | None) -> Refused | None:
    """Return the refusal that a fault is."""
    if fault not in REFUSED:
        return None
    kind, code, reason = REFUSED[fault]
    return Refused(kind=kind, code=code, reason=f"{kind.value}: {reason}", evidence=EVIDENCE)
