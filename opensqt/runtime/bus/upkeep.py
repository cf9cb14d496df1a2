"""Looks whether every stream of the desk is there, and makes those again that are gone. Never changes or deletes one.

A bus may lose its disk or a stream: whoever notices makes it anew as `streams.py` declares it. What it held is said
again by its authors: the journal by the relay, intents by their strategies, commands by risk.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.streams import STREAMS, StreamSpec
from opensqt.runtime.cancelling import ended
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics

LOOK_EVERY_S = 1.0
RETRY_S = 0.2
ANSWER_S_MAX = 2.0

_log = Log("bus")


class StreamAdmin(Protocol):
    """The server side of the bus as who keeps its streams sees it; both methods raise `BusDown`."""

    async def names(self) -> frozenset[str]:
        """Return the names of the streams that are there."""

    async def add(self, spec: StreamSpec) -> None:
        """Make one stream as it is declared; one that is there already stays as it is."""


class Upkeep:
    """The streams of one server; `missing` are those that were not there at the last look."""

    def __init__(
        self,
        server: StreamAdmin,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._server = server
        self._metrics = metrics
        self._sleep = sleep
        self.missing: tuple[str, ...] = ()
        self._show()
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self) -> None:
        """Look from now on, each wall second; more often while something is missing."""
        self._begin(self._keep())

    def restore(self) -> None:
        """Look at once and until all is there: the connection was lost, and the server may be another one."""
        self._begin(self._restore())

    async def close(self) -> None:
        """Look no longer."""
        for task in self._tasks:
            await ended(task, within_s=ANSWER_S_MAX)

    async def look(self) -> bool:
        """Make again what is missing; tell whether all is there. Raises `BusDown` when the server does not answer.

        A stream that was missing is named until the next look has found it.
        """
        there = await self._server.names()
        lost = [spec for spec in STREAMS if spec.name.value not in there]
        known = self.missing
        self._note(tuple(spec.name.value for spec in lost))
        for spec in lost:
            try:
                await self._server.add(spec)
            except BusDown as error:
                if spec.name.value not in known:
                    _log.error("stream missing", stream=spec.name, detail=str(error))
            else:
                _log.warning("stream made again", stream=spec.name)
        return not lost

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.create_task(work, name="keep streams"))

    async def _keep(self) -> None:
        while True:
            await self._restore()
            await self._sleep(LOOK_EVERY_S)

    async def _restore(self) -> None:
        # A server that just started answers only after its files are read.
        restored = False
        while not restored:
            with contextlib.suppress(BusDown):
                restored = await self.look()
            if not restored:
                await self._sleep(RETRY_S)

    def _note(self, missing: tuple[str, ...]) -> None:
        if missing != self.missing:
            self.missing = missing
            self._show()

    def _show(self) -> None:
        for spec in STREAMS:
            name = spec.name.value
            self._metrics.stream_missing.labels(name).set(int(name in self.missing))
