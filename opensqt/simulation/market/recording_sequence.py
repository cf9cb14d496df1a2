"""Whether a recorded delta continues the book: Binance's sequence rules. It keeps ids, never levels.

Spot: the first delta after the snapshot has U <= lastUpdateId + 1 <= u, then U is the previous u + 1.
USDⓈ-M: the first has U <= lastUpdateId <= u, then pu is the previous u. Older deltas are dropped.
"""

from collections.abc import Iterable
from enum import Enum

from opensqt.simulation.market.recording_files import RawData


class RecordingPosition(Enum):
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

    def judge(self, data: RawData) -> RecordingPosition:
        """Place a delta; one that is next moves the sequence on."""
        wanted = self.last + 1 if self.spot else self.last
        if self._linked:
            before = data.U if self.spot else data.pu
            follows = before == wanted
        elif data.u < wanted:
            return RecordingPosition.OLD
        else:
            follows = wanted >= data.U
        if not follows:
            return RecordingPosition.GAP
        self.last, self._linked = data.u, True
        return RecordingPosition.NEXT


def decimals_of(texts: Iterable[str]) -> int:
    """Return how many decimals these numbers need at most."""
    return max((len(text.partition(".")[2].rstrip("0")) for text in texts), default=0)


def price_of(text: str, decimals: int) -> int:
    """Read a price as ticks of 10^-decimals; raise ValueError for what is finer, malformed, or not above 0."""
    ticks = _whole(text, decimals)
    if ticks <= 0:
        raise ValueError(f"price {text!r} is not above 0")
    return ticks


def quantity_of(text: str, decimals: int) -> int:
    """Read a quantity as steps of 10^-decimals; raise ValueError for what is finer, malformed, or below 0."""
    steps = _whole(text, decimals)
    if steps < 0:
        raise ValueError(f"quantity {text!r} is below 0")
    return steps


def _whole(text: str, decimals: int) -> int:
    units, _, fraction = text.partition(".")
    if fraction[decimals:].strip("0"):
        raise ValueError(f"{text!r} has more than {decimals} decimals")
    digits = units + fraction[:decimals].ljust(decimals, "0")
    if not digits.removeprefix("-").isdecimal():
        raise ValueError(f"{text!r} is not a number")
    return int(digits)
