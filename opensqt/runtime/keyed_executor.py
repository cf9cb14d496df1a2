"""Work that is under way side by side, one after the other where it concerns the same thing, and never too much of it.

It never begins, repeats or drops work by itself, and starts nothing of a lane before what was begun there has ended.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Spawn = Callable[[Coroutine[Any, Any, None]], None]
Work = Callable[[], Coroutine[Any, Any, None]]


class KeyedSerialExecutor:
    """At most `under_way_max` pieces of work at once; `idle` is set while there is none."""

    def __init__(self, spawn: Spawn, *, under_way_max: int) -> None:
        self._spawn = spawn
        self._max = under_way_max
        self._last: dict[str, asyncio.Event] = {}  # lane -> end of what was begun there last
        self._ended = asyncio.Event()
        self.under_way = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def room(self) -> None:
        """Wait until one more may begin; what was begun before has had its first turn by then, in that order."""
        await asyncio.sleep(0)
        while self.under_way >= self._max:
            self._ended.clear()
            await self._ended.wait()

    def begin(self, lane: str, work: Work) -> None:
        """Let work run, at once if nothing of its lane is under way, after that otherwise; await `room` before."""
        end = asyncio.Event()
        before = self._last.get(lane)
        self._last[lane] = end
        self.under_way += 1
        self.idle.clear()
        self._spawn(self._run(lane, work, before, end))

    async def _run(
        self, lane: str, work: Work, before: asyncio.Event | None, end: asyncio.Event
    ) -> None:
        try:
            if before is not None:
                await before.wait()
            await work()
        finally:
            end.set()
            if self._last[lane] is end:
                del self._last[lane]
            self.under_way -= 1
            self._ended.set()
            if self.under_way == 0:
                self.idle.set()
