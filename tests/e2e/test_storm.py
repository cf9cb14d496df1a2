"""The storm in short form: the same script as `make storm`, under both rules of the paper venue."""

from pathlib import Path

import pytest

from tests.e2e.desk import Desk
from tests.e2e.storm import Script, Storm

# At least one kill, two in the long one, and a cut of all streams. On a busy machine a kill of the short one may last
# for most of its time: how much gets through is asked of the long one.
LONG = Script(seconds=31.0)
SHORT = Script(seconds=12.0, rules="gate", kill_every_s=5.0, cut_every_s=7.0, share_min=0.0)
pytestmark = [pytest.mark.timeout(300), pytest.mark.row("J01", "A07", "C06", "H09")]


async def test_a_short_storm_costs_no_order(tmp_path: Path) -> None:
    """Lost answers, dropped frames, cuts and kills at 20 intents a second: nothing doubled, lost, unknown or wrong."""
    await _is_good(tmp_path, SHORT, kills_min=1)


@pytest.mark.slow
async def test_a_storm_costs_no_order(tmp_path: Path) -> None:
    """The same for longer, under the rules that the short one is not under."""
    await _is_good(tmp_path, LONG, kills_min=2)


async def _is_good(folder: Path, script: Script, *, kills_min: int) -> None:
    lines: list[str] = []
    storm = Storm(Desk(folder / "data"), script, lines.append)
    judgement = await storm.run()
    assert judgement.good, "\n".join((*lines, *judgement.lines()))
    assert len(storm.kills) >= kills_min
