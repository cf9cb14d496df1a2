"""The shell of strategies over the in-memory twins: runs, intents, isolation, restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.strategy_events import AnchorSet, SagaStep, StrategyFaulted, StrategyStarted
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import Config, parse_config
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.runner import StrategyRunner
from opensqt.strategies.decision import Decision
from opensqt.strategies.kernel import StrategyInstance, StrategySpec, stamped
from services.arb.config import plays_of as carries_of
from services.grid.config import plays_of
from tests.conditions import until
from tests.relays import House, feed, memory_house, running
from tests.simulation.carry_rig import funding_of
from tests.simulation.grid_rig import rig_of, setup_of
from tests.simulation.strategy_facts import (
    PERP,
    SPOT,
    Evidence,
    Intent,
    placed_of,
    rules_of,
    snapshot_of,
    tick_of,
)


@pytest.fixture
def house() -> House:
    """An empty house in memory."""
    return memory_house()


@pytest.fixture
def config() -> Config:
    """The configuration of a newcomer: one grid on each market, one carry."""
    return parse_config(derive((SPOT, PERP), market="synthetic:7"), {})


def context_of(house: House, config: Config) -> Context:
    """Return what a strategy process of this house is given."""
    return Context(
        name="grid",
        clock=house.clock,
        config=config,
        bus=house.bus,
        journal=house.journal,
        leases=house.leases,
    )


@asynccontextmanager
async def desk(house: House, runner: StrategyRunner) -> AsyncIterator[None]:
    """Run relay and strategies, and stop both in good order."""
    stop = asyncio.Event()
    async with running(house.relay()):

        async def feed_is_there() -> bool:
            return bool(await feed(house.bus))

        await until(feed_is_there)
        task = asyncio.create_task(runner.run(stop))
        try:
            await until(lambda: runner.ready)
            yield
        finally:
            stop.set()
            async with asyncio.timeout(10):
                await task


async def tell(house: House, *facts: Event) -> None:
    """Publish market facts, which are not journalled."""
    for number, fact in enumerate(facts):
        envelope = Envelope(
            event_id=f"{subject_of(fact)}-{house.clock.wall_ms()}-{number}",
            type=type(fact).__name__,
            source="market_data",
            time_ms=getattr(fact, "time_ms", 0),
        )
        await house.bus.publish(subject_of(fact), fact, envelope)


async def show(house: House) -> None:
    """Let both markets show rules and a first price."""
    now_ms = house.clock.market_ms()
    await tell(house, rules_of(PERP), rules_of(SPOT, notional_min="5"))
    await tell(house, tick_of(PERP, "45000", now_ms), tick_of(SPOT, "45000", now_ms))
    await record(house, snapshot_of(symbols=(PERP, SPOT)))


async def record(house: House, fact: Event, stream: str = "account/binance/main") -> None:
    """Append a fact as another process would."""
    event = NewEvent(
        event_id=f"{type(fact).__name__}-{stream}-{house.clock.wall_ms()}",
        stream=stream,
        message=fact,
        subject=subject_of(fact),
        actor="executor",
        occurred_at_ms=house.clock.market_ms(),
    )
    await house.journal.append(Entry(events=(event,)))


async def journal_of(house: House, kind: type[Event]) -> list[Any]:
    """Return the journalled facts of a kind."""
    rows = await house.journal.read(0, 10_000)
    return [fact for row in rows if isinstance(fact := decode(row.data), kind)]


async def intents_of(house: House) -> list[Intent]:
    """Return the intents on the bus."""
    end = (await house.bus.state(Stream.INTENTS)).last_sequence
    found: list[Intent] = []
    if end:
        async for delivery in await house.bus.follow(Stream.INTENTS, (), Start(sequence=1)):
            message = decode(delivery.data)
            assert isinstance(message, PlaceIntent | CancelIntent)
            found.append(message)
            if delivery.sequence >= end:
                break
    return found


@pytest.mark.row("B02", "B19")
async def test_a_first_run_sets_its_anchor_and_says_what_it_wants(
    house: House, config: Config
) -> None:
    """Started, anchored and adopted stand in the journal before the first intent, which knows its basis."""
    runner = StrategyRunner(context_of(house, config), "grid", plays_of(config, house.clock))
    async with desk(house, runner):
        await show(house)

        async def both_trade() -> bool:
            return {i.strategy for i in await intents_of(house)} == {"grid-perp", "grid-spot"}

        await until(both_trade)
        starts = await journal_of(house, StrategyStarted)
        assert sorted((s.strategy, s.run) for s in starts) == [("grid-perp", 1), ("grid-spot", 1)]
        anchors = await journal_of(house, AnchorSet)
        assert sorted(a.strategy for a in anchors) == ["grid-perp", "grid-spot"]
        assert all(i.basis.sequence > 0 for i in await intents_of(house))
        assert [s["trading"] for s in runner.status()["strategies"]] == [True, True]


@pytest.mark.row("B02", "B24")
async def test_a_restart_is_a_new_run_on_the_old_lattice(house: House, config: Config) -> None:
    """The second process counts on, keeps the anchor and waits out what the first may have said."""
    plays = plays_of(config, house.clock)
    first = StrategyRunner(context_of(house, config), "grid", plays)
    async with desk(house, first):
        await show(house)

        async def anchored() -> bool:
            return len(await journal_of(house, AnchorSet)) == 2

        await until(anchored)
    second = StrategyRunner(context_of(house, config), "grid", plays)
    async with desk(house, second):

        async def counted() -> bool:
            return len(await journal_of(house, StrategyStarted)) == 4

        await until(counted)
        starts = await journal_of(house, StrategyStarted)
        assert sorted(s.run for s in starts) == [1, 1, 2, 2]
        waiting = "waiting until earlier intents have lapsed"
        await until(lambda: {s["reason"] for s in second.status()["strategies"]} == {waiting})
        assert len(await journal_of(house, AnchorSet)) == 2


@pytest.mark.row("B24")
async def test_a_fault_stops_one_strategy_and_no_other(house: House, config: Config) -> None:
    """The broken one is named in the journal and in the status; the other trades on."""
    good, bad = plays_of(config, house.clock)

    def broken(state: Any, event: Event) -> Decision:
        del state, event
        raise ZeroDivisionError("no such level")

    plays: list[StrategySpec[Any]] = [good, msgspec.structs.replace(bad, decide=broken)]
    runner = StrategyRunner(context_of(house, config), "grid", plays)
    async with desk(house, runner):
        await show(house)

        async def other_trades() -> bool:
            return {i.strategy for i in await intents_of(house)} == {good.name}

        async def named() -> bool:
            return bool(await journal_of(house, StrategyFaulted))

        await until(other_trades)
        await until(named)
        (fault,) = await journal_of(house, StrategyFaulted)
        assert fault.strategy == bad.name
        assert "no such level" in fault.error
        states = {s["name"]: s for s in runner.status()["strategies"]}
        assert states[good.name]["trading"]
        assert states[bad.name]["reason"].startswith("stopped by a fault: ZeroDivisionError")


def test_an_intent_said_again_keeps_its_basis() -> None:
    """Stamping touches new intents only."""
    new = rig_of(setup_of()).last
    once = stamped(new, Basis(generation=1, sequence=7))
    assert {i.basis.sequence for i in once.intents} == {7}
    assert stamped(once, Basis(generation=1, sequence=9)) == once


@pytest.mark.row("B16")
def test_the_status_counts_what_is_skipped_by_reason(house: House, config: Config) -> None:
    """A person sees how many levels have no order, and why."""
    actor = StrategyInstance(plays_of(config, house.clock)[0])
    actor.last = rig_of(setup_of(order_notional_quote=Decimal(60)), notional_min="100").last
    assert actor.status()["skipped"] == {"below_notional_min": 4}


@pytest.mark.row("B24")
async def test_a_stopped_strategy_pulls_its_openings(house: House, config: Config) -> None:
    """An order that was there before the fault is cancelled after it, and nothing is placed."""
    play = plays_of(config, house.clock)[0]
    broken = False

    def decide(state: Any, event: Event) -> Decision:
        if broken:
            raise ZeroDivisionError("no such level")
        return play.decide(state, event)

    runner = StrategyRunner(
        context_of(house, config), "grid", [msgspec.structs.replace(play, decide=decide)]
    )
    async with desk(house, runner):
        await show(house)

        async def wishes() -> bool:
            return bool(await intents_of(house))

        await until(wishes)
        said = next(i for i in await intents_of(house) if isinstance(i, PlaceIntent))
        venue = Evidence()
        placed = placed_of(said, house.clock.market_ms())
        venue.fold(placed)
        cid = placed.ref.client_order_id
        await record(house, placed, f"order/{cid}")
        await record(house, venue.accepted(cid), f"order/{cid}")
        broken = True

        async def pulled() -> bool:
            found = await intents_of(house)
            return said.intent_id in {
                i.target_intent_id for i in found if isinstance(i, CancelIntent)
            }

        await until(pulled)


async def test_a_carry_begins_its_saga_in_the_journal(house: House, config: Config) -> None:
    """The step stands there before the first leg is wished for."""
    runner = StrategyRunner(context_of(house, config), "arb", carries_of(config, house.clock))
    async with desk(house, runner):
        await show(house)
        await tell(house, funding_of("0.0003", house.clock.market_ms()))

        async def wished() -> bool:
            return bool(await intents_of(house))

        await until(wished)
        (step,) = await journal_of(house, SagaStep)
        (leg, *_) = await intents_of(house)
        assert (step.strategy, step.step) == ("carry", "entering")
        assert (leg.strategy, leg.symbol) == ("carry", SPOT)
