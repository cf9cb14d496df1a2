"""The executor's ears: the kill switch, what was released, risk's heartbeat, and corrections of what is held.

Control needs neither lease nor history, and the journal only to believe a release. FEED holds every kill for days and
is heard from its beginning: one that was said while nobody listened is heard afterwards, and who obeys knows which of
them are over. Whether a kill was said before we began is told by where it stands in FEED, not by its sender's clock.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from opensqt.domain import subjects
from opensqt.domain.control import CONTROL_STREAM, Heartbeat, KillLatched, KillReleased
from opensqt.runtime.bus.admission import NOT_ADMITTED, content
from opensqt.runtime.bus.dead_letters import set_aside
from opensqt.runtime.bus.port import (
    Bus,
    Delivery,
    Follower,
    Start,
    Stream,
    StreamState,
)
from opensqt.runtime.bus.recorded import is_recorded
from opensqt.runtime.envelope import claimed_position
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.keyed_executor import Spawn
from opensqt.runtime.retrying import follow_for_ever, until_answered
from opensqt.runtime.telemetry.metrics import Metrics
from services.executor.account import ExecutorAccount
from services.executor.cancel_sweep import LivenessWatchdog
from services.executor.corrections import Corrections
from services.executor.kill_switch import KillSwitch

LOST_PAUSE_S = 0.5  # before FEED is followed again
READ_EVERY_S = 0.5  # wall
READ_MAX = 1000  # rows at once

Take = Callable[[Delivery, bool], Awaitable[None]]  # and whether it was said before we began


class ControlSubscriber:
    """What one account hears of the desk."""

    def __init__(
        self,
        account: ExecutorAccount,
        bus: Bus,
        metrics: Metrics,
        kill: KillSwitch,
        silence: LivenessWatchdog,
    ) -> None:
        self._account = account
        self._bus = bus
        self._metrics = metrics
        self._kill = kill
        self._silence = silence
        self._began: StreamState | None = None  # what FEED held when we began to hear

    def open(self, spawn: Spawn) -> None:
        """Listen for ever."""
        spawn(self._hear((subjects.KILL, subjects.LATCH), Start(wall_ms=0), self._on_control))
        spawn(self._hear((subjects.RISK_ALIVE,), Start(), self._on_control))

    def after_history(self, spawn: Spawn, position: int) -> None:
        """Listen to what corrects the books beyond the journal position up to which they were folded.

        From FEED's beginning, like kills: none that was recorded since waits for the journal's next reading.
        """
        corrections = Corrections(self._account, position)

        async def take(delivery: Delivery, _: bool) -> None:
            await corrections.hear(delivery)

        spawn(self._hear(corrections.subjects(), Start(wall_ms=0), take))
        spawn(corrections.keep_reading())

    async def _hear(self, filters: tuple[str, ...], start: Start, take: Take) -> None:
        heard, before = False, None

        async def follow() -> Follower:
            nonlocal heard, before
            state = await self._bus.state(Stream.FEED)
            self._began = self._began or state
            # What is in another stream than the one that we found at first was said since.
            before = self._began if state.created_ms == self._began.created_ms else None
            follower = await self._bus.follow(Stream.FEED, filters, start)
            heard = True
            return follower

        async def hear(delivery: Delivery) -> None:
            await take(delivery, before is not None and delivery.sequence <= before.last_sequence)

        def lost(error: Exception) -> None:
            nonlocal heard
            if heard:
                self._account.log.warning("control_lost", filters=filters, detail=str(error))
            heard = False

        await follow_for_ever(self._account.clock, follow, hear, pause_s=LOST_PAUSE_S, told=lost)

    async def _on_control(self, delivery: Delivery, is_old: bool) -> None:
        subject, position = delivery.subject, claimed_position(delivery.headers)
        try:
            # A kill needs no envelope: whatever else is wrong with it, it is obeyed.
            message = content(delivery, position, self._account.clock.market_ms())
        except NOT_ADMITTED as error:
            await set_aside(self._bus, "executor", delivery, error, self._metrics)
            return
        if subject in (subjects.KILL, subjects.LATCH) and isinstance(message, KillLatched):
            # What was said on the bus dies with a FEED that is made anew; somebody who heard it recorded it.
            await self._kill.hear(message, is_old=is_old)
        elif subject == subjects.LATCH and isinstance(message, KillReleased):
            await self._on_release(delivery, message, is_old=is_old)
        elif subject == subjects.RISK_ALIVE and isinstance(message, Heartbeat):
            self._silence.hear_risk()

    async def _on_release(self, delivery: Delivery, message: KillReleased, *, is_old: bool) -> None:
        try:
            recorded = await is_recorded(self._account.journal, delivery)
        except JournalDown:
            # Whoever leads next reads it in the history.
            recorded = False
        if recorded:
            await self._kill.hear_release(message, is_old=is_old)
        else:
            self._account.log.error("release_not_recorded", actor=message.actor)


class RecordedKills:
    """The journal's control stream from the head at which this executor began: heard also while the bus is away.

    The bus says everything sooner, and the history is read once, when the lease is taken.
    """

    def __init__(self, account: ExecutorAccount, kill: KillSwitch) -> None:
        self._account = account
        self._kill = kill

    async def hear(self) -> None:
        """Obey what is recorded from now on, for ever; what was before is in the history."""
        clock, journal = self._account.clock, self._account.journal
        position = (await until_answered(clock, journal.head)).position
        while True:
            await clock.sleep(READ_EVERY_S)
            head = (await until_answered(clock, journal.head)).position
            if head <= position:
                continue
            read = partial(journal.read, position, READ_MAX, stream_prefix=CONTROL_STREAM)
            rows = await until_answered(clock, read)
            for row in rows:
                match decode_row(row):
                    case KillLatched() as kill:
                        await self._kill.hear(kill)
                    case KillReleased() as release:
                        await self._kill.hear_release(release)
                    case _:
                        pass  # generations and limits are read by others
            position = rows[-1].position if len(rows) == READ_MAX else head
