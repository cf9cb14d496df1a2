"""Strategies of a shipped desk added and removed while it trades: on record, isolated, still so after a death."""

import os
import signal
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conditions import until
from tests.e2e.desk import Desk, Line

pytestmark = pytest.mark.timeout(600)

DESK = """
schema = 1
desk = "paper"
[paper]
market = "synthetic:7:BTC/USDT,BTC/USDT:USDT,ETH/USDT:USDT"
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "100000", BTC = "1" }
"""
GRID = """
[strategies.%s]
kind = "grid"
account = "main"
symbol = "%s"
mode = "%s"
step_bps = "%s"
levels_below = 3
levels_above = 3
order_notional_quote = "300"
"""
PERP, SPOT, ETHER = "BTC/USDT:USDT", "BTC/USDT", "ETH/USDT:USDT"


def _grid(name: str, symbol: str, step_bps: str = "12", mode: str = "neutral") -> str:
    return GRID % (name, symbol, mode, step_bps)


async def _owned(desk: Desk, name: str) -> list[Line]:
    return [line for line in await desk.verb("orders") if line["strategy"] == name]


def _holds(desk: Desk, name: str) -> Callable[[], Awaitable[bool]]:
    async def held() -> bool:
        rows = await desk.verb("positions", "--by", "strategy")
        return any(row["strategy"] == name and Decimal(row["quantity"]) for row in rows)

    return held


async def _started(desk: Desk, name: str) -> list[str]:
    """Return the hash of its settings at each start of a strategy."""
    lines = await desk.verb("events", "--type", "StrategyStarted")
    return [line["data"]["config_hash"] for line in lines if line["data"]["strategy"] == name]


@pytest.mark.row("B24", "F19", "F20")
async def test_a_grid_is_added_outlives_a_death_and_leaves_flat(tmp_path: Path) -> None:
    """Three symbols, two strategies on one; kill -9 of all; the same again; removed, it is flat and gone."""
    desk = Desk(tmp_path / "data")
    config, more = tmp_path / "desk.toml", tmp_path / "more.toml"
    config.write_text(DESK + _grid("first", PERP) + _grid("spot", SPOT, "25", mode="long"))
    more.write_text(_grid("ether", ETHER, "5") + _grid("second", PERP, "9"))
    async with desk.running("--config", str(config)):
        before = {line["client_order_id"] for line in await _owned(desk, "first")}
        code, said, told = await desk.command(
            *("strategies", "add", str(more), "--reason", "trial", "--wait", "180"), within_s=200
        )
        assert code == 0, said + told
        code, _, told = await desk.command("strategies", "add", str(more), "--reason", "x")
        assert (code, "is there already" in told) == (2, True)
        lines = {line["name"]: line for line in await desk.verb("strategies")}
        assert set(lines) == {"first", "spot", "ether", "second"}
        assert (lines["ether"]["told"], lines["first"]["told"]) == ("journal", "configuration")
        # Nobody's orders were taken back for it.
        still = {line["client_order_id"]: line["status"] for line in await _owned(desk, "first")}
        assert before <= set(still)
        await until(_holds(desk, "ether"), within_s=120)
        os.kill(desk.run_file.pid, signal.SIGKILL)  # all die with it
        await desk.end(within_s=30)
    (settings,) = {*await _started(desk, "ether")}
    async with desk.running("--config", str(config)):
        lines = {line["name"]: line for line in await desk.verb("strategies")}
        assert set(lines) == {"first", "spot", "ether", "second"}
        await until(_again(desk, "ether", 2), within_s=60)
        assert {*await _started(desk, "ether")} == {settings}
        code, said, told = await desk.command(
            *("strategies", "remove", "ether", "--reason", "enough", "--wait", "180"),
            within_s=200,
        )
        assert code == 0, said + told
        assert "left the desk, flat at journal position" in said
        assert {line["name"] for line in await desk.verb("strategies")} == {
            *("first", "spot", "second")
        }
        assert not await _holds(desk, "ether")()
        assert all(
            line["status"] not in ("live", "unresolved") for line in await _owned(desk, "ether")
        )
        (left,) = await desk.verb("events", "--type", "StrategyDeregistered")
        assert (left["data"]["strategy"], left["data"]["reason"]) == ("ether", "enough")
    verdict = (await desk.verb("verify"))[-1]
    assert verdict == {"type": "verdict", "holds": True, "failed": []}


def _again(desk: Desk, name: str, runs: int) -> Callable[[], Awaitable[bool]]:
    async def started() -> bool:
        return len(await _started(desk, name)) >= runs

    return started
