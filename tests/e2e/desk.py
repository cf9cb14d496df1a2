"""A desk as its owner sees it: a folder, the command `opensqt`, processes to kill and the venue's audit to judge by."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from opensqt.cli.runfile import RunFile, read_run

ROOT = Path(__file__).resolve().parents[2]
READY_S_MAX = 120.0
STOP_S_MAX = 20.0
VERB_S_MAX = 60.0
POLL_S = 0.1

Line = dict[str, Any]


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
        self._up = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opensqt.cli", "up", "--data", str(self.data)),
            *("--json", "--no-screen", *words),
            stdout=PIPE,
            stderr=(self.data.parent / "up.stderr").open("ab"),
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

    async def eventually(self, holds: Callable[[], Any], *, within_s: float = READY_S_MAX) -> Any:
        """Ask until the answer (of a function or coroutine) is true, and return it."""
        async with asyncio.timeout(within_s):
            while True:
                answer = holds()
                answer = await answer if asyncio.iscoroutine(answer) else answer
                if answer:
                    return answer
                await asyncio.sleep(POLL_S)

    async def verb(self, *words: str, check: bool = True) -> list[Line]:
        """Run a reading verb with --json and return its lines."""
        code, out, err = await self.command(*words, "--json")
        assert not check or code == 0, f"{words}: exit {code}\n{out[-2000:]}\n{err[-2000:]}"
        return [json.loads(line) for line in out.splitlines()]

    async def command(self, *words: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Run any verb on this folder; return exit code, standard output and standard error."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "opensqt.cli", words[0], "--data", str(self.data)),
            *words[1:],
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        async with asyncio.timeout(VERB_S_MAX):
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

    def audit(self) -> list[Line]:
        """Return what the venue has written down."""
        path = self.data / "venue-audit.jsonl"
        if not path.exists():
            return []
        whole = path.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def fills(self, market: str) -> list[Line]:
        """Return the fills of one market (spot or perp) from the audit."""
        return [x for x in self.audit() if x["kind"] == "fill" and x["market"] == market]

    def open_at_venue(self) -> set[str]:
        """Return the orders that are open by the audit: accepted, not cancelled, expired or filled."""
        left: dict[str, Decimal] = {}
        for row in self.audit():
            key = f"{row['market']}/{row['venue_order_id']}"
            quantity = row["quantity"]
            if row["kind"] == "place" and row["result"] == "accepted":
                left[key] = Decimal(quantity)
            elif row["kind"] == "fill" and key in left:
                left[key] -= Decimal(quantity)
            elif (row["kind"] == "cancel" and row["result"] == "accepted") or (
                row["kind"] == "expire"
            ):
                left.pop(key, None)
        return {key for key, quantity in left.items() if quantity > 0}

    async def _read(self, process: Process) -> None:
        if process.stdout is None:
            raise RuntimeError("the desk has no standard output")
        while raw := await process.stdout.readline():
            self.lines.append(json.loads(raw))
            self._news.set()
        self._news.set()


def exactly_once(audit: list[Line]) -> list[str]:
    """Judge the venue's audit: name every client order id that was accepted more than once."""
    accepted: dict[tuple[str, str], int] = {}
    for row in audit:
        if row["kind"] == "place" and row["result"] == "accepted":
            key = (row["market"], row["client_order_id"])
            accepted[key] = accepted.get(key, 0) + 1
    return [f"{market} {name} x{count}" for (market, name), count in accepted.items() if count > 1]
