"""A desk and one grid more: it trades, adds up, and goes on at the second start where the first one stopped."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.executors import ask_executors
from opensqt.desk.config_default import derive
from opensqt.simulation.market.sources import first_mids, open_flow
from tests.conditions import until
from tests.e2e import audit
from tests.e2e.desk import Desk, Line

ENDS_S_MAX = 240.0
PLACES_S_MAX = 60.0
STEP = Decimal("0.001")  # of the perpetual: what a carry may leave uncovered
MARKET = "synthetic:7"
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
GRIDS = {"grid-perp": PERP, "grid-wide": PERP, "grid-spot": SPOT}
OPENED = Decimal(100_000)  # USDT in either wallet
ROUNDED = Decimal("0.00000001")  # USDT: the venue books realised profit of perpetuals in such steps
SECOND_GRID = """
[strategies.grid-wide]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "neutral"
step_bps = "9"
levels_below = 3
levels_above = 3
order_notional_quote = "400"
"""
pytestmark = pytest.mark.timeout(400)


def configured(folder: Path) -> Path:
    """Write the default configuration with a second grid on the perpetual, and a spot level that the market crosses."""
    near = (first_mids(open_flow(MARKET))[SPOT] * Decimal("0.9995")).quantize(Decimal("0.01"))
    text = derive((SPOT, PERP), market=MARKET, speed="5") + SECOND_GRID
    long = 'mode = "long" '
    assert long in text
    file = folder / "opensqt.toml"
    file.write_text(text.replace(long, f'anchor = "{near}"\n{long}'))
    return file


def signed(fills: list[Line], strategy: str) -> dict[str, list[Decimal]]:
    """Return what each of a strategy's fills added to its position, by symbol, oldest first."""
    found: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line in sorted(fills, key=lambda line: (line["time"], int(line["trade_id"]))):
        if line["strategy"] == strategy:
            found[line["symbol"]].append(received(line))
    return found


def received(line: Line) -> Decimal:
    """Return what a fill added to the position: a fee in the base asset never arrived."""
    quantity = Decimal(line["quantity"])
    change = quantity if line["side"] == "buy" else -quantity
    return change - (Decimal(line["fee"]) if line["symbol"] == f"{line['fee_asset']}/USDT" else 0)


def paid(line: Line) -> Decimal:
    """Return the quote units that a fill cost, its fee too where that is in the quote asset."""
    quantity = Decimal(line["quantity"]) * (1 if line["side"] == "buy" else -1)
    fee = Decimal(line["fee"]) if line["fee_asset"] == "USDT" else Decimal(0)
    return quantity * Decimal(line["price"]) + fee


@pytest.mark.row("B03", "B04", "B22", "F04", "A05", "A06", "E14", "J10", "K11")
async def test_every_strategy_trades_and_the_books_add_up(tmp_path: Path) -> None:
    """Fills on three grids and both legs of the carry, each approved and journalled first, `verify` all green, and what
    the strategies earned adds up to what the venue's wallets gained.
    """
    desk = Desk(tmp_path / "data")
    await desk.start("--config", str(configured(tmp_path)), "--for", "30s")
    await desk.until(lambda line: line.get("ready") is True and "text" in line)
    (asked,) = await asyncio.to_thread(ask_executors, desk.data, desk.run_file, "/reconcile", {})
    assert asked.said == {"looked": True}, asked
    assert await desk.end(ENDS_S_MAX) == 0
    assert desk.lines[-1]["type"] == "summary"
    assert desk.lines[-1]["fills"] == len(await desk.verb("fills"))
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines
    fills = await desk.verb("fills")
    for name, symbol in GRIDS.items():
        assert signed(fills, name)[symbol] != [], f"{name} never traded"
    carry = signed(fills, "carry")
    assert abs(sum(carry["BTC/USDT"] + carry["BTC/USDT:USDT"], Decimal(0))) < STEP
    assert min(len(carry["BTC/USDT"]), len(carry["BTC/USDT:USDT"])) > 0
    sides: defaultdict[str, set[str]] = defaultdict(set)
    for order in await desk.verb("orders"):
        sides[order["strategy"]].add(order["side"])
    assert sides["grid-perp"] == {"buy", "sell"}
    held = {
        symbol: sum(
            (sum(signed(fills, name)[symbol], Decimal(0)) for name in (*GRIDS, "carry")), Decimal(0)
        )
        for symbol in (SPOT, PERP)
    }
    nets = {line["symbol"]: line for line in await desk.verb("positions")}
    assert {symbol: Decimal(line["quantity"]) for symbol, line in nets.items()} == held
    _wallet_of_perpetuals(desk, nets[PERP], sum(one["symbol"] == PERP for one in fills))
    bought = _long_only(signed(fills, "grid-spot")["BTC/USDT"])
    assert bought or "sell" not in sides["grid-spot"]
    _earned(desk, fills, await desk.verb("positions", "--by", "strategy"), desk.lines[-1])
    events = await desk.verb("events")
    _decided_first(desk, events)
    looks = {x["data"]["trigger"] for x in events if x["type"] == "VenueSnapshot"}
    assert looks >= {"start", "schedule", "api"}
    assert audit.open_orders(desk.data) == set()


@pytest.mark.row("B02")
async def test_a_second_start_keeps_the_lattice(tmp_path: Path) -> None:
    """Anchors are set once; the next run counts on and its levels are those of the first."""
    desk = Desk(tmp_path / "data")
    await desk.start("--market", MARKET, "--for", "5s")
    assert await desk.end(ENDS_S_MAX) == 0
    placed = len(audit.places(desk.data))
    before = _levels(desk)
    async with desk.running("--market", MARKET):
        await until(lambda: bool(before & _levels(desk, placed)), within_s=PLACES_S_MAX)
    events = await desk.verb("events")
    anchors = [line["data"] for line in events if line["type"] == "AnchorSet"]
    assert sorted(one["strategy"] for one in anchors) == ["grid-perp", "grid-spot"]
    runs = {
        (x["data"]["strategy"], x["data"]["run"]) for x in events if x["type"] == "StrategyStarted"
    }
    assert {("grid-perp", 1), ("grid-perp", 2)} <= runs


def _levels(desk: Desk, after: int = 0) -> set[Decimal]:
    """Return the prices that the venue was asked for, from request number `after` on."""
    return {Decimal(row["price"]) for row in audit.places(desk.data)[after:]}


def _long_only(quantities: list[Decimal]) -> bool:
    """Judge that never more was sold than bought; tell whether anything was bought."""
    held = Decimal(0)
    for quantity in quantities:
        held += quantity
        assert held >= 0, "a long grid sold what it had not bought"
    return quantities != []


def _earned(desk: Desk, fills: list[Line], lines: list[Line], summary: Line) -> None:
    """Judge what each strategy is said to have earned by its fills, and the sum by the venue's wallets."""
    assert {line["strategy"] for line in lines} == {*GRIDS, "carry"}
    marks = {line["symbol"]: Decimal(line["mark_price"]) for line in lines}
    for line in lines:
        mine = [
            x for x in fills if (x["strategy"], x["symbol"]) == (line["strategy"], line["symbol"])
        ]
        held = sum((received(one) for one in mine), Decimal(0))
        assert Decimal(line["quantity"]) == held
        cash = Decimal(line["funding"]) - sum((paid(one) for one in mine), Decimal(0))
        assert Decimal(line["net_pnl"]) == cash + held * marks[line["symbol"]], line
    nets = sum((Decimal(line["net_pnl"]) for line in lines), Decimal(0))
    assert abs(Decimal(summary["pnl"]) - nets) < ROUNDED
    assert _gained(desk, marks) == nets


def _gained(desk: Desk, marks: dict[str, Decimal]) -> Decimal:
    """Return what the venue's own file says the account gained: its spot wallets, and its trades of the perpetual."""
    rows = audit.rows(desk.data)
    spot = {
        row["fee_asset"]: row for row in rows if (row["kind"], row["market"]) == ("balance", "spot")
    }
    gained = Decimal(spot["USDT"]["quantity"]) - OPENED
    gained += Decimal(spot["BTC"]["quantity"]) * marks[SPOT]
    for row in rows:
        if (row["kind"], row["market"]) == ("fill", "perp"):
            quantity = Decimal(row["quantity"]) * (1 if row["side"] == "buy" else -1)
            gained += quantity * (marks[PERP] - Decimal(row["price"])) - Decimal(row["fee"])
        elif row["kind"] == "funding":
            gained += Decimal(row["quantity"])
    return gained


def _wallet_of_perpetuals(desk: Desk, net: Line, trades: int) -> None:
    """Judge the position's line by the venue's wallet, which rounds what it realises at each trade."""
    rows = [row for row in audit.rows(desk.data) if row["kind"] == "balance"]
    total = [Decimal(row["quantity"]) for row in rows if row["market"] == "perp"][-1]
    told = Decimal(net["realized_pnl"]) + Decimal(net["funding"]) - Decimal(net["fees"])
    assert abs(total - OPENED - told) <= ROUNDED * trades


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
        assert verdict["moment"]
        assert verdict["grounds"]
        order, intent = f"order/{name}", f"intent/{placed[name]}"
        answered = at.get((order, "Accepted"), at[order, "Submitting"] + 1)
        assert at[intent, "RiskApproved"] < at[order, "Submitting"] < answered
