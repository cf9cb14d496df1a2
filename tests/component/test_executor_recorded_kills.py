"""An executor and the journal's control stream: a kill that is written there is obeyed while there is no bus."""

import asyncio
from pathlib import Path

import pytest

from opensqt.domain.control import CONTROL_STREAM, KillLatched, KillReleased
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.scope import DESK
from opensqt.domain.standby import STANDBY
from opensqt.domain.subjects import subject_of
from tests.component.rig import Rig
from tests.support.fakes.journal import MemoryJournal


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)


@pytest.mark.row("K12")
async def test_a_kill_in_the_journal_is_obeyed_while_the_bus_is_away(rig: Rig) -> None:
    """The leader takes its orders off, latches on disk and records that this account obeyed."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.broker.down()
        await _record(rig, _kill("one"))
        await rig.clock.run_for(1.5)
        assert executor.status()["kill_ids"] == {DESK: ("one",)}
        assert rig.order_of().phase is OrderStatus.CANCELED
        assert (rig.folder / "kill.latch").exists()
    obeyed = [f for f in rig.facts() if isinstance(f, KillLatched) and f.account == "main"]
    assert [(kill.kill_id, kill.epoch) for kill in obeyed] == [("one", 1)]


async def test_a_kill_that_was_released_before_is_not_obeyed_when_it_is_read(rig: Rig) -> None:
    """Both are in the journal when the executor looks: their order there does not matter, their names do."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill(DESK, "by its port", "bob", "one")
        await executor.kill.resume(DESK, "all well", "bob", ["one"])
        await _record(rig, _kill("one"))
        await rig.clock.run_for(2)
        assert not executor.status()["killed"]


async def test_a_standby_follows_what_the_journal_says(rig: Rig) -> None:
    """Without a bus it hears of a kill, and of the leader's release, in the journal."""
    async with rig.running(rig.executor()):
        standby = rig.executor()
        task = asyncio.create_task(standby.run(asyncio.Event()))
        await rig.clock.run_for(4)
        rig.broker.down()
        await _record(rig, _kill("one"))
        await rig.clock.run_for(1.5)
        assert standby.status()["killed"]
        release = KillReleased(
            scope=DESK, reason="", actor="bob", time_ms=1, kill_ids=("one",), account="main"
        )
        await _record(rig, release)
        await rig.clock.run_for(1.5)
        assert not standby.status()["killed"]
        await rig.broker.up()
        await rig.crash(standby, task)


@pytest.mark.row("I22")
async def test_a_standby_is_ready_behind_a_living_leader_only(rig: Rig) -> None:
    """Who waits for the lease of a dead one leads in a moment; who waits longer than it lasts has one before him."""
    async with rig.running(rig.executor()) as leader:
        standby = rig.executor()
        task = asyncio.create_task(standby.run(asyncio.Event()))
        await rig.clock.run_for(2)
        assert standby.stands_by
        assert standby.status()[STANDBY] is False, "nobody knows yet whether anybody leads"
        await rig.clock.run_for(3)
        assert standby.status()[STANDBY] is True
        assert leader.status()[STANDBY] is False
        rig.broker.down()
        await rig.clock.run_for(4)
        assert standby.status()[STANDBY] is False, "it does not hear what it would have to do"
        await rig.broker.up()
        await rig.crash(standby, task)


def _kill(kill_id: str) -> KillLatched:
    return KillLatched(scope=DESK, reason="test", actor="bob", time_ms=1, kill_id=kill_id)


async def _record(rig: Rig, message: KillLatched | KillReleased) -> None:
    event = NewEvent(
        event_id=f"{type(message).__name__}-{message.reason}",
        stream=CONTROL_STREAM,
        message=message,
        subject=subject_of(message),
        actor=message.actor,
        occurred_at_ms=message.time_ms,
    )
    await MemoryJournal(rig.store).append(Entry(events=(event,)))
