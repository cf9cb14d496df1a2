"""The watch over a venue: it is asked for an answer where none was heard, so that its silence shows."""

from prometheus_client import Gauge

from opensqt.runtime.clock import Clock
from opensqt.venues.port import Venue

PROBE_S = 1.0


class Presence:
    """Whether the venue of one account is there, as `silent` (0 or 1) tells it."""

    def __init__(self, venue: Venue, clock: Clock, silent: Gauge) -> None:
        self._venue = venue
        self._clock = clock
        self._silent = silent

    async def watch(self) -> None:
        """Ask and measure, for ever."""
        while True:
            self._measure()
            await self._venue.probe()
            self._measure()
            await self._clock.sleep(PROBE_S)

    def _measure(self) -> None:
        self._silent.set(bool(self._venue.contact.why()))
