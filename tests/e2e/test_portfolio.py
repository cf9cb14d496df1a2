"""A portfolio of a shipped desk: the venue scanned, a plan proposed, applied while it trades, and then left alone."""

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
market = "synthetic:7:BTC/USDT,BTC/USDT:USDT,ETH/USDT,ETH/USDT:USDT"
[paper.funding."BTC/USDT:USDT"]
rate = "0.00005"
past_intervals = 10
[paper.funding."ETH/USDT:USDT"]
rate = "0.0003"
past_intervals = 60
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "100000" }
[strategies.carry]
kind = "carry"
account = "main"
spot = "BTC/USDT"
perp = "BTC/USDT:USDT"
entry_apr_min = "0.10"
exit_apr_max = "0.01"
notional_quote_max = "5000"
[strategies.grid]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "neutral"
step_bps = "12"
levels_below = 3
levels_above = 3
order_notional_quote = "300"
[portfolio.universe]
volume_quote_min = "1"
"""
ADDED = "carry-eth-usdt"


def _of(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["type"] == kind]


@pytest.mark.row("F16", "F17", "F18", "G01")
async def test_a_plan_is_applied_on_a_running_desk_and_a_second_time_changes_nothing(
    tmp_path: Path,
) -> None:
    """BTC tells too little of its past and leaves; ETH gets a quarter, capped by risk; then nothing is left to do."""
    desk, config = Desk(tmp_path / "data"), tmp_path / "desk.toml"
    config.write_text(DESK)

    async def traded() -> bool:
        lines = await desk.verb("portfolio", "scan")
        return len(_of(lines, "ranked")) == 1

    async with desk.running("--config", str(config)):
        await until(traded, within_s=90)  # both legs of ETH
        lines = await desk.verb("portfolio", "plan")
        (ranked,), (left,) = _of(lines, "ranked"), _of(lines, "left_out")
        assert (ranked["interval_hours"], ranked["apr"]) == (8, "0.328500")
        assert {"60 of 90 fundings", "daily prices"} <= {*ranked["unknown"]}
        assert "tells 10 fundings that it paid, expected at least 21" in left["why"]
        told = [(one["kind"], one["strategy"]) for one in _of(lines, "action")]
        assert told == [("remove", "carry"), ("add", ADDED)]
        (target,) = _of(lines, "target")
        assert (target["weight"], Decimal(target["notional_quote"])) == ("0.25", Decimal(20_000))
        before = {line["name"] for line in await desk.verb("strategies")}
        assert before == {"carry", "grid"}  # a plan changes nothing

        words = ("portfolio", "apply", "--reason", "as proposed", "--wait", "180")
        code, said, err = await desk.command(*words, within_s=400)
        assert code == 0, said + err
        assert "left the desk, flat at journal position" in said
        assert "part of the desk, and runs" in said
        strategies = {line["name"]: line for line in await desk.verb("strategies")}
        assert set(strategies) == {"grid", ADDED}
        assert strategies[ADDED]["reason"] == "as proposed"
        (registered,) = await desk.verb("events", "--type", "StrategyRegistered")

        again = await desk.verb("portfolio", "apply", "--reason", "once more")
        assert _of(again, "action") == []
        assert await desk.verb("events", "--type", "StrategyRegistered") == [registered]
        (scores,) = await desk.verb("ask", "PortfolioService.GetMarketScores", "{}")
        assert [one["symbol"] for one in scores["opportunities"]] == ["ETH/USDT:USDT"]
    verdict = (await desk.verb("verify"))[-1]
    assert verdict == {"type": "verdict", "holds": True, "failed": []}
