"""A running desk whose bus loses its disk or a stream: nobody lends a hand, and it trades again."""

import asyncio
import os
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest

from opensqt.runtime.access.rights import OPERATOR
from tests.conditions import until
from tests.e2e import audit, bus_users, load
from tests.e2e.desk import Desk, until_well
from tests.e2e.load import Plan

TRADES_AGAIN_S_MAX = 30.0
ROWS_AFTER = 5  # the venue must hear of us again so often
pytestmark = pytest.mark.timeout(400)


@pytest.mark.row("K03")
@pytest.mark.row("J20")
async def test_a_desk_whose_bus_is_lost_trades_again_by_itself(tmp_path: Path) -> None:
    """Each stream in turn, then the whole disk: status names it or all is well again; no order is doubled."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        loading = asyncio.create_task(load.main(desk.data, Plan(rate=10, seconds=300)))
        try:
            for stream in ("COMMANDS", "EXITS", "FEED", "INTENTS"):
                before = len(audit.rows(desk.data))
                await lose_stream(desk, stream)
                await until(partial(trades, desk, before), within_s=TRADES_AGAIN_S_MAX)
            before = len(audit.rows(desk.data))
            await lose_disk(desk)
            await until(partial(trades, desk, before), within_s=TRADES_AGAIN_S_MAX)
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        await until_well(desk, within_s=TRADES_AGAIN_S_MAX)
    assert audit.doubled(desk.data) == []
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


async def lose_stream(desk: Desk, name: str) -> None:
    """Delete one stream while everything runs."""
    client = await bus_users.connected(desk.data, OPERATOR)
    await client.jetstream().delete_stream(name)
    await client.close()


async def lose_disk(desk: Desk) -> None:
    """Kill the server and take its store away; the supervisor starts it again on nothing."""
    old = desk.pid("nats")
    before = len(desk.lines)
    os.kill(old, signal.SIGSTOP)
    shutil.rmtree(desk.data / "nats" / "jetstream")
    os.kill(old, signal.SIGKILL)
    await desk.until(
        lambda line: (
            line.get("name") == "nats" and line.get("ready") is True and line.get("pid") != old
        ),
        after=before,
    )


def trades(desk: Desk, rows_before: int) -> bool:
    """Whether the venue has heard of us since."""
    return len(audit.rows(desk.data)) > rows_before + ROWS_AFTER
