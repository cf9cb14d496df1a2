"""Whether a recorded delta continues the book: Binance's sequence rules. It keeps ids, never levels.

Spot: the first delta after the snapshot has U <= lastUpdateId + 1 <= u, then U is the previous u + 1.
USDⓈ-M: the first has U <= lastUpdateId <= u, then pu is the previous u. Older deltas are dropped.
"""

from collections.abc import Iterable
from enum import Enum

from opensqt.simulation.recording_files import RawData


class Place(Enum):
    """Where a delta stands to the book."""

    OLD = "old"
    NEXT = "next"
    GAP = "gap"


class UpdateSequence:
    """The update ids of one book since its snapshot."""

    def __init__(self, spot: bool) -> None:
        self.spot = spot
        self.last = 0
        self._linked = False

    def restart(self, last_update_id: int) -> None:
        """Begin again at a snapshot."""
        self.last = last_update_id
        self._linked = False

    def judge(self, data: RawData) -> Place:
        """Place a delta; one that is next moves the sequence on."""
        wanted = self.last + 1 if self.spot else self.last
        if self._linked:
            before = data.U if self.spot else data.pu
            follows = before == wanted
        elif data.u < wanted:
            return Place.OLD
        else:
            follows = wanted >= data.U
        if not follows:
            return Place.GAP
        self.last, self._linked = data.u, True
        return Place.NEXT


def decimals_of(texts: Iterable[str]) -> int:
    """Return how many decimals these numbers need at most."""
    return max((len(text.partition(".")[2].rstrip("0")) for text in texts), default=0)


def whole(text: str, decimals: int) -> int:
    """Read a number as a whole multiple of 10^-decimals; raise ValueError for finer or malformed text."""
    units, _, fraction = text.partition(".")
    if fraction[decimals:].strip("0"):
        raise ValueError(f"{text!r} has more than {decimals} decimals")
    return int(units + fraction[:decimals].ljust(decimals, "0"))
