"""The kill switch on the shipped system, judged by the venue's audit."""

from pathlib import Path

import pytest

from opensqt.runtime import latch
from opensqt.runtime.clock import system_wall_ms
from tests.conditions import stays, until
from tests.e2e import audit, load
from tests.e2e.desk import Desk
from tests.e2e.load import Plan

MARKET = "synthetic:7:BTC/USDT,BTC/USDT:USDT,ETH/USDT,ETH/USDT:USDT"
SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "ETH/USDT:USDT")
ORDERS = 60
LAST_CANCEL_S_MAX = 1.0
APPEAR_S_MAX = 2.6  # deadline 2 s + visibility lag 0.5 s
pytestmark = pytest.mark.timeout(240)


@pytest.mark.row("E10")
async def test_kill_empties_the_venue_at_once_and_stays_latched(tmp_path: Path) -> None:
    """All orders on four symbols are gone within a second, none appears later, and a restart stays killed."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", MARKET):
        plan = Plan(rate=25, seconds=30, cancel_share=0, symbols=SYMBOLS, count_max=ORDERS * 2)
        await load.main(desk.data, plan)
        await until(lambda: len(audit.open_orders(desk.data)) >= ORDERS, within_s=30)
        before_s = system_wall_ms() / 1000
        code, out, err = await desk.command("kill", "--reason", "drill")
        assert code == 0, err
        assert "KILLED desk" in out
        await until(lambda: not audit.open_orders(desk.data), within_s=APPEAR_S_MAX)
        assert await stays(lambda: not audit.open_orders(desk.data), for_s=APPEAR_S_MAX)
        killed = latch.read(desk.data)
        assert killed is not None
        last_s = max(audit.cancel_times_s(desk.data, before_s))
        assert last_s - killed.time_ms / 1000 < LAST_CANCEL_S_MAX
        assert (await desk.verb("status"))[-1]["killed"] is True
    placed = len(audit.places(desk.data))
    async with desk.running():
        await load.main(desk.data, Plan(rate=10, seconds=3, cancel_share=0))
        assert (await desk.verb("status"))[-1]["killed"] is True
        assert len(audit.places(desk.data)) == placed
        code, out, err = await desk.command("resume", "--reason", "drill over")
        assert code == 0, err
        await until(lambda: len(audit.places(desk.data)) > placed, within_s=60)
