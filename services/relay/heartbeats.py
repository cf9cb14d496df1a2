"""The relay's own voice: a heartbeat each wall second and the passing of market time. Speaks only while it leads.

The heartbeat wants an answer: it tells whether FEED takes anything, also while there is nothing else to send.
"""

from collections.abc import Callable

import msgspec

from opensqt.domain.control import Heartbeat
from opensqt.domain.ids import event_id
from opensqt.domain.market import Time
from opensqt.domain.messages import FeedEvent, name_of
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.port import Bus, BusDown
from opensqt.runtime.clock import Clock
from opensqt.runtime.envelope import Envelope
from services.relay.config import NAME, RelaySettings
from services.relay.decide import due_time_ms

WAIT_S_MIN = 0.001


class RelayPosition(msgspec.Struct, frozen=True, kw_only=True):
    """What a leading relay can vouch for."""

    desk: str
    epoch: int
    generation: int
    position: int


class Heartbeats:
    """Says each beat and step of time once: what is lost is said again in a moment."""

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        settings: RelaySettings,
        stand: Callable[[], RelayPosition | None],
        answered: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._settings = settings
        self._stand = stand
        self._answered = answered  # told of every beat: why FEED did not take it, or nothing

    async def beat(self) -> None:
        """Say each wall second up to which journal position FEED has everything."""
        number = 0
        while True:
            await self._clock.sleep(self._settings.heartbeat_s)
            stand, number = self._stand(), number + 1
            if stand is None:
                continue
            now_ms = self._clock.market_ms()
            fact = Heartbeat(
                generation=stand.generation, head_position=stand.position, time_ms=now_ms
            )
            identity = event_id("heartbeat", stand.desk, stand.epoch, number)
            try:
                await self._tell(fact, identity, now_ms, confirmed=True)
            except BusDown as error:
                self._answered(f"FEED did not confirm a heartbeat: {error}")
            else:
                self._answered("")

    async def tell_time(self) -> None:
        """Say each step of market time once, the newest only when several have come at once."""
        step_ms, told_ms = self._settings.time_step_ms, 0
        while True:
            due_ms = due_time_ms(self._clock.market_ms(), step_ms)
            stand = self._stand()
            if stand is not None and due_ms > told_ms:
                told_ms = due_ms
                await self._tell(Time(time_ms=due_ms), event_id("time", stand.desk, due_ms), due_ms)
            left_ms = (due_ms + step_ms - self._clock.market_ms()) / self._clock.speed
            await self._clock.sleep(max(WAIT_S_MIN, float(left_ms) / 1000))

    async def _tell(
        self, fact: FeedEvent, identity: str, time_ms: int, *, confirmed: bool = False
    ) -> None:
        envelope = Envelope(event_id=identity, type=name_of(fact), source=NAME, time_ms=time_ms)
        await self._bus.publish(subject_of(fact), fact, envelope, confirmed=confirmed)
