"""What lies before the gate: intents are taken in order, judged once FEED has been seen as far, and answered.

It decides nothing itself; an approval becomes a command on the bus, a refusal a verdict in the journal. Nothing waits
between a verdict and what it reserves, and no intent waits for the bus to confirm the command of another.
"""

import asyncio
import hashlib
from functools import partial

import msgspec

from opensqt.domain import ids
from opensqt.domain.bulkhead import Bulkhead
from opensqt.domain.control import KillLatched, OrderedByHand
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.market import Time
from opensqt.domain.subjects import KILL, command_subject, subject_of
from opensqt.domain.verdict import Command, IntentConflict, RiskApproved, RiskRefused
from opensqt.risk.breakers.panel import BreakerPanel
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import Intent, Judgement, VerdictContext, blocked, judge
from opensqt.runtime.approval_key import ApprovalKey
from opensqt.runtime.bus.admission import Misplaced
from opensqt.runtime.bus.dead_letters import set_aside
from opensqt.runtime.bus.entrance import let_in
from opensqt.runtime.bus.port import BusDown, Delivery, Follower, Start, Stream, StreamFull
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, FeedReset
from opensqt.runtime.clock import Clock
from opensqt.runtime.codec import encode
from opensqt.runtime.config.all import config_hash
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.keyed_executor import KeyedSerialExecutor, Spawn
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.process_context import Context
from opensqt.runtime.redelivery_limit import RedeliveryLimit, delivery_of
from opensqt.runtime.retrying import follow_for_ever, until_answered
from opensqt.runtime.waiting import event_within
from services.risk.config import limits_for
from services.risk.limits_in_force import LimitsInForce

BASIS_WAIT_S_MAX = 0.25
INTENTS_BACK_MS = 5000
NAME = "risk"
NO_BASIS = Basis(generation=0, sequence=0)
RETRY_S = 0.1
COMMANDS_UNDER_WAY_MAX = 64  # below what the bus sends without waiting: what is begun is sent
DRAIN_S_MAX = 4.0


class FeedProgress:
    """What the gate has seen of FEED."""

    def __init__(
        self, reader: FeedReader, strikes: RedeliveryLimit, clock: Clock, panel: BreakerPanel
    ) -> None:
        self.reader = reader
        self._strikes = strikes
        self._clock = clock
        self.state = RiskState()
        self.panel = panel
        self.caught_up = asyncio.Event()
        self.moved = asyncio.Event()
        self.passed, self.by_hand = asyncio.Event(), asyncio.Event()  # market time; people

    async def run(self) -> None:
        """Fold FEED for ever; when it begins again, keep only our own approvals that are under way."""
        async for item in self.reader:
            match item:
                case FeedItem():
                    await self._fold(item)
                case CaughtUp():
                    self.caught_up.set()
                case FeedReset():
                    self.caught_up.clear()
                    self.state, self.panel = self.state.anew(), self.panel.anew()
            self.moved.set()

    async def _fold(self, item: FeedItem) -> None:
        with Bulkhead() as bulkhead:
            if not self._is_over(item):
                self.panel.fold(item.message, self.state.fold(item.message))
                if isinstance(item.message, Time):
                    self.passed.set()
                if self.state.by_hand and isinstance(item.message, Time | OrderedByHand):
                    self.by_hand.set()
        if bulkhead.error is not None:
            now_ms = self._clock.market_ms()
            await self._strikes.count(delivery_of(item), bulkhead.error, now_ms)

    def _is_over(self, item: FeedItem) -> bool:
        """Tell whether this is a kill that was released since; FEED says it again whenever it is looked back at."""
        said = item.message
        if not isinstance(said, KillLatched) or item.subject != KILL:
            return False
        return self.state.switches.kills.is_over(said)


class IntentQueue:
    """The intents before one gate."""

    def __init__(
        self,
        context: Context,
        sight: FeedProgress,
        lease: LeaseKeeper,
        spawn: Spawn,
        strikes: RedeliveryLimit,
        key: ApprovalKey,
        limits: LimitsInForce,
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._key, self._limits, self._sight = key, limits, sight
        self._lease, self._spawn, self._strikes = lease, spawn, strikes
        self._config_version, self._risk = config_hash(context.config), context.config.risk
        self.opens_from_ms = 0
        self.judged = {"approved": 0, "refused": 0, "conflicts": 0}
        self.commands = KeyedSerialExecutor(spawn, under_way_max=COMMANDS_UNDER_WAY_MAX)
        self._closed = False
        self._loop = context.progress.loop("judging intents")

    async def run(self) -> None:
        """Judge every intent for ever, those said shortly before our start included."""
        await self._sight.caught_up.wait()

        async def follow() -> Follower:
            # Whatever came while we were away gets its recorded end, too.
            start = Start(wall_ms=self._clock.wall_ms() - INTENTS_BACK_MS)
            return await self._context.bus.follow(Stream.INTENTS, [], start)

        async def take(delivery: Delivery) -> None:
            await self.commands.room()
            self._loop.step()
            if not self._closed:
                await self._take(delivery)
            self._loop.rest()

        await follow_for_ever(
            self._clock,
            follow,
            take,
            pause_s=RETRY_S,
            told=lambda error: self._context.log.warning("intents_lost", detail=str(error)),
        )

    async def drain(self) -> None:
        """Judge nothing more (the next gate hears it again) and wait for commands that the bus has not confirmed."""
        self._closed = True
        if not await event_within(self._clock, self.commands.idle, DRAIN_S_MAX):
            left = self.commands.under_way
            self._context.log.warning("commands_not_confirmed", count=left, limit_s=DRAIN_S_MAX)

    async def _take(self, delivery: Delivery) -> None:
        context, now_ms = self._context, self._clock.market_ms()
        found = await let_in(context.bus, NAME, delivery, now_ms, context.metrics)
        if found is None:
            return
        intent, envelope = found
        if not isinstance(intent, PlaceIntent | CancelIntent):
            stray = Misplaced(f"{type(intent).__name__} is no intent")
            await set_aside(context.bus, NAME, delivery, stray, context.metrics)
            return
        with (
            Bulkhead(LeaseLost) as bulkhead,
            context.tracer.span(
                "risk.judge", envelope.traceparent, symbol=intent.symbol, intent=intent.intent_id
            ) as span,
        ):
            judgement = await self._judge(intent)
            self._answer(intent, judgement, span.traceparent)
        if bulkhead.error is not None:
            await self._strikes.count(delivery, bulkhead.error, now_ms)

    async def wish(self, intent: Intent) -> None:
        """Judge what is wished by risk itself or by a person, and send it the way of all others."""
        self._answer(intent, await self._judge(intent), "")

    async def _judge(self, intent: Intent) -> Judgement:
        # A cancel takes risk away whatever the gate has seen: it neither waits nor fails for its basis.
        reached = isinstance(intent, CancelIntent) or await self._reach(intent.basis)
        state, now_ms = self._sight.state, self._clock.market_ms()
        limits = limits_for(self._limits.config(state), self._clock.speed, intent)
        return judge(state, intent, limits, self._seat(), now_ms, basis_reached=reached)

    async def _reach(self, basis: Basis) -> bool:
        """Wait, bounded, until FEED has been folded as far as the strategy had seen it."""
        until_s = self._clock.monotonic_s() + BASIS_WAIT_S_MAX
        while True:
            self._sight.moved.clear()
            here = self._sight.reader.basis
            if here.generation == basis.generation and here.sequence >= basis.sequence:
                return self._sight.caught_up.is_set()
            left_s = until_s - self._clock.monotonic_s()
            if left_s <= 0 or here.generation > basis.generation:
                return False
            await event_within(self._clock, self._sight.moved, left_s)

    def _answer(self, intent: Intent, judgement: Judgement, traceparent: str) -> None:
        verdict = judgement.verdict
        if isinstance(verdict, IntentConflict):
            self._conflict(intent, verdict, traceparent)
            return
        if isinstance(verdict, RiskRefused):
            if not judgement.repeated:
                self._refuse(intent, verdict, traceparent)
            return
        if not judgement.repeated:
            # Only what was judged here and now: a verdict that was read is no word of ours by being read.
            verdict = self._key.prove(verdict)
            self.judged["approved"] += 1
            self._sight.state.reserve(verdict)
        envelope = Envelope(
            event_id=ids.event_id("command", intent.intent_id),
            type="Command",
            source="risk",
            time_ms=self._clock.market_ms(),
            correlation_id=intent.intent_id,
            causation_id=intent.intent_id,
            traceparent=traceparent,
        )
        # What concerns one order goes out one after the other: no cancel before the place that it cancels.
        order = intent.target_intent_id if isinstance(intent, CancelIntent) else intent.intent_id
        work = partial(self._publish, intent, verdict, envelope, judgement)
        self.commands.begin(order, work)

    async def _publish(
        self, intent: Intent, approval: RiskApproved, envelope: Envelope, judgement: Judgement
    ) -> None:
        if isinstance(self._sight.state.verdicts.get(intent.intent_id), RiskRefused):
            return  # its first copy was refused by a full queue while this one waited its turn
        subject = command_subject(intent, is_exit=judgement.is_exit)
        try:
            await self._context.bus.publish(subject, Command(approval=approval), envelope)
        except StreamFull as error:
            if judgement.repeated:
                return  # the first copy may be in the queue: its verdict is not taken back
            full = blocked(approval, self._seat(), self._clock.market_ms(), str(error))
            self._refuse(intent, full, envelope.traceparent)
        except BusDown as error:
            # The strategy says it again; the same verdict is then published again.
            self._context.log.warning("command_not_published", detail=str(error))

    def _conflict(self, intent: Intent, conflict: IntentConflict, traceparent: str) -> None:
        """Alarm and record; the verdict that was given stands, with what it reserved, in a stream of its own."""
        self.judged["conflicts"] += 1
        self._context.metrics.intent_conflicts.labels(intent.strategy).inc()
        self._context.log.error(
            "intent_conflict",
            intent=intent.intent_id,
            strategy=intent.strategy,
            detail=conflict.detail,
            fix="an id is never used for two wishes: look at the strategy's slots and cycles",
        )
        # The same other content said again is the same event.
        said = hashlib.sha256(encode(msgspec.structs.replace(intent, basis=NO_BASIS))).hexdigest()
        event = _event(intent, conflict, "conflict", ("conflict", said))
        self._append_soon(event, traceparent)

    def _refuse(self, intent: Intent, verdict: RiskRefused, traceparent: str) -> None:
        self.judged["refused"] += 1
        self._sight.state.fold(verdict)
        event = _event(intent, verdict, "intent", ("verdict", intent.intent_id))
        self._append_soon(msgspec.structs.replace(event, version=1), traceparent)

    def _append_soon(self, event: NewEvent, traceparent: str) -> None:
        event = msgspec.structs.replace(event, traceparent=traceparent)
        entry = Entry(events=(event,), fence=self._lease.fence)

        async def append() -> None:
            # A conflict means that a verdict stands already: the first one holds.
            await until_answered(self._clock, lambda: self._context.journal.append(entry))

        self._spawn(append())

    def _seat(self) -> VerdictContext:
        return VerdictContext(
            epoch=self._lease.lease.epoch,
            config_version=self._config_version,
            basis=self._sight.reader.basis,
            opens_from_ms=self.opens_from_ms,
            rates=self._risk.rates,
            collateral_shares=self._risk.collateral_shares,
        )


def _event(
    intent: Intent, message: RiskRefused | IntentConflict, family: str, cause: tuple[str, ...]
) -> NewEvent:
    return NewEvent(
        event_id=ids.event_id(*cause),
        stream=f"{family}/{intent.intent_id}",
        message=message,
        subject=subject_of(message),
        actor="risk",
        occurred_at_ms=message.time_ms,
        correlation_id=intent.intent_id,
        causation_id=intent.intent_id,
    )
