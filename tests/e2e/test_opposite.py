"""Two opposite grids on one symbol and account, in short form (`make opposite` trades for an hour of market time)."""

from pathlib import Path

import pytest

from tests.e2e import opposite
from tests.e2e.opposite import Plan

# A market and steps with which both grids close in every stretch of this length, whenever they begin.
SHORT = Plan(hours=4 / 60, seed=3, step_bps="4.5")
LONG = Plan(hours=7 / 60)
pytestmark = [pytest.mark.timeout(240), pytest.mark.row("J18")]


@pytest.mark.parametrize(
    "plan", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)], ids=["short", "long"]
)
async def test_opposite_grids_never_meet_and_keep_their_money_apart(
    tmp_path: Path, plan: Plan
) -> None:
    """Minutes of market time: no trade with ourselves, no close that hangs, each grid's money its own."""
    judgement = await opposite.run(tmp_path / "data", plan)
    assert judgement.good, "\n".join(judgement.lines())
