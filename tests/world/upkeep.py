"""The streams of a World's bus as one process keeps them: whoever makes one again must have said that it was lost."""

from opensqt.runtime.bus.port import BusDown, Stream
from opensqt.runtime.bus.streams import StreamSpec
from opensqt.runtime.bus.upkeep import Upkeep
from opensqt.runtime.strategy.runner import StrategyRunner
from opensqt.runtime.telemetry.metrics import Metrics
from tests.support.fakes.bus_broker import MemoryBroker
from tests.world.chronicle import Chronicle
from tests.world.loop import WorldClock

METRICS = Metrics()


class KeptStreams:
    """What a process asks of the server when it looks after the streams; the judge hears what it says meanwhile."""

    def __init__(self, broker: MemoryBroker, judge: Chronicle, clock: WorldClock) -> None:
        self._broker = broker
        self._judge = judge
        self._clock = clock
        self.upkeep = Upkeep(self, METRICS, clock.sleep)
        self.service: object = None  # the process that looks

    async def keep(self, after_s: float) -> None:
        """Look from then on: processes do not look at the same moment."""
        await self._clock.sleep(after_s)
        self.upkeep.keep()

    async def names(self) -> frozenset[str]:
        """Return the names of the streams that are there."""
        if self._broker.is_down:
            raise BusDown("streams not listed")
        return frozenset(name.value for name in Stream if self._broker.serves(name))

    async def add(self, spec: StreamSpec) -> None:
        """Make a stream again."""
        if self._broker.is_down or self._broker.serves(spec.name):
            return
        name = spec.name.value
        if name not in self.upkeep.missing:
            self._judge.blame("a lost stream is named", f"{name} was made again, nobody said why")
        if isinstance(self.service, StrategyRunner):
            told = self.service.status()["strategies"]
            for one in told:
                if one["trading"]:
                    self._judge.blame("nobody trades without the bus", f"{one['name']}, no {name}")
        self._judge.note("made again", name)
        self._broker.make_anew(spec.name)
