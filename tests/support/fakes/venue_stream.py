"""The private stream of the in-memory venue: what happens while it is down is lost, as at a real venue."""

import asyncio
from collections.abc import AsyncIterator

from opensqt.domain.venue import PrivateEvent, StreamDown, StreamUp
from opensqt.runtime.clock import Clock


class MemoryStream:
    """Hands every event to every listener, in order; `break_off` and `restore` play a lost connection."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._up = True
        self._listeners: list[asyncio.Queue[PrivateEvent | None]] = []

    def push(self, event: PrivateEvent) -> None:
        """Send one event to all listeners; nobody hears it while the stream is down."""
        if self._up:
            self._tell(event)

    def break_off(self, cause: str) -> None:
        """Lose the connection; events are lost until `restore`."""
        if self._up:
            self._tell(StreamDown(cause=cause, time_ms=self._clock.market_ms()))
        self._up = False

    def restore(self) -> None:
        """Connect again."""
        if not self._up:
            self._up = True
            self._tell(StreamUp(time_ms=self._clock.market_ms()))

    def close(self) -> None:
        """End all listeners."""
        for listener in self._listeners:
            listener.put_nowait(None)

    def listen(self) -> AsyncIterator[PrivateEvent]:
        """Yield what happens from this call on, beginning with the state of the connection."""
        queue: asyncio.Queue[PrivateEvent | None] = asyncio.Queue()
        if self._up:
            queue.put_nowait(StreamUp(time_ms=self._clock.market_ms()))
        self._listeners.append(queue)
        return self._drain(queue)

    async def _drain(
        self, queue: asyncio.Queue[PrivateEvent | None]
    ) -> AsyncIterator[PrivateEvent]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.remove(queue)

    def _tell(self, event: PrivateEvent) -> None:
        for listener in self._listeners:
            listener.put_nowait(event)
