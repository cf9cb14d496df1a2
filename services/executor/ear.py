"""The executor's ear on control: the kill switch, what was released, and risk's heartbeat.

It needs neither lease nor history nor journal. FEED holds every kill for days and is heard from its beginning: one that
was said while nobody listened is heard afterwards, and who obeys knows which of them are over.
"""

from opensqt.domain.control import Heartbeat, KillLatched, KillReleased
from opensqt.runtime.bus import subjects
from opensqt.runtime.bus.admission import NOT_ADMITTED, content
from opensqt.runtime.bus.dlq import set_aside
from opensqt.runtime.bus.port import Bus, BusDown, Delivery, Start, Stream, StreamChanged
from opensqt.runtime.lanes import Spawn
from opensqt.runtime.metrics import Metrics
from services.executor.account import Account
from services.executor.killing import Kill
from services.executor.sweeps import Silence

PAUSE_S = 0.5


class Ear:
    """What one account hears of the desk."""

    def __init__(
        self, account: Account, bus: Bus, metrics: Metrics, kill: Kill, silence: Silence
    ) -> None:
        self._account = account
        self._bus = bus
        self._metrics = metrics
        self._kill = kill
        self._silence = silence

    def open(self, spawn: Spawn) -> None:
        """Listen for ever."""
        spawn(self._hear((subjects.KILL, subjects.LATCH), Start(wall_ms=0)))
        spawn(self._hear((subjects.RISK_ALIVE,), Start()))

    async def _hear(self, filters: tuple[str, ...], start: Start) -> None:
        heard = False
        while True:
            try:
                follower = await self._bus.follow(Stream.FEED, filters, start)
                heard = True
                async for delivery in follower:
                    await self._on_control(delivery)
            except (BusDown, StreamChanged) as error:
                if heard:
                    self._account.log.warning("control_lost", filters=filters, detail=str(error))
                heard = False
                await self._account.clock.sleep(PAUSE_S)

    async def _on_control(self, delivery: Delivery) -> None:
        subject, position = delivery.subject, delivery.headers.get("ce-position", "")
        try:
            # A kill needs no envelope: whatever else is wrong with it, it is obeyed.
            place = int(position) if position.isdecimal() else 0
            message = content(delivery, place, self._account.clock.market_ms())
        except NOT_ADMITTED as error:
            await set_aside(self._bus, "executor", delivery, error, self._metrics)
            return
        if subject == subjects.KILL and isinstance(message, KillLatched):
            await self._kill.hear(message)
        elif subject == subjects.LATCH and isinstance(message, KillLatched):
            # What was said on the bus dies with a FEED that is made anew; somebody who heard it recorded it.
            if message.scope not in self._account.state.killed:
                await self._kill.hear(message)
        elif subject == subjects.LATCH and isinstance(message, KillReleased):
            await self._kill.hear_release(message)
        elif subject == subjects.RISK_ALIVE and isinstance(message, Heartbeat):
            self._silence.hear_risk()
