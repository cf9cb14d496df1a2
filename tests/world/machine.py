"""The machine's own clock as processes of a World read it. It can be set; true time, the venue's and spans go on."""

from opensqt.runtime.clock import NS_PER_MS, RunClock
from tests.world.loop import WorldClock


class Machine:
    """How far the wall clock of everybody's machine is ahead of true time (behind it, if negative)."""

    def __init__(self) -> None:
        self.ahead_ms = 0
        self.off_ms_max = 0  # the largest that it ever was wrong by, either way

    def set_ahead(self, ahead_ms: int) -> None:
        """Set the clock."""
        self.ahead_ms = ahead_ms
        self.off_ms_max = max(self.off_ms_max, abs(ahead_ms))


class HostClock(RunClock):
    """The clock of one start of a process, as it is shipped, on a machine whose time of day may be set."""

    def __init__(self, clock: WorldClock, machine: Machine) -> None:
        super().__init__(
            host=lambda: clock.now_ns + machine.ahead_ms * NS_PER_MS, counter=lambda: clock.now_ns
        )
        self._clock = clock

    def market_ms(self) -> int:
        """Return market time in ms UTC, which is wall time here."""
        return self.wall_ms()

    async def sleep(self, seconds_wall: float) -> None:
        """Wait for a span."""
        await self._clock.sleep(seconds_wall)
