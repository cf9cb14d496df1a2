"""How an executor ends whose lease or journal is gone."""

import asyncio
from pathlib import Path

import pytest

from opensqt.runtime.lease import LeaseLost
from tests.component.rig import Rig
from tests.support.fakes.journal import MemoryJournal, MemoryLeases


@pytest.mark.row("J03")
async def test_an_executor_that_lost_its_lease_ends_with_that_alone(tmp_path: Path) -> None:
    """In the middle of its work: one error that says who took over, not a group of those that followed."""
    rig = Rig(tmp_path)
    await rig.start_risk()
    executor = rig.executor()
    task = asyncio.create_task(executor.run(asyncio.Event()))
    await rig.clock.run_for(3)
    for number in range(1, 6):
        await rig.approve(rig.place(number))
    rig.journals[-1].down = True
    twin = MemoryLeases(MemoryJournal(rig.store))
    assert await twin.acquire("executor/binance/main", "twin", 60_000) is None
    await rig.clock.run_for(4)
    assert await twin.acquire("executor/binance/main", "twin", 60_000) is not None
    rig.journals[-1].down = False
    await rig.clock.run_for(3)
    assert task.done()
    with pytest.raises(LeaseLost):
        await task
