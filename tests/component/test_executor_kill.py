"""The kill switch and the clean stop against the clock, the journal, the disk and each other."""

import asyncio
import os

import pytest

from opensqt.domain.control import KillLatched
from opensqt.domain.order_state import OrderStatus
from opensqt.runtime import latch
from tests.component.rig import SYMBOL, Rig
from tests.support.fakes.journal import MemoryJournal, MemoryLeases
from tests.support.venue.faults import Fault


@pytest.mark.row("E10")
async def test_a_latch_on_disk_survives_an_older_release_in_the_journal(rig: Rig) -> None:
    """A kill that only the file knows (the journal was down) holds after a restart, whatever history released."""
    async with rig.dying(rig.executor()) as executor:
        await executor.kill.kill("desk", "first drill", "alice")
        await rig.clock.run_for(5)
        await executor.kill.resume(
            "desk", "drill over", "alice", executor.kill.in_force().get("desk", ())
        )
        rig.store.down = True
        await executor.kill.kill("desk", "for real", "bob")
        await rig.clock.run_for(0.5)
    rig.store.down = False
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(2)
        assert executor.status()["killed"]
        assert rig.venue.sent == []
        told = [fact.reason for fact in rig.facts() if isinstance(fact, KillLatched)]
        assert told == ["first drill", "for real"], "the file's latch is brought into the journal"


@pytest.mark.row("E10")
async def test_a_kill_before_the_lease_is_ours_sweeps_all_the_same(rig: Rig) -> None:
    """A standby that is asked to kill does it: neither lease nor history is needed, and it does not die of it."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place(2))
        await rig.clock.run_for(0.5)
    await MemoryLeases(MemoryJournal(rig.store)).acquire("executor/binance/main", "other", 600_000)
    standby = rig.executor()
    stop = asyncio.Event()
    task = asyncio.create_task(standby.run(stop))
    await rig.clock.run_for(0.1)
    await standby.kill.kill("desk", "drill", "alice")
    await rig.clock.run_for(0.5)
    rig.venue.faults.deliver_late()
    await rig.clock.run_for(4)
    assert not task.done()
    assert await rig.venue.open_orders(SYMBOL) == []
    assert any(isinstance(fact, KillLatched) for fact in rig.facts())
    stop.set()
    await rig.clock.run_for(1)
    await task


@pytest.mark.row("E10")
async def test_a_kill_is_carried_on_by_the_successor(rig: Rig) -> None:
    """A process that dies between its latch and its cancels leaves them to the next one, whatever it knows."""
    async with rig.dying(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.venue.faults.set("cancel", *[Fault.LOST_REQUEST] * 50)
        await executor.kill.kill("desk", "drill", "alice")
    while rig.venue.faults.take("cancel"):
        pass
    async with rig.running(rig.executor()):
        await rig.clock.run_for(2)
        assert await rig.venue.open_orders(SYMBOL) == []
        assert rig.order_of().phase is OrderStatus.CANCELED


@pytest.mark.row("E10")
async def test_a_kill_that_is_not_answered_for_an_order_it_does_not_know_goes_on(rig: Rig) -> None:
    """Before the history is read a cancel without an answer is repeated by the sweep, and kills no process."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
    await MemoryLeases(MemoryJournal(rig.store)).acquire("executor/binance/main", "other", 600_000)
    standby = rig.executor()
    task = asyncio.create_task(standby.run(asyncio.Event()))
    await rig.clock.run_for(0.1)
    rig.venue.faults.set("cancel", Fault.LOST_REQUEST)
    await standby.kill.kill("desk", "drill", "alice")
    await rig.clock.run_for(2)
    assert not task.done()
    assert await rig.venue.open_orders(SYMBOL) == []
    await rig.crash(standby, task)


@pytest.mark.row("E10")
async def test_a_kill_before_the_history_is_read_hides_none_of_it(rig: Rig) -> None:
    """The latch that a standby records stands behind the history; it still reads all of it when it takes over."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        standby = rig.executor()
        task = asyncio.create_task(standby.run(asyncio.Event()))
        await rig.clock.run_for(0.1)
        rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 9)
        await standby.kill.kill("desk", "drill", "alice")
    await rig.clock.run_for(30)
    assert standby.ready
    assert rig.order_of().phase is OrderStatus.CANCELED
    await rig.crash(standby, task)


@pytest.mark.row("E10")
async def test_a_latch_file_that_cannot_be_written_stops_no_cancel(rig: Rig) -> None:
    """A full disk must not keep the kill from cancelling; the journal then holds the latch alone."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        (rig.folder / f"{latch.FILE_NAME}.{os.getpid()}").mkdir()
        await executor.kill.kill("desk", "drill", "alice")
        assert await rig.venue.open_orders(SYMBOL) == []
        await rig.clock.run_for(1)
        assert any(isinstance(fact, KillLatched) for fact in rig.facts())


@pytest.mark.row("E10")
async def test_a_sweep_ends_with_its_latch(rig: Rig) -> None:
    """After a resume the sweep of the kill before it takes no new order away."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "drill", "alice")
        await executor.kill.resume(
            "desk", "false alarm", "alice", executor.kill.in_force().get("desk", ())
        )
        await rig.approve(rig.place())
        await rig.clock.run_for(4)
        assert rig.order_of().phase is OrderStatus.LIVE


@pytest.mark.row("E10")
async def test_a_kill_between_commit_and_request_stops_the_request(rig: Rig) -> None:
    """An order whose Submitting is committed while the kill comes is not sent, and its end says why."""
    async with rig.running(rig.executor()) as executor:
        rig.journals[-1].answers_lost = 1
        await rig.approve(rig.place())
        await rig.clock.run_for(0.01)
        await executor.kill.kill("desk", "drill", "alice")
        await rig.clock.run_for(1)
        assert rig.venue.sent == []
        assert rig.order_of().phase is OrderStatus.REJECTED


async def test_silence_of_risk_takes_away_what_arrives_late(rig: Rig) -> None:
    """An opening that nobody knows about when risk falls silent is cancelled when it appears after all."""
    async with rig.running(rig.executor()):
        rig.risk_alive = False
        await rig.clock.run_for(3.8)
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place())
        await rig.clock.run_for(1.4)
        rig.venue.faults.deliver_late()
        await rig.clock.run_for(8)
        assert await rig.venue.open_orders(SYMBOL) == []
        assert rig.order_of().terminal


async def test_a_clean_stop_takes_no_more_commands(rig: Rig) -> None:
    """What is approved while the executor is stopping is left in the queue: nothing appears behind the last sweep."""
    executor = rig.executor(cancel_on_stop=True)
    await rig.start_risk()
    stop = asyncio.Event()
    task = asyncio.create_task(executor.run(stop))
    while not executor.ready:
        await rig.clock.run_for(0.1)
    stop.set()
    for number in range(1, 60):
        await rig.approve(rig.place(number))
        await rig.clock.run_for(0.1)
    await rig.clock.run_for(3)
    await task
    assert rig.venue.sent == []
    assert await rig.venue.open_orders(SYMBOL) == []


async def test_a_clean_stop_ends_while_the_venue_is_away(rig: Rig) -> None:
    """A stop that cannot see the venue gives up in time for the supervisor, and releases its lease."""
    executor = rig.executor(cancel_on_stop=True)
    await rig.start_risk()
    stop = asyncio.Event()
    task = asyncio.create_task(executor.run(stop))
    while not executor.ready:
        await rig.clock.run_for(0.1)
    rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 10_000)
    stop.set()
    await rig.clock.run_for(7)
    assert task.done()
    assert await MemoryLeases(MemoryJournal(rig.store)).acquire(
        "executor/binance/main", "other", 1000
    )


async def test_a_clean_stop_cancels_while_the_journal_is_away(rig: Rig) -> None:
    """Cancels need no commit: with Postgres gone and the lease run out a stop still leaves no order."""
    executor = rig.executor(cancel_on_stop=True)
    await rig.start_risk()
    stop = asyncio.Event()
    task = asyncio.create_task(executor.run(stop))
    beat = asyncio.create_task(rig.beat())
    while not executor.ready:
        await rig.clock.run_for(0.1)
    await rig.approve(rig.place())
    await rig.clock.run_for(0.5)
    rig.store.down = True
    await rig.clock.run_for(3.5)
    stop.set()
    await rig.clock.run_for(7)
    beat.cancel()
    assert task.done()
    assert await rig.venue.open_orders(SYMBOL) == []


@pytest.mark.row("E10")
async def test_a_kill_of_one_strategy_leaves_the_others(rig: Rig) -> None:
    """Its orders go and none comes again; the orders of the others stay and new ones pass."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place(1))
        await rig.approve(rig.place(2, strategy="carry"))
        await rig.clock.run_for(1)
        assert await executor.kill.kill("strategy/grid-perp", "drill", "alice") == (1, 1)
        await rig.approve(rig.place(3))
        await rig.approve(rig.place(4, strategy="carry"))
        await rig.clock.run_for(4)
        phases = [rig.order_of(number).phase for number in (1, 2, 3, 4)]
        assert phases == [
            OrderStatus.CANCELED,
            OrderStatus.LIVE,
            OrderStatus.EXPIRED,
            OrderStatus.LIVE,
        ]


async def test_a_clean_stop_right_after_a_start_leaves_no_order_either(rig: Rig) -> None:
    """What a predecessor left open is cancelled by a stop that comes while the fence is waited out."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
    executor = rig.executor(cancel_on_stop=True)
    stop = asyncio.Event()
    task = asyncio.create_task(executor.run(stop))
    await rig.clock.run_for(3.5)
    assert executor.status()["phase"] == "waiting out the fence"
    stop.set()
    await rig.clock.run_for(7)
    await task
    assert await rig.venue.open_orders(SYMBOL) == []
