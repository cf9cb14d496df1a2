"""The virtual clock and what is still to happen on it, in a fixed order. It never reads a real clock."""

import heapq
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum

from opensqt.domain.decimals import ONE

Act = Callable[[], None]


class Rank(IntEnum):
    """What comes first of that which happens in the same millisecond; rows of the market come before all of it."""

    WIRE = 0  # a request reaches the venue, or an answer of it the desk
    VENUE = 1  # the venue does something by itself: funding
    TIME = 2  # the desk is told the time
    NOTE = 3  # the report looks


class Agenda:
    """Market time, and acts to come by time, rank and the order in which they were planned."""

    speed: Decimal = ONE

    def __init__(self, begin_ms: int) -> None:
        self.now_ms = begin_ms
        self._acts: list[tuple[int, Rank, int, Act]] = []
        self._count = 0

    def market_ms(self) -> int:
        """Market time in ms UTC."""
        return self.now_ms

    def wall_ms(self) -> int:
        """The same: there is no other time here."""
        return self.now_ms

    @property
    def next_ms(self) -> int | None:
        """When the next act is due, or None."""
        return self._acts[0][0] if self._acts else None

    def at(self, time_ms: int, rank: Rank, act: Act) -> None:
        """Plan an act for a market time that is not over."""
        self._count += 1
        heapq.heappush(self._acts, (max(time_ms, self.now_ms), rank, self._count, act))

    def run_next(self) -> None:
        """Go on to the next act and do it."""
        self.now_ms, _, _, act = heapq.heappop(self._acts)
        act()
