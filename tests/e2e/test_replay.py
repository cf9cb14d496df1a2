"""A desk that lost its strategies, its bus and its configuration: everything that it decided is decided again."""

import asyncio
import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from opensqt.desk.config_default import derive
from tests.conditions import until
from tests.e2e.desk import Desk
from tests.tidiness.source import ROOT

MAKER = ROOT / "examples" / "maker" / "maker.py"
MARKET = "synthetic:7"
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
SPEED = "5"
PART_S_MAX = 600.0
REPLAY_S_MAX = 300.0
ASKED_S = 2.0
MORE = """
[strategies.maker]
kind = "maker"
account = "main"
symbol = "BTC/USDT:USDT"
half_spread_bps = "2"
inventory_notional_quote_max = "2000"
order_notional_quote = "300"
"""
pytestmark = pytest.mark.timeout(1500)


def configured(folder: Path, order_notional_quote: str) -> Path:
    """Write the default configuration and a maker, with this size of an order of each grid."""
    text = derive((SPOT, PERP), market=MARKET, speed=SPEED) + MORE
    default = 'order_notional_quote = "500"'
    assert default in text
    file = folder / "opensqt.toml"
    file.write_text(text.replace(default, f'order_notional_quote = "{order_notional_quote}"'))
    shutil.copy(MAKER, folder / MAKER.name)
    return file


async def has_said(desk: Desk, count: int) -> bool:
    """Tell whether so many intents were answered."""
    asked = ("--type", "RiskApproved"), ("--type", "RiskRefused")
    found = [len(await desk.verb("events", *words)) for words in asked]
    return sum(found) >= count


async def drilled(folder: Path, intents: int) -> Desk:
    """Trade under kills: a third of the intents each before them, between them, and under another configuration."""
    desk = Desk(folder / "data")
    async with desk.running("--config", str(configured(folder, "500"))):
        await until(partial(has_said, desk, intents // 3), within_s=PART_S_MAX, poll_s=ASKED_S)
        await desk.kill_nine("grid")
        await desk.kill_nine("nats")
        await until(partial(has_said, desk, 2 * intents // 3), within_s=PART_S_MAX, poll_s=ASKED_S)
    async with desk.running("--config", str(configured(folder, "400"))):
        await until(partial(has_said, desk, intents), within_s=PART_S_MAX, poll_s=ASKED_S)
    return desk


@pytest.mark.row("J04")
@pytest.mark.parametrize(
    "intents", [150, pytest.param(1000, marks=pytest.mark.slow)], ids=["short", "long"]
)
async def test_what_a_desk_decided_under_kills_is_decided_again(
    tmp_path: Path, intents: int
) -> None:
    """Over a killed grid, a killed NATS, a restart and another configuration: no difference, to the last digit."""
    desk = await drilled(tmp_path, intents)
    _, said, _ = await desk.command("replay", "--json", within_s=REPLAY_S_MAX)
    *lines, last = map(json.loads, said.splitlines())
    differing = [line for line in lines if line["type"] == "difference"]
    assert last["holds"], (differing, last)
    assert last["differences"] == 0
    assert last["intents"] >= intents
    assert last["unverifiable"] == 0
    spans = [line for line in lines if line["type"] == "span"]
    assert max(span["run"] for span in spans) >= 3
    for name in ("grid-perp", "grid-spot"):
        assert len({span["config_hash"] for span in spans if span["strategy"] == name}) == 2
    assert {span["strategy"] for span in spans} == {"grid-perp", "grid-spot", "carry", "maker"}
    controls = [line for line in lines if line["type"] == "control"]
    assert [(one["name"], one["differs"]) for one in controls] == [
        ("digit", True),
        ("message", True),
    ]
    assert (await desk.verb("audit", "verify"))[-1]["holds"]
    head = int((await desk.verb("events"))[-1]["position"])
    (then,) = await desk.verb("state", "--at", str(head))
    shown = {one["client_order_id"]: one["filled"] for one in await desk.verb("orders")}
    assert {one["client_order_id"]: one["filled"] for one in then["orders"]} == shown
    assert set(then["strategies"]) == {"grid-perp", "grid-spot", "carry", "maker"}
    await damaged(desk)
    assert (await desk.command("replay", within_s=REPLAY_S_MAX))[0] == 1


async def damaged(desk: Desk) -> None:
    """Take one message out of the archived feed, in its middle."""
    import pyarrow as pa
    from pyarrow import parquet

    path = max((desk.data / "archive" / "feed").iterdir(), key=lambda one: one.stat().st_size)
    table = await asyncio.to_thread(parquet.read_table, path)
    half = table.num_rows // 2
    kept = [number != half for number in range(table.num_rows)]
    await asyncio.to_thread(parquet.write_table, table.filter(pa.array(kept)), path)
