"""Watches how far the host's time has left ours behind: what slewing mends in minutes is said, and what mends the rest.

It changes nothing: a process keeps its clock, right or wrong, until it ends.
"""

from typing import Protocol

from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics

EVERY_S = 5.0
OFF_MS_MAX = 500  # half of what venues allow a clock; slewing takes 17 minutes for as much


class SlewedClock(Protocol):
    """A clock that follows the host's."""

    @property
    def host_ahead_ms(self) -> int:
        """By how much the host's time is ahead of ours."""

    async def sleep(self, seconds_wall: float) -> None:
        """Wait this many wall seconds."""


def clock_trouble(clock: SlewedClock) -> str:
    """Say by how much the host's time differs from ours and what to do, or nothing while it hardly does."""
    ahead_ms = clock.host_ahead_ms
    if abs(ahead_ms) <= OFF_MS_MAX:
        return ""
    where = "ahead of" if ahead_ms > 0 else "behind"
    return (
        f"the host's time is {abs(ahead_ms) / 1000:.1f} s {where} this process's, which began before it was set: "
        "when the host's time is right, start all processes of the desk again"
    )


async def watch_clock(clock: SlewedClock, log: Log, metrics: Metrics) -> None:
    """Measure for ever; warn when the host's time leaves ours, and say when they agree again."""
    off = False
    while True:
        metrics.clock_host_ahead_ms.set(clock.host_ahead_ms)
        trouble = clock_trouble(clock)
        if trouble and not off:
            log.warning("clock_differs_from_host", detail=trouble)
        elif off and not trouble:
            log.info("clock_agrees_with_host")
        off = bool(trouble)
        await clock.sleep(EVERY_S)
