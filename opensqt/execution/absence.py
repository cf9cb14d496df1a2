"""The proof that a venue never held an order: the only way from "unknown" to "never placed".

A single "not found" proves nothing. Absence is proved behind the fence, by two complete looks that are at least the
visibility lag apart, from a source shown to be healthy, while the position has not moved. Before the first order of an
account nothing can show that: then the looks are several lags apart.
"""

from decimal import Decimal

import msgspec

# Ours: reads of an empty account may be blind for longer than assumed, and nothing tells.
WITNESSLESS_LAGS = 6


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One complete look at the venue for one order; a look that was not answered is no look.

    `started_ms` and `ended_ms` are market times. `witness` names what showed that the source is healthy: an order that
    the same query does see, or empty when there was none to ask for. `traded` tells whether our trades name the order.
    """

    started_ms: int
    ended_ms: int
    found_by_id: bool
    found_open: bool
    traded: bool
    witness: str
    witness_seen: bool
    position: Decimal

    @property
    def present(self) -> bool:
        """Whether this look saw the order."""
        return self.found_by_id or self.found_open or self.traded


class AbsenceSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The search for one order: when absence may be judged and what was seen since."""

    fence_ms: int  # market time of the deadline + clock skew + visibility lag
    lag_ms: int  # visibility lag, market ms
    first: Observation | None = None
    moved: bool = False


def begin(*, deadline_ms: int, lag_ms: int, skew_ms: int) -> AbsenceSearch:
    """Begin a search whose fence stands behind the deadline that the venue enforces."""
    return AbsenceSearch(fence_ms=deadline_ms + skew_ms + lag_ms, lag_ms=lag_ms)


def next_look_ms(search: AbsenceSearch) -> int:
    """Return the market time before which another look cannot complete the proof."""
    first = search.first
    return search.fence_ms if first is None else first.ended_ms + _apart_ms(search, first)


def judge(search: AbsenceSearch, look: Observation) -> tuple[AbsenceSearch, str]:
    """Add a look; return the search and the proof of absence in words, or an empty text.

    A look before the fence, one that saw the order and one whose witness was not seen prove nothing. A position that
    moved between two looks starts the proof anew: somebody traded, and it may have been this order.
    """
    unhealthy = bool(look.witness) and not look.witness_seen
    if look.present or unhealthy or look.started_ms < search.fence_ms:
        return msgspec.structs.replace(search, first=None), ""
    if search.first is None:
        return msgspec.structs.replace(search, first=look), ""
    if look.position != search.first.position:
        return msgspec.structs.replace(search, first=look, moved=True), ""
    if look.started_ms < search.first.ended_ms + _apart_ms(search, search.first, look):
        lost_sight = search.first.witness and not look.witness
        return (msgspec.structs.replace(search, first=look) if lost_sight else search), ""
    proof = (
        f"not open, not by id, no trade at {search.first.ended_ms} and {look.started_ms}, "
        f"behind the fence {search.fence_ms}, position {look.position} unmoved, "
        f"witness {look.witness or 'none'}"
    )
    return search, proof


def _apart_ms(search: AbsenceSearch, *looks: Observation) -> int:
    healthy = all(look.witness for look in looks)
    return search.lag_ms if healthy else search.lag_ms * WITNESSLESS_LAGS
