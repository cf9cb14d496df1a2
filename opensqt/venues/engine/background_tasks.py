"""Background work of one watcher: a failure of ours reaches whoever reads the queue, and nothing outlives the watch."""

import asyncio
from collections.abc import Coroutine

from opensqt.venues.feed_port import Observation

Observations = asyncio.Queue[Observation | Exception]


class BackgroundTasks:
    """Tasks that report their failure into a queue."""

    def __init__(self, queue: Observations) -> None:
        self._queue = queue
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
        """Run this in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel everything and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._queue.put_nowait(error)
