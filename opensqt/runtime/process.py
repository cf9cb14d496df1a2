"""The one way a process starts, runs, drains and dies. Crash-only: what is not understood ends the process.

Missing servers are waited for, or worked without, never crashed on; an error nobody caught is one log line and exit
code 1.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import asyncpg
import msgspec
import uvloop

from opensqt.domain.bus_trouble import MISSING, words_for
from opensqt.domain.standby import STANDBY
from opensqt.runtime.access.grants import role_of
from opensqt.runtime.access.rights import service_of_process
from opensqt.runtime.actions import Action
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Bus, BusDown, Stream
from opensqt.runtime.clock import open_clock
from opensqt.runtime.clock_watch import clock_trouble, watch_clock
from opensqt.runtime.config.all import Config, ConfigError, Profile, load
from opensqt.runtime.config.strategy_file import read_changes
from opensqt.runtime.crash_points import CrashPoints, CrashRefused, stepped
from opensqt.runtime.environment import Environment
from opensqt.runtime.health import Health
from opensqt.runtime.journal.port import Journal, JournalDown, Leases
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from opensqt.runtime.process_context import Context
from opensqt.runtime.progress import Progress
from opensqt.runtime.registration import Registered, register
from opensqt.runtime.telemetry import logs
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.telemetry.provider import Tracer, open_tracer

DRAIN_S = 7.0  # the supervisor kills after 8
RETRY_S = 0.2
COMPLAINT_EVERY_S = 5.0
_NATS, _POSTGRES = "NATS", "Postgres"
EXIT_GOOD, EXIT_FAILED, EXIT_USAGE, EXIT_FORCED = 0, 1, 2, 130

_Result = TypeVar("_Result")


class Service(Protocol):
    """What runs inside a process."""

    @property
    def ready(self) -> bool:
        """Tell whether it does its work now."""

    def status(self) -> dict[str, Any]:
        """Return plain values for people and tests: `why` when not ready, `lag`, figures."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then drain and return; any exception ends the process."""


Build = Callable[[Context], Service]


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is connected to, and whether it works `at_once`, on ports that are down until they are reached."""

    bus: bool = True
    journal: bool = True
    at_once: bool = False


def run_service(name: str, build: Build, needs: Needs | None = None) -> int:
    """Run a service until SIGTERM or SIGINT and return the exit code: 0 drained, 1 failed, 2 misconfigured."""
    logs.set_up(name)
    log = logs.Log(name)
    try:
        environment = Environment.read(os.environ)
        path = _required(environment, needs or Needs())
        config = load(path, os.environ, read_changes(environment.data))
        process = Process(name, build, needs or Needs(), environment, config)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(process.run())
    except (ConfigError, CrashRefused) as error:
        log.error("not started", detail=str(error))
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001  # the one place where everything ends
        log.error("died", failures=[logs.describe(leaf) for leaf in logs.leaves(error)])
        return EXIT_FAILED


class Process:
    """One process from its first log line to its exit code."""

    def __init__(
        self, name: str, build: Build, needs: Needs, environment: Environment, config: Config
    ) -> None:
        self._name = name
        self._build = build
        self._needs = needs
        self._environment = environment
        self._config = config
        self._clock = open_clock(environment.data)
        self._log = logs.Log(name)
        self._metrics = Metrics()
        self._progress = Progress(self._clock.monotonic_s)
        self._steps = CrashPoints(
            name.partition("-")[0],
            crash_at=environment.crash_at,
            pause_at=environment.pause_at,
            may_crash=config.run.profile is Profile.PAPER,
        )
        self._service: Service | None = None
        self._actions: dict[str, Action] = {}
        self._waiting_for: dict[str, str] = {}  # server -> what of it is missing
        self._lacking: Callable[[], tuple[str, ...]] = tuple  # streams that the bus has lost
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Run until told to stop; raise what the service raised."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._on_signal, sign)
        async with self._health():
            main = asyncio.create_task(self._main(), name=self._name)
            stopped = asyncio.create_task(self._stop.wait())
            settled = asyncio.create_task(self._settle())
            watched = asyncio.create_task(watch_clock(self._clock, self._log, self._metrics))
            await asyncio.wait((main, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            settled.cancel()
            watched.cancel()
            if self._service is None and not main.done():
                main.cancel()
            done, _ = await asyncio.wait((main,), timeout=DRAIN_S)
            if not done:
                self._log.error("drain took too long, forced", limit_s=DRAIN_S)
                sys.stderr.flush()
                # What did not end within the limit would not end for a cancellation either.
                os._exit(EXIT_FAILED)
        with contextlib.suppress(asyncio.CancelledError):
            await main
        self._log.info("stopped")
        return EXIT_GOOD

    def status(self) -> dict[str, Any]:
        """Return what the process says of itself."""
        said: dict[str, Any] = {"name": self._name, "pid": os.getpid(), "ready": False}
        said["host"] = socket.gethostname()
        said["standing"] = self._progress.standing
        waiting = " and ".join(self._waiting_for.values()) or "start"
        if self._service is None:
            return said | {"why": f"waiting for {waiting}"}
        said |= self._service.status()
        # Whoever stands behind a living leader does all that is asked of him.
        said["ready"] = self._service.ready or said.get(STANDBY) is True
        if trouble := clock_trouble(self._clock):
            said["why"] = "; ".join(filter(None, (said.get("why", ""), trouble)))
        if missing := self._lacking():
            said |= {"ready": False, "why": words_for(missing), MISSING: missing}
        return said | {"why": f"waiting for {waiting}"} if self._waiting_for else said

    async def _settle(self) -> None:
        """Once at work, leave modules and books out of every later search for garbage: it halts all work meanwhile."""
        while self._service is None or not self._service.ready:
            await self._clock.sleep(RETRY_S)
        gc.freeze()

    async def _main(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            tracer = open_tracer(self._name, self._config.telemetry.otlp_endpoint)
            stack.callback(tracer.close)
            bus, journal = self._bus(stack), self._journal(stack)
            reaching = [self._reach_bus(bus)] if bus else []
            reaching += [self._reach_journal(journal)] if journal else []
            while reaching and not self._needs.at_once:
                await reaching.pop(0)
            self._service = self._build(self._context(tracer, bus, journal))
            async with asyncio.TaskGroup() as tasks:
                ends = [bus.connection.closed_for_good()] if bus else []
                begun = [tasks.create_task(one) for one in (*reaching, *ends)]
                self._log.info("running")
                await self._service.run(self._stop)
                for task in begun:
                    task.cancel()

    def _bus(self, stack: contextlib.AsyncExitStack) -> NatsBus | None:
        if not self._needs.bus:
            return None
        bus = NatsBus(
            self._environment.nats_url,
            self._name,
            monotonic_s=self._clock.monotonic_s,
            metrics=self._metrics,
            progress=self._progress,
        )
        stack.push_async_callback(bus.close)
        return bus

    def _journal(self, stack: contextlib.AsyncExitStack) -> PostgresJournal | None:
        if not self._needs.journal:
            return None
        role = role_of(service_of_process(self._name))
        journal = PostgresJournal(self._environment.postgres_dsn, self._clock, role=role)
        stack.push_async_callback(journal.close)
        return journal

    def _context(
        self, tracer: Tracer, bus: NatsBus | None, journal: PostgresJournal | None
    ) -> Context:
        leases = PostgresLeases(journal) if journal else None
        return Context(
            name=self._name,
            clock=self._clock,
            config=self._config,
            environment=self._environment,
            bus=stepped(bus, Bus, self._steps) if bus else None,
            journal=stepped(journal, Journal, self._steps) if journal else None,
            leases=stepped(leases, Leases, self._steps) if leases else None,
            steps=self._steps,
            tracer=tracer,
            metrics=self._metrics,
            progress=self._progress,
            actions=self._actions,
            nats=bus,
            postgres=journal,
        )

    async def _reach_bus(self, bus: NatsBus) -> None:
        self._waiting_for[_NATS] = _NATS
        await bus.open()
        bus.upkeep.keep()
        self._lacking = lambda: bus.missing
        await self._patiently(_NATS, "the streams of the bus", lambda: bus.state(Stream.FEED))
        process = Registered(self._name, self.status, self._actions, self._environment.token_file)
        await register(bus.client, process)
        del self._waiting_for[_NATS]

    async def _reach_journal(self, journal: PostgresJournal) -> None:
        await self._patiently(_POSTGRES, _POSTGRES, journal.open)
        del self._waiting_for[_POSTGRES]

    async def _patiently(
        self, server: str, what: str, call: Callable[[], Awaitable[_Result]]
    ) -> _Result:
        self._waiting_for[server] = what
        complained_s = self._clock.monotonic_s()
        while True:
            try:
                return await call()
            except (BusDown, JournalDown, LookupError, asyncpg.PostgresError) as error:
                if self._clock.monotonic_s() - complained_s >= COMPLAINT_EVERY_S:
                    complained_s = self._clock.monotonic_s()
                    self._log.warning("waiting", for_what=what, detail=str(error))
                await self._clock.sleep(RETRY_S)

    @contextlib.asynccontextmanager
    async def _health(self) -> AsyncIterator[None]:
        if not self._environment.health_port:
            yield
            return
        health = Health(
            self.status,
            self._metrics,
            progress=self._progress,
            actions=self._actions,
            folder=self._environment.data,
            hosts=self._environment.hosts,
        )
        await health.open(self._environment.health_host, self._environment.health_port)
        try:
            yield
        finally:
            await health.close()

    def _on_signal(self, sign: signal.Signals) -> None:
        if self._stop.is_set():
            self._log.error("second signal, forced", signal=sign.name)
            sys.stderr.flush()
            os._exit(EXIT_FORCED)
        self._log.info("stopping", signal=sign.name)
        self._stop.set()


def _required(environment: Environment, needs: Needs) -> Path:
    if environment.config is None:
        raise ConfigError("OPENSQT_CONFIG is not set, expected the path of a configuration")
    if needs.bus and not environment.nats_url:
        raise ConfigError("OPENSQT_NATS_URL is not set, expected nats://HOST:PORT")
    if needs.journal and not environment.postgres_dsn:
        raise ConfigError(
            "OPENSQT_POSTGRES_DSN is not set, expected postgresql://USER@HOST:PORT/DB"
        )
    return environment.config
