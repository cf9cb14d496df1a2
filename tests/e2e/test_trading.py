"""A newcomer's desk, untouched: it trades, adds up, and goes on at the second start where the first one stopped."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.executors import ask_executors
from tests.e2e import audit
from tests.e2e.desk import Desk, Line

ENDS_S_MAX = 240.0
STEP = Decimal("0.001")  # of the perpetual: what a carry may leave uncovered
pytestmark = pytest.mark.timeout(400)


def signed(fills: list[Line], strategy: str) -> dict[str, list[Decimal]]:
    """Return what each of a strategy's fills added to its position, by symbol, oldest first."""
    found: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line in sorted(fills, key=lambda line: (line["time"], int(line["trade_id"]))):
        if line["strategy"] == strategy:
            quantity = Decimal(line["quantity"])
            change = quantity if line["side"] == "buy" else -quantity
            if line["symbol"] == f"{line['fee_asset']}/USDT":
                change -= Decimal(line["fee"])  # the venue kept it of what was bought
            found[line["symbol"]].append(change)
    return found


@pytest.mark.row("B03", "B04", "B22", "F04", "A05", "A06", "E14", "J10")
async def test_every_strategy_trades_and_the_books_add_up(tmp_path: Path) -> None:
    """Fills on both grids and both legs of the carry, each approved and journalled first, and `verify` all green."""
    desk = Desk(tmp_path / "data")
    await desk.start("--market", "synthetic:7", "--speed", "2", "--for", "60s")
    await desk.until(lambda line: line.get("ready") is True and "text" in line)
    (asked,) = await asyncio.to_thread(ask_executors, desk.data, desk.run_file, "/reconcile", {})
    assert asked.said == {"looked": True}, asked
    assert await desk.end(ENDS_S_MAX) == 0
    assert desk.lines[-1]["type"] == "summary"
    assert desk.lines[-1]["fills"] == len(await desk.verb("fills"))
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines
    fills = await desk.verb("fills")
    assert signed(fills, "grid-perp")["BTC/USDT:USDT"] != []
    carry = signed(fills, "carry")
    assert abs(sum(carry["BTC/USDT"] + carry["BTC/USDT:USDT"], Decimal(0))) < STEP
    assert min(len(carry["BTC/USDT"]), len(carry["BTC/USDT:USDT"])) > 0
    sides: defaultdict[str, set[str]] = defaultdict(set)
    for order in await desk.verb("orders"):
        sides[order["strategy"]].add(order["side"])
    assert sides["grid-perp"] == {"buy", "sell"}
    held = {
        symbol: sum(
            (sum(signed(fills, name)[symbol], Decimal(0)) for name in ("carry", other)), Decimal(0)
        )
        for symbol, other in (("BTC/USDT", "grid-spot"), ("BTC/USDT:USDT", "grid-perp"))
    }
    for line in await desk.verb("positions"):
        assert Decimal(line["quantity"]) == held[line["symbol"]]
    bought = _long_only(signed(fills, "grid-spot")["BTC/USDT"])
    assert bought or "sell" not in sides["grid-spot"]
    events = await desk.verb("events")
    _decided_first(desk, events)
    looks = {x["data"]["trigger"] for x in events if x["type"] == "VenueSnapshot"}
    assert looks >= {"start", "schedule", "api"}
    assert audit.open_orders(desk.data) == set()


@pytest.mark.row("B02")
async def test_a_second_start_keeps_the_lattice(tmp_path: Path) -> None:
    """Anchors are set once; the next run counts on and its levels are those of the first."""
    desk = Desk(tmp_path / "data")
    levels: list[set[Decimal]] = []
    for _ in range(2):
        placed = len(audit.places(desk.data))
        await desk.start("--market", "synthetic:7", "--for", "20s")
        assert await desk.end(ENDS_S_MAX) == 0
        levels.append({Decimal(row["price"]) for row in audit.places(desk.data)[placed:]})
    events = await desk.verb("events")
    anchors = [line["data"] for line in events if line["type"] == "AnchorSet"]
    assert sorted(one["strategy"] for one in anchors) == ["grid-perp", "grid-spot"]
    runs = {
        (x["data"]["strategy"], x["data"]["run"]) for x in events if x["type"] == "StrategyStarted"
    }
    assert {("grid-perp", 1), ("grid-perp", 2)} <= runs
    assert levels[0] & levels[1]


def _long_only(quantities: list[Decimal]) -> bool:
    """Judge that never more was sold than bought; tell whether anything was bought."""
    held = Decimal(0)
    for quantity in quantities:
        held += quantity
        assert held >= 0, "a long grid sold what it had not bought"
    return quantities != []


def _decided_first(desk: Desk, events: list[Line]) -> None:
    """Judge by the journal: verdict with its inputs, then Submitting, then whatever the venue answered."""
    at = {(line["stream"], line["type"]): line["position"] for line in events}
    verdicts = {x["data"]["intent_id"]: x["data"] for x in events if x["type"] == "RiskApproved"}
    placed = {
        x["data"]["ref"]["client_order_id"]: x["data"]["ref"]["intent_id"]
        for x in events
        if x["type"] == "IntentPlaced"
    }
    accepted = [row for row in audit.places(desk.data) if row["result"] == "accepted"]
    assert accepted != []
    for row in accepted:
        name = row["client_order_id"]
        verdict = verdicts[placed[name]]
        assert verdict["config_version"]
        assert verdict["inputs"]
        order, intent = f"order/{name}", f"intent/{placed[name]}"
        answered = at.get((order, "Accepted"), at[order, "Submitting"] + 1)
        assert at[intent, "RiskApproved"] < at[order, "Submitting"] < answered
