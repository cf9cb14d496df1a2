"""A message that its reader fails at: the process ends twice, then it is set aside and openings stop. Nobody loops."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.recon_events import Halted
from opensqt.domain.trading_controls import REDUCING
from opensqt.risk import state as gate_state
from opensqt.risk.verdict import judge
from opensqt.runtime.bus.dead_letters import PoisonMessage
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.telemetry.logs import leaves
from services.executor import command_consumer
from services.executor.command_consumer import CommandConsumer
from services.risk import intent_queue
from tests.component.rig import Rig
from tests.component.test_risk_service import House
from tests.unit.runtime.test_admission import TICK


def fails_at(real: Any, name: str) -> Any:
    """The same, with a fault of ours: it fails wherever this name is met."""

    def faulty(*words: Any, **named: Any) -> Any:
        if any(name in str(word) for word in words[1:]):
            raise ArithmeticError(f"a fault at {name}")
        return real(*words, **named)

    return faulty


def halts(rows: Any) -> list[Halted]:
    """The halts of a journal."""
    return [fact for row in rows if isinstance(fact := decode_row(row), Halted)]


@pytest.mark.row("I03")
async def test_openings_stop_at_the_third_failure_of_the_gate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two gates die of the same intent, the third one sets it aside, halts the desk and goes on to judge."""
    monkeypatch.setattr(intent_queue, "judge", fails_at(judge, "intent-bad"))
    house = House()
    said: list[PlaceIntent] = []

    async def say_it() -> None:
        async with house.open():
            said.append(said[0] if said else await house.place(intent_id="intent-bad"))
            await house.say(said[0])

    for _ in range(2):
        with pytest.raises(BaseExceptionGroup) as died:
            await say_it()
        assert any(isinstance(leaf, PoisonMessage) for leaf in leaves(died.value))
    bad = said[0]
    async with house.open() as gate:
        await house.say(bad)
        await house.say(bad, wait_s=0.5)
        assert gate.ready
        (halt,) = halts(house.store.rows)
        assert (halt.scope, halt.mode) == ("desk", REDUCING)
        assert "a fault at intent-bad" in halt.reason
        await house.say(await house.place(intent_id="intent-good"))
        assert gate.status()["judged"]["approved"] + gate.status()["judged"]["refused"] == 1
    assert house.broker.stream(Stream.DLQ).state().messages == 3


@pytest.mark.row("I03")
async def test_a_fact_that_the_gate_cannot_fold_is_left_out_with_openings_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also one that every start meets again: the gate is there for exits, and says so."""
    fold = gate_state.RiskState.fold
    monkeypatch.setattr(gate_state.RiskState, "fold", fails_at(fold, "book_sequence=66"))
    house = House()

    async def meet(*ticks: Tick) -> None:
        async with house.open(warm=False):
            for tick in ticks:
                await house.feed(tick)
            await house.clock.run_for(1)

    tick = msgspec.structs.replace(TICK, time_ms=house.clock.market_ms(), book_sequence=66)
    for ticks in ((tick,), ()):
        with pytest.raises(BaseExceptionGroup):
            await meet(*ticks)
    async with house.open() as gate:
        assert gate.ready
    assert [halt.scope for halt in halts(house.store.rows)] == ["desk"]


@pytest.mark.row("I03")
async def test_the_executor_dies_twice_of_a_command_and_then_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is served again, the account opens nothing, and the command is in the dead letters."""
    real = CommandConsumer._place
    bad: list[str] = []

    async def faulty(self: CommandConsumer, approval: Any, intent: Any) -> None:
        if intent.intent_id in bad:
            raise ArithmeticError("a fault of ours")
        await real(self, approval, intent)

    monkeypatch.setattr(command_consumer.CommandConsumer, "_place", faulty)
    rig = Rig(tmp_path)
    place = rig.place()
    bad.append(place.intent_id)

    async def meet(*approved: PlaceIntent) -> None:
        async with rig.running(rig.executor()):
            for intent in approved:
                await rig.approve(intent)
            await rig.clock.run_for(40)

    for approved in ((place,), ()):
        with pytest.raises(BaseExceptionGroup):
            await meet(*approved)
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(40)
        assert executor.ready
        assert rig.broker.stream(Stream.COMMANDS).state().messages == 0
    (halt,) = halts(rig.store.rows)
    assert halt.scope == "binance/main"
