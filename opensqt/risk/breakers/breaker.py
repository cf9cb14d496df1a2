"""What every breaker is: it takes in facts, says where it would open and why, and when it may close by itself. Pure."""

from collections.abc import Container, Iterator
from decimal import Decimal
from typing import NamedTuple, Protocol, Self

from opensqt.domain.messages import Event
from opensqt.domain.order_index import Change
from opensqt.domain.recon_events import Halted


class Trip(NamedTuple):
    """Where a breaker opens, and the figures that open it, in words."""

    scope: str
    reason: str


class Breaker(Protocol):
    """One rule with a memory. Whether it is open is not its business: the journal says that."""

    @property
    def name(self) -> str:
        """Its table in `[breakers]`."""
        ...

    @property
    def cooldown_ms(self) -> int:
        """Market ms after which it is tried again; 0: it has no trial."""
        ...

    def fold(self, event: Event, change: Change, /) -> None:
        """Take in a fact, and what that changed of orders."""
        ...

    def trips(self, now_ms: int, trials: Container[str], /) -> Iterator[Trip]:
        """Yield where it should be open; in the scopes of `trials` it is half open."""
        ...

    def recovered(self, halt: Halted, now_ms: int, /) -> str:
        """Say why an open one may close without a trial, or an empty text."""
        ...

    def proved(self, scope: str, now_ms: int, /) -> str:
        """Say what a trial has shown for the better, or an empty text."""
        ...

    def begin_anew(self, scope: str, time_ms: int, by_person: bool, /) -> None:
        """Judge a scope that was closed by what comes from now on."""
        ...

    def anew(self) -> Self:
        """Return the same breaker before the journal's beginning; what only FEED tells is kept."""
        ...


def figure(number: Decimal) -> str:
    """Return a number of a reason, short enough to read."""
    return format(number, ".8g")
