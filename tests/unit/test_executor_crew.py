"""The tasks of an executor end together: with the first failure, in one error, and however often they must be told."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from opensqt.runtime.lease import LeaseLost
from services.executor.task_supervisor import TaskSupervisor
from tests.support.fakes.journal import MemoryJournal, MemoryLeases
from tests.unit.rig import Rig


async def test_a_cancellation_that_is_lost_is_said_again() -> None:
    """A client that answers in the turn in which it is cancelled swallows that: the task is told once more."""
    told = 0

    async def swallows() -> None:
        nonlocal told
        while told < 2:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            told += 1

    crew = TaskSupervisor()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        crew.join(group)
        crew.spawn(swallows())
        await asyncio.sleep(0)
        await crew.end()
    assert told == 2


async def test_what_begins_behind_the_first_failure_is_dropped() -> None:
    """A task that ends because of another one's failure and wants to start a third adds no error of its own."""
    crew = TaskSupervisor()
    began = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            crew.spawn(begins())

    async def begins() -> None:
        began.append(1)

    async def fails() -> None:
        await asyncio.sleep(0)
        raise LeaseLost("taken over")

    async def works() -> None:
        async with asyncio.TaskGroup() as group:
            crew.join(group)
            for _ in range(3):
                crew.spawn(waits())
            crew.spawn(fails())
            try:
                await asyncio.Event().wait()
            finally:
                await crew.end()

    with pytest.raises(ExceptionGroup) as found:
        await works()
    assert [type(error) for error in found.value.exceptions] == [LeaseLost]
    assert began == []


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
