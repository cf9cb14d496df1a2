"""A service for tests of the process runtime: it publishes one time and does as it is told by `TEST_MODE`."""

import asyncio
import gc
import os
import sys
from typing import Any

from opensqt.domain.market import Time
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.process import run_service
from opensqt.runtime.process_context import Context


class Dummy:
    """Ready after one message has been confirmed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._sequence = 0
        self._mode = os.environ.get("TEST_MODE", "")

    @property
    def ready(self) -> bool:
        return self._sequence > 0

    def status(self) -> dict[str, Any]:
        why = "" if self.ready else "nothing confirmed"
        return {"sequence": self._sequence, "why": why, "frozen": gc.get_freeze_count()}

    async def run(self, stop: asyncio.Event) -> None:
        if self._mode == "fail":
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fail())
        envelope = Envelope(event_id="1", type="Time", source="dummy", time_ms=1)
        published = await self._context.bus.publish("evt.time", Time(time_ms=1), envelope)
        self._sequence = published.sequence if published else 0
        await self._context.journal.head()
        await stop.wait()
        if self._mode == "hang":
            await asyncio.Event().wait()

    async def _fail(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("the lattice is upside down")


if __name__ == "__main__":
    sys.exit(run_service("strategy-dummy", Dummy))
