"""The maker of the examples on a whole desk: no file was edited for it, and it runs and is shown like ours."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opensqt.desk.health import health_name
from tests.conditions import until
from tests.e2e import audit
from tests.e2e.desk import Desk, text
from tests.tidiness.source import ROOT

CONFIG = ROOT / "examples" / "maker" / "opensqt.toml"
PROCESS, PERP = "strategy-maker", "BTC/USDT:USDT"
TRADES_S_MAX, ASKED_S = 90.0, 1.0
pytestmark = pytest.mark.timeout(300)


async def seen(desk: Desk) -> dict[str, Any]:
    """Return what each way of looking says of the maker: command, page, readiness and metric."""
    ports = desk.run_file.ports
    (status,) = [line for line in await desk.verb("status") if line["type"] == "strategy"]
    (shown,) = json.loads(await text(ports["gateway"], "/api/snapshot"))["strategies"]
    metrics = await text(ports[health_name(PROCESS)], "/metrics")
    return {"status": status, "page": shown, "metrics": metrics}


def eager(folder: Path) -> Path:
    """Return the example's configuration without its widening by the market's range: it trades in any market."""
    config = folder / "opensqt.toml"
    config.write_text(f'{CONFIG.read_text(encoding="utf-8")}range_share = "0"\n', encoding="utf-8")
    (folder / "maker.py").write_bytes((CONFIG.parent / "maker.py").read_bytes())
    return config


async def has_traded(desk: Desk) -> bool:
    """Tell whether it has bought and sold."""
    return {one["side"] for one in await desk.verb("fills")} == {"buy", "sell"}


async def runs_again(desk: Desk) -> bool:
    """Tell whether another process took the place of the first."""
    (process,) = [line for line in await desk.verb("status") if line.get("name") == PROCESS]
    return bool(process["ready"] and process["restarts"] == 1)


async def orders(desk: Desk) -> set[str]:
    """Return the orders that it ever had."""
    return {one["client_order_id"] for one in await desk.verb("orders")}


async def has_more_orders(desk: Desk, before: set[str]) -> bool:
    """Tell whether it placed an order beside these."""
    return bool(await orders(desk) - before)


@pytest.mark.row("K07", "J01")
async def test_a_strategy_of_a_file_trades_is_shown_and_survives_its_death(tmp_path: Path) -> None:
    """It quotes and trades, every way of looking knows it, another process goes on after kill -9, and all is true."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--config", str(eager(tmp_path))):
        assert PROCESS in desk.processes
        await until(partial(has_traded, desk), within_s=TRADES_S_MAX, poll_s=ASKED_S)
        shown = await seen(desk)
        assert shown["status"]["service"] == PROCESS
        assert shown["page"]["kind"] == "maker"
        assert "half_spread_bps 2" in shown["page"]["told"]
        assert shown["status"]["note"].startswith("fair ")
        assert shown["page"]["working"] <= 2
        assert 'opensqt_strategy_trading{strategy="maker"}' in shown["metrics"]
        await desk.kill_nine(PROCESS)
        await until(partial(runs_again, desk), within_s=TRADES_S_MAX, poll_s=ASKED_S)
        before = await orders(desk)
        await until(partial(has_more_orders, desk, before), within_s=TRADES_S_MAX, poll_s=ASKED_S)
    assert {one["strategy"] for one in await desk.verb("fills")} == {"maker"}
    (position,) = await desk.verb("positions", "--by", "strategy")
    assert (position["strategy"], position["symbol"]) == ("maker", PERP)
    assert audit.doubled(desk.data) == []
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, json.dumps(lines)
