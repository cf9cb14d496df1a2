"""The gate as a process: one lease, one sight of FEED, one docket, and a heartbeat that says it is there."""

import asyncio
from typing import Any

from opensqt.domain import ids
from opensqt.domain.control import Heartbeat
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.scope import DESK
from opensqt.domain.standby import STANDBY
from opensqt.domain.subjects import RISK_ALIVE
from opensqt.domain.trading_controls import HALTED
from opensqt.runtime.approval_key import ApprovalKey
from opensqt.runtime.bus.reader import FeedReader
from opensqt.runtime.config.limits import breakers_of
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.redelivery_limit import RedeliveryLimit
from opensqt.runtime.retrying import until_answered
from opensqt.runtime.service_shell import ServiceShell
from services.risk.breaker_watch import BreakerWatch
from services.risk.hand_orders import HandOrders
from services.risk.intent_queue import NAME, FeedProgress, IntentQueue
from services.risk.limits_in_force import LimitsInForce
from services.risk.order_cleaner import OrderCleaner

LEASE = "risk"
HORIZON_MS = 2000  # wall: as long as any verdict of a predecessor may still be under way
BEAT_S = 1.0
NOT_JUDGING = "this gate does not judge yet, or not any more: try again"
LOOKBACK_MS = 15_000  # wall; rules and ticks are published again within it


class RiskService:
    """One risk process."""

    def __init__(self, context: Context, key: ApprovalKey) -> None:
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
            breakers_of(context.config, self._clock.speed),
        )
        self._shell = ServiceShell(self._lease, context.progress)
        self._limits = LimitsInForce(context, self._lease)
        context.actions["/limits"] = self._change_limit
        self._breakers = BreakerWatch(context, self._sight, self._lease)
        context.actions["/breakers"] = self._switch_breaker
        self._docket = IntentQueue(
            context, self._sight, self._lease, self._shell.spawn, strikes, key, self._limits
        )
        self._cleaner = OrderCleaner(context, self._sight, self._docket, self._limits)
        self._by_hand = HandOrders(context, self._sight, self._docket)

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
            "halts": {name: halt.reason for name, halt in switches.halts.items()},
            "breakers": self._breakers.status(),
            "journal_position": reader.position,
            "feed_sequence": reader.basis.sequence,
            "limits_changed": self._limits.status(self._sight.state),
            "judged": dict(self._docket.judged),
        }

    async def _change_limit(self, words: dict[str, Any]) -> dict[str, Any]:
        if not self.ready:
            return {"why": NOT_JUDGING, STANDBY: True}
        return await self._limits.change(self._sight.state, words)

    async def _switch_breaker(self, words: dict[str, Any]) -> dict[str, Any]:
        if not self.ready:
            return {"why": NOT_JUDGING, STANDBY: True}
        return await self._breakers.switch(words)

    async def run(self, stop: asyncio.Event) -> None:
        """Judge until `stop`; raise `LeaseLost` when another gate has taken over."""
        await self._shell.run(stop, self._work, self._docket.drain)

    async def _work(self) -> None:
        horizon_ms = int(HORIZON_MS * self._clock.speed)
        self._docket.opens_from_ms = self._clock.market_ms() + horizon_ms
        self._context.log.info("gate_open", epoch=self._lease.lease.epoch)
        for work in (
            self._sight.run(),
            self._docket.run(),
            self._beat(),
            self._breakers.run(),
            self._breakers.follow_candles(),
            self._cleaner.run(lambda: self._lease.held),
            self._by_hand.run(lambda: self._lease.held),
        ):
            self._shell.spawn(work)

    async def _beat(self) -> None:
        count = 0
        while True:
            await self._clock.sleep(BEAT_S)
            horizon_ms = int(HORIZON_MS * self._clock.speed)
            self._sight.state.forget(self._clock.market_ms() - horizon_ms)
            self._show_halts()
            self._breakers.show()
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
        for halt in switches.halts.values():
            gauge.labels(halt.scope, "breaker" if halt.breaker else halt.mode.lower()).set(1)

    async def _record(self, event: NewEvent) -> None:
        entry = Entry(events=(event,), fence=self._lease.fence)
        await until_answered(self._clock, lambda: self._context.journal.append(entry))
