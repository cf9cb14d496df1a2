"""market_data as the process that `up` starts, between a paper venue on TLS and a real NATS."""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.market import (
    BookTop,
    Candle,
    FeedState,
    FeedStatus,
    Funding,
    Mark,
    MarketEvent,
    Tick,
    Trade,
)
from opensqt.domain.messages import Event
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import ConfigError, parse_config
from opensqt.runtime.envelope import from_headers
from opensqt.simulation.server.paper import PaperVenue
from opensqt.venues.feed_opening import open_feed
from tests.simulation.venue import scripted

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0
STREAMS = 7  # book, trades and candles of both markets, and the mark of the perp
CONFIG = """
schema = 1
desk = "paper"
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "1000" }
[strategies.carry]
kind = "carry"
account = "main"
spot = "BTC/USDT"
perp = "BTC/USDT:USDT"
entry_apr_min = "0.10"
exit_apr_max = "0.01"
notional_quote_max = "5000"
"""


async def observations(bus: NatsBus) -> AsyncIterator[MarketEvent]:
    """Yield what is published of the market."""
    follower = await bus.follow(Stream.FEED, ["md.>"], Start(sequence=1))
    async for delivery in follower:
        assert from_headers(delivery.headers).source == "market_data-binance"
        message = decode(delivery.data)
        assert isinstance(message, MarketEvent)
        yield message


@contextlib.asynccontextmanager
async def market_data(folder: Path, venue: PaperVenue, nats_url: str) -> AsyncIterator[None]:
    """Run the process; it drains at the end."""
    config = folder / "opensqt.toml"
    config.write_text(CONFIG, encoding="utf-8")
    environment = {
        **os.environ,
        "OPENSQT_CONFIG": str(config),
        "OPENSQT_NATS_URL": nats_url,
        "OPENSQT_PAPER_VENUE": f"127.0.0.1:{venue.port}",
        "OPENSQT_PAPER_CA": str(venue.ca_path),
    }
    command = (sys.executable, "-m", "services.market_data", "--venue", "binance")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0


async def test_process_publishes_every_kind_of_market_data(nats_url: str, tmp_path: Path) -> None:
    """Rules, ticks, books, trades, candles, marks, funding and a status reach FEED for both markets."""
    clock = RunClock()
    venue = PaperVenue(scripted.setup(tmp_path), scripted.ScriptedFlow(), clock)
    await venue.start()
    bus = await NatsBus.connect(nats_url, "test", monotonic_s=clock.monotonic_s)
    await apply(bus.client.jetstream())
    kinds: tuple[type[Event], ...] = (Tick, BookTop, Trade, Candle, InstrumentRules)
    wanted = {(kind, symbol) for kind in kinds for symbol in (scripted.SPOT, scripted.PERP)}
    wanted |= {(Mark, scripted.PERP), (Funding, scripted.PERP), (FeedStatus, scripted.PERP)}
    traded = False
    try:
        async with asyncio.timeout(PATIENCE_S), market_data(tmp_path, venue, nats_url):
            async for message in observations(bus):
                wanted.discard((type(message), message.symbol))
                if isinstance(message, FeedStatus) and not traded:
                    assert message.state is FeedState.LIVE
                    traded = True
                    await scripted.subscribed(venue, STREAMS)
                    for symbol in (scripted.SPOT, scripted.PERP):
                        scripted.play(venue, scripted.trade(symbol, "60001", "0.1", Side.BUY))
                if isinstance(message, Tick):
                    assert (message.bid_price, message.ask_price) == (
                        Decimal(59999),
                        Decimal(60001),
                    )
                if not wanted:
                    break
    finally:
        await bus.close()
        await venue.stop()
    assert not wanted


async def test_process_says_down_and_comes_back_when_the_venue_restarts(
    nats_url: str, tmp_path: Path
) -> None:
    """A venue that ends is DOWN for every symbol; after its restart the books are LIVE again."""
    clock = RunClock()
    venue = PaperVenue(scripted.setup(tmp_path), scripted.ScriptedFlow(), clock)
    await venue.start()
    bus = await NatsBus.connect(nats_url, "test", monotonic_s=clock.monotonic_s)
    await apply(bus.client.jetstream())
    story: dict[str, list[FeedState]] = {scripted.SPOT: [], scripted.PERP: []}
    port = venue.port
    restarted = False
    try:
        async with asyncio.timeout(2 * PATIENCE_S), market_data(tmp_path, venue, nats_url):
            async for message in observations(bus):
                if not isinstance(message, FeedStatus) or message.channel != "tick":
                    continue
                if message.state is FeedState.STALE:
                    continue
                story[message.symbol].append(message.state)
                lengths = [len(states) for states in story.values()]
                if min(lengths) >= 1 and not restarted:
                    await venue.stop()
                    restarted = True
                    venue = PaperVenue(
                        scripted.setup(tmp_path, port), scripted.ScriptedFlow(), clock
                    )
                    await venue.start()
                if all(states[1:] and states[-1] is FeedState.LIVE for states in story.values()):
                    break
    finally:
        await bus.close()
        await venue.stop()
    for states in story.values():
        assert states[0] is FeedState.LIVE
        assert states[1] is FeedState.DOWN
        assert states[-1] is FeedState.LIVE


def test_an_unknown_venue_is_named_at_the_start() -> None:
    """Asking for a venue without support ends with a line that names it."""
    config = parse_config(CONFIG, {})
    with pytest.raises(ConfigError, match="kraken"):
        open_feed(config, "kraken", (), clock=RunClock(), environ={}, jitter=random.Random(1))
