"""The gateway's I/O: FEED in, pictures out, commands on. It decides no trade and holds no venue credential."""

import asyncio
from typing import Any

import msgspec

from opensqt.domain import subjects
from opensqt.domain.bulkhead import Bulkhead
from opensqt.domain.control import MANUAL_OWNER, KillLatched
from opensqt.domain.ids import event_id
from opensqt.domain.market import Candle, MarketEvent
from opensqt.domain.scope import DESK, kill_refused
from opensqt.runtime import latch
from opensqt.runtime.bus.dead_letters import set_aside
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, FeedReset
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.lease import holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.redelivery_limit import delivery_of
from opensqt.runtime.service_shell import ServiceShell
from opensqt.runtime.telemetry.logs import register_secret
from services.gateway.alert_desk import AlertDesk
from services.gateway.candles import Candles
from services.gateway.config import NAME, GatewaySettings
from services.gateway.decide import KILL, DeskStatus, Plain, health_of, told
from services.gateway.desk_api import DeskApi
from services.gateway.desk_control import DeskControl
from services.gateway.desk_metrics import DeskMetrics
from services.gateway.desk_view import FoldedDesk
from services.gateway.process_client import ProcessClient
from services.gateway.record_queue import RecordQueue
from services.gateway.state import Chart, GatewayState
from services.gateway.view_model import Picture, picture
from services.gateway.web import WebServer

FILTERS = (
    *(f"md.*.*.{kind}" for kind in ("tick", "mark", "funding", "status", "rules", "candle")),
    "evt.>",
    "ctl.>",
)
BUS_S_MAX = 2.0
RECORDED_S = 0.05
RECORDED_S_MAX = 2.0


class Gateway:
    """One gateway process. Any number may run: they only look, and pass commands on."""

    def __init__(self, context: Context, settings: GatewaySettings) -> None:
        self._context = context
        self._clock = context.clock
        self._log = context.log
        self._settings = settings
        self._desk = ProcessClient(
            context.config, context.environment.data, settings.ask_s_max, context.client
        )
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
        self._state = GatewayState()
        self._fresh = self._state  # what is being folded; shown as soon as it has caught up
        self._chart = Chart()
        self._candles = Candles(context, settings, self._chart)
        self._shell = ServiceShell()
        self._live = False
        self._why = "reading the journal"
        self._heard_s = float("-inf")
        self._picture: Picture = {}
        self._seen_s = float("-inf")
        self.targets = self._desk.targets
        context.metrics.registry.register(DeskMetrics(self.look))
        view = FoldedDesk(context, lambda: self._state, self._chart, self._doubt)
        self._records = RecordQueue(context.journal, context.log)
        self._control = DeskControl(
            context, view, lambda: self._state, self._desk, self.token, settings, self._records
        )
        self._alerts = AlertDesk(
            context, settings.alerts, self._records, lambda: self._state, self._told
        )
        self.api = DeskApi(
            context,
            settings,
            self._control,
            self.token,
            lambda: self.ready and not self._doubt(),
            lambda: health_of(self._desk.told()),
        )
        self.web = WebServer(self, settings, context.metrics, context.clock.sleep, self.api.http)

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
            self._picture = picture(self._state, self._chart, self._told())
        return self._picture

    def token(self) -> str:
        """Read the token of the data folder; nothing where there is none."""
        path = self._settings.token_file
        try:
            token = path.read_text(encoding="utf-8").strip() if path is not None else ""
        except (OSError, ValueError):
            return ""
        register_secret(token)
        return token

    async def order(self, verb: str, scope: str, reason: str, actor: str) -> dict[str, Any]:
        """Pass kill or resume on to every executor, a kill by file and bus too, and say what was confirmed by whom."""
        # What is killed is released by its identities: a kill that is said meanwhile is none of them.
        kill_ids = [] if verb == KILL else await self._desk.kills_in_force(scope)
        why = kill_refused(scope, {*self._context.config.strategies, MANUAL_OWNER})
        if why and not kill_ids:
            # What is refused is refused everywhere: nothing is published or written.
            return {"ok": False, "refused": True, "detail": why}
        words = {"scope": scope, "reason": reason, "actor": actor}
        self._log.warning("command", verb=verb, **words)
        kill = _kill_of(self._context, words) if verb == KILL else None
        asked: Plain = words | (
            {"kill_id": kill.kill_id} if kill is not None else {"kill_ids": kill_ids}
        )
        latched = kill is not None and scope == DESK and _latch(self._context, kill)
        asking = asyncio.create_task(
            self._desk.command(f"/{verb}", asked, self.token(), self._settings.command_s_max)
        )
        heard = kill is not None and await _publish(self._context, kill)
        answers = await asking
        recorded = False
        if kill is not None and not answers and heard:
            # Executors that cannot be asked run elsewhere: what they obeyed they record.
            recorded = await self._recorded(kill)
        # What an executor said of itself before the command is over: the page would still say it.
        await self._desk.ask()
        reached = all(answer.ok for answer in answers) if answers else recorded
        self._log.warning("command answered", verb=verb, scope=scope, ok=reached)
        return {
            "ok": reached,
            "detail": told(verb, answers, latched=latched, heard=heard, recorded=recorded),
            "answers": msgspec.to_builtins(answers),
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Show the desk until `stop`; raise `OSError` when the port is taken."""
        await self._desk.open()
        await self.web.open()
        await self.api.open()
        self._log.info("page open", host=self._settings.host, port=self.web.port)
        try:
            await self._shell.run(stop, self._work, self._reader.close)
        finally:
            await self.api.close()
            await self.web.close()
            await self._desk.close()

    async def _work(self) -> None:
        chart = (self._candles.follow(), self._candles.recall())
        for one in (self._watch(), self.api.rpc.watch(), *chart, *self._alerts.work()):
            self._shell.spawn(one)
        await self._follow()

    async def _follow(self) -> None:
        bus, metrics = self._context.bus, self._context.metrics
        async for item in self._reader:
            match item:
                case FeedItem():
                    if item.live and item.subject == subjects.HEARTBEAT:
                        self._heard_s = self._clock.monotonic_s()
                    # A page that shows all else is better than none.
                    with Bulkhead() as bulkhead:
                        self._fresh.fold(
                            item.message, item.envelope.position, item.envelope.event_id
                        )
                        # Candles have a way of their own, from further back.
                        if isinstance(item.message, MarketEvent) and not isinstance(
                            item.message, Candle
                        ):
                            self._chart.fold(item.message)
                    if item.envelope.position:
                        self._alerts.hear(item.envelope.event_id, item.message)
                    if item.live and item.sequence:
                        self._control.news.add(item.sequence, item.message)
                    if bulkhead.error is not None:
                        await set_aside(bus, NAME, delivery_of(item), bulkhead.error, metrics)
                case CaughtUp():
                    self._heard_s = self._clock.monotonic_s()
                    self._state, self._live, self._why = self._fresh, True, ""
                    self._alerts.hear_all(True)
                case FeedReset(reason=reason):
                    self._control.news.reset()
                    self._alerts.hear_all(False)
                    # People go on seeing the last picture, marked as old, until the new one is whole.
                    self._fresh, self._live, self._why = GatewayState(), False, reason

    async def _watch(self) -> None:
        while True:
            await self._desk.ask()
            await self._records.flush()
            await self._clock.sleep(self._settings.ask_every_s)

    def _doubt(self) -> str:
        """Say why the picture may be old, or nothing."""
        silent_s = self._clock.monotonic_s() - self._heard_s
        if self._live and silent_s > self._settings.silence_s_max:
            return f"nothing heard of the relay for {silent_s:.0f} s"
        return self._why

    def _told(self) -> DeskStatus:
        doubt = self._doubt()
        return msgspec.structs.replace(
            self._desk.told(),
            speed=self._clock.speed,
            market_ms=max(self._clock.market_ms(), self._state.quotes.now_ms),
            wall_ms=self._clock.wall_ms(),
            live=doubt == "",
            why=doubt,
            position=self._reader.position,
            sequence=self._reader.basis.sequence,
            generation=self._reader.basis.generation,
            mute=self._alerts.troubles,
        )

    async def _recorded(self, kill: KillLatched) -> bool:
        """Wait a little until the journal holds this very kill; tell whether it does."""
        end_s = self._clock.monotonic_s() + RECORDED_S_MAX
        while kill.kill_id not in self._state.books.controls.kills.latched:
            if self._clock.monotonic_s() >= end_s:
                return False
            await self._clock.sleep(RECORDED_S)
        return True


def _kill_of(context: Context, words: dict[str, Any]) -> KillLatched:
    """Return the kill with an identity of its own: file, executors and bus speak of the same one."""
    clock = context.clock
    when = (clock.wall_ms(), str(clock.monotonic_s()))
    kill_id = event_id("kill", holder_of(context.name), words["scope"], *when)
    return KillLatched(**words, time_ms=clock.market_ms(), kill_id=kill_id)


async def _publish(context: Context, kill: KillLatched) -> bool:
    envelope = Envelope(
        event_id=kill.kill_id, type="KillLatched", source=NAME, time_ms=kill.time_ms
    )
    try:
        async with asyncio.timeout(BUS_S_MAX):
            await context.bus.publish(subjects.KILL, kill, envelope)
    except (TimeoutError, BusDown) as error:
        context.log.error("the bus did not take the kill", detail=str(error))
        return False
    return True


def _latch(context: Context, kill: KillLatched) -> bool:
    """Latch on disk before anybody is asked: an executor beside us obeys the file, another one when it starts."""
    folder = context.environment.data
    if folder is None:
        return False
    value = latch.Latch(
        scope=DESK,
        reason=kill.reason,
        actor=kill.actor,
        time_ms=kill.time_ms,
        kill_id=kill.kill_id,
    )
    try:
        latch.latch(folder, value)
    except OSError as error:
        context.log.error("the latch could not be written", detail=str(error))
        return False
    return True
