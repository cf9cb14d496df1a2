"""The run of a data folder from opening to stop: folder, servers, processes, summary. Decides no trade."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from pathlib import Path

import asyncpg
import msgspec

import opensqt
from opensqt.cli.progress import ProgressLines
from opensqt.cli.summary import Summary, summary
from opensqt.desk import access, nats, ports, postgres
from opensqt.desk.data_folder import UP, DataFolder, free_bytes, paper_keys
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.plan import StartPlan, binding, next_clock
from opensqt.desk.processes import RunLocation, port_names, specs
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.desk.spec import Identity
from opensqt.desk.strategy_register import RunningDesk, StrategyRegister
from opensqt.desk.supervisor import Supervisor
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import OnStop, Profile, config_hash

READY_S_MAX = 120.0
SUMMARY_S_MAX = 60.0
SUMMARY_S_MAX_STOPPED = 1.5
SNAPSHOT_S = 1.0
KEPT_FOR_SUMMARY = "postgres"


class DeskRun:
    """One start of a folder; `supervisor` and `run` are there once it is open, for a screen to show."""

    def __init__(
        self,
        data: Path,
        plan: StartPlan,
        clock: RunClock,
        progress: ProgressLines,
        *,
        screen: bool = False,
    ) -> None:
        self.data = data.absolute()
        self.plan = plan
        self.clock = clock
        self.progress = progress
        self.screen = screen
        self.run = RunFile()
        self.supervisor: Supervisor | None = None
        self._folder = DataFolder(self.data, clock, free_bytes, verb=UP)
        self._stop = asyncio.Event()

    @property
    def page(self) -> str:
        """The address of the live page."""
        port = self.plan.config.gateway.port or self.run.ports.get("gateway", 0)
        return f"http://127.0.0.1:{port}/"

    async def live(self, seconds: float | None) -> int:
        """Open, run until stopped or `seconds` of wall time after ready, stop; return the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        await self._folder.open()
        try:
            place = await self._prepare()
        except (CliError, OSError) as error:
            self._folder.undo()
            if isinstance(error, CliError):
                raise
            raise CliError(f"{self.data} cannot be set up: {error}") from error
        self.supervisor = Supervisor(
            specs(self.plan.config, place), self.data / "logs", self.clock, self.progress.process
        )
        snapshots = asyncio.create_task(self._write_snapshots())
        desk = RunningDesk(plan=self.plan, place=place, supervisor=self.supervisor)
        register = StrategyRegister(desk, self.clock, self.progress.say, self._adopt)
        followed = asyncio.create_task(register.follow())
        try:
            self.supervisor.start()
            async with self._shown(self.supervisor):
                was_ready = await self._stay(self.supervisor, seconds)
        finally:
            followed.cancel()
            found = await self._close(self.supervisor, place, limited=seconds is not None)
            snapshots.cancel()
            self._write(pid=0)
            self._folder.close()
        if found is None:
            if self.progress.as_json:
                # Scripts wait for the last line, and nothing in it is known.
                unknown = dict.fromkeys(Summary.__struct_fields__)
                self.progress.line({"type": "summary", **unknown})
            return GOOD if seconds is None else JUDGED_FALSE
        self._tell(found)
        left = found.orders_open and self.plan.config.run.on_stop is OnStop.CANCEL
        good = found.verdict is not False and (was_ready or seconds is None) and not left
        return GOOD if good else JUDGED_FALSE

    def stop(self) -> None:
        """Begin a clean stop; the second call kills whatever is left."""
        if self._stop.is_set() and self.supervisor is not None:
            self.supervisor.force()
        self._stop.set()

    async def _prepare(self) -> RunLocation:
        """Do everything that can be refused, then write what makes the folder ours."""
        plan, environ = self.plan, self.plan.environ
        before = read_run(self.data)
        origin = next_clock(before, plan, self.clock.wall_ms())
        nats_url = environ.get("OPENSQT_NATS_URL", "")
        dsn = environ.get("OPENSQT_POSTGRES_DSN", "")
        await nats.check_server(nats_url)
        kept = await _ports(plan, before.ports, self.clock, nats=not nats_url, postgres=not dsn)
        if not dsn and not (self.data / "postgres").exists():
            self.progress.say("setting up the database")
        identity = Identity.SAME if dsn else await postgres.prepare(self.data, environ)
        elsewhere = access.Servers(nats_url=nats_url, postgres_dsn=dsn)
        place = RunLocation(
            data=self.data,
            config_path=plan.config_path,
            ports=kept,
            environ=environ,
            nats_url_external=nats_url,
            postgres_dsn_external=dsn,
            access=access.prepare(self.data, plan.config, elsewhere),
            identity=identity,
        )
        access.write_contexts(self.data, place.nats_url)
        if told := binding(before, plan):
            self.progress.say(told)
        if plan.derived:
            plan.config_path.write_text(plan.derived, encoding="utf-8")
        if plan.config.run.profile is Profile.PAPER:
            paper_keys(self.data, tuple(plan.config.accounts))
        self.run = RunFile(
            pid=os.getpid(),
            ports=kept,
            clock=origin,
            version=opensqt.__version__,
            config_hash=config_hash(plan.config),
            config=str(plan.config_path),
            market=plan.config.paper.market,
            market_ms_last=origin.market_ms(self.clock.wall_ms()),
            nats_url=place.nats_url,
            postgres_dsn=place.postgres_dsn,
            written_at_ms=self.clock.wall_ms(),
        )
        write_run(self.data, self.run, durable=True)
        self._folder.settle()
        return place

    def _shown(self, supervisor: Supervisor) -> AbstractAsyncContextManager[None]:
        """Show the screen on a terminal; elsewhere the progress lines are all there is."""
        if not self.screen or self.progress.as_json or not sys.stdout.isatty():
            return nullcontext()
        from opensqt.cli import screen

        return screen.shown(screen.open_screen(self, supervisor), self.progress)

    async def _stay(self, supervisor: Supervisor, seconds: float | None) -> bool:
        """Wait for the stop; return whether everything has been ready once."""
        config = self.plan.config
        self.progress.say(
            f"{config.run.profile.value.upper()}  desk {config.desk}  market {config.paper.market}"
            f"  speed {config.paper.speed}  data {self.data}"
        )
        began_s = self.clock.monotonic_s()
        limit_s = READY_S_MAX if seconds is not None else None
        if not await self._or_stop(supervisor.wait_ready(), limit_s):
            waiting = [line.name for line in supervisor.table() if not line.ready]
            if not self._stop.is_set():
                self.progress.say(f"not ready within {READY_S_MAX:.0f} s: {', '.join(waiting)}")
            return False
        took_s = self.clock.monotonic_s() - began_s
        self.progress.say(
            f"ready after {took_s:.1f} s; the live page is {self.page}; stop with Ctrl-C",
            ready=True,
            gateway=self.page,
        )
        await self._or_stop(asyncio.Event().wait(), seconds)
        return True

    async def _or_stop(self, awaited: Coroutine[None, None, object], limit_s: float | None) -> bool:
        """Wait for something, a stop or a limit in wall seconds; return whether the thing came first."""
        wanted = asyncio.ensure_future(awaited)
        stopped = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({wanted, stopped}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        done = bool(wanted.done())
        for task in (wanted, stopped):
            task.cancel()
        return done

    async def _close(
        self, supervisor: Supervisor, place: RunLocation, *, limited: bool
    ) -> Summary | None:
        """Stop all but the database, read the figures from it, stop it too."""
        self.progress.say("stopping")
        found = None
        try:
            await supervisor.stop(keep=KEPT_FOR_SUMMARY)
            async with asyncio.timeout(SUMMARY_S_MAX if limited else SUMMARY_S_MAX_STOPPED):
                owner = place.access[access.MIGRATE].postgres_dsn(place.postgres_dsn)
                found = await summary(owner, self.data, limited=limited)
        except (
            CliError,
            TimeoutError,
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
        ) as error:
            why = str(error) or "the database did not answer in time"
            self.progress.say(
                f"stopped; no summary: {why}; `opensqt orders --open` and `opensqt positions` name what stays"
            )
        finally:
            await supervisor.stop()
        return found

    async def _write_snapshots(self) -> None:
        while True:
            self._write(pid=self.run.pid)
            await self.clock.sleep(SNAPSHOT_S)

    def _adopt(self, desk: RunningDesk) -> None:
        """Show, and remember, the strategies that the desk has from now on."""
        self.plan = desk.plan
        self.run = msgspec.structs.replace(
            self.run, ports=dict(desk.place.ports), config_hash=config_hash(desk.plan.config)
        )
        write_run(self.data, self.run, durable=True)

    def _write(self, *, pid: int) -> None:
        """Replace `run.json`; a disk that is full now must not stop the trading of exits."""
        now_ms = self.clock.wall_ms()
        last_ms = self.run.market_ms_last
        market_ms = self.run.clock.market_ms(now_ms) if self.run.clock else last_ms
        self.run = msgspec.structs.replace(
            self.run,
            pid=pid,
            market_ms_last=max(last_ms, market_ms),
            written_at_ms=now_ms,
            processes=self.supervisor.table() if self.supervisor else (),
        )
        with suppress(OSError):
            write_run(self.data, self.run)

    def _tell(self, found: Summary) -> None:
        restarts = sum(line.restarts for line in self.run.processes)
        fields = {"type": "summary", **msgspec.to_builtins(found), "restarts": restarts}
        fields["verdict"] = fields.pop("verdict")
        del fields["held"]  # scripts ask `opensqt positions --json`
        if self.progress.as_json:
            self.progress.line(fields)
        else:
            if found.orders_open:
                self.progress.say(
                    f"stays: {found.orders_open} open orders, which nobody watches now;"
                    " `opensqt orders --open` names them, the next `opensqt up` goes on with them"
                )
            for held in found.held:
                self.progress.say(f"stays: {held.account} {held.symbol} {held.quantity:f}")
            figures = "  ".join(
                f"{name} {'–' if value is None else value}"
                for name, value in fields.items()
                if name != "type"
            )
            self.progress.say(f"stopped: {figures}")


async def _ports(
    plan: StartPlan, before: dict[str, int], clock: RunClock, *, nats: bool, postgres: bool
) -> dict[str, int]:
    """Return all ports of the run, old and new, once they are free."""
    names = port_names(plan.config, nats=nats, postgres=postgres)
    kept = ports.choose(names, before)
    await ports.wait_released({name: kept[name] for name in names}, clock)
    if plan.config.gateway.port:
        kept["gateway"] = plan.config.gateway.port
        await ports.wait_released({"gateway, from [gateway] port": kept["gateway"]}, clock)
    return kept
