"""The gate while commands are under way: it judges on, in order, within a bound, and loses or doubles nothing."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.verdict import Command
from opensqt.runtime.bus.port import BusDown, Published, Stream, StreamFull
from opensqt.runtime.codec import decode
from opensqt.runtime.envelope import MESSAGE_ID
from services.risk.intent_queue import COMMANDS_UNDER_WAY_MAX, DRAIN_S_MAX
from services.risk.service import RiskService
from tests.component.test_risk_service import House
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker


class SlowBus(MemoryBus):
    """A connection whose streams confirm a command only when the test says so, and say then what became of it."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker)
        self.sent: list[str] = []  # the intents of commands in the order in which they were sent
        self.message_ids: list[str] = []
        self.refused: dict[str, BusDown] = {}  # intent -> why the next command of it is not stored
        self._answers: dict[str, list[asyncio.Future[None]]] = {}

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Store at once, if at all; return or raise when the test answers."""
        message = decode(data)
        if not isinstance(message, Command):
            return await super().send(subject, data, headers)
        intent_id = message.approval.intent_id
        self.sent.append(intent_id)
        self.message_ids.append(headers[MESSAGE_ID])
        refused = self.refused.pop(intent_id, None)
        stored = None if refused else await super().send(subject, data, headers)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers.setdefault(intent_id, []).append(answer)
        await answer
        if stored is None:
            raise refused or BusDown("not stored")
        return stored

    def confirm(self, intent_id: str) -> None:
        """Answer the oldest command of an intent that waits."""
        self._answers[intent_id].pop(0).set_result(None)

    def lose(self, intent_id: str) -> None:
        """Lose the answer to it: the message is where it is."""
        lost = BusDown("no stream confirmed in 2 s")
        self._answers[intent_id].pop(0).set_exception(lost)

    def confirm_all(self) -> None:
        """Answer whatever waits."""
        for answer in [one for waiting in self._answers.values() for one in waiting]:
            answer.set_result(None)
        self._answers.clear()


class SlowHouse(House):
    """A house whose gate has such a connection."""

    def connection(self) -> SlowBus:
        """Return the connection of a new gate."""
        self.wire = SlowBus(self.broker)
        return self.wire

    async def cancel(self, number: int, target: str) -> CancelIntent:
        """Return a cancel of the place intent `target`."""
        place = await self.place(number)
        return CancelIntent(
            intent_id=f"cancel-{number}",
            strategy=place.strategy,
            venue=place.venue,
            account=place.account,
            symbol=place.symbol,
            target_intent_id=target,
            created_ms=place.created_ms,
            valid_until_ms=place.valid_until_ms,
            basis=place.basis,
            reason="test",
        )

    async def confirm_all(self) -> None:
        """Let everything be confirmed, what comes after it included."""
        while True:
            before = len(self.wire.sent)
            self.wire.confirm_all()
            await self.clock.run_for(0.05)
            if len(self.wire.sent) == before:
                return


async def _places(house: House, count: int, **changes: Any) -> list[PlaceIntent]:
    return [await house.place(number, **changes) for number in range(1, count + 1)]


async def test_the_next_intent_is_judged_before_the_last_command_is_confirmed() -> None:
    """A slow confirmation holds up nobody else's verdict, and commands are sent in the order of their intents."""
    house = SlowHouse()
    async with house.open() as gate:
        places = await _places(house, 8)
        for place in places:
            await house.say(place, wait_s=0)
        await house.clock.run_for(0.05)
        assert house.wire.sent == [place.intent_id for place in places]
        assert gate.status()["judged"]["approved"] == 8
        await house.confirm_all()
        assert [approval.place for approval in house.commands()] == places


@pytest.mark.row("E09")
async def test_what_is_not_confirmed_yet_counts_from_its_verdict_on() -> None:
    """The limit of the position holds between commands that the bus has not confirmed."""
    house = SlowHouse()
    async with house.open():
        for place in await _places(house, 14, quantity=Decimal("0.030")):
            await house.say(place, wait_s=0)
        await house.clock.run_for(0.05)
        assert len(house.wire.sent) == 13, "13 x 1500 is below 20000, 14 x 1500 is not"
        assert [refusal.reason for refusal in house.refusals()] == ["position_notional"]
        await house.confirm_all()


async def test_no_more_commands_are_under_way_than_the_bound() -> None:
    """At the bound the gate waits, and goes on with each confirmation."""
    house = SlowHouse()
    async with house.open() as gate:
        for number in range(COMMANDS_UNDER_WAY_MAX + 3):
            await house.say(await house.cancel(number, f"order-{number}"), wait_s=0)
        await house.clock.run_for(0.1)
        assert len(house.wire.sent) == COMMANDS_UNDER_WAY_MAX
        assert gate.status()["judged"]["approved"] == COMMANDS_UNDER_WAY_MAX
        house.wire.confirm("cancel-40")
        await house.clock.run_for(0.05)
        assert house.wire.sent[COMMANDS_UNDER_WAY_MAX:] == [f"cancel-{COMMANDS_UNDER_WAY_MAX}"]
        await house.confirm_all()
        assert house.wire.sent == [f"cancel-{n}" for n in range(COMMANDS_UNDER_WAY_MAX + 3)]


async def test_a_cancel_follows_the_place_that_it_cancels_and_nobody_else() -> None:
    """Until the bus has answered for the place, its cancel is not sent; cancels of other orders pass."""
    house = SlowHouse()
    async with house.open():
        place = await house.place(1)
        await house.say(place)
        await house.say(await house.cancel(1, place.intent_id))
        await house.say(await house.cancel(2, "another"))
        assert house.wire.sent == ["intent-1", "cancel-2"]
        house.wire.confirm("intent-1")
        await house.clock.run_for(0.05)
        assert house.wire.sent == ["intent-1", "cancel-2", "cancel-1"]
        await house.confirm_all()


@pytest.mark.row("J10")
async def test_a_command_that_was_not_sent_is_sent_when_said_again_and_harms_no_other() -> None:
    """The first of two fails after the second was judged: said again it goes out once, its verdict as it was."""
    house = SlowHouse()
    async with house.open() as gate:
        first, second = await _places(house, 2)
        house.wire.refused["intent-1"] = BusDown("the connection was lost")
        await house.say(first)
        await house.say(second)
        await house.say(first)
        assert house.wire.sent == ["intent-1", "intent-2"], "what is said again waits for its turn"
        await house.confirm_all()
        assert house.wire.sent == ["intent-1", "intent-2", "intent-1"]
        assert house.wire.message_ids[0] == house.wire.message_ids[2] != house.wire.message_ids[1]
        assert [approval.place for approval in house.commands()] == [second, first]
        assert gate.status()["judged"] == {"approved": 2, "refused": 0, "conflicts": 0}
        assert house.refusals() == []


@pytest.mark.row("J10")
async def test_a_command_whose_confirmation_was_lost_is_not_doubled() -> None:
    """It goes out again under the same message id, and the stream keeps one."""
    house = SlowHouse()
    async with house.open():
        first, second = await _places(house, 2)
        await house.say(first)
        await house.say(second)
        house.wire.lose("intent-1")
        await house.say(first)
        await house.confirm_all()
        assert house.wire.sent == ["intent-1", "intent-2", "intent-1"]
        assert house.wire.message_ids[0] == house.wire.message_ids[2]
        assert [approval.place for approval in house.commands()] == [first, second]


@pytest.mark.row("J10")
async def test_a_full_queue_takes_back_one_verdict_also_from_its_repetition() -> None:
    """Refused for want of room: recorded once, its exposure freed, and the copy that waited is never sent."""
    house = SlowHouse()
    async with house.open() as gate:
        first, second = await _places(house, 2)
        house.wire.refused["intent-1"] = StreamFull("COMMANDS is full")
        await house.say(first)
        await house.say(second)
        await house.say(first)
        await house.confirm_all()
        assert house.wire.sent == ["intent-1", "intent-2"]
        assert [approval.place for approval in house.commands()] == [second]
        (refusal,) = house.refusals()
        assert (refusal.intent_id, refusal.reason) == ("intent-1", "queue_full")
        state = gate._sight.state
        assert set(state.pending) == {"intent-2"}


async def _stopped(house: SlowHouse) -> tuple[RiskService, asyncio.Task[None]]:
    """Run a gate until one command is under way, and tell it to stop."""
    gate, stop = house.gate(), asyncio.Event()
    task = asyncio.create_task(gate.run(stop))
    await house.clock.run_for(0.1)
    await house.say(await house.cancel(1, "order-1"))
    assert house.wire.sent == ["cancel-1"]
    stop.set()
    await house.clock.run_for(0.05)
    return gate, task


async def test_a_gate_that_stops_waits_for_what_is_under_way_and_judges_nothing_more() -> None:
    """Its lease is given back after the last confirmation; what is said meanwhile is left to the next gate."""
    house = SlowHouse()
    gate, task = await _stopped(house)
    await house.say(await house.cancel(2, "order-2"))
    assert not task.done()
    assert gate.ready, "the lease is held for the command that is under way"
    house.wire.confirm("cancel-1")
    await house.clock.run_for(0.1)
    assert task.done()
    await task
    assert house.wire.sent == ["cancel-1"]
    async with house.open(warm=False):
        await house.clock.run_for(0.1)
        await house.confirm_all()
    assert len(house.commands(Stream.EXITS)) == 2


async def test_a_gate_that_stops_does_not_wait_for_ever() -> None:
    """A bus that answers nothing delays the end by a bounded time."""
    house = SlowHouse()
    _, task = await _stopped(house)
    await house.clock.run_for(DRAIN_S_MAX - 0.2)
    assert not task.done()
    await house.clock.run_for(0.4)
    assert task.done()
    await task
