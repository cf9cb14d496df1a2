"""How every service begins, works and ends: its lease, its tasks and its end are kept here. Decides nothing.

Tasks begin one by one and end together: the first failure ends them all. What was lost with the lease is said alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.progress import Progress

END_PAUSE_S = 0.2
Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Nothing is left to do."""


class ServiceShell:
    """The tasks of one service, under its lease if it has one; once their end has begun nothing new begins."""

    def __init__(self, lease: LeaseKeeper | None = None, progress: Progress | None = None) -> None:
        self._lease = lease
        self._progress = progress
        self._group: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._ending = False
        self._at_work: asyncio.Event | None = None  # set when the work that was begun has ended

    async def run(self, stop: asyncio.Event, work: Step, leave: Step = _nothing) -> None:
        """Work, as soon as the lease is ours, until `stop`; then leave, end all tasks and give the lease back.

        `leave` runs beside the tasks that it may wait for, also where the lease never came. Raises `LeaseLost` when a
        successor has taken over, otherwise what failed, in a group.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                self._group = tasks
                try:
                    self.spawn(self._lead(work))
                    await stop.wait()
                    await leave()
                finally:
                    await self._end()
        except BaseExceptionGroup as errors:
            lost, rest = errors.split(LeaseLost)
            if lost is None or rest is not None:
                raise
            raise _first(lost) from None
        if self._lease is not None:
            await self._lease.release()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something of its own; dropped when the end has begun."""
        if self._group is None:
            raise RuntimeError("the service is not running")
        if self._ending:
            work.close()
            return
        task = self._group.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def finished(self) -> None:
        """Wait for work that heeds `stop` by itself, if it has begun."""
        if self._at_work is not None:
            await self._at_work.wait()

    async def _lead(self, work: Step) -> None:
        if self._lease is not None:
            await self._lease.take()
            self.spawn(self._lease.keep(self._progress))
        self._at_work = asyncio.Event()
        try:
            await work()
        finally:
            self._at_work.set()

    async def _end(self) -> None:
        """Cancel what runs until it has ended: a cancellation that meets an answer can be lost on its way."""
        self._ending = True
        while self._running:
            for task in tuple(self._running):
                task.cancel()
            await asyncio.wait(tuple(self._running), timeout=END_PAUSE_S)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        # The group ends with its first failure: from this turn of the loop on it takes nobody.
        self._ending = self._ending or (not task.cancelled() and task.exception() is not None)


def _first(group: BaseException) -> BaseException:
    """Return the first error of a group, which tells why the others ended."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
