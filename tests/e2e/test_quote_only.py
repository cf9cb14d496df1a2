"""An account that begins with quote only: spot is bought, sold again and left, whatever the venue keeps as its fee."""

from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.conditions import until
from tests.e2e import audit
from tests.e2e.desk import Desk, Line
from tests.simulation.flow.written import Written

TRADES_S_MAX, ASKED_S = 90.0, 1.0
STEP = Decimal("0.00001")  # of spot
# From top to bottom, in quote units. The anchor of the grid is fixed: whenever the desk begins, the levels at
# 59,800 and 59,949.50 are inside the wave, so that what the lower one buys is sold at the upper one.
HALF_WAVE_MS, WAVE = 12_000, 240
MOVE_MS, MOVES = 200, 1_800
# Whose fills, of what, on which side.
GRID = {("grid-spot", "BTC/USDT", "buy"), ("grid-spot", "BTC/USDT", "sell")}
ENTRY = {("carry", "BTC/USDT", "buy"), ("carry", "BTC/USDT:USDT", "sell")}
EXIT = {("carry", "BTC/USDT", "sell"), ("carry", "BTC/USDT:USDT", "buy")}
pytestmark = pytest.mark.timeout(400)

CONFIG = """
schema = 1
desk = "quote"
[paper]
market = "recorded:{paths}"
speed = "5"
[paper.funding."BTC/USDT:USDT"]
rate = "{rate}"
interval_hours = 8
{fees}
[venues.binance]
[accounts.main]
venue = "binance"
balances = {{ {balances} }}
[strategies.grid-spot]
kind = "grid"
account = "main"
symbol = "BTC/USDT"
mode = "long"
anchor = "59800"
step_bps = "25"
levels_below = 2
levels_above = 0
order_notional_quote = "300"
[strategies.carry]
kind = "carry"
account = "main"
spot = "BTC/USDT"
perp = "BTC/USDT:USDT"
entry_apr_min = "0.10"
exit_apr_max = "0.01"
notional_quote_max = "2000"
order_notional_quote = "1000"
"""


def wave(market: str, folder: Path) -> Path:
    """Write a market that goes down and up for ever, with trades at both sides of its book."""
    written = Written(market).delta(0)
    digits = 2 if market == "spot" else 1
    before = _levels(60_000, digits)
    written.snapshot(*before)
    for move in range(1, MOVES):
        at_ms = move * MOVE_MS
        into = at_ms % (2 * HALF_WAVE_MS)
        down = min(into, 2 * HALF_WAVE_MS - into)
        after = _levels(60_000 - WAVE * down // HALF_WAVE_MS, digits)
        gone = [[(price, "0") for price, _ in side] for side in before]
        if after != before:
            written.delta(at_ms, [*gone[0], *after[0]], [*gone[1], *after[1]])
        written.trade(at_ms + 20, after[0][0][0], "3", sell=True)
        written.trade(at_ms + 40, after[1][0][0], "3")
        before = after
    return written.save(folder)


def _levels(middle: int, digits: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    bids = [(f"{Decimal(middle - away):.{digits}f}", "3.00000") for away in range(1, 6)]
    asks = [(f"{Decimal(middle + away):.{digits}f}", "3.00000") for away in range(1, 6)]
    return bids, asks


def configured(folder: Path, *, rate: str, fees: str, balances: str) -> Path:
    """Write the configuration of the desk with a funding rate."""
    paths = ",".join(str(wave(market, folder)) for market in ("spot", "usdm"))
    file = folder / "opensqt.toml"
    file.write_text(CONFIG.format(paths=paths, rate=rate, fees=fees, balances=balances))
    return file


def held(fills: list[Line], strategy: str, symbol: str) -> Decimal:
    """Return what a strategy received of a symbol, less what it gave, counted from its fills."""
    mine = [one for one in fills if (one["strategy"], one["symbol"]) == (strategy, symbol)]
    base = symbol.partition("/")[0]
    total = Decimal(0)
    for one in mine:
        quantity = Decimal(one["quantity"])
        total += quantity if one["side"] == "buy" else -quantity
        total -= Decimal(one["fee"]) if one["fee_asset"] == base else 0
    return total


def _sides(fills: list[Line]) -> set[tuple[str, str, str]]:
    return {(one["strategy"], one["symbol"], one["side"]) for one in fills}


async def _has_made(desk: Desk, trades: set[tuple[str, str, str]]) -> bool:
    return _sides(await desk.verb("fills")) >= trades


async def _has_left(desk: Desk) -> bool:
    """Tell whether the carry holds nothing any more that it could trade, and what stays can be named."""
    fills = await desk.verb("fills")
    named = {one["symbol"]: one["dust"] for one in await desk.verb("positions")}
    if named.get("BTC/USDT") is None:
        return False  # the rules of the venue are not written down yet
    return held(fills, "carry", "BTC/USDT:USDT") == 0 and held(fills, "carry", "BTC/USDT") < STEP


@pytest.mark.row("K06", "B22", "F04", "F07", "J09")
@pytest.mark.parametrize("fee_asset", ["BTC", "BNB"])
async def test_a_desk_that_bought_sells_it_all_again_but_dust(
    tmp_path: Path, fee_asset: str
) -> None:
    """Grid and carry buy; then funding turns: the carry leaves, nothing was refused, the rest is named, books agree."""
    fees = '[paper.fees]\nasset = "BNB"\nprice_quote = "600"' if fee_asset == "BNB" else ""
    balances = 'USDT = "10000"' + (', BNB = "2"' if fee_asset == "BNB" else "")
    desk = Desk(tmp_path / "data")
    for rate, trades in (("0.001", GRID | ENTRY), ("-0.001", GRID | ENTRY | EXIT)):
        file = configured(tmp_path, rate=rate, fees=fees, balances=balances)
        async with desk.running("--config", str(file)):
            await until(partial(_has_made, desk, trades), within_s=TRADES_S_MAX, poll_s=ASKED_S)
            if trades >= EXIT:
                await until(partial(_has_left, desk), within_s=TRADES_S_MAX, poll_s=ASKED_S)
    fills = await desk.verb("fills")
    assert _sides(fills) == GRID | ENTRY | EXIT
    assert {
        one["fee_asset"] for one in fills if one["side"] == "buy" and ":" not in one["symbol"]
    } == {fee_asset}
    # The venue's code is the same for an order that would match at once, which a moving market brings about.
    why = [line["data"]["reason"] for line in await desk.verb("events", "--type", "Rejected")]
    assert [reason for reason in why if "insufficient" in reason] == []
    assert held(fills, "carry", "BTC/USDT:USDT") == 0
    assert 0 <= held(fills, "carry", "BTC/USDT") < STEP
    whole = held(fills, "carry", "BTC/USDT") + held(fills, "grid-spot", "BTC/USDT")
    positions = {one["symbol"]: one for one in await desk.verb("positions")}
    assert Decimal(positions["BTC/USDT"]["quantity"]) == whole
    assert Decimal(positions["BTC/USDT"]["dust"]) % STEP == whole % STEP
    stated = [row for row in audit.rows(desk.data) if row["kind"] == "balance"]
    (wallet,) = [r for r in stated if (r["market"], r["fee_asset"]) == ("spot", "BTC")][-1:]
    assert Decimal(wallet["quantity"]) == whole
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines
