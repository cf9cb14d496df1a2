"""What a reader of FEED sees: the past from the journal, the present in chain order, and never a silent hole."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.control import CONTROL_STREAM, FeedGeneration, Heartbeat
from opensqt.domain.journal import Entry, NewEvent, Recorded
from opensqt.domain.market import Time
from opensqt.domain.strategy_events import AnchorSet
from opensqt.domain.subjects import FEED_GENERATION, HEARTBEAT, RISK_ALIVE, TIME
from opensqt.runtime.bus.port import Bus, Follower, Stream
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReader, FeedReset, Item
from opensqt.runtime.clock import RunClock
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.reading import envelope_of
from opensqt.runtime.telemetry.metrics import Metrics
from tests.contract.buses import PATIENCE_S, House, house_at, publish_time, server_of
from tests.support.fakes.journal import MemoryJournal, MemoryStore

GRID, CARRY = "evt.strategy.grid", "evt.strategy.carry"


class Desk:
    """A bus, a journal, and the relay's work done by hand."""

    def __init__(self, house: House, bus: Bus) -> None:
        self.house = house
        self.bus = bus
        self.clock = RunClock()
        self.journal = MemoryJournal(MemoryStore(self.clock))
        self.metrics = Metrics()
        self.readers: list[FeedReader] = []

    async def append(self, subject: str, message: object) -> Recorded:
        """Append one fact and return its row."""
        number = len(self.journal.store.rows) + 1
        event = NewEvent(
            event_id=f"event-{number}",
            stream=CONTROL_STREAM if subject == FEED_GENERATION else subject.replace(".", "/"),
            message=message,  # type: ignore[arg-type]
            subject=subject,
            actor="test",
            occurred_at_ms=number,
        )
        await self.journal.append(Entry(events=(event,)))
        return self.journal.store.rows[-1]

    async def anchors(self, *subjects: str) -> list[Recorded]:
        """Append one anchor per subject."""
        return [await self.append(subject, anchor(subject)) for subject in subjects]

    async def relay(self, *rows: Recorded) -> None:
        """Publish rows as the relay does."""
        for row in rows:
            await self.bus.send(row.subject, row.data, envelope_of(row).headers())

    async def beat(self, generation: int, subject: str = HEARTBEAT) -> None:
        """Publish a heartbeat."""
        now_ms = self.clock.wall_ms()
        message = Heartbeat(generation=generation, head_position=0, time_ms=now_ms)
        envelope = Envelope(
            event_id=f"beat-{subject}-{generation}", type="Heartbeat", source="relay", time_ms=0
        )
        await self.bus.publish(subject, message, envelope)

    def reader(self, *filters: str, lookback_ms: int = 0) -> FeedReader:
        """A reader of these filters."""
        self.readers.append(
            FeedReader(
                bus=self.bus,
                journal=self.journal,
                clock=self.clock,
                filters=filters,
                service="test",
                lookback_ms=lookback_ms,
                metrics=self.metrics,
            )
        )
        return self.readers[-1]


def anchor(subject: str) -> AnchorSet:
    """A fact that is journalled."""
    return AnchorSet(
        strategy=subject.rpartition(".")[2],
        symbol="BTC/USDT",
        anchor_price=Decimal(100),
        step_price=Decimal("0.5"),
        reason="first price",
        time_ms=1,
    )


@pytest.fixture(params=["nats", "memory"])
def server(request: pytest.FixtureRequest) -> str:
    """Each bus."""
    return server_of(request)


@pytest.fixture
async def desk(server: str) -> AsyncIterator[Desk]:
    """A desk on each bus."""
    house = await house_at(server)
    found = Desk(house, await house.connect())
    yield found
    for reader in found.readers:
        await reader.close()
    await house.close()


async def take(items: AsyncIterator[Item], count: int) -> list[Item]:
    """Read this many items."""
    async with asyncio.timeout(PATIENCE_S):
        return [await anext(items) for _ in range(count)]


def places(items: list[Item]) -> list[int | str]:
    """Journal positions of facts (times for what is not journalled), names of marks."""
    found: list[int | str] = []
    for item in items:
        if isinstance(item, FeedItem):
            time_ms = item.message.time_ms if isinstance(item.message, Time) else 0
            found.append(item.envelope.position or f"time {time_ms}")
        else:
            found.append(type(item).__name__)
    return found


@pytest.mark.row("A11")
async def test_the_past_comes_first_then_the_present_without_doubles(desk: Desk) -> None:
    """Journal rows in order, the mark, then FEED; rows that were folded from the journal are dropped."""
    rows = await desk.anchors(GRID, CARRY, GRID)
    await desk.relay(*rows[:1])
    items = aiter(desk.reader(GRID, TIME))
    found = await take(items, 3)
    assert places(found) == [1, 3, "CaughtUp"]
    assert found[2] == CaughtUp(position=3, sequence=1, journal_position=3)
    (later,) = await desk.anchors(GRID)
    await desk.relay(*rows[1:], later)
    await publish_time(desk.bus, TIME, 9)
    found = await take(items, 2)
    assert places(found) == [4, "time 9"]
    assert [item.live for item in found if isinstance(item, FeedItem)] == [True, True]


@pytest.mark.row("A11")
async def test_a_hole_pauses_until_it_is_filled(desk: Desk) -> None:
    """What comes behind a hole waits, ticks too, and is delivered in order once the relay has resent."""
    reader = desk.reader(GRID, CARRY, TIME)
    items = aiter(reader)
    assert places(await take(items, 1)) == ["CaughtUp"]
    rows = await desk.anchors(GRID, GRID, CARRY)
    await desk.relay(rows[1])
    await publish_time(desk.bus, TIME, 5)
    await desk.relay(rows[2])
    await desk.relay(rows[0])
    found = await take(items, 1)
    assert places(found) == [1]
    assert reader.basis.sequence == 0
    assert places(await take(items, 3)) == [2, "time 5", 3]
    assert reader.basis.sequence == 4


async def test_the_basis_is_what_has_been_yielded(desk: Desk) -> None:
    """Generation from the journal, sequence of the last FEED message folded, the start included."""
    opened = FeedGeneration(generation=3, position=0, reason="first", time_ms=1)
    await desk.append(FEED_GENERATION, opened)
    await publish_time(desk.bus, TIME, 1)
    reader = desk.reader(TIME)
    items = aiter(reader)
    assert places(await take(items, 1)) == ["CaughtUp"]
    assert (reader.basis.generation, reader.basis.sequence) == (3, 1)
    await publish_time(desk.bus, TIME, 2)
    await take(items, 1)
    assert (reader.basis.generation, reader.basis.sequence) == (3, 2)


@pytest.mark.row("A11")
async def test_a_new_feed_generation_begins_again(desk: Desk) -> None:
    """A newer generation restarts the reader; an older one, or another process's epoch, does not."""
    items = aiter(desk.reader(GRID, TIME))
    await take(items, 1)
    await desk.beat(0)
    await desk.beat(9, RISK_ALIVE)
    await publish_time(desk.bus, TIME, 1)
    assert places(await take(items, 1)) == ["time 1"]
    row = await desk.append(
        FEED_GENERATION, FeedGeneration(generation=1, position=0, reason="lost", time_ms=1)
    )
    await desk.anchors(GRID)
    await desk.relay(row)
    assert places(await take(items, 3)) == ["FeedReset", 2, "CaughtUp"]


async def test_another_stream_under_the_same_name_begins_again(desk: Desk) -> None:
    """FEED made anew restarts the reader, and what is published then is seen."""
    await desk.anchors(GRID)
    items = aiter(desk.reader(GRID, TIME))
    await take(items, 2)
    await desk.house.make_anew(Stream.FEED)
    found = await take(items, 3)
    assert places(found) == ["FeedReset", 1, "CaughtUp"]
    assert found[0] != FeedReset(reason="")
    await publish_time(desk.bus, TIME, 4)
    assert places(await take(items, 1)) == ["time 4"]


async def test_look_back_reads_old_market_before_the_mark(desk: Desk) -> None:
    """With a look-back, FEED of that span comes after the journal and before the mark, not live."""
    (row,) = await desk.anchors(GRID)
    await desk.relay(row)
    for number in (1, 2):
        await publish_time(desk.bus, TIME, number)
    items = aiter(desk.reader(GRID, TIME, lookback_ms=60_000))
    found = await take(items, 4)
    assert places(found) == [1, "time 1", "time 2", "CaughtUp"]
    assert not any(item.live for item in found if isinstance(item, FeedItem))


async def test_a_closed_reader_ends(desk: Desk) -> None:
    """Closing ends the iteration."""
    reader = desk.reader(TIME)
    items = aiter(reader)
    await take(items, 1)
    ending = asyncio.ensure_future(anext(items, None))
    await reader.close()
    async with asyncio.timeout(PATIENCE_S):
        assert await ending is None


async def test_a_feed_made_anew_while_its_reader_begins_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end that was seen belongs to the FEED that is gone: the new one would reach it in hours."""
    await desk.relay(*await desk.anchors(GRID, GRID, GRID))
    follow = desk.bus.follow

    async def follow_another(*words: Any) -> Follower:
        monkeypatch.setattr(desk.bus, "follow", follow)
        await desk.house.make_anew(Stream.FEED)
        return await follow(*words)

    monkeypatch.setattr(desk.bus, "follow", follow_another)
    items = aiter(desk.reader(GRID))
    found = places(await take(items, 5))
    assert found == ["FeedReset", 1, 2, 3, "CaughtUp"]
    (row,) = await desk.anchors(GRID)
    await desk.relay(row)
    assert places(await take(items, 1)) == [4]
