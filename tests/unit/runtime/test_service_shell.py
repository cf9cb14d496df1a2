"""The one shell of all services: tasks begin under the lease and end together, in one error."""

import asyncio
import contextlib

import pytest

from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.service_shell import ServiceShell
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore

TTL_MS = 3000


class House:
    """A shell with a lease, and what it was seen to do."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.journal = MemoryJournal(MemoryStore(self.clock))
        self.leases = MemoryLeases(self.journal)
        lease = LeaseKeeper(
            MemoryLeases(self.journal), self.clock, name="x", holder="me", ttl_ms=TTL_MS
        )
        self.shell = ServiceShell(lease)
        self.stop = asyncio.Event()
        self.seen: list[str] = []

    async def work(self) -> None:
        """Work until `stop`, then finish."""
        self.seen.append("work")
        await self.stop.wait()
        await self.clock.sleep(1)
        self.seen.append("finished")

    async def leave(self) -> None:
        """Leave."""
        self.seen.append("left")


async def test_work_begins_when_the_lease_is_taken_and_gives_it_back() -> None:
    """A standby only waits; the leader's lease is renewed beside its work and is free at once when it ends."""
    house = House()
    other = await house.leases.acquire("x", "other", TTL_MS)
    assert other is not None
    running = asyncio.create_task(house.shell.run(house.stop, house.work, house.shell.finished))
    await house.clock.run_for(2)
    assert house.seen == []
    await house.leases.release(other)
    await house.clock.run_for(TTL_MS / 1000 * 3)
    assert house.seen == ["work"]
    assert await house.leases.acquire("x", "other", TTL_MS) is None
    house.stop.set()
    await house.clock.run_for(2)
    await running
    assert house.seen == ["work", "finished"]
    assert await house.leases.acquire("x", "other", TTL_MS) is not None


async def test_a_standby_that_is_stopped_leaves_without_having_worked() -> None:
    """It does not wait for work that never began."""
    for leave in ("leave", "finished"):
        house = House()
        assert await house.leases.acquire("x", "other", TTL_MS) is not None
        step = house.leave if leave == "leave" else house.shell.finished
        running = asyncio.create_task(house.shell.run(house.stop, house.work, step))
        await house.clock.run_for(1)
        house.stop.set()
        await house.clock.run_for(1)
        await running
        assert house.seen == (["left"] if leave == "leave" else [])


async def test_a_lease_that_was_taken_over_ends_all_and_is_said_alone() -> None:
    """Whatever else ends because of it is no error of its own."""
    house = House()

    async def beside() -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        house.shell.spawn(beside())
        await beside()

    running = asyncio.create_task(house.shell.run(house.stop, work))
    await house.clock.run_for(1)
    house.journal.store.lease_row("x").epoch += 1
    await house.clock.run_for(TTL_MS / 1000)
    with pytest.raises(LeaseLost):
        await running


async def test_a_cancellation_that_is_lost_is_said_again() -> None:
    """A client that answers in the turn in which it is cancelled swallows that: the task is told once more."""
    told, stop = 0, asyncio.Event()
    shell = ServiceShell()

    async def swallows() -> None:
        nonlocal told
        stop.set()
        while told < 2:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            told += 1

    async with asyncio.timeout(10):
        await shell.run(stop, swallows)
    assert told == 2


async def test_what_begins_behind_the_first_failure_is_dropped() -> None:
    """A task that ends because of another one's failure and wants to start a third adds no error of its own."""
    shell, began = ServiceShell(), []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            shell.spawn(begins())

    async def begins() -> None:
        began.append(1)

    async def fails() -> None:
        for _ in range(3):
            shell.spawn(waits())
        await asyncio.sleep(0)
        raise ValueError("the lattice is upside down")

    with pytest.raises(ExceptionGroup) as found:
        await shell.run(asyncio.Event(), fails)
    assert [type(error) for error in found.value.exceptions] == [ValueError]
    assert began == []
