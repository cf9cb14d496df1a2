"""A leader that lost the journal and the successor that looks at what he left: neither spends what the other needs."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.journal import Lease
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import TradeView
from opensqt.runtime.lease import LeaseLost
from opensqt.simulation.engine.orders import Status
from tests.component.rig import SYMBOL, Rig
from tests.support.fakes.journal import MemoryLeases
from tests.support.venue.faults import Fault
from tests.support.venue.venue import FaultyVenue

MANY = 6


class Counting(FaultyVenue):
    """Counts the readings of trades."""

    trades_read = 0

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a trade id."""
        self.trades_read += 1
        return await super().trades(symbol, after=after, since_ms=since_ms)


async def _placed(rig: Rig) -> None:
    for number in range(MANY):
        await rig.approve(rig.place(number))
    await rig.clock.run_for(0.5)
    assert len(rig.exchange.orders) == MANY


@pytest.mark.row("E10")
async def test_without_journal_an_opening_is_cancelled_ever_more_rarely(rig: Rig) -> None:
    """In a minute without journal each of six orders is asked for a handful of times, not twice a second."""
    async with rig.running(rig.executor()):
        await _placed(rig)
        rig.store.down = True
        await rig.clock.run_for(6.5)
        assert await rig.venue.open_orders(SYMBOL) == []
        assert 1 <= sum(rig.venue.cancels) <= MANY * 2
        await rig.clock.run_for(60)
        assert sum(rig.venue.cancels) <= MANY * 6
        rig.store.down = False
        await rig.clock.run_for(8)
        assert {rig.order_of(number).phase for number in range(MANY)} == {OrderStatus.CANCELED}


@pytest.mark.row("E10")
async def test_a_cancel_that_was_not_answered_is_tried_again_without_journal(rig: Rig) -> None:
    """The first three requests of a silence are lost: the orders are off two seconds later all the same."""
    async with rig.running(rig.executor()):
        await _placed(rig)
        rig.store.down = True
        rig.venue.faults.set("cancel", *[Fault.LOST_REQUEST] * 3)
        await rig.clock.run_for(8)
        assert await rig.venue.open_orders(SYMBOL) == []


@pytest.mark.row("E10")
async def test_an_opening_that_stays_open_in_a_silence_is_cancelled_again(rig: Rig) -> None:
    """The venue confirmed the cancel of an order that it shows again a second later: it goes at the next turn."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        (order,) = rig.exchange.orders
        rig.store.down = True
        while not rig.venue.cancels:
            await rig.clock.run_for(0.1)
        order.status = Status.NEW
        await rig.clock.run_for(3)
        assert await rig.venue.open_orders(SYMBOL) == []


@pytest.mark.row("J03")
async def test_a_successor_reads_the_trades_once_for_all_that_he_misses(tmp_path: Path) -> None:
    """Six orders ended while nobody wrote it down: each is asked for, trades are read once more, not six times."""
    rig = Rig(tmp_path)
    async with rig.dying(rig.executor()):
        await _placed(rig)
    for order in rig.exchange.orders:
        rig.exchange.end(order, Status.CANCELED)
    venue = rig.venue = Counting(rig.exchange)
    successor = rig.executor()
    await rig.start_risk()
    task = asyncio.create_task(successor.run(asyncio.Event()))
    while successor.status()["phase"] != "waiting out the fence":
        await rig.clock.run_for(0.05)
    assert {rig.order_of(number).phase for number in range(MANY)} == {OrderStatus.CANCELED}
    assert venue.trades_read <= 3, "before the look, after it, and for a stream that came up"
    await rig.crash(successor, task)


@pytest.mark.row("J03")
async def test_a_fence_is_longer_than_a_request_may_live_by_what_clocks_part(rig: Rig) -> None:
    """Signer and successor each keep a time that is corrected: 2,000 ms of one need not be 2,000 ms of the other."""
    executor = rig.executor()
    await rig.start_risk()
    task = asyncio.create_task(executor.run(asyncio.Event()))
    while executor.status()["phase"] in ("starting", "waiting for the lease"):
        await rig.clock.run_for(0.001)
    taken_ms = rig.clock.market_ms()
    while executor.status()["phase"] != "running":
        await rig.clock.run_for(0.001)
    assert rig.clock.market_ms() - taken_ms >= rig.venue.policy.deadline_ms + 5
    await rig.crash(executor, task)


async def test_a_take_over_tells_what_it_took_its_time_for(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The venue does not answer the first look for a while: the line that says "running" names it."""
    caplog.set_level("INFO")
    rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 8)
    async with rig.running(rig.executor()):
        (line,) = [record for record in caplog.records if record.msg == "executor_running"]
        fields = vars(line)["fields"]
        assert fields["venue_s"] > 3
        assert fields["journal_s"] < 1
        assert fields["fence_s"] == 0


@pytest.mark.row("J03")
async def test_nobody_stands_by_who_has_not_reached_the_journal(rig: Rig) -> None:
    """A process that could not take over says "starting", whoever looks for a standby waits for another word."""
    async with rig.running(rig.executor()):
        standby = rig.executor()
        rig.journal_of[standby].down = True
        task = asyncio.create_task(standby.run(asyncio.Event()))
        await rig.clock.run_for(2)
        assert standby.status()["phase"] == "starting"
        rig.journal_of[standby].down = False
        await rig.clock.run_for(1)
        assert standby.status()["phase"] == "waiting for the lease"
        await rig.crash(standby, task)


@pytest.mark.row("J03")
async def test_a_leader_whose_journal_ends_before_its_lease_sees_that_it_was_deposed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup was put back while it took the lease: it does not work on half a history, and ends for its twin."""
    acquire = MemoryLeases.acquire

    async def before_the_backup(
        self: MemoryLeases, name: str, holder: str, ttl_ms: int
    ) -> Lease | None:
        lease = await acquire(self, name, holder, ttl_ms)
        return lease and msgspec.structs.replace(lease, head_position=lease.head_position + 1)

    monkeypatch.setattr(MemoryLeases, "acquire", before_the_backup)
    executor = rig.executor()
    task = asyncio.create_task(executor.run(asyncio.Event()))
    await rig.clock.run_for(6)
    assert executor.status()["phase"] == "reading the journal"
    rig.store.lease_row("executor/binance/main").epoch += 1
    await rig.clock.run_for(2)
    with pytest.raises(LeaseLost, match="taken over"):
        await task
