"""The I/O of market_data: one venue's feed onto the bus. Conflates before publishing, never in a consumer.

Never journals, never trades, never holds a key. What NATS does not take is lost: the next tick recreates it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any

import msgspec

from opensqt.domain.ids import event_id
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import (
    BookTop,
    Candle,
    FeedStatus,
    Funding,
    Mark,
    MarketEvent,
    Tick,
    Trade,
)
from opensqt.domain.messages import name_of
from opensqt.domain.subjects import subject_of
from opensqt.domain.venue_trouble import SILENT
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.process_context import Context
from opensqt.runtime.retrying import follow_for_ever, until_answered
from opensqt.runtime.service_shell import ServiceShell
from opensqt.runtime.waiting import event_within
from opensqt.venues.feed_port import Feed, FeedDown, Observation
from services.market_data.config import NAME, MarketDataSettings
from services.market_data.decide import Now, due, observed, wait_ms
from services.market_data.state import PublishPace, SymbolState


class MarketData:
    """The market of the symbols that this desk's strategies trade on one venue."""

    def __init__(
        self,
        context: Context,
        feed: Feed,
        *,
        venue: str,
        symbols: tuple[str, ...],
        pace: PublishPace,
        settings: MarketDataSettings | None = None,
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._feed = feed
        self._venue = venue
        self._symbols = symbols
        self._pace = pace
        self._settings = settings or MarketDataSettings()
        self._views = {symbol: SymbolState(venue=venue, symbol=symbol) for symbol in symbols}
        self._rules: dict[str, InstrumentRules] = {}
        self._shell = ServiceShell()
        self._wake = asyncio.Event()
        self._loop = context.progress.loop("keeping pace")
        self._why = "not started"

    @property
    def ready(self) -> bool:
        """Tell whether every symbol has had its first tick and none is silent."""
        ruled = len(self._rules) == len(self._symbols)
        return ruled and all(view.has_tick and not view.is_stale for view in self._views.values())

    @property
    def _silent(self) -> str:
        """Say that the venue shows nothing at all, or nothing."""
        return "no price is shown" if all(v.is_stale for v in self._views.values()) else ""

    def status(self) -> dict[str, Any]:
        """Say the health and age of each symbol, and what is missing."""
        now_ms = self._clock.wall_ms()
        views = self._views.values()
        missing = [view.symbol for view in views if not view.has_tick]
        stale = ", ".join(view.symbol for view in views if view.is_stale)
        unseen = f"no tick yet: {', '.join(missing)}" if missing else ""
        return {
            "why": self._why or unseen or (f"no price is shown: {stale}" if stale else ""),
            SILENT: self._silent,
            "symbols": [
                {
                    "symbol": view.symbol,
                    "state": view.health.state.value,
                    "detail": view.health.detail,
                    "age_ms": now_ms - view.heard_ms if view.heard_ms is not None else None,
                }
                for view in self._views.values()
            ],
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop`; an unknown symbol ends the process with its name."""

        async def work() -> None:
            for one in (self._keep_rules(), self._watch(), self._keep_pace()):
                self._shell.spawn(one)

        await self._shell.run(stop, work)
        await self._feed.close()

    async def _keep_rules(self) -> None:
        """Publish the rules at start and every few seconds: whoever begins to listen or lost some needs them."""
        while True:
            rules = await until_answered(
                self._clock,
                partial(self._feed.rules, self._symbols),
                down=FeedDown,
                pause_s=self._settings.retry_s,
                told=lambda error: self._complain(f"rules are not answered: {error}"),
            )
            self._why = ""
            self._rules = {rule.symbol: rule for rule in rules}
            # Said anew, not once more: the bus would keep what has the same time only once.
            now_ms = self._clock.market_ms()
            await self._publish(msgspec.structs.replace(rule, time_ms=now_ms) for rule in rules)
            await self._clock.sleep(self._settings.rules_every_s)

    async def _watch(self) -> None:
        """Turn observations into messages, for ever."""

        async def observe() -> AsyncIterator[Observation]:
            return self._feed.watch(self._symbols)

        async def take(observation: Observation) -> None:
            self._why = ""
            view = self._views[observation.symbol]
            after, messages = observed(view, observation, self._now(), self._pace)
            self._views[observation.symbol] = after
            await self._publish(messages)
            self._wake.set()

        await follow_for_ever(
            self._clock,
            observe,
            take,
            down=FeedDown,
            pause_s=self._settings.retry_s,
            told=lambda error: self._complain(f"the feed is not answered: {error}"),
        )

    async def _keep_pace(self) -> None:
        """Publish what had to wait, and say what has gone stale."""
        while True:
            self._loop.step()
            waits = [wait_ms(view, self._now(), self._pace) for view in self._views.values()]
            soonest = min((wait for wait in waits if wait is not None), default=None)
            if soonest is None:
                self._wake.clear()
                await event_within(self._clock, self._wake, self._settings.idle_s)
            else:
                await self._clock.sleep(max(soonest, 1) / 1000)
            for symbol, view in self._views.items():
                after, messages = due(view, self._now(), self._pace)
                self._views[symbol] = after
                await self._publish(messages)
                self._measure(after)
            self._context.metrics.venue_silent.labels(self._venue).set(bool(self._silent))

    async def _publish(self, messages: Iterable[MarketEvent]) -> None:
        for message in messages:
            envelope = Envelope(
                event_id=event_id(name_of(message), *_identity(message)),
                type=name_of(message),
                source=f"{NAME}-{self._venue}",
                time_ms=message.time_ms,
                traceparent=self._trace(message),
            )
            await self._context.bus.publish(subject_of(message), message, envelope, confirmed=False)

    def _trace(self, message: MarketEvent) -> str:
        """Begin a trace at each tick: what it causes, to the fill, hangs below it."""
        if not isinstance(message, Tick):
            return ""
        with self._context.tracer.span("market_data.tick", symbol=message.symbol) as span:
            return span.traceparent

    def _measure(self, view: SymbolState) -> None:
        if view.heard_ms is not None:
            age_ms = self._clock.wall_ms() - view.heard_ms
            self._context.metrics.tick_age_ms.labels(view.venue, view.symbol).set(age_ms)

    def _complain(self, why: str) -> None:
        if why != self._why:
            self._context.log.warning("feed", detail=why)
        self._why = why

    def _now(self) -> Now:
        return Now(wall_ms=self._clock.wall_ms(), market_ms=self._clock.market_ms())


def _identity(message: MarketEvent) -> tuple[str | int, ...]:
    """Return what makes a message the same one, so that the bus keeps it once."""
    place = (message.venue, message.symbol, message.time_ms)
    match message:
        case Trade():
            return (*place, message.trade_id)
        case Tick() | BookTop():
            return (*place, message.book_sequence)
        case Candle():
            return (*place, message.open_time_ms, str(message.closed), str(message.close))
        case FeedStatus():
            return (*place, message.channel, message.state.value, message.detail)
        case InstrumentRules() | Funding() | Mark():
            return place
