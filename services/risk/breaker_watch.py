"""The breakers at work: what their rules and people say of them is recorded, and obeyed by the very next verdict."""

from functools import partial
from typing import Any

import msgspec

from opensqt.domain import ids
from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import CONTROL_STREAM
from opensqt.domain.journal import Appended, Duplicate, Entry, NewEvent
from opensqt.domain.market import Candle
from opensqt.domain.order_index import NOTHING
from opensqt.domain.recon_events import Halted, Resumed, halt_name
from opensqt.domain.scope import DESK, parsed
from opensqt.domain.subjects import subject_of
from opensqt.risk.breakers.panel import MANUAL, opened
from opensqt.risk.breakers.states import Phase
from opensqt.runtime.bus.entrance import let_in
from opensqt.runtime.bus.port import Delivery, Follower, Start, Stream
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.lease import LeaseKeeper
from opensqt.runtime.process_context import Context
from opensqt.runtime.retrying import follow_for_ever, until_answered
from services.risk.intent_queue import NAME, FeedProgress

CANDLES = "md.*.*.candle"
CANDLE_MS = 60_000
RETRY_S = 0.5
LEVELS = {Phase.OPEN: 1.0, Phase.HALF_OPEN: 0.5, Phase.CLOSED: 0.0}


class BreakerWatch:
    """Opens and closes the breakers of a gate."""

    def __init__(self, context: Context, sight: FeedProgress, lease: LeaseKeeper) -> None:
        self._context = context
        self._clock = context.clock
        self._sight = sight
        self._lease = lease
        self._said_up_to = 0  # journal position: what was recorded and has to come back first

    async def run(self) -> None:
        """Record what is due whenever market time passes, for ever."""
        sight = self._sight
        while True:
            await sight.passed.wait()
            sight.passed.clear()
            live = sight.caught_up.is_set() and self._lease.held
            if not live or sight.reader.position < self._said_up_to:
                continue
            for word in tuple(sight.panel.due()):
                await until_answered(self._clock, partial(self._record, word, NAME))

    async def follow_candles(self) -> None:
        """Tell the market monitor of candles from before our start, as FEED holds them."""
        market = self._context.config.breakers.market
        if not market.volume_factor:
            return
        back_ms = int(2 * market.window_candles * CANDLE_MS / self._clock.speed)
        context = self._context

        async def follow() -> Follower:
            start = Start(wall_ms=self._clock.wall_ms() - back_ms)
            return await context.bus.follow(Stream.FEED, [CANDLES], start)

        async def take(delivery: Delivery) -> None:
            now_ms, speed = self._clock.market_ms(), self._clock.speed
            found = await let_in(context.bus, NAME, delivery, now_ms, context.metrics, speed=speed)
            if found is not None and isinstance(found[0], Candle):
                self._sight.panel.fold(found[0], NOTHING)

        await follow_for_ever(
            self._clock,
            follow,
            take,
            pause_s=RETRY_S,
            told=lambda error: context.log.warning("candles are read again", detail=str(error)),
        )

    def status(self) -> list[dict[str, Any]]:
        """Return every breaker that is switched on or not closed, with its state."""
        return [msgspec.to_builtins(state) for state in self._sight.panel.states]

    def show(self) -> None:
        """Set the gauge of every breaker."""
        gauge = self._context.metrics.breaker_open
        gauge.clear()
        gauge.labels(MANUAL, DESK).set(0.0)  # so that a desk without any has a series, too
        for one in self._sight.panel.states:
            gauge.labels(one.breaker, one.scope).set(LEVELS[one.state])

    async def switch(self, words: dict[str, Any]) -> dict[str, Any]:
        """Open or clear as a person asks; an answer with `why` tells why it was not done."""
        reason = cleaned(words.get("reason"))
        if not reason:
            return {"refused": True, "why": "reason: expected some words for the record"}
        actor = cleaned(words.get("actor")) or "unknown"
        breaker, scope = cleaned(words.get("breaker")), cleaned(words.get("scope"))
        now_ms = self._clock.market_ms()
        if words.get("action") == "open":
            if parsed(scope or DESK) is None:
                return {"refused": True, "why": _no_scope(scope)}
            time_ms = self._sight.panel.newest_ms(halt_name(scope or DESK, MANUAL), now_ms)
            said: list[Halted | Resumed] = [opened(MANUAL, scope or DESK, reason, actor, time_ms)]
        else:
            said = self._cleared(breaker, scope, reason, actor)
        if not said:
            known = ", ".join(one.name for one in self._sight.panel.words) or "none"
            wanted = " ".join(filter(None, (scope, breaker))) or "breaker"
            return {"refused": True, "why": f"no {wanted} is open (open or on trial: {known})"}
        for word in said:
            try:
                await self._record(word, actor)
            except JournalDown as error:
                return {"why": f"the journal does not answer ({error}): try again"}
        return {"done": [word.name for word in said]}

    def _cleared(self, breaker: str, scope: str, reason: str, actor: str) -> list[Halted | Resumed]:
        panel, now_ms = self._sight.panel, self._clock.market_ms()
        return [
            Resumed(
                scope=one.scope,
                reason=reason,
                actor=actor,
                time_ms=panel.newest_ms(one.name, now_ms),
                breaker=one.breaker,
            )
            for one in panel.words
            if breaker in ("", one.breaker) and scope in ("", one.scope)
        ]

    async def _record(self, word: Halted | Resumed, actor: str) -> None:
        event = NewEvent(
            event_id=ids.event_id("breaker", type(word).__name__, word.name, word.time_ms),
            stream=CONTROL_STREAM,
            message=word,
            subject=subject_of(word),
            actor=actor,
            occurred_at_ms=word.time_ms,
        )
        entry = Entry(events=(event,), fence=self._lease.fence)
        outcome = await self._context.journal.append(entry)
        if not isinstance(outcome, Appended | Duplicate):
            return  # another gate leads; it sees the same
        # FEED tells it again; the very next order must not wait for that.
        self._sight.state.fold(word)
        if isinstance(outcome, Appended):
            self._said_up_to = max(self._said_up_to, *outcome.positions)
        self._context.log.warning(
            "breaker_opened" if isinstance(word, Halted) else "breaker_closed",
            breaker=word.breaker,
            scope=word.scope,
            reason=word.reason,
            by=actor,
        )


def _no_scope(scope: str) -> str:
    return f"scope {scope!r}: expected desk, VENUE/ACCOUNT or VENUE/ACCOUNT/SYMBOL"
