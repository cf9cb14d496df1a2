"""The tasks of an executor: they begin one by one, they end together. Decides nothing, catches nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any

END_PAUSE_S = 0.2


class TaskSupervisor:
    """What runs in one task group; once its end has begun nothing new begins."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._ending = False

    def join(self, group: asyncio.TaskGroup) -> None:
        """Let everything run in this group."""
        self._group = group

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something of its own; dropped when the end has begun."""
        if self._group is None:
            raise RuntimeError("the executor is not running")
        if self._ending:
            work.close()
            return
        task = self._group.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def end(self) -> None:
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
