"""Two opposite grids on one symbol and account, in short form (`make opposite` trades for an hour of market time)."""

from pathlib import Path

import pytest

from tests.e2e import opposite
from tests.e2e.opposite import Plan

pytestmark = [pytest.mark.timeout(240), pytest.mark.row("J18")]


@pytest.mark.parametrize(
    "minutes", [3, pytest.param(7, marks=pytest.mark.slow)], ids=["short", "long"]
)
async def test_opposite_grids_never_meet_and_keep_their_money_apart(
    tmp_path: Path, minutes: int
) -> None:
    """Minutes of market time: no trade with ourselves, no close that hangs, each grid's money its own."""
    judgement = await opposite.run(tmp_path / "data", Plan(hours=minutes / 60, speed="10"))
    assert judgement.good, "\n".join(judgement.lines())
