"""The calls of PortfolioService over every transport, before a gateway whose desk has a history."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.api.call import KeyScope
from tests.callers import calling
from tests.scans import leave_scan
from tests.simulation.strategy_facts import PERP

SERVICE = "PortfolioService"


@pytest.mark.row("G01", "F17")
async def test_a_portfolio_is_told_from_the_last_scan(tmp_path: Path, nats_url: str) -> None:
    """Nobody looked: that is said, and how to. Then scores with what is unknown, and a target under the caps."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        reader = callers.key(KeyScope.READ)
        for name in ("GetMarketScores", "GetTargetPositions"):
            code, said = await callers.everywhere(f"{SERVICE}.{name}", {}, reader)
            assert (code, "`opensqt portfolio scan` does it" in said["detail"]) == (
                "unavailable",
                True,
            )
        leave_scan(tmp_path, "binance")
        _, scores = await callers.everywhere(f"{SERVICE}.GetMarketScores", {}, reader)
        (one,) = scores["opportunities"]
        assert (one["symbol"], one["strategy"], one["short_exchange"]) == (PERP, "carry", "binance")
        assert Decimal(one["apr"]) == Decimal("0.3285")
        assert Decimal(one["metrics"]["sma_30d"]) == Decimal("0.3285")
        assert "daily prices" in one["unknown"]
        assert one["metrics"].get("volatility_score") is None
        code, said = await callers.everywhere(f"{SERVICE}.GetTargetPositions", {}, reader)
        (target,) = said["targets"]
        assert (target["symbol"], Decimal(target["weight"])) == (PERP, Decimal("0.25"))


@pytest.mark.row("G01", "E16")
async def test_a_margin_is_told_and_simulated(tmp_path: Path, nats_url: str) -> None:
    """Ten more bitcoins bind five hundredths of their worth; what has no price counts as a liquidation."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        reader = callers.key(KeyScope.READ)
        code, now = await callers.everywhere(f"{SERVICE}.GetRiskProfile", {}, reader)
        equity, bound = Decimal(now["adjusted_equity"]), Decimal(now["total_maintenance_margin"])
        assert (code, now["account"]) == ("ok", "main")
        assert Decimal(now["health_score"]) == round(1 - bound * Decimal("1.2") / equity, 4)
        nothing = await callers.everywhere(f"{SERVICE}.SimulateMargin", {}, reader)
        assert nothing[1]["projected_health_score"] == now["health_score"]
        asked = {"proposals": {PERP: "1"}}
        _, more = await callers.everywhere(f"{SERVICE}.SimulateMargin", asked, reader)
        assert Decimal(more["projected_health_score"]) < Decimal(now["health_score"])
        unknown = {"proposals": {"DOGE/USDT:USDT": "1"}}
        _, dark = await callers.everywhere(f"{SERVICE}.SimulateMargin", unknown, reader)
        assert (dark.get("projected_health_score"), dark["would_liquidate"]) == (None, True)
