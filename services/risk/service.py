"""The shell of the gate: follows FEED and INTENTS, publishes commands, appends refusals. It decides nothing itself."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from opensqt.domain import ids
from opensqt.domain.control import Heartbeat
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.verdict import Command, RiskApproved, RiskRefused
from opensqt.runtime.bus.dlq import bury
from opensqt.runtime.bus.port import BusDown, Delivery, Start, Stream, StreamFull
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, Restarted
from opensqt.runtime.bus.subjects import RISK_ALIVE, command_subject, subject_of
from opensqt.runtime.codec import Undecodable, decode
from opensqt.runtime.config import config_hash
from opensqt.runtime.envelope import BadEnvelope, Envelope, from_headers
from opensqt.runtime.journal.port import Entry, JournalDown, NewEvent
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.waiting import event_within
from services.risk.config import limits_of
from services.risk.decide import Intent, Judgement, Seat, blocked, judge, late
from services.risk.state import DESK, State

LEASE = "risk"
LEASE_MS = 3000
BASIS_WAIT_S_MAX = 0.25
HORIZON_MS = 2000  # wall: as long as any verdict of a predecessor may still be under way
INTENTS_BACK_MS = 5000
BEAT_S = 1.0
LOOKBACK_MS = 15_000  # wall; rules and ticks are published again within it
RETRY_S = 0.1


class Gate:
    """One risk process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = context.clock
        self._bus = context.bus
        self._journal = context.journal
        self._log = context.log
        self._limits = limits_of(context.config, context.clock.speed)
        self._config_version = config_hash(context.config)
        self._lease = LeaseKeeper(
            context.leases, self._clock, name=LEASE, holder=holder_of(context.name), ttl_ms=LEASE_MS
        )
        self._reader = FeedReader(
            bus=self._bus,
            journal=self._journal,
            clock=self._clock,
            filters=["md.>", "evt.>", "ctl.>"],
            service="risk",
            lookback_ms=LOOKBACK_MS,
            metrics=context.metrics,
        )
        self._state = State()
        self._caught_up = asyncio.Event()
        self._moved = asyncio.Event()
        self._opens_from_ms = 0
        self._tasks: asyncio.TaskGroup | None = None
        self._judged = {"approved": 0, "refused": 0}

    @property
    def ready(self) -> bool:
        """True when the gate judges."""
        return self._caught_up.is_set() and self._lease.held

    def status(self) -> dict[str, Any]:
        """Return mode, latches and what was judged."""
        state = self._state
        return {
            "why": "" if self.ready else "reading the journal",
            "mode": "HALTED" if DESK in state.killed else state.mode(),
            "killed": sorted(state.killed),
            "halts": {scope: halt.reason for scope, halt in state.halts.items()},
            "journal_position": self._reader.position,
            "feed_sequence": self._reader.basis.sequence,
            "judged": dict(self._judged),
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Judge until `stop`; raise `LeaseLost` when another gate has taken over."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            work = tasks.create_task(self._work())
            await stop.wait()
            work.cancel()
        await self._lease.release()

    async def _work(self) -> None:
        await self._lease.take()
        horizon_ms = int(HORIZON_MS * self._clock.speed)
        self._opens_from_ms = self._clock.market_ms() + horizon_ms
        self._log.info("gate_open", epoch=self._lease.lease.epoch)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._lease.keep())
            tasks.create_task(self._fold())
            tasks.create_task(self._judge_all())
            tasks.create_task(self._beat())

    async def _fold(self) -> None:
        async for item in self._reader:
            match item:
                case FeedItem():
                    self._state.fold(item.message)
                case CaughtUp():
                    self._caught_up.set()
                case Restarted():
                    self._caught_up.clear()
                    self._state = State()
            self._moved.set()

    async def _judge_all(self) -> None:
        await self._caught_up.wait()
        start = Start(wall_ms=self._clock.wall_ms() - INTENTS_BACK_MS)
        while True:
            try:
                follower = await self._bus.follow(Stream.INTENTS, [], start)
                async for delivery in follower:
                    await self._take(delivery)
            except BusDown as error:
                self._log.warning("intents_lost", detail=str(error))
                await self._clock.sleep(RETRY_S)
            # What came while we were away is judged too: expired intents get their recorded end.
            start = Start(wall_ms=self._clock.wall_ms() - INTENTS_BACK_MS)

    async def _take(self, delivery: Delivery) -> None:
        try:
            intent = decode(delivery.data)
            envelope = from_headers(delivery.headers)
        except (Undecodable, BadEnvelope) as error:
            await bury(self._bus, "risk", delivery, str(error))
            return
        if not isinstance(intent, PlaceIntent | CancelIntent):
            await bury(self._bus, "risk", delivery, f"{type(intent).__name__} is no intent")
            return
        with self._context.tracer.span(
            "risk.judge", envelope.traceparent, strategy=intent.strategy, symbol=intent.symbol
        ) as span:
            judgement = await self._judge(intent)
            await self._act(intent, judgement, span.traceparent)

    async def _judge(self, intent: Intent) -> Judgement:
        reached = await self._reach(intent.basis)
        now_ms = self._clock.market_ms()
        seat = Seat(
            epoch=self._lease.lease.epoch,
            config_version=self._config_version,
            basis=self._reader.basis,
            opens_from_ms=self._opens_from_ms,
        )
        judgement = judge(self._state, intent, self._limits, seat, now_ms)
        if not reached and isinstance(judgement.verdict, RiskApproved) and not judgement.repeated:
            return late(intent, seat, now_ms)
        return judgement

    async def _reach(self, basis: Basis) -> bool:
        """Wait, bounded, until FEED has been folded as far as the strategy had seen it."""
        until_s = self._clock.monotonic_s() + BASIS_WAIT_S_MAX
        while True:
            self._moved.clear()
            here = self._reader.basis
            if here.generation == basis.generation and here.sequence >= basis.sequence:
                return self._caught_up.is_set()
            left_s = until_s - self._clock.monotonic_s()
            if left_s <= 0 or here.generation > basis.generation:
                return False
            await event_within(self._clock, self._moved, left_s)

    async def _act(self, intent: Intent, judgement: Judgement, traceparent: str) -> None:
        verdict = judgement.verdict
        if isinstance(verdict, RiskRefused):
            if not judgement.repeated:
                self._refuse(intent, verdict, traceparent)
            return
        if not judgement.repeated:
            self._judged["approved"] += 1
            price = _price(self._state, intent)
            self._state.reserve(verdict, price)
        try:
            await self._bus.publish(
                command_subject(intent, is_exit=judgement.is_exit),
                Command(approval=verdict),
                self._envelope("Command", "command", intent, traceparent),
            )
        except StreamFull as error:
            seat = Seat(
                epoch=self._lease.lease.epoch,
                config_version=self._config_version,
                basis=self._reader.basis,
                opens_from_ms=0,
            )
            full = blocked(intent, seat, self._clock.market_ms(), str(error)).verdict
            if isinstance(full, RiskRefused):
                self._refuse(intent, full, traceparent)
        except BusDown as error:
            # The strategy says it again; the same verdict is then published again.
            self._log.warning("command_not_published", detail=str(error))

    def _refuse(self, intent: Intent, verdict: RiskRefused, traceparent: str) -> None:
        self._judged["refused"] += 1
        self._state.fold(verdict)
        if verdict.reason == "intent_conflict":
            self._log.error("intent_conflict", intent=intent.intent_id, strategy=intent.strategy)
        event = NewEvent(
            event_id=ids.event_id("verdict", intent.intent_id),
            stream=f"intent/{intent.intent_id}",
            version=1,
            message=verdict,
            subject=subject_of(verdict),
            actor="risk",
            occurred_at_ms=verdict.time_ms,
            correlation_id=intent.intent_id,
            causation_id=intent.intent_id,
            traceparent=traceparent,
        )
        self._spawn(self._append(Entry(events=(event,), fence=self._lease.fence)))

    async def _append(self, entry: Entry) -> None:
        while True:
            try:
                # A conflict means that a verdict stands already: the first one holds.
                await self._journal.append(entry)
            except JournalDown:
                await self._clock.sleep(RETRY_S)
            else:
                return

    async def _beat(self) -> None:
        count = 0
        while True:
            await self._clock.sleep(BEAT_S)
            self._state.forget(self._clock.market_ms() - int(HORIZON_MS * self._clock.speed))
            self._show_halts()
            if not self._lease.held:
                continue
            count += 1
            epoch = self._lease.lease.epoch
            message = Heartbeat(
                generation=epoch,
                head_position=self._reader.position,
                time_ms=self._clock.market_ms(),
            )
            envelope = Envelope(
                event_id=ids.event_id("alive", "risk", epoch, count),
                type="Heartbeat",
                source="risk",
                time_ms=message.time_ms,
            )
            await self._bus.publish(RISK_ALIVE, message, envelope, confirmed=False)

    def _show_halts(self) -> None:
        gauge = self._context.metrics.desk_halted
        gauge.clear()
        for scope in self._state.killed:
            gauge.labels(scope, "kill").set(1)
        for scope, halt in self._state.halts.items():
            gauge.labels(scope, halt.mode.lower()).set(1)

    def _envelope(self, kind: str, cause: str, intent: Intent, traceparent: str) -> Envelope:
        return Envelope(
            event_id=ids.event_id(cause, intent.intent_id),
            type=kind,
            source="risk",
            time_ms=self._clock.market_ms(),
            correlation_id=intent.intent_id,
            causation_id=intent.intent_id,
            traceparent=traceparent,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks is None:
            raise RuntimeError("the gate is not running")
        self._tasks.create_task(work)


def _price(state: State, intent: Intent) -> Decimal:
    if isinstance(intent, PlaceIntent) and intent.price > 0:
        return intent.price
    tick = state.ticks.get((intent.venue, intent.symbol))
    return tick.ask_price if tick is not None else Decimal(0)
