"""Which relay leads, and what it says of itself: standby, lost lease, heartbeat and time."""

import asyncio
import contextlib

import pytest

from opensqt.domain.control import Heartbeat
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import decode
from opensqt.runtime.lease import LeaseLost
from tests.conditions import until
from tests.relays import (
    MemoryHouse,
    Message,
    append,
    chains_hold,
    crashing,
    everything_arrived,
    feed,
    memory_house,
    of_type,
    positions,
    running,
)


@pytest.fixture
def house() -> MemoryHouse:
    """An empty house in memory."""
    return memory_house()


@pytest.mark.row("A11")
async def test_a_standby_waits_and_takes_over(house: MemoryHouse) -> None:
    """One relay publishes at a time; when it dies the other goes on within the lease."""
    standby = house.relay("two")
    async with contextlib.AsyncExitStack() as stack:
        async with crashing(house.relay("one")) as leader:
            await until(lambda: leader.ready)
            await stack.enter_async_context(running(standby))
            await append(house, 5, "first")
            await everything_arrived(house)
            assert standby.status()["role"] == "standby"
        await append(house, 5, "second")
        assert chains_hold(await everything_arrived(house))
        assert standby.status()["role"] == "leader"


async def test_a_relay_that_lost_its_lease_ends(house: MemoryHouse) -> None:
    """It does not go on as if nothing had happened: the process starts again as a standby."""
    relay = house.relay("one")
    task = asyncio.create_task(relay.run(asyncio.Event()))
    await until(lambda: relay.ready)
    house.store.lease_row("relay").ttl_ms = 0
    assert await house.leases.acquire("relay", "two", 60_000) is not None
    with pytest.raises(LeaseLost):
        await task


async def test_stopping_a_standby_is_immediate(house: MemoryHouse) -> None:
    """Waiting for a lease does not hold up the end of the process."""
    await house.leases.acquire("relay", "other", 60_000)
    async with running(house.relay()) as standby:
        assert not standby.ready
    assert standby.status()["position"] == 0


@pytest.mark.row("A11")
async def test_the_heartbeat_vouches_for_what_feed_has(house: MemoryHouse) -> None:
    """It names the generation and the position up to which everything stands before it in FEED."""
    await append(house, 10)

    async def beats() -> list[Message]:
        return [one for one in await feed(house.bus, pulse=True) if of_type("Heartbeat")(one)]

    async def has_told_all() -> bool:
        return any(_head(one) == 12 for one in await beats())

    async with running(house.relay()):
        await until(has_told_all)
    messages = await feed(house.bus, pulse=True)
    for beat in filter(of_type("Heartbeat"), messages):
        earlier = [one for one in messages if one.sequence < beat.sequence]
        assert set(range(1, _head(beat) + 1)) <= set(positions(earlier))


def _head(message: Message) -> int:
    fact = decode(message.data)
    assert isinstance(fact, Heartbeat)
    assert fact.generation == 1
    return fact.head_position


async def test_time_goes_on_when_nothing_happens(house: MemoryHouse) -> None:
    """`evt.time` tells whole tenths of a second of market time, each once, forward only."""

    async def told() -> list[int]:
        found = filter(of_type("Time"), await feed(house.bus, pulse=True))
        return [message.envelope.time_ms for message in found]

    async def has_told_some() -> bool:
        return len(await told()) >= 4

    async with running(house.relay()):
        await until(has_told_some)
    times = await told()
    assert times == sorted(set(times))
    assert all(time_ms % 100 == 0 for time_ms in times)


@pytest.mark.row("A05")
async def test_on_a_virtual_clock_the_same_run_gives_the_same_feed() -> None:
    """The relay reads no other clock and draws nothing: two runs agree byte for byte."""

    async def run() -> list[tuple[str, bytes, str]]:
        clock = VirtualClock(wall_ms=1_000_000)
        house = memory_house(clock)
        relay = house.relay()
        stop = asyncio.Event()
        task = asyncio.create_task(relay.run(stop))
        for number in range(5):
            await clock.run_for(0.33)
            await append(house, 3, f"n{number}")
        await clock.run_for(1)
        found = await feed(house.bus, pulse=True)
        stop.set()
        await clock.run_for(1)
        assert task.done()
        assert positions(found) == list(range(1, 18))
        times = [one.envelope.time_ms for one in found if of_type("Time")(one)]
        assert times == list(range(times[0], times[0] + 100 * len(times), 100))
        assert len(times) >= 26  # 2.65 s
        return [(one.subject, one.data, one.envelope.event_id) for one in found]

    assert await run() == await run()
