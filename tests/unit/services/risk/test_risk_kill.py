"""The kill that the bus alone carries, before the gate: heard, and over when it was released."""

import msgspec
import pytest

from opensqt.domain import subjects
from opensqt.domain.control import FeedGeneration, KillLatched, KillReleased
from opensqt.domain.journal import NewEvent
from opensqt.domain.kills import identity
from opensqt.domain.messages import name_of
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.reading import envelope_of
from services.risk.service import RiskService
from tests.component.test_risk_service import House
from tests.journals import entry
from tests.support.fakes.journal import MemoryJournal

Fact = KillLatched | KillReleased | FeedGeneration


@pytest.mark.row("E10")
@pytest.mark.parametrize("restart", [True, False], ids=["restart", "another generation"])
async def test_a_kill_that_was_released_stays_released_when_feed_begins_again(
    restart: bool,
) -> None:
    """FEED's look-back says a page's kill again, behind the journal that has released it."""
    house = House()
    async with house.open() as gate:
        await _said_and_released(house, gate)
        if not restart:
            now_ms = house.clock.market_ms()
            again = FeedGeneration(generation=2, position=0, reason="a test", time_ms=now_ms)
            await _record(house, again)
            assert gate.ready
            assert gate.status()["killed"] == []
    if restart:
        async with house.open() as gate:
            assert gate.status()["killed"] == []
            await house.say(await house.place())
            assert house.refusals() == []


@pytest.mark.row("E10")
@pytest.mark.parametrize("scope", ["desk", "strategy/grid-perp"])
async def test_a_kill_that_only_the_bus_holds_latches_a_gate_that_was_away(scope: str) -> None:
    """Said while neither gate nor executor ran, after an older release: it is not lost."""
    house = House()
    async with house.open() as gate:
        await _said_and_released(house, gate, scope)
    await house.clock.run_for(1)
    await _on_bus(house, _kill(house, scope))
    await house.clock.run_for(3)
    async with house.open() as gate:
        assert gate.status()["killed"] == [scope]
        await house.say(await house.place())
        assert [refusal.reason for refusal in house.refusals()] == ["killed"]


async def _said_and_released(house: House, gate: RiskService, scope: str = "desk") -> None:
    """Kill by page, which says it on the bus as well as to the executor; release it two seconds later."""
    kill = _kill(house, scope)
    await _on_bus(house, kill)
    await _record(house, kill)
    assert gate.status()["killed"] == [scope]
    await house.clock.run_for(2)
    now_ms = house.clock.market_ms()
    await _record(house, KillReleased(scope=scope, reason="out", actor="anna", time_ms=now_ms))
    assert gate.status()["killed"] == []


def _kill(house: House, scope: str) -> KillLatched:
    return KillLatched(scope=scope, reason="fire", actor="anna", time_ms=house.clock.market_ms())


async def _on_bus(house: House, kill: KillLatched) -> None:
    house.said += 1
    envelope = Envelope(
        event_id=f"kill-{house.said}", type="KillLatched", source="cli", time_ms=kill.time_ms
    )
    await house.bus.publish(subjects.KILL, kill, envelope)


async def _record(house: House, fact: Fact) -> None:
    """Append as an executor does, and carry it to FEED as the relay does."""
    house.said += 1
    event = NewEvent(
        event_id=f"{name_of(fact)}-{house.said}",
        stream="control",
        message=fact,
        subject=subjects.subject_of(fact),
        actor="test",
        occurred_at_ms=fact.time_ms,
    )
    await MemoryJournal(house.store).append(entry(event))
    row = house.store.rows[-1]
    await house.bus.send(row.subject, row.data, envelope_of(row).headers())
    await house.clock.run_for(0.05)


@pytest.mark.row("K01")
@pytest.mark.parametrize("position", [0, 2, 10**12])
async def test_a_release_that_no_journal_holds_opens_no_gate(position: int) -> None:
    """The gate stays killed, and a forged place in the journal's order hides no later kill."""
    house = House()
    async with house.open() as gate:
        kill = _kill(house, "desk")
        await _on_bus(house, kill)
        await _record(house, kill)
        forged = KillReleased(
            scope="desk", reason="x", actor="eve", time_ms=2**60, kill_ids=(identity(kill), "b")
        )
        envelope = Envelope(
            event_id="forged",
            type="KillReleased",
            source="eve",
            time_ms=1,
            position=position,
            prev=house.store.rows[-1].position,  # it continues the chain as the relay would
        )
        await house.bus.publish(subjects.LATCH, forged, envelope)
        await house.clock.run_for(0.1)
        assert gate.status()["killed"] == ["desk"]
        now_ms = house.clock.market_ms()
        real = KillReleased(
            scope="desk", reason="x", actor="ann", time_ms=now_ms, kill_ids=(identity(kill),)
        )
        await _record(house, real)
        assert gate.status()["killed"] == []
        await _record(house, msgspec.structs.replace(kill, kill_id="b", time_ms=1))
        assert gate.status()["killed"] == ["desk"]
