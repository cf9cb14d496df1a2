"""Releasing a desk of two accounts on real processes, one of which stands still: no later kill is lost."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from opensqt.desk import loopback
from opensqt.desk.health import health_name
from tests.conditions import until
from tests.e2e.desk import Desk

HEARD_S = 15.0
SLOW = "executor-side"
QUICK = "executor-main"
pytestmark = [pytest.mark.timeout(300), pytest.mark.row("E10")]

CONFIG = """
schema = 1
desk = "accounts"
[paper]
market = "synthetic:7:BTC/USDT,ETH/USDT"
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "10000" }
[accounts.side]
venue = "binance"
balances = { USDT = "10000" }
"""
GRID = """
[strategies.grid-{account}]
kind = "grid"
account = "{account}"
symbol = "{symbol}"
mode = "long"
step_bps = "40"
levels_below = 2
levels_above = 0
order_notional_quote = "50"
"""


async def test_a_release_on_its_way_to_a_frozen_executor_undoes_no_later_kill(
    tmp_path: Path,
) -> None:
    """It is frozen, released, killed again and woken: it stays killed, restarts too, until somebody releases that."""
    file = tmp_path / "opensqt.toml"
    grids = [("main", "BTC/USDT"), ("side", "ETH/USDT")]
    file.write_text(CONFIG + "".join(GRID.format(account=a, symbol=s) for a, s in grids))
    desk = Desk(tmp_path / "data")
    async with desk.running("--config", str(file)):
        assert (await desk.command("kill", "--reason", "FIRST"))[0] == 0
        first = await _kills(desk, QUICK)
        assert first == await _kills(desk, SLOW) != set()
        os.kill(desk.pid(SLOW), signal.SIGSTOP)
        try:
            release = asyncio.create_task(desk.command("resume"))
            await until(lambda: _is(desk, QUICK, set()), within_s=HEARD_S)
            second = asyncio.create_task(desk.command("kill", "--reason", "SECOND"))
            await until(lambda: _is_killed_but_by(desk, QUICK, first), within_s=HEARD_S)
        finally:
            os.kill(desk.pid(SLOW), signal.SIGCONT)
        code, out, err = await release
        assert code != 0, out + err
        assert f"RESUMED desk: {QUICK}" in out
        assert (await second)[0] == 0
        killed = await _kills(desk, QUICK)
        await until(lambda: _is(desk, SLOW, killed), within_s=HEARD_S)
        await desk.kill_nine(SLOW)
        assert await _kills(desk, SLOW) == killed
        assert (await desk.command("resume"))[0] == 0
        assert await _kills(desk, SLOW) == await _kills(desk, QUICK) == set()


async def _kills(desk: Desk, name: str) -> set[str]:
    """Return the kills of the desk that are in force at an executor."""
    port = desk.run_file.ports[health_name(name)]
    kills = (await loopback.get(port, "/status")).said["kill_ids"]
    assert isinstance(kills, dict)
    return set(kills.get("desk", ()))


async def _is(desk: Desk, name: str, expected: set[str]) -> bool:
    return await _kills(desk, name) == expected


async def _is_killed_but_by(desk: Desk, name: str, first: set[str]) -> bool:
    return bool(await _kills(desk, name) - first)
