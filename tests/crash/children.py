"""Processes of a desk under test: started through the launcher, watched, signalled by their id."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
KILLED = -signal.SIGKILL


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be started; an empty `host` is this one's own name, an empty `mutant` the sound program."""

    module: str
    argv: tuple[str, ...]
    env: dict[str, str]
    log: Path
    trace: Path
    host: str = ""
    mutant: str = ""


class Child:
    """One process; `code` is known when it has ended."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[int] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()

    @property
    def alive(self) -> bool:
        """Tell whether it has not ended yet."""
        return not self.ended.done()

    @property
    def died(self) -> bool:
        """Tell whether it was ended by SIGKILL."""
        return self.ended.done() and self.ended.result() == KILLED

    async def kill(self) -> None:
        """End it and wait until it has ended."""
        await asyncio.shield(self.started)
        self.signal(signal.SIGKILL)
        await asyncio.shield(self.ended)

    def signal(self, sign: signal.Signals) -> bool:
        """Send it a signal while it is known to live; tell whether it lived."""
        if self.started.done() and self.alive:
            # Its end may be on its way to us.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.started.result(), sign)
                return True
        return False


class Launcher:
    """The parent of all children; one may serve many desks."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._children: dict[int, Child] = {}
        self._numbers = itertools.count(1)
        self._ready = asyncio.Event()

    async def open(self) -> None:
        """Start the parent and wait until it has imported everything."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.crash.launcher"),
            stdin=PIPE,
            stdout=PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self._reader = asyncio.create_task(self._read(self._process))
        async with asyncio.timeout(60):
            await self._ready.wait()

    async def close(self) -> None:
        """End the parent and every child that is left."""
        if self._process is None or self._reader is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        async with asyncio.timeout(10):
            await self._process.wait()
        await self._reader

    def start(self, order: Order) -> Child:
        """Ask for a process and return it at once; it tells when it has started."""
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the launcher is not open")
        number, child = next(self._numbers), Child()
        self._children[number] = child
        request = {
            "id": number,
            "module": order.module,
            "argv": list(order.argv),
            "env": order.env,
            "log": str(order.log),
            "trace": str(order.trace),
            "host": order.host,
            "mutant": order.mutant,
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        return child

    async def _read(self, process: Process) -> None:
        if process.stdout is None:
            return
        while line := await process.stdout.readline():
            fact = json.loads(line)
            if "id" not in fact:
                self._ready.set()
            elif "pid" in fact:
                self._children[fact["id"]].started.set_result(fact["pid"])
            else:
                self._children.pop(fact["id"]).ended.set_result(fact["code"])
