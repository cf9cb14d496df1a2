"""The executor's ear on control: what is said while the bus is away, while nobody leads or while another one does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opensqt.domain import subjects
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.scope import DESK
from opensqt.runtime import latch
from opensqt.runtime.bus.port import BusDown, Stream, StreamState
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.reading import decode_row, envelope_of
from opensqt.runtime.lease import LeaseLost
from services.executor.service import Executor
from tests.component.rig import SYMBOL, Rig
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker

GRID = "strategy/grid-perp"


def _anew(broker: MemoryBroker) -> None:
    broker.make_anew(Stream.FEED)


def _shorter(broker: MemoryBroker) -> None:
    broker.lose_tail(Stream.FEED, 2)


@pytest.mark.parametrize("change", [_anew, _shorter])
async def test_a_kill_said_while_the_ear_recovers_is_heard(
    tmp_path: Path, change: Callable[[MemoryBroker], None]
) -> None:
    """A FEED that was made anew or lost its tail neither ends the executor nor swallows a kill."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(3)
        rig.broker.down()
        change(rig.broker)
        await rig.broker.up()
        await rig.clock.run_for(0.1)
        await _say_kill(rig)
        await rig.clock.run_for(2)
        assert executor.status()["killed"]


@pytest.mark.row("E10")
@pytest.mark.parametrize("scope", [DESK, GRID])
async def test_a_kill_said_while_nobody_leads_is_obeyed_by_the_next_leader(
    tmp_path: Path, scope: str
) -> None:
    """The bus alone holds it: the successor finds it there, takes the orders off, latches and records it."""
    rig = Rig(tmp_path)
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
    await _say_kill(rig, scope)
    await rig.clock.run_for(1)
    async with rig.running(rig.executor()):
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.CANCELED
        await rig.approve(rig.place(2))
        await rig.clock.run_for(1)
        assert len(rig.venue.sent) == 1, "nothing is sent under the latch"
        assert [fact.scope for fact in _kills(rig)] == [scope]
    assert (latch.read(tmp_path) is not None) == (scope == DESK)


@pytest.mark.row("E10")
async def test_a_kill_that_was_released_since_is_not_obeyed_again(tmp_path: Path) -> None:
    """FEED keeps every kill for days; the journal tells which of them are over."""
    rig = Rig(tmp_path)
    beat = asyncio.create_task(rig.beat())
    async with rig.dying(rig.executor()) as executor:
        await _say_kill(rig)
        await rig.clock.run_for(4)
        assert executor.status()["killed"]
        await executor.kill.resume(DESK, "over", "me", executor.kill.in_force().get(DESK, ()))
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
    beat.cancel()
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(4)
        assert not executor.status()["killed"]
        assert rig.order_of().phase is OrderStatus.LIVE
        assert len(_kills(rig)) == 1


@pytest.mark.row("E10")
async def test_a_standby_obeys_a_kill_while_its_leader_is_dead(tmp_path: Path) -> None:
    """It hears before it leads: the orders go at once, not after the take-over."""
    rig = Rig(tmp_path)
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        standby = rig.executor()
        task = asyncio.create_task(standby.run(asyncio.Event()))
        await rig.clock.run_for(0.5)
    await _say_kill(rig)
    await rig.clock.run_for(0.5)
    assert standby.status()["phase"] == "waiting for the lease"
    assert await rig.venue.open_orders(SYMBOL) == []
    await rig.clock.run_for(8)
    assert standby.ready
    assert standby.status()["killed"]
    assert len(_kills(rig)) == 1
    await rig.crash(standby, task)


@pytest.mark.row("E10")
async def test_a_standby_follows_the_release_of_its_leader(tmp_path: Path) -> None:
    """What the leader released neither sweeps the account on nor comes back with the take-over."""
    rig = Rig(tmp_path)
    async with _leading(rig) as (leader, standby):
        await _say_kill(rig)
        await rig.clock.run_for(0.5)
        assert leader.status()["killed"]
        assert standby.status()["killed"]
        await leader.kill.resume(DESK, "over", "me", leader.kill.in_force().get(DESK, ()))
        row = next(row for row in reversed(rig.store.rows) if row.type == "KillReleased")
        await rig.bus.publish(subjects.LATCH, decode_row(row), envelope_of(row))
        await rig.clock.run_for(0.1)
        assert not standby.status()["killed"]
        await rig.approve(rig.place())
        await rig.clock.run_for(4)
        assert rig.order_of().phase is OrderStatus.LIVE


@pytest.mark.row("J03")
async def test_a_leader_that_the_bus_lost_makes_way_for_a_standby_that_hears_it(
    tmp_path: Path,
) -> None:
    """A deaf leader would keep its lease for ever; with nobody behind it, giving it away would win nothing."""
    rig = Rig(tmp_path)
    rig.bus_of = lambda number: MemoryBus(rig.broker) if number > 1 else deaf
    deaf = _Deaf(rig.broker)
    async with _leading(rig, ends=LeaseLost) as (leader, standby):
        deaf.is_deaf = True
        await rig.clock.run_for(2)
        assert leader.ready, "two seconds of silence are a restart of the server"
        await rig.clock.run_for(4.5)
        assert standby.ready


@pytest.mark.row("J03")
async def test_a_bus_that_is_gone_for_all_costs_no_leader_its_lease(tmp_path: Path) -> None:
    """Nobody who hears it stands by: the leader stays, and goes on when the bus is back."""
    rig = Rig(tmp_path)
    async with _leading(rig) as (leader, standby):
        rig.broker.down()
        await rig.clock.run_for(8)
        await rig.broker.up()
        await rig.clock.run_for(1)
        assert leader.ready
        assert not standby.ready


class _Deaf(MemoryBus):
    """A connection that can be lost for one process alone."""

    is_deaf = False

    async def state(self, stream: Stream) -> StreamState:
        if self.is_deaf:
            raise BusDown("no answer")
        return await super().state(stream)


@asynccontextmanager
async def _leading(
    rig: Rig, ends: type[Exception] | None = None
) -> AsyncIterator[tuple[Executor, Executor]]:
    """Run a leader and a standby; crash them at the end, or find that the leader ended by itself."""
    await rig.start_risk()
    beat = asyncio.create_task(rig.beat())
    executors = [rig.executor()]
    tasks = [asyncio.create_task(executors[0].run(asyncio.Event()))]
    await rig.clock.run_for(3)
    executors.append(rig.executor())
    tasks.append(asyncio.create_task(executors[1].run(asyncio.Event())))
    await rig.clock.run_for(1)
    try:
        yield executors[0], executors[1]
        if ends is not None:
            with pytest.raises(ends):
                await tasks[0]
    finally:
        beat.cancel()
        for executor, task in zip(executors, tasks, strict=True):
            await rig.crash(executor, task)


async def _say_kill(
    rig: Rig, scope: str = DESK, *, subject: str = subjects.KILL, before_ms: int = 0
) -> None:
    now_ms = rig.clock.market_ms() - before_ms
    kill = KillLatched(scope=scope, reason="test", actor="me", time_ms=now_ms)
    envelope = Envelope(event_id=f"kill-{now_ms}", type="KillLatched", source="cli", time_ms=now_ms)
    await rig.bus.publish(subject, kill, envelope)


def _kills(rig: Rig) -> list[KillLatched]:
    return [fact for fact in rig.facts() if isinstance(fact, KillLatched)]


@pytest.mark.row("E10")
async def test_a_kill_that_only_the_journal_has_is_obeyed(tmp_path: Path) -> None:
    """A standby heard it and recorded it, FEED lost it before its leader heard; the relay tells the row once more."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        await _say_kill(rig, subject=subjects.LATCH)
        await rig.clock.run_for(2)
        assert executor.status()["killed"]
        assert rig.order_of().phase is OrderStatus.CANCELED
        await executor.kill.resume(DESK, "seen", "me", executor.kill.in_force().get(DESK, ()))
        await _say_kill(rig, subject=subjects.LATCH, before_ms=2000)
        await rig.clock.run_for(2)
        assert not executor.status()["killed"], "it was released since"


@pytest.mark.row("K01")
@pytest.mark.parametrize("position", [0, 10**12], ids=["unrecorded", "a position of its own"])
async def test_a_release_that_no_journal_holds_is_not_followed(
    tmp_path: Path, position: int
) -> None:
    """On the bus anybody can say anything: neither leader nor standby lets go, and later kills are obeyed."""
    rig = Rig(tmp_path)
    async with _leading(rig) as (leader, standby):
        await _say_kill(rig)
        await rig.clock.run_for(0.5)
        known = _kills(rig)[-1].kill_id
        forged = KillReleased(
            scope=DESK, reason="x", actor="eve", time_ms=2**60, kill_ids=(known, "next")
        )
        envelope = Envelope(
            event_id="forged", type="KillReleased", source="eve", time_ms=1, position=position
        )
        await rig.bus.publish(subjects.LATCH, forged, envelope)
        await rig.clock.run_for(0.5)
        assert leader.status()["killed"]
        assert standby.status()["killed"]
        assert latch.read(tmp_path) is not None
