"""The newest messages of FEED, for whoever subscribes to them over the API. It forgets the oldest."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from opensqt.api.codes import CallRefused, Code
from opensqt.domain.messages import Event

KEPT = 5000


class FeedNews:
    """What was folded last, by its sequence of FEED."""

    def __init__(self, kept: int = KEPT) -> None:
        self._rows: deque[tuple[int, Event]] = deque(maxlen=kept)
        self._forgotten = 0  # the newest sequence that is not kept any more
        self._more = asyncio.Event()

    def add(self, sequence: int, message: Event) -> None:
        """Take in the next message."""
        if len(self._rows) == self._rows.maxlen:
            self._forgotten = self._rows[0][0]
        elif not self._rows:
            self._forgotten = sequence - 1
        self._rows.append((sequence, message))
        self._wake()

    def reset(self) -> None:
        """Forget all: FEED begins again, and its sequences mean something else."""
        self._rows.clear()
        self._forgotten = 0
        self._wake()

    async def since(self, after: int) -> AsyncIterator[tuple[int, Event]]:
        """Yield what comes behind a sequence, 0 for what comes from now on; raise `CallRefused` where it is gone."""
        last = after or self.newest
        while True:
            if last < self._forgotten or last > self.newest:
                raise CallRefused(
                    Code.GONE,
                    f"what came after {last} is not kept (there is {self._forgotten + 1} to"
                    f" {self.newest}): look at everything again, then subscribe without `after`",
                )
            more = self._more
            fresh = self._behind(last)
            for sequence, message in fresh:
                last = sequence
                yield sequence, message
            if not fresh:
                await more.wait()

    @property
    def newest(self) -> int:
        """The sequence of the newest one, or of the newest that was forgotten."""
        return self._rows[-1][0] if self._rows else self._forgotten

    def _behind(self, last: int) -> list[tuple[int, Event]]:
        found = []
        for row in reversed(self._rows):
            if row[0] <= last:
                break
            found.append(row)
        return found[::-1]

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()
