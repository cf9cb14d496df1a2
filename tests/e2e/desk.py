"""A desk as its owner sees it: a folder, the command `opensqt`, processes to kill, verbs to ask."""

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from opensqt.desk.health import health_name
from opensqt.desk.ports import LOWEST, is_free
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.runtime.clock import RUN_FILE
from tests.conditions import until

ROOT = Path(__file__).resolve().parents[2]
READY_S_MAX = 120.0
STOP_S_MAX = 20.0
VERB_S_MAX = 60.0
SERVERS = ("nats", "nats-monitor", "postgres", "venue", "gateway", "grpc")
SERVICES = (
    *("relay", "executor-main", "market_data-binance", "risk"),
    *("grid", "arb", "reconciler", "gateway"),
)
PORTS_OF_A_WORKER = 1000

Line = dict[str, Any]


async def text(port: int, path: str) -> str:
    """Read what a process of the desk serves on loopback."""
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return await reply.text()


class Desk:
    """One data folder and the runs on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.lines: list[Line] = []
        self._up: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @asynccontextmanager
    async def running(self, *words: str, **env: str) -> AsyncIterator["Desk"]:
        """Start the desk, yield when it is open for business, stop it cleanly at the end."""
        await self.start(*words, **env)
        try:
            await self.until(lambda line: line.get("ready") is True and "text" in line)
            yield self
        finally:
            await self.stop()

    async def start(self, *words: str, **env: str) -> None:
        """Start `opensqt up` and read what it says."""
        self.lines = []
        _give_ports(self.data)
        self._up = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opensqt.cli", "up", "--data", str(self.data)),
            *("--json", "--no-screen", *words),
            stdout=PIPE,
            stderr=DEVNULL,
            limit=1024 * 1024,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )
        self._reader = asyncio.create_task(self._read(self._up))

    async def stop(self) -> int:
        """Ask the desk to stop and return its exit code."""
        if self._up is None or self._reader is None:
            raise RuntimeError("the desk was not started")
        if self._up.returncode is None:
            self._up.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOP_S_MAX):
            code = await self._up.wait()
        await self._reader
        return code

    async def end(self, within_s: float) -> int:
        """Wait until the desk ends by itself (`--for`) and return its exit code."""
        if self._up is None or self._reader is None:
            raise RuntimeError("the desk was not started")
        async with asyncio.timeout(within_s):
            code = await self._up.wait()
        await self._reader
        return code

    async def until(
        self, holds: Callable[[Line], bool], *, after: int = 0, within_s: float = READY_S_MAX
    ) -> Line:
        """Return the first progress line from number `after` on for which the condition holds."""
        async with asyncio.timeout(within_s):
            while True:
                for line in self.lines[after:]:
                    if holds(line):
                        return line
                if self._reader is not None and self._reader.done():
                    last = self.lines[-3:]
                    raise RuntimeError(f"the desk ended before that; its last lines: {last}")
                self._news.clear()
                await self._news.wait()

    async def verb(self, *words: str, check: bool = True) -> list[Line]:
        """Run a reading verb with --json and return its lines."""
        code, out, err = await self.command(*words, "--json")
        assert not check or code == 0, f"{words}: exit {code}\n{out[-2000:]}\n{err[-2000:]}"
        return [json.loads(line) for line in out.splitlines()]

    async def command(
        self, *words: str, stdin: bytes = b"", within_s: float = VERB_S_MAX
    ) -> tuple[int, str, str]:
        """Run any verb on this folder; return exit code, standard output and standard error."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opensqt.cli", words[0], "--data", str(self.data)),
            *words[1:],
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        async with asyncio.timeout(within_s):
            out, err = await process.communicate(stdin)
        return process.returncode or 0, out.decode(), err.decode()

    async def kill_nine(self, name: str) -> None:
        """Send SIGKILL to a process of the desk and wait until another one in its place is ready."""
        before = len(self.lines)
        old = self.pid(name)
        os.kill(old, signal.SIGKILL)
        await self.until(
            lambda line: (
                line.get("name") == name and line.get("ready") is True and line.get("pid") != old
            ),
            after=before,
        )

    def pid(self, name: str) -> int:
        """Return the process id of a process of the desk."""
        for line in reversed(self.lines):
            if line.get("name") == name and line.get("pid"):
                return int(line["pid"])
        raise LookupError(f"no process {name} in {self.data}")

    @property
    def run_file(self) -> RunFile:
        """What the folder remembers of its run."""
        return read_run(self.data)

    @property
    def processes(self) -> tuple[str, ...]:
        """Return the names of the long-running processes of this run."""
        return tuple(p.name for p in self.run_file.processes if p.state != "done")

    async def _read(self, process: Process) -> None:
        if process.stdout is None:
            raise RuntimeError("the desk has no standard output")
        while raw := await process.stdout.readline():
            self.lines.append(json.loads(raw))
            self._news.set()
        self._news.set()


async def until_well(desk: Desk, *, within_s: float) -> None:
    """Wait until everything is ready, nothing is in doubt, and the mode says so; fails with what it saw last."""
    wanted = {"ready": True, "mode": "NORMAL", "why": "", "orders_unresolved": 0}
    seen: list[dict[str, Any]] = []

    async def is_well() -> bool:
        seen[:] = await desk.verb("status")
        return {key: seen[-1][key] for key in wanted} == wanted

    try:
        await until(is_well, within_s=within_s)
    except TimeoutError:
        unready = [line for line in seen if line.get("ready") is False]
        pytest.fail(f"not well: {seen[-1:]}, not ready: {unready}")


def _give_ports(data: Path) -> None:
    """Keep ports in a new folder that no desk of another worker of the tests can have.

    A desk keeps its ports while it is down; by itself, another one that is born then may choose the same.
    """
    if (data / RUN_FILE).exists():
        return
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = LOWEST + worker * PORTS_OF_A_WORKER
    range_of_worker = range(first, first + PORTS_OF_A_WORKER)
    drawn = random.Random(os.getpid()).sample(range_of_worker, PORTS_OF_A_WORKER)
    names = (*SERVERS, *map(health_name, SERVICES))
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_run(data, RunFile(ports=dict(zip(names, filter(is_free, drawn), strict=False))))
