"""How far a venue's clock is ahead of ours, measured when it refuses our time. It never guesses.

A correction that is too large would let a late request be taken behind its deadline: one that was measured over a slow
answer is not believed, and one that is old is measured again before anything is signed with it.
"""

from collections.abc import Awaitable, Callable

from opensqt.runtime.clock import Clock

ROUND_TRIP_S_MAX = 1.0  # half of it is the error, well inside what the fence allows for clocks
FRESH_S = 30.0

Ask = Callable[
    [], Awaitable[int | None]
]  # the venue's time in market ms, None where it did not tell


class ClockOffset:
    """The correction of one venue's clock; zero until the venue has once refused our time.

    `required`: the venue takes what a clock signed that is far off, so that nothing is placed before it is measured.
    """

    def __init__(self, clock: Clock, *, required: bool = False) -> None:
        self._clock = clock
        self._required = required
        self._measured_s: float | None = None
        self.ahead_ms = 0  # market ms

    @property
    def unknown(self) -> bool:
        """Tell whether nothing may be placed, because nobody knows how far the clocks are apart."""
        return self._required and self._measured_s is None

    @property
    def stale(self) -> bool:
        """Tell whether a correction should be measured, or is in use and should be measured again."""
        if self._measured_s is None:
            return self._required
        return self._clock.monotonic_s() - self._measured_s > FRESH_S

    async def measure(self, ask: Ask) -> bool:
        """Ask for the venue's time and correct ours by it; without a quick answer there is no correction at all."""
        asked_s, asked_ms = self._clock.monotonic_s(), self._clock.market_ms()
        told_ms = await ask()
        answered_s, answered_ms = self._clock.monotonic_s(), self._clock.market_ms()
        if told_ms is None or answered_s - asked_s > ROUND_TRIP_S_MAX:
            self._measured_s, self.ahead_ms = None, 0
            return False
        self._measured_s = answered_s
        self.ahead_ms = told_ms - (asked_ms + answered_ms) // 2
        return True
