"""The bus of the shipped platform dies: how long its strategies are blind."""

from functools import partial
from pathlib import Path

import pytest

from opensqt.cli.desk_figures import ask_all
from opensqt.runtime.access.rights import OPERATOR
from opensqt.runtime.bus.port import Stream
from tests.conditions import until
from tests.e2e import bus_users
from tests.e2e.desk import Desk

BLIND_S_MAX = 5.0
STARTS_S_MAX = 60.0
KILLS = 3
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.row("J20")
async def test_the_strategies_of_a_desk_decide_again_within_five_seconds_of_a_killed_nats(
    tmp_path: Path,
) -> None:
    """Three times kill -9: from when NATS answers again, grids and carry decide on fresh messages within 5 s."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        await until(partial(_beyond, desk, 0), within_s=STARTS_S_MAX)
        for _ in range(KILLS):
            await desk.kill_nine("nats")
            end = await _end_of_feed(desk)
            await until(partial(_beyond, desk, end), within_s=BLIND_S_MAX)
        lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


STRATEGY_SERVICES = ("grid", "arb")


async def _beyond(desk: Desk, sequence: int) -> bool:
    """Tell whether every strategy service is ready and has decided on what came after a sequence of FEED."""
    told = await ask_all(desk.run_file)
    if not set(STRATEGY_SERVICES) <= told.keys():
        return False
    services = [told[name] for name in STRATEGY_SERVICES]
    return all(one["why"] == "" and int(str(one["feed_sequence"])) > sequence for one in services)


async def _end_of_feed(desk: Desk) -> int:
    client = await bus_users.connected(desk.data, OPERATOR)
    try:
        found = await client.jetstream().stream_info(Stream.FEED.value)
        return int(found.state.last_seq)
    finally:
        await client.close()
