"""The machine's own clock as processes of a World read it. It can be set; true time, the venue's and spans go on."""

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


class HostClock:
    """The clock of one start of a process: wall time may be set back, market time then stands still, spans are true."""

    def __init__(self, clock: WorldClock, machine: Machine) -> None:
        self._clock = clock
        self._machine = machine
        self._market_ms_last = 0
        self.speed = clock.speed

    def market_ms(self) -> int:
        """Return market time in ms UTC; never decreases."""
        self._market_ms_last = max(self._market_ms_last, self.wall_ms())
        return self._market_ms_last

    def wall_ms(self) -> int:
        """Return wall time in ms UTC, as the machine has it."""
        return self._clock.wall_ms() + self._machine.ahead_ms

    def monotonic_s(self) -> float:
        """Return seconds since the beginning."""
        return self._clock.monotonic_s()

    async def sleep(self, seconds_wall: float) -> None:
        """Wait for a span."""
        await self._clock.sleep(seconds_wall)
