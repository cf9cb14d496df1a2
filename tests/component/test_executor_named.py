"""A release ends the kills that it names: whatever else comes, late, at another account or as a file, stays killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from opensqt.desk.config_default import derive
from opensqt.domain import subjects
from opensqt.domain.control import CONTROL_STREAM, KillLatched, KillReleased
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime import latch
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.envelope import Envelope
from services.executor.config import actions_of
from services.executor.kill_switch import KilledAgain
from services.executor.service import Executor
from tests.component.rig import SYMBOL, Rig
from tests.support.fakes.journal import MemoryJournal

CONFIG = parse_config(derive([SYMBOL], market="synthetic:7"), {})
OTHER = "other"
pytestmark = pytest.mark.row("E10")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)


async def test_a_release_that_arrives_late_ends_only_what_it_names(rig: Rig) -> None:
    """A kill that is said while the request is on its way stays, after a restart too."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "first", "anna", "one")
        await executor.kill.kill("desk", "SECOND", "bob", "two")
        with pytest.raises(KilledAgain, match=r"desk was killed again meanwhile \(bob: SECOND\)"):
            await executor.kill.resume("desk", "out", "anna", ["one"])
        assert executor.status()["kill_ids"] == {"desk": ("two",)}
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]
        assert await executor.kill.resume("desk", "out", "anna", ["two"]) == ("two",)
        assert not executor.status()["killed"]


async def test_a_release_without_names_is_refused_at_the_port(rig: Rig) -> None:
    """Whatever happens to be in force when it arrives is not what a person looked at."""
    async with rig.running(rig.executor()) as executor:
        actions = _actions(executor)
        await actions["/kill"]({"reason": "fire"})
        said = await actions["/resume"]({})
        assert said["killed"]
        assert said["why"].startswith("kill_ids: expected the identities of the kills to release")
        said = await actions["/resume"]({"kill_ids": []})
        assert "the release names no kill, and desk is killed" in said["why"]
        assert executor.status()["killed"]


async def test_a_kill_that_comes_after_its_release_is_over(rig: Rig) -> None:
    """Named before it was heard of: by bus, port and journal it is no news, and whoever asks is told."""
    async with rig.running(rig.executor()) as executor:
        assert await executor.kill.resume("desk", "out", "anna", ["late"]) == ("late",)
        await _say(rig, "late")
        await rig.clock.run_for(0.5)
        said = await _actions(executor)["/kill"]({"reason": "fire", "kill_id": "late"})
        assert said == {
            "killed": False,
            "why": "this kill of desk came after its release: say a new one",
        }
        await _say(rig, "another")
        await rig.clock.run_for(0.5)
        assert executor.status()["kill_ids"] == {"desk": ("another",)}


async def test_the_release_of_a_strategy_ends_no_kill_of_the_desk(rig: Rig) -> None:
    """Names of another scope than that which the person said are left out."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "fire", "anna", "one")
        assert await executor.kill.resume("strategy/grid-perp", "out", "anna", ["one"]) == ()
        assert executor.status()["killed"]


async def test_the_release_of_another_account_frees_nobody_who_is_still_killed(rig: Rig) -> None:
    """The kill has one identity for all accounts; a restart reads the release of the other one, and stays killed."""
    async with rig.running(rig.executor()) as executor:
        await executor.kill.kill("desk", "fire", "anna", "one")
        await rig.clock.run_for(0.5)
        await _record(rig, _kill("one", OTHER), _release("one", OTHER))
        latch.release(rig.folder)  # as the other executor does
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]
        await executor.kill.resume("desk", "out", "anna", ["one"])
    async with rig.running(rig.executor()) as executor:
        assert not executor.status()["killed"]


async def test_a_kill_that_another_account_recorded_is_held_by_this_one(rig: Rig) -> None:
    """Learned from the journal at the start, it holds until this account's own release, restarts included."""
    await _record(rig, _kill("one", OTHER))
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]
        await rig.clock.run_for(0.5)
        await _record(rig, _release("one", OTHER))
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["killed"]


async def test_a_kill_that_was_over_everywhere_kills_no_account_that_joins(rig: Rig) -> None:
    """It obeyed none of them and nobody will release them for it; FEED says the kill once more."""
    await _record(rig, _kill("one", OTHER), _release("one", OTHER))
    await _say(rig, "one")
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(0.5)
        assert not executor.status()["killed"]
        await executor.kill.kill("desk", "fire", "anna", "one")
        assert executor.status()["killed"], "who asks now is obeyed now"


async def test_a_standby_follows_the_release_of_its_own_account_alone(rig: Rig) -> None:
    """Another account's leader is free; the standby's own is not."""
    async with rig.running(rig.executor()) as leader, _standing_by(rig) as standby:
        await _say(rig, "one")
        await rig.clock.run_for(0.5)
        assert standby.status()["killed"]
        await standby.kill.hear_release(_release("one", OTHER))
        assert standby.status()["killed"]
        await standby.kill.hear_release(_release("one", "main"))
        assert not standby.status()["killed"]
        assert leader.status()["killed"]


@pytest.mark.parametrize("scope", ["dEsk", "", "strategy/", "grid-perp", "strategy"])
async def test_a_kill_of_a_scope_that_means_nobody_is_set_aside(rig: Rig, scope: str) -> None:
    """Said on the bus it would stop nothing and end with no release: it is a dead letter, counted and told."""
    async with rig.running(rig.executor()) as executor:
        await _say(rig, "one", scope)
        await rig.clock.run_for(0.5)
        assert executor.status()["kill_ids"] == {}
        assert not any(isinstance(fact, KillLatched) for fact in rig.facts())
        await _say(rig, "two")
        await rig.clock.run_for(0.5)
        assert executor.status()["killed"]


async def test_a_kill_of_no_scope_that_an_old_journal_holds_goes_with_the_desk(rig: Rig) -> None:
    """Nobody can say its scope in a command: the release of the desk names it."""
    await _record(rig, _kill("one", "main", scope="dEsk"))
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["kill_ids"] == {"desk": ("one",)}
        said = await _actions(executor)["/resume"]({"kill_ids": ["one"]})
        assert said == {"killed": False, "ended": 1, "still": []}


async def test_a_kill_of_a_strategy_that_nobody_has_is_released_by_its_name(rig: Rig) -> None:
    """Obeyed from the bus, whoever will have that name; every executor takes the release, also who never heard it."""
    scope = "strategy/ghost"
    async with rig.running(rig.executor()) as executor:
        await _say(rig, "one", scope)
        await rig.clock.run_for(0.5)
        assert executor.status()["kill_ids"] == {scope: ("one",)}
        release = {"scope": scope, "kill_ids": ["one", "unheard"]}
        assert (await _actions(executor)["/resume"](release))["ended"] == 2
        assert executor.status()["kill_ids"] == {}


def _actions(executor: Executor) -> dict[str, Any]:
    return dict(actions_of(executor, CONFIG, executor._account.state))


def _kill(name: str, account: str = "", scope: str = "desk") -> KillLatched:
    return KillLatched(
        scope=scope, reason="fire", actor="bob", time_ms=1, kill_id=name, account=account
    )


def _release(name: str, account: str) -> KillReleased:
    return KillReleased(
        scope="desk", reason="out", actor="bob", time_ms=2, kill_ids=(name,), account=account
    )


async def _record(rig: Rig, *facts: KillLatched | KillReleased) -> None:
    """Bring facts of another executor into the journal."""
    for fact in facts:
        event = NewEvent(
            event_id=f"{type(fact).__name__} {fact.account} {len(rig.store.rows)}",
            stream=CONTROL_STREAM,
            message=fact,
            subject=subject_of(fact),
            actor="executor-other",
            occurred_at_ms=fact.time_ms,
        )
        await MemoryJournal(rig.store).append(Entry(events=(event,)))


async def _say(rig: Rig, name: str, scope: str = "desk") -> None:
    envelope = Envelope(event_id=name, type="KillLatched", source="cli", time_ms=1)
    await rig.bus.publish(subjects.KILL, _kill(name, scope=scope), envelope)


@asynccontextmanager
async def _standing_by(rig: Rig) -> AsyncIterator[Executor]:
    standby = rig.executor()
    task = asyncio.create_task(standby.run(asyncio.Event()))
    await rig.clock.run_for(0.5)
    try:
        yield standby
    finally:
        await rig.crash(standby, task)
