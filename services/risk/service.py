"""The gate as a process: one lease, one sight of FEED, one docket, and a heartbeat that says it is there."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from opensqt.domain import ids
from opensqt.domain.control import Heartbeat
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.scope import DESK
from opensqt.domain.subjects import RISK_ALIVE
from opensqt.domain.trading_controls import HALTED
from opensqt.runtime.bus.reader import FeedReader
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.redelivery_limit import RedeliveryLimit
from services.risk.intent_queue import NAME, FeedProgress, IntentQueue

LEASE = "risk"
HORIZON_MS = 2000  # wall: as long as any verdict of a predecessor may still be under way
BEAT_S = 1.0
RETRY_S = 0.2
LOOKBACK_MS = 15_000  # wall; rules and ticks are published again within it


class RiskService:
    """One risk process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = context.clock
        self._lease = LeaseKeeper(
            context.leases,
            self._clock,
            name=LEASE,
            holder=holder_of(context.name),
            ttl_ms=context.environment.lease_ms,
        )
        strikes = RedeliveryLimit(context.bus, NAME, DESK, context.metrics, self._record)
        self._sight = FeedProgress(
            FeedReader(
                bus=context.bus,
                journal=context.journal,
                clock=self._clock,
                filters=["md.>", "evt.>", "ctl.>"],
                service="risk",
                lookback_ms=LOOKBACK_MS,
                metrics=context.metrics,
                progress=context.progress,
            ),
            strikes,
            self._clock,
        )
        self._docket = IntentQueue(context, self._sight, self._lease, self._spawn, strikes)
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> bool:
        """True when the gate judges."""
        return self._sight.caught_up.is_set() and self._lease.held

    def status(self) -> dict[str, Any]:
        """Return mode, latches and what was judged."""
        switches, reader = self._sight.state.switches, self._sight.reader
        return {
            "why": "" if self.ready else "reading the journal",
            "mode": HALTED if DESK in switches.kills.scopes else switches.mode,
            "killed": sorted(switches.kills.scopes),
            "halts": {scope: halt.reason for scope, halt in switches.halts.items()},
            "journal_position": reader.position,
            "feed_sequence": reader.basis.sequence,
            "judged": dict(self._docket.judged),
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Judge until `stop`; raise `LeaseLost` when another gate has taken over."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self._spawn(self._work())
            await stop.wait()
            await self._docket.drain()
            for task in tuple(self._running):
                task.cancel()
        await self._lease.release()

    async def _work(self) -> None:
        await self._lease.take()
        horizon_ms = int(HORIZON_MS * self._clock.speed)
        self._docket.opens_from_ms = self._clock.market_ms() + horizon_ms
        self._context.log.info("gate_open", epoch=self._lease.lease.epoch)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lease.keep(self._context.progress))
            tasks.create_task(self._sight.run())
            tasks.create_task(self._docket.run())
            tasks.create_task(self._beat())

    async def _beat(self) -> None:
        count = 0
        while True:
            await self._clock.sleep(BEAT_S)
            horizon_ms = int(HORIZON_MS * self._clock.speed)
            self._sight.state.forget(self._clock.market_ms() - horizon_ms)
            self._show_halts()
            if not self._lease.held:
                continue
            count += 1
            epoch = self._lease.lease.epoch
            message = Heartbeat(
                generation=epoch,
                head_position=self._sight.reader.position,
                time_ms=self._clock.market_ms(),
            )
            envelope = Envelope(
                event_id=ids.event_id("alive", "risk", epoch, count),
                type="Heartbeat",
                source="risk",
                time_ms=message.time_ms,
            )
            await self._context.bus.publish(RISK_ALIVE, message, envelope, confirmed=False)

    def _show_halts(self) -> None:
        gauge, switches = self._context.metrics.desk_halted, self._sight.state.switches
        gauge.clear()
        for scope in switches.kills.scopes:
            gauge.labels(scope, "kill").set(1)
        for scope, halt in switches.halts.items():
            gauge.labels(scope, halt.mode.lower()).set(1)

    async def _record(self, event: NewEvent) -> None:
        while True:
            try:
                await self._context.journal.append(Entry(events=(event,), fence=self._lease.fence))
            except JournalDown:
                await self._clock.sleep(RETRY_S)
            else:
                return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks is None:
            raise RuntimeError("the gate is not running")
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
