"""The relay while its connection is lost and regained: what it hears meanwhile proves nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from opensqt.domain.control import FeedGeneration
from opensqt.domain.journal import Recorded
from opensqt.runtime.bus.port import Published, Stream
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import decode
from opensqt.runtime.envelope import Envelope
from services.relay.config import RelaySettings
from tests.relays import (
    SETTINGS,
    MemoryHouse,
    append,
    chains_hold,
    feed,
    memory_house,
    positions,
)
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryStore

WALL_MS = 1_000_000
CALM = msgspec.structs.replace(SETTINGS, heartbeat_s=60.0, time_step_ms=60_000)
LAZY = msgspec.structs.replace(CALM, checkpoint_every_s=60.0)


class HeldBus(MemoryBus):
    """A connection whose confirmed messages leave when the test lets them."""

    def __init__(self, broker: MemoryBroker) -> None:
        super().__init__(broker)
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Wait for the gate, then send."""
        await self.gate.wait()
        return await super().send(subject, data, headers)


class HeldJournal(MemoryJournal):
    """A connection to the journal whose rows arrive when the test lets them."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        """Read, then wait for the gate."""
        rows = await super().read(after, count_max, stream_prefix=stream_prefix)
        if rows:
            await self.gate.wait()
        return rows


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A house on a clock that the test moves, with its faults."""

    house: MemoryHouse
    clock: VirtualClock
    bus: HeldBus
    journal: HeldJournal

    def cut(self, *, lost: int) -> None:
        """Lose the connection and messages of FEED; it is there again, and nobody has said so yet."""
        self.house.broker.down()
        self.house.broker.is_down = False
        self.replace_tail(lost)

    def replace_tail(self, count: int) -> None:
        """Let FEED forget its last messages, and others fill it up beyond where it ended."""
        broker = self.house.broker
        broker.lose_tail(Stream.FEED, count)
        for number in range(count * 2):
            tick = Envelope(event_id=f"t{number}", type="Time", source="test", time_ms=number)
            broker.stream(Stream.FEED).add("evt.time", tick.headers(), b"", self.clock.wall_ms())

    def generations(self) -> list[int]:
        """Return the feed generations of the journal."""
        facts = [decode(row.data) for row in self.house.store.rows]
        return [fact.generation for fact in facts if isinstance(fact, FeedGeneration)]


@pytest.fixture
async def stage() -> Stage:
    """An empty house in memory."""
    clock = VirtualClock(wall_ms=WALL_MS)
    house = memory_house(clock)
    bus, journal = HeldBus(house.broker), HeldJournal(house.store)
    house = msgspec.structs.replace(house, bus=bus, journal=journal)
    return Stage(house=house, clock=clock, bus=bus, journal=journal)


@asynccontextmanager
async def relaying(stage: Stage, settings: RelaySettings = CALM) -> AsyncIterator[None]:
    """Run a relay that has sent some rows, and stop it in good order."""
    stop = asyncio.Event()
    task = asyncio.create_task(stage.house.relay(settings=settings).run(stop))
    await stage.clock.run_for(1)
    await append(stage.house, 5, "before")
    await stage.clock.run_for(1)
    yield
    stop.set()
    await stage.clock.run_for(1)
    await task


async def everything(stage: Stage) -> list[int]:
    """Return the positions in FEED; each row of the journal is there, and a consumer can fold them."""
    messages = await feed(stage.bus)
    assert set(positions(messages)) == set(range(1, len(stage.house.store.rows) + 1))
    assert chains_hold(messages)
    return positions(messages)


@pytest.mark.row("A11", "J20")
async def test_a_row_that_comes_before_the_connection_is_said_to_be_regained_hides_no_loss(
    stage: Stage,
) -> None:
    """It is not sent: confirmed far behind the end that FEED lost, it would vouch for all before it."""
    async with relaying(stage):
        stage.cut(lost=3)
        await append(stage.house, 1, "early")
        await stage.clock.run_for(1)
        await stage.house.broker.up()
        await stage.clock.run_for(1)
        assert await everything(stage) == list(range(1, 10))
        assert stage.generations() == [1, 2]


@pytest.mark.row("A11", "J20")
async def test_what_was_on_its_way_when_the_connection_was_lost_hides_no_loss(
    stage: Stage,
) -> None:
    """Its acknowledgement is thrown away; what had been confirmed before is remembered, saved or not."""
    async with relaying(stage, LAZY):
        stage.bus.gate.clear()
        await append(stage.house, 2, "under way")
        await stage.clock.run_for(1)
        stage.cut(lost=3)
        stage.bus.gate.set()
        await stage.clock.run_for(1)
        await stage.house.broker.up()
        await stage.clock.run_for(1)
        await everything(stage)
        assert stage.generations() == [1, 2]


@pytest.mark.row("A11")
async def test_rows_read_before_the_connection_was_lost_are_not_sent_ahead_of_what_feed_lost(
    stage: Stage,
) -> None:
    """They wait until it is known which FEED this is, and come in their turn."""
    async with relaying(stage):
        stage.journal.gate.clear()
        await append(stage.house, 1, "read")
        await stage.clock.run_for(1)
        stage.cut(lost=3)
        stage.journal.gate.set()
        await stage.clock.run_for(1)
        await stage.house.broker.up()
        await stage.clock.run_for(1)
        assert await everything(stage) == list(range(1, 10))


@pytest.mark.row("A11", "J20")
async def test_a_connection_that_is_lost_again_before_it_is_said_to_be_regained_hides_no_loss(
    stage: Stage,
) -> None:
    """FEED is judged when the connection is said to be regained: a look before that proves nothing."""
    async with relaying(stage):
        stage.cut(lost=0)
        await stage.clock.run_for(1)
        stage.replace_tail(3)  # the server died once more, and the client said nothing
        await append(stage.house, 1, "early")
        await stage.clock.run_for(1)
        await stage.house.broker.up()
        await stage.clock.run_for(1)
        assert await everything(stage) == list(range(1, 10))
        assert stage.generations() == [1, 2]


@pytest.mark.row("A11", "J20")
async def test_a_connection_that_comes_and_goes_carries_each_row_once(stage: Stage) -> None:
    """However often it is lost, each time that it holds for a moment the rows go on."""
    async with relaying(stage):
        for number in range(30):
            stage.bus.gate.clear()
            await append(stage.house, 10, f"{number}-")
            await stage.clock.run_for(0.06)
            stage.house.broker.down()
            stage.bus.gate.set()
            await stage.clock.run_for(0.02)
            await stage.house.broker.up()
            await stage.clock.run_for(0.06)
            assert await everything(stage) == list(range(1, 18 + 10 * number))
        assert stage.generations() == [1]
