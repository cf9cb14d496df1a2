"""A short life of grids in memory, archived as the relay does it: an hour's worth of causes in some seconds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from opensqt.desk.config_default import derive
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.messages import Event
from opensqt.replay.controls import controls
from opensqt.replay.record import Record, read_record
from opensqt.replay.replaying import Archives, Replay, ReplayWindow
from opensqt.replay.report import ReplayOutcome
from opensqt.runtime.archive import FeedArchive
from opensqt.runtime.archive_reader import ArchiveReader
from opensqt.runtime.archiver import Archiver
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.journal.port import Journal
from opensqt.runtime.strategy.runner import StrategyRunner
from services.grid.config import plays_of
from tests.conditions import until
from tests.relays import MemoryHouse, memory_house
from tests.simulation.strategy_facts import (
    PERP,
    SPOT,
    Evidence,
    approval_of,
    placed_of,
    tick_of,
)
from tests.simulation.test_strategy_shell import context_of, desk, intents_of, record, show, tell

PRICES = ("45010", "44980", "44930", "45020", "45100", "44990")


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of that life: journal, and archives in a folder."""

    journal: Journal
    folder: Path

    async def record(self) -> tuple[Archives, Record]:
        """Read what is recorded."""
        archives = Archives(
            ArchiveReader(self.folder / "feed"), ArchiveReader(self.folder / "intents")
        )
        return archives, await read_record(self.journal, archives.intents)

    async def replayed(self, window: ReplayWindow | None = None) -> ReplayOutcome:
        """Decide it again."""
        archives, recorded = await self.record()
        return await outcome(self.journal, archives, recorded, window or ReplayWindow())


async def outcome(
    journal: Journal, archives: Archives, recorded: Record, window: ReplayWindow
) -> ReplayOutcome:
    """Decide a record again, with both controls."""
    replay = Replay(journal, archives, recorded, None)
    spans = [span async for span in replay.spans(window, lambda _: None)]
    return ReplayOutcome(
        spans=tuple(spans),
        unplaced=len(recorded.unplaced),
        controls=await controls(replay, recorded, window, None),
    )


async def live(folder: Path) -> Lived:
    """Trade, lose the bus, restart with another configuration, trade again."""
    house, venue = memory_house(), Evidence()
    async with _archived(house, folder):
        for order_notional_quote in ("500", "700"):
            text = derive((SPOT, PERP), market="synthetic:7").replace(
                'order_notional_quote = "500"', f'order_notional_quote = "{order_notional_quote}"'
            )
            config = parse_config(text, {})
            plays = plays_of(config, house.clock)
            runner = StrategyRunner(context_of(house, config), "grid", plays)
            async with desk(house, runner):
                await show(house)
                answered = len(venue.orders)
                await until(partial(_places, house, venue, answered), within_s=60)
                for price in PRICES:
                    await _price(house, price)
                    await _answer(house, venue)
                if answered == 0:
                    house.broker.down()
                    await house.broker.up()
                    await until(lambda runner=runner: runner.ready)  # type: ignore[misc]
    return Lived(journal=house.journal, folder=folder)


@asynccontextmanager
async def _archived(house: MemoryHouse, folder: Path) -> AsyncIterator[None]:
    archivers = [
        Archiver(house.bus, house.clock, FeedArchive(folder / stream.lower()), stream)
        for stream in (Stream.FEED, Stream.INTENTS)
    ]
    tasks = [asyncio.create_task(one.run()) for one in archivers]
    yield
    for one, stream in zip(archivers, (Stream.FEED, Stream.INTENTS), strict=True):
        end = (await house.bus.state(stream)).last_sequence
        await until(lambda one=one, end=end: one.read_sequence >= end)  # type: ignore[misc]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _price(house: MemoryHouse, price: str) -> None:
    now_ms = house.clock.market_ms()
    await tell(house, tick_of(PERP, price, now_ms), tick_of(SPOT, price, now_ms))


async def _places(house: MemoryHouse, venue: Evidence, more_than: int) -> bool:
    """Show a fresh price, answer what was said, and tell whether more orders than these are placed."""
    await _price(house, PRICES[-1])
    await _answer(house, venue)
    return len(venue.orders) > more_than


async def _answer(house: MemoryHouse, venue: Evidence) -> None:
    """Let risk approve what was said so far, and the venue take it and fill every third order."""
    known = {order.placed.ref.intent_id for order in venue.orders.values() if order.placed}
    for intent in await intents_of(house):
        if not isinstance(intent, PlaceIntent) or intent.intent_id in known:
            continue
        known.add(intent.intent_id)
        venue.now_ms = house.clock.market_ms()
        placed = placed_of(intent, venue.now_ms)
        cid = placed.ref.client_order_id
        facts: list[Event] = [approval_of(intent, venue.now_ms), placed]
        venue.fold(placed)
        facts.append(venue.accepted(cid))
        if len(known) % 3 == 0:
            facts.append(venue.fill_of(cid))
        for fact in facts:
            await record(house, fact, f"order/{cid}/{type(fact).__name__}")
