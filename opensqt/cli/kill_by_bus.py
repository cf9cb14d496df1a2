"""The kill over the bus: for executors that their own port does not reach. Slow to load, so never the first way."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from opensqt.desk import access
from opensqt.desk.runfile import RunFile
from opensqt.domain import subjects
from opensqt.domain.control import KillLatched
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.clock import open_clock
from opensqt.runtime.envelope import Envelope

BUS_S_MAX = 2.0


def publish(data: Path, run_file: RunFile, words: dict[str, Any]) -> bool:
    """Publish the kill on `ctl.kill`; tell whether the bus took it, and on standard error why it did not."""
    if not run_file.nats_url:
        return False
    taken, url = False, access.nats_url(data, run_file)
    clock = open_clock(data)
    message = KillLatched(
        **words,
        time_ms=clock.market_ms(),
    )
    envelope = Envelope(
        event_id=message.kill_id,
        type="KillLatched",
        source="cli",
        time_ms=message.time_ms,
    )

    async def say() -> None:
        nonlocal taken
        async with asyncio.timeout(BUS_S_MAX):
            bus = await NatsBus.connect(url, "kill", monotonic_s=clock.monotonic_s)
            await bus.publish(subjects.KILL, message, envelope)
            taken = True
            await bus.close()

    try:
        asyncio.run(say())
    except (TimeoutError, BusDown) as error:
        if not taken:
            sys.stderr.write(f"opensqt: the bus did not take the kill ({type(error).__name__})\n")
    return taken
