"""Releasing a kill against a new kill, the journal, the disk and names that nobody has."""

import asyncio
from typing import Any

import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.subjects import KILL
from opensqt.runtime import latch
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.latch import Latch
from services.executor.config import actions_of
from services.executor.kill_switch import KilledAgain
from services.executor.service import Executor
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.faults import Fault

CONFIG = parse_config(derive([SYMBOL], market="synthetic:7"), {})
TYPO = {"scope": "strategy/grid-prep", "reason": "fire", "actor": "anna"}


@pytest.mark.row("E10")
@pytest.mark.parametrize("kills_before", [0, 1], ids=["on its way", "behind another fact"])
async def test_a_kill_overtakes_a_release_that_waits(rig: Rig, kills_before: int) -> None:
    """Latch, latch file and sweep of the new kill stand, whoever resumes is told, and a restart stays killed."""
    async with rig.dying(rig.executor()) as executor:
        await executor.kill.kill("desk", "one", "anna")
        await rig.clock.run_for(5)
        rig.store.down = True
        for _ in range(kills_before):
            await executor.kill.kill("desk", "more", "anna")
        release = asyncio.create_task(
            executor.kill.resume("desk", "fine", "anna", executor.kill.in_force().get("desk", ()))
        )
        await rig.clock.run_for(0.1)
        await executor.kill.kill("desk", "real", "bob")
        rig.store.down = False
        await rig.clock.run_for(3)
        with pytest.raises(KilledAgain, match=r"desk was killed again meanwhile \(bob: real\)"):
            await release
        assert executor.status()["killed"]
        found = latch.read(rig.folder)
        assert found is not None
        assert found.reason == "real"
        last = [fact for fact in rig.facts() if isinstance(fact, KillLatched | KillReleased)][-1]
        assert isinstance(last, KillLatched)
        assert last.reason == "real"
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]
        await executor.kill.resume(
            "desk", "fine now", "anna", executor.kill.in_force().get("desk", ())
        )
        assert not executor.status()["killed"]
        assert latch.read(rig.folder) is None


@pytest.mark.row("E10")
async def test_a_kill_in_the_very_millisecond_of_a_release_stays(rig: Rig) -> None:
    """The release is on its way into the journal when the kill is said: it does not take that latch along."""
    async with rig.dying(rig.executor()) as executor:
        await executor.kill.kill("desk", "one", "anna")
        rig.store.down = True
        release = asyncio.create_task(
            executor.kill.resume("desk", "fine", "anna", executor.kill.in_force().get("desk", ()))
        )
        await asyncio.sleep(0)
        await executor.kill.kill("desk", "real", "bob")
        await executor.kill.kill("desk", "real indeed", "bob")
        rig.store.down = False
        await rig.clock.run_for(3)
        assert isinstance(release.exception(), KilledAgain)
        assert executor.status()["killed"]


@pytest.mark.row("E10")
async def test_the_release_of_one_strategy_ends_no_sweep_of_the_desk(rig: Rig) -> None:
    """A standby knows no order: only the sweep finds the one that appears late."""
    async with rig.dying(rig.executor()):
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place())
        await rig.clock.run_for(0.2)
    standby = rig.executor()
    task = asyncio.create_task(standby.run(asyncio.Event()))
    await rig.clock.run_for(0.1)
    await standby.kill.kill("desk", "fire", "anna")
    await standby.kill.resume(
        "strategy/carry",
        "was latched once",
        "anna",
        standby.kill.in_force().get("strategy/carry", ()),
    )
    await rig.clock.run_for(0.5)
    assert standby.status()["phase"] == "waiting for the lease"
    rig.venue.faults.deliver_late()
    assert await rig.venue.open_orders(SYMBOL) != []
    await rig.clock.run_for(1)
    assert await rig.venue.open_orders(SYMBOL) == []
    await rig.crash(standby, task)


async def test_a_latch_of_a_clock_that_is_ahead_is_released(rig: Rig) -> None:
    """Whoever latched may have had another clock: a person's release is of what stands there."""
    ahead_ms = rig.clock.market_ms() + 60_000
    latch.latch(rig.folder, Latch(scope="desk", reason="fire", actor="anna", time_ms=ahead_ms))
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]
        await executor.kill.resume("desk", "out", "anna", executor.kill.in_force().get("desk", ()))
        assert not executor.status()["killed"]
        assert latch.read(rig.folder) is None
        await executor.kill.kill("desk", "again", "anna")
        assert executor.status()["killed"]


async def test_a_latch_file_that_is_newer_than_the_release_is_obeyed(rig: Rig) -> None:
    """The command that we did not answer wrote it while the release waited: it is not deleted unseen."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "one", "anna")
        await rig.clock.run_for(1)
        rig.store.down = True
        release = asyncio.create_task(
            executor.kill.resume("desk", "fine", "anna", executor.kill.in_force().get("desk", ()))
        )
        await rig.clock.run_for(1)
        now_ms = rig.clock.market_ms()
        latch.latch(rig.folder, Latch(scope="desk", reason="real", actor="bob", time_ms=now_ms))
        rig.store.down = False
        await rig.clock.run_for(3)
        assert isinstance(release.exception(), KilledAgain)
        assert executor.status()["killed"]
        assert latch.read(rig.folder) is not None


async def test_a_latch_file_that_nobody_has_read_yet_is_not_written_over(rig: Rig) -> None:
    """Two kill at the same moment, one by a file and one by a message: both are in force until both are released."""
    laid = Latch(scope="desk", reason="fire", actor="bob", time_ms=1, kill_id="by file")
    async with rig.running(rig.executor()) as executor:
        latch.latch(rig.folder, laid)
        await executor.kill.kill("desk", "smoke", "anna", "by message")
        assert latch.read(rig.folder) == laid
        await rig.clock.run_for(1)
        assert executor._account.state.kills.of("desk") == ("by file", "by message")
        assert await executor.kill.resume(
            "desk", "out", "anna", executor.kill.in_force().get("desk", ())
        ) == ("by file", "by message")
        assert latch.read(rig.folder) is None
        await executor.kill.kill("desk", "again", "anna", "a third")
        assert latch.read(rig.folder) is not None


async def test_nobody_is_killed_or_released_by_a_name_that_nobody_has(rig: Rig) -> None:
    """A misspelt strategy is refused with the names that are; the real one trades on, as said."""
    async with rig.running(rig.executor()) as executor:
        actions = _actions(executor)
        why = (
            "strategy 'grid-prep' is neither configured nor the owner of an order"
            " (known: grid-perp, manual)"
        )
        refusal = {"killed": False, "refused": True, "why": why}
        assert await actions["/kill"](TYPO) == refusal
        assert await actions["/resume"](TYPO) == refusal
        said = await actions["/kill"]({"scope": "grid-perp"})
        assert said["why"] == "scope 'grid-perp': expected desk or strategy/NAME"
        await rig.clock.run_for(1)
        assert not any(isinstance(fact, KillLatched | KillReleased) for fact in rig.facts())


async def test_the_owner_of_an_order_is_killed_though_no_longer_configured(rig: Rig) -> None:
    """What a strategy left behind is taken off by its name."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place(strategy="gone"))
        await rig.clock.run_for(1)
        said = await _actions(executor)["/kill"]({"scope": "strategy/gone"})
        assert said == {"killed": True, "cancels": 1, "confirmed": 1}


async def test_what_is_latched_is_released_whatever_its_name(rig: Rig) -> None:
    """A latch of a name that is gone, or never was, can still be taken away."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill(TYPO["scope"], "by the bus", "anna")
        words = TYPO | {"kill_ids": [*executor.kill.in_force()[TYPO["scope"]]]}
        said = await _actions(executor)["/resume"](words)
        assert said == {"killed": False, "ended": 1, "still": []}
        assert TYPO["scope"] not in executor._account.state.kills.scopes


async def test_who_resumes_is_told_of_the_kill_that_came_meanwhile(rig: Rig) -> None:
    """The answer says that the scope stays killed, and by whom."""
    async with rig.running(rig.executor()) as executor:
        actions = _actions(executor)
        await actions["/kill"]({"reason": "one"})
        rig.store.down = True
        words = {"kill_ids": [*executor.kill.in_force()["desk"]]}
        release = asyncio.create_task(actions["/resume"](words))
        await rig.clock.run_for(0.1)
        await actions["/kill"]({"reason": "real", "actor": "bob"})
        rig.store.down = False
        await rig.clock.run_for(3)
        why = "desk was killed again meanwhile (bob: real): it stays killed"
        assert await release == {"killed": True, "why": why}


def _actions(executor: Executor) -> dict[str, Any]:
    return dict(actions_of(executor, CONFIG, executor._account.state))


@pytest.mark.row("K01")
async def test_a_kill_from_the_future_disables_no_later_one(rig: Rig) -> None:
    """Released, it is over; what the bus says after it, by a clock that is right, is obeyed, also by a successor."""
    async with rig.running(rig.executor()) as executor:
        await _say(rig, "future", 9_000_000_000_000)
        await rig.clock.run_for(0.5)
        assert executor.status()["killed"]
        await executor.kill.resume(
            "desk", "wrong clock", "anna", executor.kill.in_force().get("desk", ())
        )
        assert not executor.status()["killed"]
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        await _say(rig, "now", rig.clock.market_ms())
        await rig.clock.run_for(0.5)
        assert executor.status()["killed"]
        assert await rig.venue.open_orders(SYMBOL) == []
        await executor.kill.resume("desk", "out", "anna", executor.kill.in_force().get("desk", ()))
    async with rig.running(rig.executor()) as executor:
        assert not executor.status()["killed"], "FEED says both again; the journal names both"
        await _say(rig, "late", 1)
        await rig.clock.run_for(0.5)
        assert executor.status()["killed"], "its sender's clock is years behind"


@pytest.mark.row("E10")
@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"scope":"desk","reason":"x","actor":"a","time_ms":9}']
)
async def test_a_running_executor_obeys_a_latch_file_that_appears(rig: Rig, content: bytes) -> None:
    """Written by whoever cannot reach it in another way; in a second nothing is open, and it is recorded once."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        assert len(await rig.venue.open_orders(SYMBOL)) == 1
        (rig.folder / latch.FILE_NAME).write_bytes(content)
        await rig.clock.run_for(1)
        assert executor.status()["killed"]
        assert await rig.venue.open_orders(SYMBOL) == []
        await rig.clock.run_for(5)
        assert len([fact for fact in rig.facts() if isinstance(fact, KillLatched)]) == 1
        await executor.kill.resume("desk", "out", "anna", executor.kill.in_force().get("desk", ()))
        assert latch.read(rig.folder) is None
        await rig.clock.run_for(2)
        assert not executor.status()["killed"]


@pytest.mark.row("E10")
async def test_a_standby_obeys_a_latch_file_that_appears(rig: Rig) -> None:
    """It needs neither lease nor history."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
    standby = rig.executor()
    task = asyncio.create_task(standby.run(asyncio.Event()))
    await rig.clock.run_for(0.1)
    latch.latch(rig.folder, Latch(scope="desk", reason="fire", actor="anna", time_ms=1))
    await rig.clock.run_for(1)
    assert standby.status()["phase"] == "waiting for the lease"
    assert await rig.venue.open_orders(SYMBOL) == []
    await rig.crash(standby, task)


@pytest.mark.parametrize(
    "reason", ["a\x00b", "\ud800 panic", "arr\udceat", "x" * 10_000_000], ids=len
)
async def test_no_reason_stops_a_kill_at_the_port(rig: Rig, reason: str) -> None:
    """Latched, cancelled, recorded and released, whatever was said."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        actions = _actions(executor)
        words = {"scope": "desk", "reason": reason, "actor": reason, "kill_id": reason}
        said = await actions["/kill"](words)
        assert said == {"killed": True, "cancels": 1, "confirmed": 1}
        await rig.clock.run_for(4)
        assert await rig.venue.open_orders(SYMBOL) == []
        assert any(isinstance(fact, KillLatched) for fact in rig.facts())
        assert await executor.kill.resume("desk", reason, "anna", executor.kill.in_force()["desk"])


async def _say(rig: Rig, kill_id: str, time_ms: int) -> None:
    """Say a kill of the desk on the bus."""
    kill = KillLatched(scope="desk", reason="x", actor="a", time_ms=time_ms, kill_id=kill_id)
    envelope = Envelope(event_id=kill_id, type="KillLatched", source="cli", time_ms=1)
    await rig.bus.publish(KILL, kill, envelope)
