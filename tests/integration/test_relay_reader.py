"""Relay and reader together: whatever FEED forgets, a consumer ends with exactly the journal's rows."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, FeedReset
from tests.conditions import until
from tests.journals import entry, event
from tests.relays import MemoryHouse, feed, memory_house, running


@pytest.fixture
def house() -> MemoryHouse:
    """An empty house in memory."""
    return memory_house()


class Consumer:
    """Folds journalled facts into the list of their positions, and begins again when told."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.restarts: list[str] = []
        self.is_live = False

    async def run(self, reader: FeedReader) -> None:
        """Fold what the reader yields."""
        async for item in reader:
            match item:
                case FeedItem():
                    if item.envelope.position:
                        self.positions.append(item.envelope.position)
                case CaughtUp():
                    self.is_live = True
                case FeedReset():
                    self.restarts.append(item.reason)
                    self.positions, self.is_live = [], False


@asynccontextmanager
async def consuming(house: MemoryHouse) -> AsyncIterator[Consumer]:
    """Consume `evt.test.>` while the block runs."""
    consumer = Consumer()
    reader = FeedReader(
        bus=house.bus,
        journal=house.journal,
        clock=house.clock,
        filters=("evt.test.>",),
        service="test",
    )
    task = asyncio.create_task(consumer.run(reader))
    await until(lambda: consumer.is_live)
    yield consumer
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def at_work(house: MemoryHouse) -> AsyncIterator[Consumer]:
    """Run a relay and, once it relays, a consumer."""
    async with running(house.relay()) as relay:
        await until(lambda: relay.ready)
        async with consuming(house) as consumer:
            yield consumer


async def append(house: MemoryHouse, count: int, name: str) -> None:
    """Append rows on two subjects in turn."""
    for number in range(count):
        one = event(f"{name}{number}", stream=name, subject=f"evt.test.{number % 2}")
        await house.journal.append(entry(one))


async def length_of_tail(house: MemoryHouse, rows: int) -> int:
    """Return how many messages FEED must lose to lose so many rows: the pulse is stored between them."""
    messages = await feed(house.bus, pulse=True)
    first_lost = [one.sequence for one in messages if one.envelope.position > 0][-rows]
    return (await house.bus.state(Stream.FEED)).last_sequence - first_lost + 1


async def remembered(house: MemoryHouse) -> bool:
    """Tell whether the newest checkpoint is the journal's head."""
    history = await house.checkpoints.history()
    return bool(history) and history[-1].position == (await house.journal.head()).position


def wanted(house: MemoryHouse) -> list[int]:
    """Return the positions that a consumer of `evt.test.>` must have."""
    return [row.position for row in house.store.rows if row.subject.startswith("evt.test.")]


@pytest.mark.row("A11", "J20")
@pytest.mark.parametrize("lost", [1, 7, 20])
async def test_a_consumer_of_a_feed_that_lost_its_tail_misses_nothing(
    house: MemoryHouse, lost: int
) -> None:
    """When rows are lost it hears of the new generation, begins again, and has each row once and in order."""
    async with at_work(house) as consumer:
        await append(house, 20, "before")
        await until(lambda: consumer.positions == wanted(house))
        await until(lambda: remembered(house))
        count = await length_of_tail(house, lost)
        house.broker.down()
        house.broker.lose_tail(Stream.FEED, count)
        await append(house, 5, "during")
        await house.broker.up()
        await append(house, 5, "after")
        await until(lambda: bool(consumer.restarts) and consumer.positions == wanted(house))


@pytest.mark.row("A11", "J20")
async def test_a_consumer_of_a_feed_made_anew_misses_nothing(house: MemoryHouse) -> None:
    """A FEED that begins from nothing is noticed although nothing in it looks wrong."""
    async with at_work(house) as consumer:
        await append(house, 150, "before")
        await until(lambda: consumer.positions == wanted(house))
        house.broker.down()
        house.broker.make_anew(Stream.FEED)
        await house.broker.up()
        await append(house, 5, "after")
        await until(lambda: bool(consumer.restarts) and consumer.positions == wanted(house))


@pytest.mark.row("A11")
async def test_a_consumer_sits_through_an_outage_that_loses_nothing(house: MemoryHouse) -> None:
    """While FEED kept everything nobody begins again: the rows simply come later."""
    async with at_work(house) as consumer:
        await append(house, 20, "before")
        await until(lambda: consumer.positions == wanted(house))
        house.broker.down()
        await append(house, 30, "during")
        await house.broker.up()
        await until(lambda: consumer.positions == wanted(house))
    assert consumer.restarts == []
