"""The shell that drives the pure strategies of one process: FEED in, intents and their own facts out.

Takes no trading decision. An exception in one strategy stops that strategy, with its openings cancelled, and no other.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from opensqt.domain import ids
from opensqt.domain.bus_trouble import words_for
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.messages import name_of
from opensqt.domain.strategy_events import StrategyFaulted, StrategyStarted
from opensqt.domain.subjects import (
    LATCH,
    STRATEGIES,
    intent_subject,
    market_events,
    order_events,
    token,
)
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, FeedReset
from opensqt.runtime.bus.streams import FEED_KEPT_HOURS
from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.service_shell import ServiceShell
from opensqt.runtime.strategy.journal import StrategyJournal
from opensqt.runtime.strategy.latency import DecisionLatency
from opensqt.runtime.strategy.traces import DecisionTraces
from opensqt.strategies.decision import Decision, JournalledChoice
from opensqt.strategies.fingerprint import fingerprint
from opensqt.strategies.kernel import StrategyInstance, StrategySpec

LEASE_MS = 3000


SILENCE_S_MAX = 3.0  # wall; beyond what a step of market time takes, which the relay says on FEED


TIME_STEP_S = 0.1  # market


LOOKBACK_MS = 60_000  # of FEED, wall: rules, funding and health are published again within it
LOOKBACK_MS_MAX = FEED_KEPT_HOURS * 3_600_000 // 2


def filters_of(plays: Sequence[StrategySpec[Any]]) -> list[str]:
    """Return the subjects that these strategies listen to."""
    found = {"evt.time", "evt.strategy.*", "evt.recon.*", "evt.recon.*.*", LATCH, STRATEGIES}
    for play in plays:
        found.add(f"evt.risk.{token(play.name)}")
        found.add(f"evt.account.{token(play.venue)}.{token(play.account)}")
        for symbol in play.symbols:
            found.add(order_events(play.venue, play.account, symbol))
            found |= {market_events(play.venue, symbol, kind) for kind in play.kinds}
    return sorted(found)


def lookback_of(plays: Sequence[StrategySpec[Any]], speed: Decimal) -> int:
    """Return how much of FEED a start reads, wall: what every strategy needs, and the candles that these ask for."""
    asked = max((int(play.lookback_ms / speed) for play in plays), default=0)
    if asked > LOOKBACK_MS_MAX:
        raise ConfigError(
            f"a strategy looks back {asked} ms of wall time: expected at most {LOOKBACK_MS_MAX},"
            " half of what the bus surely keeps"
        )
    return max(asked, LOOKBACK_MS)


class StrategyRunner:
    """The strategies of one process."""

    def __init__(self, context: Context, service: str, plays: Sequence[StrategySpec[Any]]) -> None:
        self._context = context
        self._log = context.log
        self._actors = [StrategyInstance(play) for play in plays]
        self._lease = LeaseKeeper(
            context.leases,
            context.clock,
            name=f"strategy/{service}",
            holder=holder_of(context.name),
            ttl_ms=LEASE_MS,
        )
        self._reader = FeedReader(
            bus=context.bus,
            journal=context.journal,
            clock=context.clock,
            filters=filters_of(plays),
            service=service,
            lookback_ms=lookback_of(plays, context.clock.speed),
            metrics=context.metrics,
            progress=context.progress,
        )
        self._journal = StrategyJournal(context, self._lease)
        self._latency = DecisionLatency(context.metrics, context.clock)
        self._traces = DecisionTraces(context.tracer)
        self._shell = ServiceShell(self._lease, context.progress)
        for actor in self._actors:
            gauge = context.metrics.strategy_trading.labels(actor.play.name)
            gauge.set_function(partial(self._trades, actor))
        self._live = False
        self._before: Basis | None = None  # how far the pass before this one had read
        self._heard_s = context.clock.monotonic_s()

    @property
    def ready(self) -> bool:
        """True while the strategies decide."""
        return self._live and self._lease.held

    def status(self) -> dict[str, Any]:
        """Return why each strategy does not trade, and how far FEED was read."""
        return {
            "why": "" if self.ready else "reading the journal",
            "strategies": [actor.status(self._deaf()) for actor in self._actors],
            "journal_position": self._reader.position,
            "feed_sequence": self._reader.basis.sequence,
        }

    def _trades(self, actor: StrategyInstance) -> int:
        return int(self.ready and bool(actor.status(self._deaf())["trading"]))

    def _deaf(self) -> str:
        """Say why nothing can come of a decision now, or nothing."""
        if missing := self._context.bus.missing:
            return words_for(missing)
        clock = self._context.clock
        silent_s = clock.monotonic_s() - self._heard_s
        is_deaf = silent_s > SILENCE_S_MAX + TIME_STEP_S / float(clock.speed)
        return f"nothing heard for {silent_s:.0f} s" if is_deaf else ""

    async def run(self, stop: asyncio.Event) -> None:
        """Decide until `stop`; raise `LeaseLost` when another process has taken over."""
        await self._shell.run(stop, self._work)

    async def _work(self) -> None:
        self._shell.spawn(self._journal.write())
        await self._follow()

    async def _follow(self) -> None:
        async for item in self._reader:
            self._heard_s = self._context.clock.monotonic_s()
            match item:
                case FeedItem():
                    await self._take(item)
                case CaughtUp():
                    self._begin(item)
                case FeedReset(reason=reason):
                    self._log.warning("strategies begin again", reason=reason)
                    self._before = self._reader.basis if self._live else self._before
                    self._live = False
                    for actor in self._actors:
                        actor.forget()

    def _begin(self, mark: CaughtUp) -> None:
        self._live = True
        for actor in self._actors:
            play = actor.play
            actor.own_run = actor.run + 1
            started = StrategyStarted(
                strategy=play.name,
                run=actor.own_run,
                config_hash=play.config_hash,
                code_version=play.code_version,
                state_fingerprint=fingerprint(actor.state),
                time_ms=self._context.clock.market_ms(),
                told=play.told,
                journal_position=mark.journal_position,
                feed_first_sequence=mark.first_sequence,
                basis=Basis(generation=mark.generation, sequence=mark.sequence),
                fault=actor.fault,
                before=self._before,
            )
            self._journal.add(
                play.name, JournalledChoice(cause=("run", started.run), message=started)
            )

    async def _take(self, item: FeedItem) -> None:
        live = self._live and item.live
        self._traces.hear(item)
        for actor in self._actors:
            faulted, before = bool(actor.fault), actor.last.reason
            decision = actor.hear(item.message, self._reader.basis, live=live)
            if decision is not None:
                await self._say(actor, decision, before, item)
            if actor.fault and not faulted:
                self._faulted(actor, item.envelope)

    async def _say(
        self, actor: StrategyInstance, decision: Decision, before: str, item: FeedItem
    ) -> None:
        if bool(actor.last.reason) is not bool(before):
            said = self._log.warning if actor.last.idle else self._log.info
            said("strategy_trading", strategy=actor.play.name, not_trading=actor.last.reason)
        for choice in decision.choices:
            self._journal.add(actor.play.name, choice, item.envelope)
        self._latency.note(actor.play.name, item.message, decision)
        if not decision.intents or not self._lease.held:
            return
        for intent in decision.intents:
            with self._traces.span(intent, item.envelope.traceparent) as span:
                await self._publish(intent, item.envelope.event_id, span.traceparent)

    async def _publish(
        self, intent: PlaceIntent | CancelIntent, cause: str, traceparent: str
    ) -> None:
        envelope = Envelope(
            event_id=ids.event_id("intent", intent.intent_id),
            type=name_of(intent),
            source=intent.strategy,
            time_ms=intent.created_ms,
            correlation_id=intent.intent_id,
            causation_id=cause,
            traceparent=traceparent,
        )
        try:
            await self._context.bus.publish(
                intent_subject(intent), intent, envelope, confirmed=False
            )
        except BusDown as error:
            # An intent without an answer is said again.
            self._log.warning("intent not published", detail=str(error))

    def _faulted(self, actor: StrategyInstance, after: Envelope) -> None:
        self._log.error("strategy stopped", strategy=actor.play.name, detail=actor.fault)
        message = StrategyFaulted(
            strategy=actor.play.name, error=actor.fault, time_ms=self._context.clock.market_ms()
        )
        fault = JournalledChoice(cause=("fault", actor.run), message=message)
        self._journal.add(actor.play.name, fault, after)
