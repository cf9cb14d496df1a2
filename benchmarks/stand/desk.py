"""What is measured: NATS, Postgres with fsync, the paper venue, relay, risk, executor, and the floor's two processes.

All are real processes of the shipped code on free ports of loopback, in a folder of their own; nothing outlives it.
"""

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from benchmarks.stand.floor import COMMAND, COMMANDS, INTENT, INTENTS
from benchmarks.stand.stamps import SUFFIX, Tape
from opensqt.desk import ports
from opensqt.desk.data_folder import make_approval_key
from opensqt.runtime.bus import streams
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.migrate import migrate
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from tests import databases, servers
from tests.conditions import until
from tests.simulation.venue.scripted import KEYS

ROOT = Path(__file__).resolve().parents[2]
READY_S_MAX = 60.0
SERVICES = {"relay": (), "risk": (), "executor": ("--account", "main")}
CONFIG = """
schema = 1
desk = "bench"
[venues.binance]
deadline_ms = 2000
visibility_lag_ms = 500
orders_per_s_max = "1000"
orders_burst_max = 1000
rate_limits = { perp = 1000000 }
[accounts.main]
venue = "binance"
balances = { USDT = "100000", BTC = "1" }
[strategies.bench]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "neutral"
step_bps = "6"
levels_below = 1
levels_above = 1
order_notional_quote = "500"
inventory_notional_quote_max = "1000000"
[risk]
order_notional_quote_max = "2000"
position_notional_quote_max = "1000000"
open_orders_max = 1000
"""


class Desk:
    """Everything that runs; an asynchronous context manager. `services` start at once, with or without the floor."""

    def __init__(self, services: Sequence[str] = tuple(SERVICES), *, floor: bool = True) -> None:
        self._services = tuple(services)
        self._floor = floor
        self._temporary = tempfile.TemporaryDirectory(prefix="bench-")
        self.folder = Path(self._temporary.name)
        self.folder.chmod(0o755)
        self.templates = self.folder / "templates"
        self.stamps = self.folder / "stamps"
        self.clock = RunClock()
        self.tape = Tape(self.stamps)
        self._nats = servers.NatsServer(self.folder / "nats")
        self._postgres = servers.PostgresServer(self.folder / "postgres", fsync=True)
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._health: dict[str, int] = {}
        self._environment: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        """Start everything and wait until risk and executor do their work."""
        self._write_folder()
        await asyncio.to_thread(self._nats.start)
        await asyncio.to_thread(self._postgres.start)
        self._environment = self._first_environment()
        await migrate(self._postgres.dsn)
        self.bus = await NatsBus.connect(
            self._nats.url, "bench", monotonic_s=self.clock.monotonic_s
        )
        await streams.apply(self.bus.client.jetstream())
        self.journal = await PostgresJournal.connect(self._postgres.dsn)
        self.generation = (await self.journal.head()).generation
        self._launch("venue", "benchmarks.stand.venue", self.folder, self._stamped("venue"))
        port_file = self.folder / "venue.port"
        await until(port_file.exists, within_s=READY_S_MAX)
        self._environment["OPENSQT_PAPER_VENUE"] = f"127.0.0.1:{port_file.read_text()}"
        for name in self._services:
            self.start(name)
        if self._floor:
            await self._open_floor()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        for name in self._children:
            self.kill(name)
        await self.journal.close()
        await self.bus.close()
        await asyncio.to_thread(self._nats.kill)
        await asyncio.to_thread(self._postgres.stop)
        self._temporary.cleanup()

    @property
    def pids(self) -> dict[str, int]:
        """The process id of everything that runs, ourselves included."""
        children = {name: child.pid for name, child in self._children.items()}
        own = {"author": os.getpid(), "nats": self._nats.pid, "postgres": self._postgres.pid}
        return children | own

    def start(self, name: str, *, watched: bool = True) -> None:
        """Start a service, again after it was killed; one that is not watched runs without any stamp."""
        self._health.setdefault(name, ports.choose(["health"], {})["health"])
        module, arguments = f"services.{name}", SERVICES.get(name, ())
        if watched:
            watch = (self._stamped(name), self.templates, module)
            self._launch(name, "benchmarks.stand.witness", *watch, *arguments)
        else:
            self._launch(name, module, *arguments)

    def kill(self, name: str) -> None:
        """End a process without a warning."""
        self._children[name].kill()
        self._children[name].wait()

    async def ready(self) -> None:
        """Wait until every service says that it does its work; raise `TimeoutError` with its log."""
        for name in self._services:
            try:
                await until(partial(self._is_ready, name), within_s=READY_S_MAX)
            except TimeoutError as late:
                raise TimeoutError(f"{name} is not ready:\n{self.log(name)}") from late

    async def status(self, name: str) -> dict[str, Any]:
        """Return what a service says of itself, nothing while it does not answer; raise `RuntimeError` if it ended."""
        if self._children[name].poll() is not None:
            raise RuntimeError(f"{name} ended:\n{self.log(name)}")
        url = f"http://127.0.0.1:{self._health[name]}/status"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                said: dict[str, Any] = await answer.json()
                return said
        except aiohttp.ClientError:
            return {}

    def log(self, name: str) -> str:
        """Return the end of a process's log."""
        return (self.folder / f"{name}.log").read_text()[-2000:]

    async def _is_ready(self, name: str) -> bool:
        return bool((await self.status(name)).get("ready"))

    async def _open_floor(self) -> None:
        """Give the floor streams and a database like the desk's own, then start it."""
        js = self.bus.client.jetstream()
        for like, name, subject in (
            (Stream.INTENTS, INTENTS, INTENT),
            (Stream.COMMANDS, COMMANDS, COMMAND),
        ):
            config = streams.SPECS[like].config()
            await js.add_stream(dataclasses.replace(config, name=name, subjects=[f"{subject}.>"]))
        name = await databases.copy(self._postgres.dsn, "template0")
        dsn = databases.on(self._postgres.dsn, name)
        await migrate(dsn)
        journal = await PostgresJournal.connect(dsn)
        for lease in ("risk", "executor/binance/main"):
            await PostgresLeases(journal).acquire(lease, "floor", 3_600_000)
        await journal.close()
        self._environment["FLOOR_POSTGRES_DSN"] = dsn
        for role in ("gate", "sender"):
            stamped = (self._stamped(f"floor-{role}"), self.templates)
            self._launch(f"floor-{role}", "benchmarks.stand.floor", role, *stamped)

    def _stamped(self, name: str) -> Path:
        return self.stamps / f"{name}{SUFFIX}"

    def _launch(self, name: str, module: str, *arguments: object) -> None:
        told = self._environment | {"OPENSQT_HEALTH_PORT": str(self._health.get(name, 0))}
        with (self.folder / f"{name}.log").open("wb") as log:
            self._children[name] = subprocess.Popen(
                [*servers.DIE_WITH_PARENT, sys.executable, "-m", module, *map(str, arguments)],
                env=told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )

    def _write_folder(self) -> None:
        for folder in (self.templates, self.stamps, self.folder / "venue"):
            folder.mkdir()
        (self.folder / "postgres").mkdir()
        keys = {name: {"api_key": key.api_key, "secret": key.secret} for name, key in KEYS.items()}
        (self.folder / "venue" / "keys.json").write_text(json.dumps(keys))
        (self.folder / "opensqt.toml").write_text(CONFIG)
        (self.folder / "token").write_text("token-of-the-benchmark")
        make_approval_key(self.folder)

    def _first_environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "OPENSQT_DATA": str(self.folder),
            "OPENSQT_CONFIG": str(self.folder / "opensqt.toml"),
            "OPENSQT_NATS_URL": self._nats.url,
            "OPENSQT_POSTGRES_DSN": self._postgres.dsn,
            "OPENSQT_PAPER_CA": str(self.folder / "ca" / "ca.pem"),
        }
