"""The npm package bitget-api, which nobody here wrote, trades at the simulated Bitget, unmodified."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from opensqt.runtime.clock import RunClock
from opensqt.simulation.server.paper import PaperVenue
from tests.conftest import node_modules
from tests.simulation.venue import scripted

SCRIPT = Path(__file__).parents[2] / "support" / "venue" / "bitget_sdk.mjs"
KEYS = scripted.KEYS["main"]


async def told_to_the_sdk(venue: PaperVenue) -> dict[str, Any]:
    """Let the package trade, and return what it was answered and told."""
    modules = node_modules()
    assert modules is not None
    given = {
        "PORT": str(venue.port),
        "NODE_EXTRA_CA_CERTS": str(venue.ca_path),
        "API_KEY": KEYS.api_key,
        "API_SECRET": KEYS.secret,
        "API_PASS": KEYS.passphrase,
        "MODULES": str(modules),
    }
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.node
@pytest.mark.row("K09")
@pytest.mark.row("D03")
async def test_the_package_trades_and_listens(tmp_path: Path) -> None:
    """Places, a batch, looks, cancels, refusals by their codes, trades, positions, wallet, both kinds of streams."""
    setup = scripted.setup(tmp_path, venue="bitget")
    venue = PaperVenue(setup, scripted.ScriptedFlow(), RunClock())
    await venue.start()
    seen = await told_to_the_sdk(venue)
    await venue.stop()
    assert "exception" not in seen
    assert [row["symbol"] for row in seen["instruments"]] == ["BTCUSDT"]
    assert seen["looked"]["orderId"] == seen["placed"]["orderId"]
    assert [row["code"] for row in seen["batch"]] == ["00000", "25610"]
    assert {row["orderId"] for row in seen["open"]["list"]} == {
        seen["placed"]["orderId"],
        seen["batch"][0]["orderId"],
    }
    assert seen["gone"] == seen["placed"]
    refused = {name: seen[name]["refused"] for name in ("again", "poor", "hedged", "stranger")}
    assert refused == {"again": "25204", "poor": "25203", "hedged": "40774", "stranger": "40009"}
    assert sum(float(row["execQty"]) for row in seen["trades"]["list"]) == 0.02
    (held,) = seen["held"]["list"]
    assert (held["posSide"], held["total"], held["holdMode"]) == ("long", "0.02", "one_way_mode")
    assert seen["settings"]["accountMode"] == "unified"
    assert {row["coin"] for row in seen["assets"]["assets"]} == {"BTC", "USDT"}
    heard = seen["heard"]
    assert heard["fill"][-1]["orderId"] == seen["taken"]["orderId"]
    assert heard["books"][0]["b"][0][0] == "59999.0"
