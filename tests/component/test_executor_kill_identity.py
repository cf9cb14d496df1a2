"""Kills under identities that are in force already, and bytes beside them: a desk that is told to stop stops."""

from pathlib import Path

import pytest

from opensqt.domain.scope import DESK
from opensqt.runtime import latch
from opensqt.runtime.bus.port import Stream
from services.executor.kill_switch import KilledAgain
from tests.component.rig import START_MS, Rig

pytestmark = [pytest.mark.row("E10")]
OTHER = "strategy/other"


@pytest.mark.parametrize("way", ["said", "by file"])
async def test_a_kill_of_the_desk_under_the_identity_of_another_kill_stops_the_desk(
    rig: Rig, tmp_path: Path, way: str
) -> None:
    """Scripts name kills as they like: nothing is sent any more, and the desk's release ends it."""
    async with rig.dying(rig.executor()) as executor:
        await executor.kill.kill(OTHER, "drill", "me", "drill-1")
        if way == "said":
            await executor.kill.kill(DESK, "panic", "me", "drill-1")
        else:
            written = latch.Latch(
                scope=DESK, reason="panic", actor="me", time_ms=START_MS, kill_id="drill-1"
            )
            latch.latch(tmp_path, written)
            await rig.clock.run_for(1)
        await rig.approve(rig.place())
        await rig.clock.run_for(2)
        assert executor.status()["killed"]
        assert rig.venue.sent == []
        await executor.kill.resume(DESK, "over", "me", ["drill-1"])
        assert not executor.status()["killed"]


@pytest.mark.row("K04")
async def test_a_position_of_thousands_of_digits_ends_no_executor(rig: Rig) -> None:
    """It is one dead letter, also for each executor that reads FEED from its beginning."""
    async with rig.dying(rig.executor()):
        await rig.bus.send("ctl.kill", b"junk", {"ce-position": "9" * 4301})
        await rig.clock.run_for(1)
        assert (await rig.bus.state(Stream.DLQ)).messages == 1
    async with rig.dying(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(2)
        assert executor.ready
        assert len(rig.venue.sent) == 1


async def test_a_release_that_names_no_kill_records_nothing_and_says_so(rig: Rig) -> None:
    """Whoever asked before he knew what is in force is told just that."""
    async with rig.dying(rig.executor()) as executor:
        await executor.kill.kill(DESK, "panic", "me")
        await rig.clock.run_for(1)
        before = len(rig.facts())
        with pytest.raises(KilledAgain, match="the release names no kill"):
            await executor.kill.resume(DESK, "over", "me", [])
        assert len(rig.facts()) == before
        assert executor.status()["killed"]
