"""A latch file that appears, or lies there at a start: what is obeyed, and what is only left over."""

from pathlib import Path

import msgspec
import pytest

from opensqt.domain import subjects
from opensqt.runtime import latch
from opensqt.runtime.journal.reading import decode_row, envelope_of
from opensqt.runtime.latch import Latch
from tests.component.rig import SYMBOL, Rig

pytestmark = pytest.mark.row("E10")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)


async def test_a_latch_file_of_a_kill_that_was_released_is_obeyed_when_it_is_put_back(
    rig: Rig,
) -> None:
    """A running executor obeys within a second, as a kill of its own that a release can name."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "fire", "anna", "one")
        kept = (rig.folder / latch.FILE_NAME).read_bytes()
        await executor.kill.resume("desk", "out", "anna", ["one"])
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        (rig.folder / latch.FILE_NAME).write_bytes(kept)
        await rig.clock.run_for(1)
        assert executor.status()["killed"]
        assert await rig.venue.open_orders(SYMBOL) == []
        (name,) = executor.status()["kill_ids"]["desk"]
        assert name != "one"
        await executor.kill.resume("desk", "out", "anna", [name])
        assert latch.read(rig.folder) is None
        await rig.clock.run_for(1)
        assert not executor.status()["killed"]


@pytest.mark.parametrize("heard", ["in the journal", "on the bus first"])
async def test_a_latch_file_that_lies_there_at_a_start_is_obeyed_whatever_was_released(
    rig: Rig, heard: str
) -> None:
    """`status` says that the desk starts killed; a predecessor that died over its release left the same."""
    laid = Latch(scope="desk", reason="fire", actor="bob", time_ms=1, kill_id="one")
    await _released(rig, laid, on_bus=heard == "on the bus first")
    latch.latch(rig.folder, laid)
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]
        await executor.kill.resume("desk", "out", "anna", executor.kill.in_force()["desk"])
        assert latch.read(rig.folder) is None
    async with rig.running(rig.executor()) as executor:
        assert not executor.status()["killed"]


@pytest.mark.parametrize("heard", ["in the journal", "on the bus first"])
async def test_a_note_of_an_executor_that_was_down_when_it_was_released_kills_nobody(
    rig: Rig, heard: str
) -> None:
    """It lies in a folder of its own, as a standby's does: the release that others recorded is finished."""
    note = Latch(scope="desk", reason="fire", actor="bob", time_ms=1, kill_id="one", account="main")
    await _released(rig, note, on_bus=heard == "on the bus first")
    latch.latch(rig.folder, note)
    async with rig.running(rig.executor()) as executor:
        assert not executor.status()["killed"]
        assert latch.read(rig.folder) is None


async def test_what_a_slow_executor_wrote_down_for_itself_kills_nobody_who_released_it(
    rig: Rig,
) -> None:
    """It obeyed late and is killed until its own release; here the kill is over, and the file goes with a release."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "fire", "anna", "one")
        found = latch.read(rig.folder)
        assert found is not None
        assert found.account == "main"
        await executor.kill.resume("desk", "out", "anna", ["one"])
        latch.latch(rig.folder, msgspec.structs.replace(found, account="other"))
        await rig.clock.run_for(1)
        assert not executor.status()["killed"]
        await executor.kill.resume("desk", "out", "anna", [])
        assert latch.read(rig.folder) is None


async def test_the_file_of_a_command_stays_as_the_command_wrote_it(rig: Rig) -> None:
    """An executor that obeys the same kill does not make it a note of its own: put back, it is for all."""
    laid = Latch(scope="desk", reason="fire", actor="bob", time_ms=1, kill_id="one")
    async with rig.running(rig.executor()) as executor:
        latch.latch(rig.folder, laid)
        await executor.kill.kill("desk", "fire", "bob", "one")
        assert latch.read(rig.folder) == laid


async def _released(rig: Rig, laid: Latch, *, on_bus: bool) -> None:
    """Let a kill by file be obeyed and released; the relay may tell the release before the next start."""
    latch.latch(rig.folder, laid)
    async with rig.dying(rig.executor()) as executor:
        await rig.clock.run_for(0.5)
        await executor.kill.resume("desk", "out", "anna", ["one"])
    row = next(row for row in reversed(rig.store.rows) if row.type == "KillReleased")
    if on_bus:
        await rig.bus.publish(subjects.LATCH, decode_row(row), envelope_of(row))
