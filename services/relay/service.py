"""The relay's I/O: journal rows to FEED under one lease, with checkpoints, heartbeat and time.

Never publishes out of order on purpose, never counts a row as delivered before FEED confirmed it, and never goes on
silently when FEED lost what had been confirmed: that is a new feed generation.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from opensqt.domain.journal import Recorded
from opensqt.runtime.bus.port import Bus, BusDown, ConnectionWatch, Stream
from opensqt.runtime.bus.stream_usage import watch_fill
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.checkpoint import Checkpoints
from opensqt.runtime.journal.desk import ensure_generation
from opensqt.runtime.journal.port import Journal, JournalDown, Leases
from opensqt.runtime.journal.reading import envelope_of, verified
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.progress import Progress
from opensqt.runtime.service_shell import ServiceShell
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics
from services.relay.config import LEASE, NAME, RelaySettings
from services.relay.decide import contradicts
from services.relay.feed_recovery import FeedRecovery, checkpoint_of
from services.relay.heartbeats import Heartbeats, RelayPosition
from services.relay.state import FeedCursor, PublishedRow, advance

STANDBY_AFTER_S = 1.0  # whoever waits longer for the lease stands by for another relay

_log = Log(NAME)


class SideWork(Protocol):
    """What goes on beside relaying while this process leads, like archiving."""

    async def run(self) -> None:
        """Work until cancelled."""


class Relay:
    """One relay process: a standby until the lease is its own, then the one that publishes."""

    def __init__(
        self,
        *,
        clock: Clock,
        bus: Bus,
        journal: Journal,
        leases: Leases,
        checkpoints: Checkpoints,
        holder: str,
        beside: Sequence[SideWork] = (),
        metrics: Metrics | None = None,
        settings: RelaySettings | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._settings = settings or RelaySettings()
        self._clock = clock
        self._bus = bus
        self._journal = journal
        self._checkpoints = checkpoints
        self._keeper = LeaseKeeper(
            leases, clock, name=LEASE, holder=holder, ttl_ms=self._settings.lease_ttl_ms
        )
        self._beside = beside
        self._metrics = metrics or Metrics()
        self._progress = progress or Progress(clock.monotonic_s)
        self._loop = self._progress.loop("relaying")
        self._desk = ""
        self._place: FeedCursor | None = None
        self._saved: FeedCursor | None = None
        self._saved_s = 0.0
        self._doubt = True
        self._is_cut = False  # the connection was lost, and nobody has said yet that it is regained
        self._trouble = "not started"
        self._unconfirmed = ""  # why FEED did not take what was said last
        self._head = 0
        self._is_waiting = False
        self._waits_since_s = 0.0
        self._shell = ServiceShell(self._keeper, self._progress)

        def lost() -> None:
            self._doubt = self._is_cut = True
            self._trouble = "the connection to NATS was lost"

        async def regained() -> None:
            lost()
            self._is_cut = False

        bus.on_reconnect(ConnectionWatch(lost=lost, regained=regained))

    @property
    def ready(self) -> bool:
        """Tell whether this relay carries events, or stands by for the one that does."""
        if self._is_waiting:
            return self._clock.monotonic_s() - self._waits_since_s > STANDBY_AFTER_S
        return self._place is not None and not self._doubt and not self._unconfirmed

    def status(self) -> dict[str, Any]:
        """Say where the relay stands; `lag` in journal rows that are not confirmed on FEED."""
        place = self._place
        position = place.position if place is not None else 0
        return {
            "role": "standby" if self._is_waiting else "leader",
            "generation": place.generation if place is not None else 0,
            "position": position,
            "lag": max(0, self._head - position),
            "why": self._trouble if self._doubt else self._unconfirmed,
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the lease, then relay until `stop`; raise `LeaseLost` when another relay took over."""
        self._is_waiting, self._waits_since_s = True, self._clock.monotonic_s()
        await self._shell.run(stop, partial(self._work, stop), self._shell.finished)

    async def _work(self, stop: asyncio.Event) -> None:
        self._is_waiting = False
        pulse = Heartbeats(self._clock, self._bus, self._settings, self._stand, self._answered)
        side = [pulse.beat(), pulse.tell_time(), self._watch()]
        side.append(watch_fill(self._bus, self._clock, self._metrics))
        side += [work.run() for work in self._beside]
        for work in side:
            self._shell.spawn(work)
        await self._relay(stop)

    def _answered(self, trouble: str) -> None:
        """Note whether FEED takes messages: one that can be read and not written carries nothing."""
        if trouble and not self._unconfirmed:
            _log.error("FEED takes nothing", detail=trouble)
        self._unconfirmed = trouble

    def _stand(self) -> RelayPosition | None:
        if self._place is None or not self._keeper.held:
            return None
        return RelayPosition(
            desk=self._desk,
            epoch=self._keeper.lease.epoch,
            generation=self._place.generation,
            position=self._place.position,
        )

    async def _relay(self, stop: asyncio.Event) -> None:
        busy_until_s = 0.0
        while not stop.is_set():
            self._loop.step()
            try:
                if self._doubt or self._place is None:
                    await self._settle()
                    continue
                rows = await self._journal.read(self._place.position, self._settings.window)
                if rows:
                    busy_until_s = self._clock.monotonic_s() + self._settings.busy_for_s
                    await self._send(rows)
                    await self._save(urgent=False)
                elif self._clock.monotonic_s() < busy_until_s:
                    await self._clock.sleep(self._settings.busy_poll_s)
                else:
                    await self._save(urgent=False)
                    await self._journal.wait_beyond(
                        self._place.position, self._settings.idle_wait_s
                    )
            except (BusDown, JournalDown) as error:
                await self._pause(error)
        try:
            await self._save(urgent=True)
        except JournalDown as error:
            _log.warning("last checkpoint not saved", detail=str(error))

    async def _pause(self, error: ConnectionError) -> None:
        if not self._doubt or str(error) != self._trouble:
            _log.warning("waiting", detail=str(error))
        self._trouble = str(error)
        self._doubt = True
        await self._clock.sleep(self._settings.retry_s)

    async def _settle(self) -> None:
        """Make sure which FEED this is and where to go on; opens a new generation when it lost something."""
        self._desk = await ensure_generation(self._journal, NAME, self._clock)
        await self._save(urgent=True)
        if self._is_cut:
            # A connection can carry messages before it is said to be regained, and be lost again unsaid.
            raise BusDown("FEED is looked at when the connection to NATS is regained")
        self._doubt = False  # set again by a lost connection in between
        try:
            generations = FeedRecovery(
                self._bus, self._journal, self._checkpoints, self._clock, self._settings
            )
            settled = await generations.settle(self._desk, self._keeper.lease)
        except (BusDown, JournalDown):
            self._doubt = True
            raise
        self._place = self._saved = settled
        self._trouble = ""
        _log.info("relaying", generation=settled.generation, after_position=settled.position)

    async def _send(self, rows: Sequence[Recorded]) -> None:
        """Publish rows with all acknowledgements on their way at once, and keep what was confirmed."""
        if self._place is None or self._doubt or not self._keeper.held:
            await self._clock.sleep(self._settings.busy_poll_s)
            return
        self._head = max(self._head, rows[-1].position)
        if len(rows) == 1:
            sent: tuple[PublishedRow, ...] = (await _publish(self._bus, rows[0]),)
        else:
            sent = tuple(await asyncio.gather(*(_publish(self._bus, row) for row in rows)))
        if self._doubt:
            # FEED may have lost its tail between two of them: the place stays where it was proven.
            raise BusDown("the connection to NATS was lost while rows were on their way")
        if contradicts(self._place, sent):
            # What FEED confirmed now lies where older rows had been confirmed: it lost them.
            self._place = self._saved
            raise BusDown("FEED gave an old sequence again: it lost its tail")
        self._place = advance(self._place, sent)
        if self._place.position < rows[-1].position:
            trouble = f"FEED did not confirm journal position {self._place.position + 1}"
            self._answered(trouble)
            raise BusDown(trouble)
        self._answered("")

    async def _watch(self) -> None:
        """Measure the lag and see that FEED is still the same, also while there is nothing to send."""
        while True:
            await self._clock.sleep(self._settings.heartbeat_s)
            try:
                self._head = (await self._journal.head()).position
                place = self._place
                made_ms = (await self._bus.state(Stream.FEED)).created_ms
                if place is not None and place is self._place and place.created_ms != made_ms:
                    self._doubt, self._trouble = True, "FEED was made anew"
            except (BusDown, JournalDown) as error:
                _log.debug("head or FEED unknown", detail=str(error))
            self._metrics.relay_lag_events.set(self.status()["lag"])

    async def _save(self, *, urgent: bool) -> None:
        """Save the checkpoint when it moved; not more often than needed unless urgent."""
        now_s = self._clock.monotonic_s()
        recently = now_s - self._saved_s < self._settings.checkpoint_every_s
        if self._place is None or self._place == self._saved or (recently and not urgent):
            return
        checkpoint = checkpoint_of(self._place, self._desk)
        if not await self._checkpoints.save(self._keeper.lease, checkpoint):
            raise LeaseLost(f"lease {LEASE} was taken over: a checkpoint was refused")
        self._saved, self._saved_s = self._place, now_s


async def _publish(bus: Bus, row: Recorded) -> PublishedRow:
    data, headers = verified(row), envelope_of(row).headers()
    try:
        published = await bus.send(row.subject, data, headers)
    except BusDown as error:
        _log.debug("row not confirmed", position=row.position, detail=str(error))
        return PublishedRow(position=row.position, event_id=row.event_id)
    return PublishedRow(
        position=row.position,
        event_id=row.event_id,
        sequence=published.sequence,
        is_duplicate=published.duplicate,
    )
