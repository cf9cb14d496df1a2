"""Strategies on a real NATS that is killed: how long they are blind, and that they go on deciding."""

import asyncio
import contextlib
from typing import Any

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.runner import StrategyRunner
from opensqt.strategies.decision import Decision
from opensqt.strategies.kernel import StrategySpec
from services.grid.config import plays_of
from tests.conditions import until
from tests.relays import House, running
from tests.servers import NatsServer
from tests.simulation.strategy_facts import PERP, SPOT, rules_of, snapshot_of, tick_of
from tests.support.fakes.journal import (
    MemoryCheckpoints,
    MemoryJournal,
    MemoryLeases,
    MemoryStore,
)

BLIND_S_MAX = 5.0
TICK_EVERY_S = 0.1
CONFIG = parse_config(derive((SPOT, PERP), market="synthetic:7"), {})


class Market:
    """Publishes rules and ticks of both symbols as market_data does, whether the bus is there or not."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._said = 0

    async def run(self) -> None:
        """Publish for ever."""
        while True:
            now_ms = self._house.clock.market_ms()
            facts = (rules_of(PERP), rules_of(SPOT, notional_min="5"))
            ticks = (tick_of(PERP, "45000", now_ms), tick_of(SPOT, "45000", now_ms))
            for fact in (*facts, snapshot_of(symbols=(PERP, SPOT)), *ticks):
                with contextlib.suppress(BusDown):
                    await self._publish(fact)
            await self._house.clock.sleep(TICK_EVERY_S)

    async def _publish(self, fact: Event) -> None:
        self._said += 1
        envelope = Envelope(
            event_id=f"market-{self._said}",
            type=type(fact).__name__,
            source="market_data",
            time_ms=self._house.clock.market_ms(),
        )
        await self._house.bus.publish(subject_of(fact), fact, envelope, confirmed=False)


class Decisions:
    """A grid that notes of which tick it last decided (its market time)."""

    def __init__(self, play: StrategySpec[Any]) -> None:
        self._decide = play.decide
        self.play = msgspec.structs.replace(play, decide=self.decide)
        self.tick_ms = 0

    def decide(self, state: Any, event: Event) -> Decision:
        """Decide as the shipped grid does."""
        decision = self._decide(state, event)
        if isinstance(event, Tick):
            self.tick_ms = max(self.tick_ms, event.time_ms)
        return decision


async def house_on(server: NatsServer) -> tuple[House, NatsBus]:
    """Return a house with a real bus and a journal in memory."""
    clock = RunClock()
    bus = await NatsBus.connect(server.url, "grid", monotonic_s=clock.monotonic_s)
    await apply(bus.client.jetstream())
    journal = MemoryJournal(MemoryStore(clock))
    house = House(
        clock=clock,
        bus=bus,
        journal=journal,
        leases=MemoryLeases(journal),
        checkpoints=MemoryCheckpoints(journal),
    )
    return house, bus


@pytest.mark.row("J20")
async def test_strategies_decide_again_within_five_seconds_of_a_killed_nats(
    nats_server: NatsServer,
) -> None:
    """From the moment the server answers again a fresh tick is decided upon in time, and the shell never stops."""
    house, bus = await house_on(nats_server)
    plays = [Decisions(play) for play in plays_of(CONFIG, house.clock)]
    context = Context(
        name="grid",
        clock=house.clock,
        config=CONFIG,
        bus=bus,
        journal=house.journal,
        leases=house.leases,
    )
    runner = StrategyRunner(context, "grid", [one.play for one in plays])
    stop, market = asyncio.Event(), asyncio.create_task(Market(house).run())
    async with running(house.relay()):
        strategies = asyncio.create_task(runner.run(stop))
        await until(lambda: all(one.tick_ms > 0 for one in plays), within_s=20)
        await asyncio.to_thread(nats_server.kill)
        await asyncio.to_thread(nats_server.start)
        back_ms = house.clock.market_ms()
        await until(lambda: all(one.tick_ms > back_ms for one in plays), within_s=BLIND_S_MAX)
        assert runner.ready
        assert not strategies.done()
        stop.set()
        await strategies
    market.cancel()
    await bus.close()
