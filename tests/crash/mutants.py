"""Executors that break the promise on purpose, so that the judge of the matrix is judged as well.

Each is put into a process of the test alone, before its service starts; nothing here reaches a shipped program.
"""

from collections.abc import Callable

from opensqt.domain.venue import InDoubt, NotSent, Obstacle, OrderRequest, PlaceOutcome, no_obstacle
from opensqt.execution import absence
from opensqt.execution.absence import AbsenceSearch, Observation
from opensqt.venues.engine.orders import VenueOrders

_place = VenueOrders.place


def resend_anew() -> None:
    """Take a lost answer for "not sent": the order goes out again under a new id."""

    async def place(
        venue: VenueOrders, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        outcome = await _place(venue, request, obstacle=obstacle)
        return NotSent(cause="mutant") if isinstance(outcome, InDoubt) else outcome

    setattr(VenueOrders, "place", place)  # noqa: B010  # the sound one is put aside, in this process


def resend_the_same() -> None:
    """Send the same request again after a lost answer, as if every venue refused a second order of an id."""

    async def place(
        venue: VenueOrders, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        outcome = await _place(venue, request, obstacle=obstacle)
        return await _place(venue, request) if isinstance(outcome, InDoubt) else outcome

    setattr(VenueOrders, "place", place)  # noqa: B010  # as above


def give_up() -> None:
    """Take the first look that sees nothing for a proof of absence."""

    def judge(search: AbsenceSearch, look: Observation) -> tuple[AbsenceSearch, str]:
        return search, "" if look.present else "mutant"

    setattr(absence, "judge", judge)  # noqa: B010  # as above


MUTANTS: dict[str, Callable[[], None]] = {
    "resends under a new id": resend_anew,
    "resends under the same id": resend_the_same,
    "gives up at the first look": give_up,
}
