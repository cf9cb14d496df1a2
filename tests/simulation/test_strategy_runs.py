"""Runs of a strategy follow one another: each knows which it is before it acts, and none speaks under another's ids."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.strategy_events import StrategyStarted
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config, parse_config
from opensqt.runtime.strategy import runner as strategy
from opensqt.runtime.strategy.runner import StrategyRunner
from opensqt.strategies.kernel import StrategySpec
from opensqt.strategies.tracked_intent import RetryPolicy
from services.arb.config import plays_of as carries_of
from services.grid.config import plays_of as grids_of
from tests.conditions import until
from tests.relays import House, feed, memory_house, running
from tests.simulation.carry_rig import funding_of
from tests.simulation.strategy_facts import PERP, SPOT, rules_of, snapshot_of, tick_of
from tests.simulation.test_strategy_shell import (
    context_of,
    desk,
    intents_of,
    journal_of,
    record,
    tell,
)

RESTARTS = 20
LEASE_MS = 100
QUICK = RetryPolicy(valid_for_ms=40, emit_every_ms=10, dead_after_ms=20, retry_wait_ms=10)
SERVICES: dict[str, Callable[[Config, Clock], list[StrategySpec[Any]]]] = {
    "grid": grids_of,
    "arb": carries_of,
}


@pytest.fixture
def house() -> House:
    """An empty house in memory."""
    return memory_house()


@pytest.fixture
def config() -> Config:
    """The configuration of a newcomer."""
    return parse_config(derive((SPOT, PERP), market="synthetic:7"), {})


def plays_of(
    service: str, config: Config, house: House, timing: RetryPolicy = QUICK
) -> list[StrategySpec[Any]]:
    """Return the strategies of a service, whose intents lapse soon."""
    found = []
    for play in SERVICES[service](config, house.clock):
        setup = msgspec.structs.replace(play.beginning.setup, timing=timing)
        beginning = msgspec.structs.replace(play.beginning, setup=setup)
        found.append(msgspec.structs.replace(play, beginning=beginning))
    return found


async def show(house: House, price: str) -> None:
    """Let both markets and the funding show themselves."""
    now_ms = house.clock.market_ms()
    await tell(house, rules_of(PERP), rules_of(SPOT, notional_min="5"))
    await tell(house, funding_of("0.0003", now_ms))
    await tell(house, tick_of(PERP, price, now_ms), tick_of(SPOT, price, now_ms))
    await record(house, snapshot_of(symbols=(PERP, SPOT)))


@asynccontextmanager
async def alive(runner: StrategyRunner, *, clean: bool) -> AsyncIterator[None]:
    """Run strategies; stop them, or end them as kill -9 does: no lease is given back, nothing that waits is written."""
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    try:
        await until(lambda: runner.ready)
        yield
    finally:
        if clean:
            stop.set()
        else:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.row("K05")
@pytest.mark.parametrize("service", SERVICES)
async def test_nothing_is_decided_before_the_own_start_is_folded(
    house: House, config: Config, service: str
) -> None:
    """While the relay says nothing, prices come and go; the run before is not taken for this one."""
    plays = plays_of(service, config, house)
    async with desk(house, StrategyRunner(context_of(house, config), service, plays)):
        await show(house, "45000")

        async def wished() -> bool:
            return bool(await intents_of(house))

        await until(wished)
    before = await intents_of(house)
    runner = StrategyRunner(context_of(house, config), service, plays)
    async with alive(runner, clean=False):
        await show(house, "45400")
        end = (await house.bus.state(Stream.FEED)).last_sequence
        await until(lambda: runner.status()["feed_sequence"] >= end)
        assert await intents_of(house) == before
        states = runner.status()["strategies"]
        assert {state["reason"] for state in states} == {"starting"}
        async with running(house.relay()):

            async def told() -> bool:
                await show(house, "45400")
                return all(s["reason"] != "starting" for s in runner.status()["strategies"])

            await until(told)


@pytest.mark.row("K05")
@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("service", SERVICES)
async def test_twenty_restarts_say_no_id_twice(
    house: House,
    config: Config,
    service: str,
    clean: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped or killed, at another price each time: whatever bears the same id is the same intent."""
    monkeypatch.setattr(strategy, "LEASE_MS", LEASE_MS)
    plays = plays_of(service, config, house)
    said: dict[str, PlaceIntent | CancelIntent] = {}
    spoke = 0

    async def has_feed() -> bool:
        return bool(await feed(house.bus))

    async with running(house.relay()):
        await until(has_feed)
    for number in range(RESTARTS):
        runner = StrategyRunner(context_of(house, config), service, plays)
        price = str(Decimal(45_000) + 37 * number)

        async def has_spoken(price: str = price) -> bool:
            await show(house, price)
            # Counting would not do: the bus forgets intents after a while.
            return any(intent.intent_id not in said for intent in await intents_of(house))

        async with alive(runner, clean=clean):
            # The market is there before the run is told of its own start: the relay comes last.
            await show(house, price)
            async with running(house.relay()):
                await until(has_spoken)
        known = len(said)
        for intent in await intents_of(house):
            assert said.setdefault(intent.intent_id, intent) == intent
        spoke += len(said) > known
    assert spoke == RESTARTS
    starts = await journal_of(house, StrategyStarted)
    for play in plays:
        runs = [start.run for start in starts if start.strategy == play.name]
        assert runs == list(range(1, len(runs) + 1))
        assert len(runs) >= RESTARTS
    assert any(isinstance(intent, PlaceIntent) for intent in said.values())
