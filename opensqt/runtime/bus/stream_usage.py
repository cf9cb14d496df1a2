"""How full the streams are, and the alarm before one cuts or refuses. Never deletes anything."""

from opensqt.runtime.bus.port import Bus, BusDown
from opensqt.runtime.bus.streams import STREAMS
from opensqt.runtime.clock import Clock
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics

CHECK_EVERY_S = 5.0

_log = Log("bus")


class StreamUsageWatch:
    """Remembers which streams were too full, so that each is said once until it is better."""

    def __init__(self, bus: Bus, metrics: Metrics) -> None:
        self._bus = bus
        self._metrics = metrics
        self.alarmed: set[str] = set()

    async def check(self) -> None:
        """Measure every stream and alarm for those beyond their share; raise `BusDown`."""
        for spec in STREAMS:
            state = await self._bus.state(spec.name)
            share = state.size_bytes / spec.bytes_max
            self._metrics.stream_fill.labels(spec.name.value).set(share)
            if share < spec.alarm_share:
                self.alarmed.discard(spec.name)
            elif spec.name not in self.alarmed:
                self.alarmed.add(spec.name)
                _log.error(
                    "stream nearly full",
                    stream=spec.name,
                    size_bytes=state.size_bytes,
                    limit_bytes=spec.bytes_max,
                    fix="find who does not read it, or raise bytes_max in streams.py",
                )


async def watch_fill(bus: Bus, clock: Clock, metrics: Metrics) -> None:
    """Check for ever, every few wall seconds."""
    watch = StreamUsageWatch(bus, metrics)
    while True:
        try:
            await watch.check()
        except BusDown as error:
            _log.debug("fill unknown", detail=str(error))
        await clock.sleep(CHECK_EVERY_S)
