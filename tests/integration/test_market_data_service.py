"""market_data on the in-memory bus and feed with a virtual clock: readiness, rules, retries, an absent bus."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import msgspec
import pytest
import pytest_asyncio

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import BookLevel, BookTop, FeedState, FeedStatus, Tick
from opensqt.domain.messages import Event
from opensqt.domain.venue_trouble import SILENT
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import Config
from opensqt.runtime.envelope import from_headers
from opensqt.runtime.process_context import Context
from services.market_data.service import MarketData
from services.market_data.state import PublishPace
from tests.simulation.venue.scripted import RULES, SPOT
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.feed import MemoryFeed

SPOT_RULES = RULES[0]


class Desk:
    """One service between the twins."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.broker = MemoryBroker(self.clock)
        self.feed = MemoryFeed(RULES)
        config = Config(schema=1, desk="test", venues={}, accounts={}, strategies={})
        bus = MemoryBus(self.broker)
        context = Context(name="market_data-binance", clock=self.clock, config=config, bus=bus)
        self.service = MarketData(
            context, self.feed, venue="binance", symbols=(SPOT,), pace=PublishPace()
        )
        self.stop = asyncio.Event()

    def published(self, kind: type[Event]) -> list[Event]:
        """Return what is on FEED of a kind."""
        stored = self.broker.stream(Stream.FEED).beyond(0, [])
        messages = [decode(one.data) for one in stored]
        return [message for message in messages if isinstance(message, kind)]

    def book(self, sequence: int) -> BookTop:
        """Return a book at this instant."""
        return BookTop(
            venue="binance",
            symbol=SPOT,
            bids=(BookLevel(price=Decimal(99), quantity=Decimal(sequence)),),
            asks=(BookLevel(price=Decimal(101), quantity=Decimal(1)),),
            time_ms=self.clock.market_ms(),
            book_sequence=sequence,
        )


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    """A running service."""
    opened = Desk()
    running = asyncio.create_task(opened.service.run(opened.stop))
    await opened.clock.settle()  # what is pushed to nobody is lost
    yield opened
    opened.stop.set()
    await opened.clock.settle()
    await running


async def test_ready_means_rules_and_a_tick_of_every_symbol(desk: Desk) -> None:
    """Neither rules alone nor a book alone is enough, and the status says what is missing."""
    await desk.clock.settle()
    before = desk.service.ready, desk.service.status()["why"]
    assert before == (False, f"no tick yet: {SPOT}")
    desk.feed.push(desk.book(1))
    await desk.clock.run_for(0.1)
    assert desk.service.ready
    assert desk.service.status()["why"] == ""
    assert len(desk.published(Tick)) == 1


async def test_rules_are_published_again_and_when_they_change(desk: Desk) -> None:
    """At start and every ten seconds, changed or not, so that FEED's end never lacks them for longer."""
    await desk.clock.run_for(1)
    assert desk.published(InstrumentRules) == [SPOT_RULES]
    changed = msgspec.structs.replace(SPOT_RULES, tick_size=Decimal("0.1"), time_ms=7)
    desk.feed.change(changed)
    await desk.clock.run_for(30)
    first, *later = desk.published(InstrumentRules)
    assert first == SPOT_RULES
    said_ms = (10_000, 20_000, 30_000)
    assert later == [msgspec.structs.replace(changed, time_ms=said) for said in said_ms]


async def test_venue_that_is_away_is_waited_for() -> None:
    """Unanswered metadata is asked for again; nothing is concluded and nothing dies."""
    desk = Desk()
    desk.feed.failures = 4
    running = asyncio.create_task(desk.service.run(desk.stop))
    await desk.clock.run_for(0.1)
    assert "not answered" in desk.service.status()["why"]
    await desk.clock.run_for(5)
    desk.feed.push(desk.book(1))
    await desk.clock.run_for(0.1)
    assert desk.service.ready
    desk.stop.set()
    await desk.clock.settle()
    await running


async def test_absent_bus_loses_ticks_and_nothing_else(desk: Desk) -> None:
    """What the bus does not take is gone; the next tick after its return is published."""
    desk.feed.push(desk.book(1))
    await desk.clock.run_for(0.2)
    desk.broker.down()
    desk.feed.push(desk.book(2))
    await desk.clock.run_for(0.2)
    await desk.broker.up()
    desk.feed.push(desk.book(3))
    await desk.clock.run_for(0.2)
    quantities = [m.bid_quantity for m in desk.published(Tick) if isinstance(m, Tick)]
    assert quantities == [Decimal(1), Decimal(3)]


async def test_silence_is_said_by_the_clock_alone(desk: Desk) -> None:
    """Without any further frame STALE is published after the configured age."""
    desk.feed.push(desk.book(1))
    await desk.clock.run_for(5)
    states = [m.state for m in desk.published(FeedStatus) if isinstance(m, FeedStatus)]
    assert states == [FeedState.LIVE, FeedState.STALE]


@pytest.mark.row("K03")
async def test_silence_is_no_readiness(desk: Desk) -> None:
    """Who shows no price is not ready, names the symbol, and is ready with the next frame."""
    desk.feed.push(desk.book(1))
    await desk.clock.run_for(0.1)
    assert (desk.service.ready, desk.service.status()[SILENT]) == (True, "")
    await desk.clock.run_for(5)
    said = desk.service.status()
    assert (desk.service.ready, said["why"]) == (False, f"no price is shown: {SPOT}")
    assert said[SILENT] == "no price is shown"
    desk.feed.push(desk.book(2))
    await desk.clock.run_for(0.1)
    said = desk.service.status()
    assert (desk.service.ready, said["why"], said[SILENT]) == (True, "", "")


async def test_every_tick_begins_a_trace(desk: Desk) -> None:
    """A tick carries a traceparent, so that what it causes can be joined to it."""
    desk.feed.push(desk.book(1))
    await desk.clock.run_for(0.1)
    envelopes = [from_headers(one.headers) for one in desk.broker.stream(Stream.FEED).beyond(0, [])]
    (tick,) = [envelope for envelope in envelopes if envelope.type == "Tick"]
    assert tick.traceparent.startswith("00-")
