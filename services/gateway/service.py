"""The gateway's I/O: FEED in, pictures out, commands on. It decides no trade and holds no venue credential."""

import asyncio
from typing import Any

import msgspec

from opensqt.domain.control import KillLatched
from opensqt.domain.ids import event_id
from opensqt.runtime import latch
from opensqt.runtime.bulkhead import Bulkhead
from opensqt.runtime.bus import subjects
from opensqt.runtime.bus.dlq import set_aside
from opensqt.runtime.bus.entrance import let_in
from opensqt.runtime.bus.port import BusDown, Start, Stream, StreamChanged
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, Restarted
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.logs import register_secret
from opensqt.runtime.process_context import Context
from opensqt.runtime.strikes import delivery_of
from services.gateway.config import NAME, Settings
from services.gateway.decide import DESK, KILLED
from services.gateway.desk import Answer, Desk
from services.gateway.page import Picture, picture
from services.gateway.state import Chart, State
from services.gateway.web import Web

FILTERS = (
    *(f"md.*.*.{kind}" for kind in ("tick", "mark", "funding", "status", "rules")),
    "evt.>",
    "ctl.>",
)
CANDLES = "md.*.*.candle"
BUS_S_MAX = 2.0
KILL = "kill"


class Gateway:
    """One gateway process. Any number may run: they only look, and pass commands on."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._clock = context.clock
        self._log = context.log
        self._settings = settings
        self._desk = Desk(context.config, context.environment.data, settings.ask_s_max)
        self._reader = FeedReader(
            bus=context.bus,
            journal=context.journal,
            clock=context.clock,
            filters=FILTERS,
            service=NAME,
            lookback_ms=settings.lookback_ms,
            metrics=context.metrics,
            progress=context.progress,
        )
        self._state = State()
        self._fresh = self._state  # what is being folded; shown as soon as it has caught up
        self._chart = Chart()
        self._live = False
        self._why = "reading the journal"
        self._heard_s = float("-inf")
        self._picture: Picture = {}
        self._seen_s = float("-inf")
        self.web = Web(self, settings, context.metrics, context.clock.sleep)

    @property
    def ready(self) -> bool:
        """True while the page shows what is now."""
        return self._live and self.web.port != 0

    def status(self) -> dict[str, Any]:
        """Say how far FEED was read and how many pages are open."""
        return {
            "why": self._why,
            "clients": self.web.clients,
            "port": self.web.port,
            "journal_position": self._reader.position,
            "feed_sequence": self._reader.basis.sequence,
        }

    def look(self) -> Picture:
        """Return the newest picture; made at most once for everybody who looks at the same time."""
        now_s = self._clock.monotonic_s()
        if not self._picture or now_s - self._seen_s >= self._settings.delta_every_s / 2:
            self._seen_s = now_s
            self._picture = self._draw()
        return self._picture

    def token(self) -> str:
        """Read the token of the data folder; nothing where there is none."""
        path = self._settings.token_file
        try:
            token = path.read_text(encoding="utf-8").strip() if path is not None else ""
        except OSError:
            return ""
        register_secret(token)
        return token

    async def order(self, verb: str, scope: str, reason: str, actor: str) -> dict[str, Any]:
        """Pass kill or resume on to every executor, a kill by the bus too, and say what came of it."""
        if scope != DESK and scope.removeprefix("strategy/") not in self._context.config.strategies:
            return {"ok": False, "detail": f"scope {scope}: expected desk or strategy/NAME"}
        words = {"scope": scope, "reason": reason, "actor": actor}
        self._log.warning("command", verb=verb, **words)
        asking = asyncio.create_task(
            self._desk.command(f"/{verb}", words, self.token(), self._settings.command_s_max)
        )
        heard = verb == KILL and await self._publish_kill(scope, reason, actor)
        answers = await asking
        # Where no executor can be asked (they run elsewhere), the bus is the way.
        reached = all(answer.ok for answer in answers) if answers else heard
        if verb == KILL and scope == DESK and not reached:
            _latch(self._context, reason, actor)
        self._log.warning("command answered", verb=verb, scope=scope, ok=reached)
        return {
            "ok": reached,
            "detail": _told(verb, answers, heard=heard),
            "answers": msgspec.to_builtins(answers),
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Show the desk until `stop`; raise `OSError` when the port is taken."""
        await self._desk.open()
        await self.web.open()
        self._log.info("page open", host=self._settings.host, port=self.web.port)
        try:
            async with asyncio.TaskGroup() as tasks:
                work = [
                    tasks.create_task(one)
                    for one in (self._follow(), self._watch(), self._draw_chart())
                ]
                await stop.wait()
                await self._reader.close()
                for task in work:
                    task.cancel()
        finally:
            await self.web.close()
            await self._desk.close()

    async def _follow(self) -> None:
        bus, metrics = self._context.bus, self._context.metrics
        async for item in self._reader:
            match item:
                case FeedItem():
                    if item.live and item.subject == subjects.HEARTBEAT:
                        self._heard_s = self._clock.monotonic_s()
                    # A page that shows all else is better than none.
                    with Bulkhead() as bulkhead:
                        self._fresh.fold(item.message, item.envelope.position)
                        self._chart.fold(item.message)
                    if bulkhead.error is not None:
                        await set_aside(bus, NAME, delivery_of(item), bulkhead.error, metrics)
                case CaughtUp():
                    self._heard_s = self._clock.monotonic_s()
                    self._state, self._live, self._why = self._fresh, True, ""
                case Restarted(reason=reason):
                    # People go on seeing the last picture, marked as old, until the new one is whole.
                    self._fresh, self._live, self._why = State(), False, reason

    async def _draw_chart(self) -> None:
        """Follow candles on their own, from further back than anything else is needed."""
        lookback_ms = self._settings.chart_lookback_ms
        bus, metrics = self._context.bus, self._context.metrics
        while True:
            try:
                start = Start(wall_ms=self._clock.wall_ms() - lookback_ms)
                follower = await bus.follow(Stream.FEED, [CANDLES], start)
                try:
                    async for delivery in follower:
                        now_ms = self._clock.market_ms()
                        found = await let_in(bus, NAME, delivery, now_ms, metrics)
                        if found is not None:
                            self._chart.fold(found[0])
                finally:
                    await follower.close()
            except (BusDown, StreamChanged) as error:
                self._log.warning("candles are read again", detail=str(error))
            await self._clock.sleep(self._settings.retry_s)

    async def _watch(self) -> None:
        while True:
            await self._desk.ask()
            await self._clock.sleep(self._settings.ask_every_s)

    def _doubt(self) -> str:
        """Say why the picture may be old, or nothing."""
        silent_s = self._clock.monotonic_s() - self._heard_s
        if self._live and silent_s > self._settings.silence_s_max:
            return f"nothing heard of the relay for {silent_s:.0f} s"
        return self._why

    def _draw(self) -> Picture:
        doubt = self._doubt()
        told = msgspec.structs.replace(
            self._desk.told(),
            speed=self._clock.speed,
            market_ms=max(self._clock.market_ms(), self._state.quotes.now_ms),
            wall_ms=self._clock.wall_ms(),
            live=doubt == "",
            why=doubt,
            position=self._reader.position,
            sequence=self._reader.basis.sequence,
            generation=self._reader.basis.generation,
        )
        return picture(self._state, self._chart, told)

    async def _publish_kill(self, scope: str, reason: str, actor: str) -> bool:
        now_ms = self._clock.market_ms()
        message = KillLatched(scope=scope, reason=reason, actor=actor, time_ms=now_ms)
        envelope = Envelope(
            event_id=event_id("kill", scope, self._clock.wall_ms()),
            type="KillLatched",
            source=NAME,
            time_ms=now_ms,
        )
        try:
            async with asyncio.timeout(BUS_S_MAX):
                await self._context.bus.publish(subjects.KILL, message, envelope)
        except (TimeoutError, BusDown) as error:
            self._log.error("the bus did not take the kill", detail=str(error))
            return False
        return True


def _latch(context: Context, reason: str, actor: str) -> None:
    """Latch on disk when an executor did not answer: it reads the file when it starts."""
    folder = context.environment.data
    if folder is None:
        return
    now_ms = context.clock.market_ms()
    try:
        latch.latch(folder, latch.Latch(scope=DESK, reason=reason, actor=actor, time_ms=now_ms))
    except OSError as error:
        context.log.error("the latch could not be written", detail=str(error))


def _told(verb: str, answers: list[Answer], *, heard: bool) -> str:
    if not answers:
        return "no executor is known here" + "; the kill is on the bus" * heard
    words = []
    for answer in answers:
        if not answer.ok:
            spoke = "said" if answer.said else "did not answer"
            words.append(f"{answer.process} {spoke}: {answer.detail}")
        elif verb == KILL:
            words.append(
                f"{answer.process}: {KILLED}, {answer.said.get('cancels', 0)} orders cancelled"
            )
        else:
            words.append(f"{answer.process}: resumed")
    return "; ".join(words)
