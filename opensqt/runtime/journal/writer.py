"""One task that commits for many: whatever waits goes into one commit. Never waits for company, never reorders."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from opensqt.runtime.journal.port import JournalDown

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class Writer(Generic[Item, Outcome]):
    """Groups concurrent writes into commits; each item gets its own outcome or the group's `JournalDown`."""

    def __init__(
        self, commit: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]], *, group_max: int
    ) -> None:
        self._commit = commit
        self._group_max = group_max
        self._waiting: deque[tuple[Item, asyncio.Future[Outcome]]] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def write(self, item: Item) -> Outcome:
        """Commit an item together with what else waits; raise `JournalDown` when the answer is unknown."""
        if self._task.done():
            self._task.result()  # a writer that died of a fault says so to everyone
        if self._closing:
            raise JournalDown("the journal was closed by this process")
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._wake.set()
        return await answer

    async def close(self) -> None:
        """Commit what waits, then end."""
        self._closing = True
        self._wake.set()
        await self._task

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            self._wake.clear()
            if self._waiting:
                await self._commit_group()
            else:
                await self._wake.wait()

    async def _commit_group(self) -> None:
        count = min(self._group_max, len(self._waiting))
        group = [self._waiting.popleft() for _ in range(count)]
        try:
            outcomes = await self._commit([item for item, _ in group])
        except JournalDown as error:
            for _, answer in group:
                if not answer.done():
                    answer.set_exception(JournalDown(*error.args))
            return
        except BaseException as error:
            for _, answer in group:
                answer.set_exception(RuntimeError(f"the journal's writer died: {error!r}"))
            raise
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            if not answer.done():
                answer.set_result(outcome)
