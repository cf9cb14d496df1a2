"""The gate as a service on in-memory twins: commands, recorded refusals, basis, restart and back-pressure."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.instruments import Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event, Message
from opensqt.domain.subjects import intent_subject, subject_of
from opensqt.domain.verdict import Command, RiskApproved, RiskRefused
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.streams import STREAMS
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.process_context import Context
from services.risk.service import RiskService
from tests.component.funded import fund
from tests.component.rig import PERP, START_MS, SYMBOL
from tests.support.approvals import KEY
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore

SIZE = 'order_notional_quote = "500"'
ROOMY = f'{SIZE}\ninventory_notional_quote_max = "50000"'  # the desk's own limits are reached first
CONFIG = parse_config(derive([SYMBOL], market="synthetic:7").replace(SIZE, ROOMY), {})


class House:
    """A gate's surroundings."""

    def __init__(self) -> None:
        self.clock = VirtualClock(wall_ms=START_MS)
        self.broker = MemoryBroker(self.clock)
        self.bus = MemoryBus(self.broker)
        self.store = MemoryStore(self.clock)
        self.said = 0

    def connection(self) -> MemoryBus:
        """Return what a new gate process is connected to the bus by."""
        return MemoryBus(self.broker)

    def gate(self) -> RiskService:
        """Return a new gate process."""
        journal = self.journal = MemoryJournal(self.store)
        self.context = Context(
            name="risk",
            clock=self.clock,
            config=CONFIG,
            bus=self.connection(),
            journal=journal,
            leases=MemoryLeases(journal),
        )
        return RiskService(self.context, KEY)

    @asynccontextmanager
    async def open(self, *, warm: bool = True) -> AsyncIterator[RiskService]:
        """Run a gate with a live market; `warm` waits until it lets openings through."""
        await fund(self.store)
        gate, stop = self.gate(), asyncio.Event()
        task = asyncio.create_task(gate.run(stop))
        while not gate.ready and not task.done():
            await self.clock.run_for(0.01)
        await self.market()
        if warm:
            await self.clock.run_for(2.1)
            await self.market()
        try:
            yield gate
        finally:
            stop.set()
            for _ in range(100):
                await self.clock.run_for(0.1)
                if task.done():
                    break
            await task

    async def market(self) -> None:
        """Publish rules and a fresh tick."""
        await self.feed(msgspec.structs.replace(PERP, time_ms=self.clock.market_ms()))
        await self.feed(
            Tick(
                venue="binance",
                symbol=SYMBOL,
                bid_price=Decimal("49999.9"),
                bid_quantity=Decimal(1),
                ask_price=Decimal("50000.1"),
                ask_quantity=Decimal(1),
                time_ms=self.clock.market_ms(),
                book_sequence=1,
            )
        )

    async def feed(self, message: Event) -> None:
        """Publish market data on FEED."""
        await self.bus.publish(subject_of(message), message, self._envelope(message))
        await self.clock.run_for(0.01)

    async def say(self, intent: PlaceIntent | CancelIntent, wait_s: float = 0.05) -> None:
        """Publish an intent as a strategy does."""
        await self.bus.publish(intent_subject(intent), intent, self._envelope(intent))
        await self.clock.run_for(wait_s)

    async def place(self, number: int = 1, **changes: Any) -> PlaceIntent:
        """Return a place intent based on what FEED holds now."""
        now_ms = self.clock.market_ms()
        values: dict[str, Any] = {
            "intent_id": f"intent-{number}",
            "strategy": "grid-perp",
            "slot": f"b{number}",
            "cycle": 1_000_000 + number,
            "venue": "binance",
            "account": "main",
            "symbol": SYMBOL,
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.POST_ONLY,
            "price": Decimal(49_950 - number),
            "quantity": Decimal("0.010"),
            "purpose": Purpose.OPEN,
            "created_ms": now_ms,
            "valid_until_ms": now_ms + 2000,
            "basis": Basis(
                generation=0, sequence=(await self.bus.state(Stream.FEED)).last_sequence
            ),
            "reason": "test",
        }
        return PlaceIntent(**(values | changes))

    def commands(self, stream: Stream = Stream.COMMANDS) -> list[RiskApproved]:
        """Return the approvals that wait in a queue."""
        found = []
        for stored in self.broker.stream(stream).beyond(0, [">"]):
            message = decode(stored.data)
            if isinstance(message, Command):
                found.append(message.approval)
        return found

    def refusals(self) -> list[RiskRefused]:
        """Return the refusals in the journal."""
        facts = [decode_row(row) for row in self.store.rows]
        return [fact for fact in facts if isinstance(fact, RiskRefused)]

    def _envelope(self, message: Message) -> Envelope:
        self.said += 1
        return Envelope(
            event_id=f"said-{self.said}",
            type=type(message).__name__,
            source="test",
            time_ms=self.clock.market_ms(),
        )


@pytest.mark.row("J10")
async def test_an_approved_intent_becomes_one_command() -> None:
    """The command carries intent, verdict, the gate's epoch and its basis; saying it again adds nothing."""
    house = House()
    async with house.open():
        intent = await house.place()
        await house.say(intent)
        await house.say(intent)
        (approval,) = house.commands()
        assert approval.place == intent
        assert approval.risk_epoch == 1
        assert approval.basis.sequence >= intent.basis.sequence


@pytest.mark.row("J10")
async def test_a_refusal_is_the_recorded_verdict() -> None:
    """A denied intent is in the journal as version 1 of its stream, and nothing is queued."""
    house = House()
    async with house.open():
        await house.say(await house.place(quantity=Decimal(10)))
        (refusal,) = house.refusals()
        assert refusal.reason == "order_notional"
        assert house.commands() == []
        assert [row.version for row in house.store.rows if row.stream == "intent/intent-1"] == [1]


async def test_an_intent_from_ahead_of_the_gate_is_refused_in_bounded_time() -> None:
    """The gate judges only what it has folded as far as the strategy; it waits a quarter of a second, no longer."""
    house = House()
    async with house.open():
        ahead = Basis(generation=0, sequence=10_000)
        await house.say(await house.place(basis=ahead), wait_s=0.2)
        assert house.refusals() == []
        await house.clock.run_for(0.1)
        (refusal,) = house.refusals()
        assert refusal.reason == "basis_late"


async def test_cancels_and_exits_have_their_own_queue() -> None:
    """A cancel is approved into EXITS, where no opening can stand before it."""
    house = House()
    async with house.open():
        place = await house.place()
        await house.say(place)
        cancel = CancelIntent(
            intent_id="cancel-1",
            strategy="grid-perp",
            venue="binance",
            account="main",
            symbol=SYMBOL,
            target_intent_id=place.intent_id,
            created_ms=place.created_ms,
            valid_until_ms=place.valid_until_ms,
            basis=place.basis,
            reason="test",
        )
        await house.say(cancel)
        (approval,) = house.commands(Stream.EXITS)
        assert approval.cancel == cancel


async def test_a_young_gate_lets_no_opening_through() -> None:
    """After a start one horizon must pass: a verdict of the predecessor may still be under way."""
    house = House()
    async with house.open(warm=False):
        await house.say(await house.place(1))
        assert [refusal.reason for refusal in house.refusals()] == ["warming_up"]
        await house.clock.run_for(2.1)
        await house.market()
        await house.say(await house.place(2))
        assert [approval.intent_id for approval in house.commands()] == ["intent-2"]


async def test_intents_said_while_the_gate_was_dead_get_a_recorded_end() -> None:
    """A gate that starts again judges what it missed: nothing ends without a reason in the journal."""
    house = House()
    async with house.open():
        pass
    await house.say(await house.place(1))
    await house.clock.run_for(2.5)
    async with house.open(warm=False):
        await house.clock.run_for(0.5)
        assert [refusal.reason for refusal in house.refusals()] == ["expired"]


async def test_a_full_queue_refuses_instead_of_waiting() -> None:
    """Back-pressure: what cannot be queued is refused by name, so that the strategy knows."""
    house = House()
    small = tuple(
        msgspec.structs.replace(spec, bytes_max=1000) if spec.name is Stream.COMMANDS else spec
        for spec in STREAMS
    )
    house.broker = MemoryBroker(house.clock, small)
    house.bus = MemoryBus(house.broker)
    async with house.open():
        await house.say(await house.place(1))
        await house.say(await house.place(2))
        assert [refusal.reason for refusal in house.refusals()] == ["queue_full"]


async def test_a_command_that_the_bus_lost_is_queued_when_the_intent_is_said_again() -> None:
    """The verdict stands; only its delivery is repeated."""
    house = House()
    async with house.open():
        intent = await house.place()
        await house.say(intent)
        first = house.commands()
        house.broker.lose_tail(Stream.COMMANDS, 1)
        assert house.commands() == []
        await house.say(intent)
        assert house.commands() == first
        assert house.refusals() == []


async def test_approvals_under_way_survive_a_new_feed_generation() -> None:
    """When FEED begins again the gate still counts, and still stands by, what it approved a moment ago."""
    house = House()
    async with house.open() as gate:
        intent = await house.place()
        await house.say(intent)
        house.broker.make_anew(Stream.FEED)
        await house.market()
        for _ in range(100):
            await house.clock.run_for(0.05)
            if gate.ready:
                break
        await house.say(intent)
        assert len(house.commands()) == 1
        assert house.refusals() == []
