"""The kill switch on the shipped system, with all alive and with any one other process dead; the audit judges."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opensqt.runtime import latch
from opensqt.runtime.clock import RunClock
from tests.conditions import stays, until
from tests.e2e import audit, load
from tests.e2e.desk import Desk
from tests.e2e.load import Plan

MARKET = "synthetic:7:BTC/USDT,BTC/USDT:USDT,ETH/USDT,ETH/USDT:USDT"
SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "ETH/USDT:USDT")
ORDERS, FEW_ORDERS = 60, 15
LAST_CANCEL_S_MAX = 1.0
APPEAR_S_MAX = 2.6  # deadline 2 s + visibility lag 0.5 s
BACK_S = 60.0
SERVICES = ("market_data-binance", "grid", "arb", "risk", "relay", "reconciler", "gateway")
pytestmark = pytest.mark.timeout(300)


@pytest.mark.row("E10")
async def test_kill_empties_the_venue_at_once_and_stays_latched(tmp_path: Path) -> None:
    """All orders on four symbols are gone within a second, none appears later, and a restart stays killed."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", MARKET):
        await _orders(desk, ORDERS)
        await _killed(desk)
        assert (await desk.verb("status"))[-1]["killed"] is True
    placed = len(audit.places(desk.data))
    async with desk.running():
        await load.main(desk.data, Plan(rate=10, seconds=3, cancel_share=0))
        assert (await desk.verb("status"))[-1]["killed"] is True
        assert len(audit.places(desk.data)) == placed
        await _resumed(desk)
        await until(lambda: len(audit.places(desk.data)) > placed, within_s=60)


@pytest.mark.row("E10")
@pytest.mark.slow
@pytest.mark.parametrize("dead", [*SERVICES, "nats", "postgres"])
async def test_kill_works_with_any_one_other_process_dead(tmp_path: Path, dead: str) -> None:
    """Killed, and again whenever it comes back: the orders go within a second, and none appears later."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", MARKET):
        await _kill_without(desk, dead)
        await _resumed(desk)
        await _orders(desk, FEW_ORDERS)


async def _orders(desk: Desk, count: int) -> None:
    """Place until so many orders are open."""
    plan = Plan(rate=25, seconds=30, cancel_share=0, symbols=SYMBOLS, count_max=count * 2)
    await load.main(desk.data, plan)
    await until(lambda: len(audit.open_orders(desk.data)) >= count, within_s=30)


async def _killed(desk: Desk) -> None:
    """Give the command and judge: last cancel within a second, nothing open, and nothing appears later."""
    before_s = RunClock().wall_ms() / 1000
    code, out, err = await desk.command("kill", "--reason", "drill")
    assert code == 0, out + err
    assert "KILLED desk" in out
    await until(lambda: not audit.open_orders(desk.data), within_s=APPEAR_S_MAX)
    assert await stays(lambda: not audit.open_orders(desk.data), for_s=APPEAR_S_MAX)
    killed = latch.read(desk.data)
    assert killed is not None
    last_s = max(audit.cancel_times_s(desk.data, before_s))
    assert last_s - killed.time_ms / 1000 < LAST_CANCEL_S_MAX


async def _kill_without(desk: Desk, dead: str) -> None:
    """Judge a kill while another process is dead."""
    await _orders(desk, FEW_ORDERS)
    async with _kept_dead(desk, dead):
        await _killed(desk)


@asynccontextmanager
async def _kept_dead(desk: Desk, name: str) -> AsyncIterator[None]:
    """Kill a process, and each that its supervisor starts in its place; wait for the one that may live."""
    before = len(desk.lines)
    last = desk.pid(name)
    os.kill(last, signal.SIGKILL)

    async def again(seen: int) -> None:
        await until(lambda: desk.pid(name) != seen, within_s=BACK_S)
        fresh = desk.pid(name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(fresh, signal.SIGKILL)
        await again(fresh)

    killing = asyncio.create_task(again(last))
    try:
        yield
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)
    await desk.until(
        lambda line: line.get("name") == name and line.get("ready") is True,
        after=before + 1,
        within_s=BACK_S,
    )


async def _resumed(desk: Desk) -> None:
    """Release the kill as soon as it can be recorded."""

    async def released() -> bool:
        code, _, _ = await desk.command("resume", "--reason", "drill over")
        return code == 0

    await until(released, within_s=BACK_S)
