"""Time that nobody can set: where a process began, what a counter has counted since, and small corrections.

A host's time is right in the long run and can jump at any moment; a counter never jumps and drifts. This time follows
the counter and is corrected towards the host's by at most 500 ppm of what has passed. Pure arithmetic, no I/O.
"""

SLEW_PPM_MAX = 500  # half a millisecond a second: more than the drift of any usual quartz
PPM = 1_000_000


class SlewedTime:
    """The time of one process, in ns; it never goes back, stands still or jumps, whatever the host's time does."""

    def __init__(self, host_ns: int, counter_ns: int) -> None:
        self._now_ns = host_ns
        self._counter_ns = counter_ns
        self._spare = (
            0  # of a ns of correction, in ppm: readings may be closer together than one makes up
        )
        self.host_ahead_ns = (
            0  # what is left to correct; negative where the host's time is behind ours
        )

    def read(self, host_ns: int, counter_ns: int) -> int:
        """Return the time at this reading of the counter, corrected towards the host's."""
        passed_ns = max(0, counter_ns - self._counter_ns)
        self._counter_ns += passed_ns
        most_ns, self._spare = divmod(passed_ns * SLEW_PPM_MAX + self._spare, PPM)
        uncorrected_ns = self._now_ns + passed_ns
        correction_ns = min(max(host_ns - uncorrected_ns, -most_ns), most_ns)
        self._now_ns = uncorrected_ns + correction_ns
        self.host_ahead_ns = host_ns - self._now_ns
        return self._now_ns
