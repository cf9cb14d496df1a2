"""An executor on the in-memory bus and journal at a venue over the wire, in real time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from opensqt.domain.intent import PlaceIntent
from opensqt.domain.messages import Message
from opensqt.runtime.clock import RunClock
from opensqt.venues.port import Venue
from tests.component.rig import Rig
from tests.conditions import until


class ExecutorDesk(Rig):
    """A rig whose venue and clock are real."""

    def __init__(self, folder: Path, venue: Venue, clock: RunClock, *, symbol: str) -> None:
        self._run_clock = clock
        super().__init__(folder)
        self.venue: Any = venue
        self.venue_name = venue.policy.venue
        self.symbols = (symbol,)

    def new_clock(self) -> Any:
        """Return the clock of the run."""
        return self._run_clock

    def place(self, number: int = 1, **changes: Any) -> PlaceIntent:
        """Return a place intent of the desk's symbol at its venue."""
        at = {"venue": self.venue_name, "symbol": self.symbols[0]}
        return super().place(number, **(at | changes))

    def has(self, kind: type[Message]) -> bool:
        """Tell whether a fact of this kind is in the journal."""
        return any(isinstance(fact, kind) for fact in self.facts())

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Run an executor until it takes commands; stop it at the end."""
        await self.start_risk()
        executor, stop = self.executor(), asyncio.Event()
        task = asyncio.create_task(executor.run(stop))
        beat = asyncio.create_task(self.beat())
        try:
            await until(lambda: executor.ready or task.done())
            yield
        finally:
            beat.cancel()
            stop.set()
            await task
