"""The storm in short form: the same script as `make storm`, under both rules of the paper venue."""

from pathlib import Path

import pytest

from tests.e2e.desk import Desk
from tests.e2e.storm import Script, Storm

SECONDS = 31.0  # two kills and one cut of all streams
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.row("J01", "A07", "C06", "H09")
@pytest.mark.parametrize("rules", ["binance", "gate"])
async def test_a_storm_costs_no_order(tmp_path: Path, rules: str) -> None:
    """Lost answers, dropped frames, cuts and kills at 20 intents a second: nothing doubled, lost, unknown or wrong."""
    lines: list[str] = []
    storm = Storm(Desk(tmp_path / "data"), Script(seconds=SECONDS, rules=rules), lines.append)
    judgement = await storm.run()
    assert judgement.good, "\n".join((*lines, *judgement.lines()))
    assert len(storm.kills) >= 2
