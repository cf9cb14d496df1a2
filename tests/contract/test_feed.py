"""What every feed does: the venues of the house over the wire against a simulated one, and the in-memory twin."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market, Side
from opensqt.domain.market import BookLevel, BookTop, Candle, FeedState, FeedStatus, Mark, Trade
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.simulation.server import paper
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine.feed import VenueFeed
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.feed_port import Feed, FeedDown, Observation
from opensqt.venues.registry import dialect_of
from opensqt.venues.session import paper_session
from tests import conditions
from tests.contract.venues import WIRED
from tests.simulation.venue import scripted
from tests.support.fakes.feed import MemoryFeed

SPOT, PERP = scripted.SPOT, scripted.PERP
PATIENCE_S = 10.0


class House(msgspec.Struct, kw_only=True):
    """One feed, and the hand that moves its market."""

    feed: Feed
    bid: Callable[[str, str], None]  # symbol, quantity at 59998
    trade: Callable[[str, str], None]  # symbol, price
    real: paper.PaperVenue | None = None
    memory: MemoryFeed | None = None

    async def close(self) -> None:
        """Disconnect and stop."""
        await self.feed.close()
        if self.real is not None:
            await self.real.stop()

    def begin(self) -> None:
        """Show what a venue shows by itself when somebody subscribes."""
        if self.memory is not None:
            for symbol in (SPOT, PERP):
                self.memory.push(memory_status(symbol), memory_book(symbol, "1"))
            self.memory.push(
                Mark(
                    venue="binance",
                    symbol=PERP,
                    mark_price=Decimal(60000),
                    index_price=Decimal(60000),
                    time_ms=1,
                )
            )


def memory_status(symbol: str) -> FeedStatus:
    """Return the report of a synchronised book."""
    return FeedStatus(
        venue="binance",
        symbol=symbol,
        channel="book",
        state=FeedState.LIVE,
        age_ms=0,
        detail="",
        time_ms=1,
    )


def memory_book(symbol: str, quantity: str) -> BookTop:
    """Return the scripted book with this quantity at the second bid."""
    return BookTop(
        venue="binance",
        symbol=symbol,
        bids=(
            BookLevel(price=Decimal(59999), quantity=Decimal(1)),
            BookLevel(price=Decimal(59998), quantity=Decimal(quantity)),
        ),
        asks=(BookLevel(price=Decimal(60001), quantity=Decimal(1)),),
        time_ms=2,
        book_sequence=2,
    )


def memory_trade(symbol: str, price: str) -> tuple[Trade, Candle]:
    """Return a trade and the candle that it makes."""
    traded = Trade(
        venue="binance",
        symbol=symbol,
        trade_id="1",
        price=Decimal(price),
        quantity=Decimal("0.1"),
        taker=Side.BUY,
        time_ms=3,
    )
    candle = Candle(
        venue="binance",
        symbol=symbol,
        interval_ms=60_000,
        open_time_ms=0,
        open=Decimal(price),
        high=Decimal(price),
        low=Decimal(price),
        close=Decimal(price),
        volume=Decimal("0.1"),
        closed=False,
        time_ms=3,
    )
    return traded, candle


async def wired_house(folder: Path, venue: str, clock: RunClock | None = None) -> House:
    """Start a simulated venue and a feed of it."""
    clock = clock or RunClock()
    real = paper.PaperVenue(scripted.setup(folder, venue=venue), scripted.ScriptedFlow(), clock)
    await real.start()
    gate = VenueRest(
        dialect_of(venue),
        session=paper_session(
            "127.0.0.1", real.port, ssl.create_default_context(cafile=str(real.ca_path))
        ),
        clock=clock,
        config=VenueConfig(),
        credentials=Credentials(api_key="", secret=""),
        markets=frozenset(Market),
        jitter=random.Random(1),
    )

    def bid(symbol: str, quantity: str) -> None:
        scripted.play(real, scripted.book(symbol, {"59998": quantity}, {}))

    def trade(symbol: str, price: str) -> None:
        scripted.play(real, scripted.trade(symbol, price, "0.1", Side.BUY))

    return House(feed=VenueFeed(gate), bid=bid, trade=trade, real=real)


async def memory_house() -> House:
    """Make the twin."""
    feed = MemoryFeed(scripted.RULES)
    return House(
        feed=feed,
        bid=lambda symbol, quantity: feed.push(memory_book(symbol, quantity)),
        trade=lambda symbol, price: feed.push(*memory_trade(symbol, price)),
        memory=feed,
    )


@pytest_asyncio.fixture(params=[*WIRED, "memory"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each feed in turn."""
    wired = request.param in WIRED
    opened = await (wired_house(tmp_path, request.param) if wired else memory_house())
    yield opened
    await opened.close()


class Watcher:
    """Reads a feed in the background."""

    def __init__(self, house: House) -> None:
        self.seen: list[Observation] = []
        self._house = house
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def until(self, wanted: Callable[[Observation], bool]) -> Observation:
        """Return the first observation that is wanted, among all so far and to come."""
        checked = 0
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for observation in self.seen[checked:]:
                    checked += 1
                    if wanted(observation):
                        return observation
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        """Stop reading."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _read(self) -> None:
        async for observation in self._house.feed.watch((SPOT, PERP)):
            self.seen.append(observation)
            self._news.set()


@pytest_asyncio.fixture
async def watcher(house: House) -> AsyncIterator[Watcher]:
    """Somebody who watches both symbols, with both books live."""
    watching = Watcher(house)
    await asyncio.sleep(0)
    house.begin()
    for symbol in (SPOT, PERP):
        await watching.until(lambda o, s=symbol: isinstance(o, BookTop) and o.symbol == s)  # type: ignore[misc]
    yield watching
    await watching.close()


async def test_book_is_live_before_it_is_shown(watcher: Watcher) -> None:
    """Each symbol reports LIVE and shows its best levels, best first, bids below asks."""
    for symbol in (SPOT, PERP):
        mine = [o for o in watcher.seen if o.symbol == symbol]
        book = next(o for o in mine if isinstance(o, BookTop))
        before = mine[: mine.index(book)]
        states = [o.state for o in before if isinstance(o, FeedStatus) and o.channel == "book"]
        assert states[-1] is FeedState.LIVE
        assert (book.bids[0].price, book.asks[0].price) == (Decimal(59999), Decimal(60001))
        assert book.bids[0].price > book.bids[1].price


async def test_changes_trades_candles_and_marks_come(house: House, watcher: Watcher) -> None:
    """A new quantity, a trade with its taker's side, the candle of that trade and the mark arrive."""
    for symbol in (SPOT, PERP):
        house.bid(symbol, "3")
        changed = await watcher.until(
            lambda o, s=symbol: (  # type: ignore[misc]
                isinstance(o, BookTop) and o.symbol == s and o.bids[1].quantity == 3
            )
        )
        assert isinstance(changed, BookTop)
        house.trade(symbol, "60001")
        trade = await watcher.until(lambda o, s=symbol: isinstance(o, Trade) and o.symbol == s)  # type: ignore[misc]
        assert isinstance(trade, Trade)
        assert (trade.price, trade.quantity, trade.taker) == (
            Decimal(60001),
            Decimal("0.1"),
            Side.BUY,
        )
        candle = await watcher.until(lambda o, s=symbol: isinstance(o, Candle) and o.symbol == s)  # type: ignore[misc]
        assert isinstance(candle, Candle)
        assert (candle.close, candle.closed) == (Decimal(60001), False)
    mark = await watcher.until(lambda o: isinstance(o, Mark))
    assert mark.symbol == PERP


async def test_rules_are_the_venues_own_and_unknown_symbols_are_named(house: House) -> None:
    """Filters come from metadata; a symbol that is not traded is an error that names it."""
    spot, perp = await house.feed.rules((SPOT, PERP))
    assert (spot.tick_size, spot.quantity_step) == (Decimal("0.01"), Decimal("0.00001"))
    step = perp.contract_size if perp.venue == "gate" else Decimal("0.001")  # whole contracts
    assert (perp.quantity_step, perp.market) == (step, Market.PERP)
    with pytest.raises(LookupError, match="XYZ"):
        await house.feed.rules(("XYZ/USDT",))


@pytest.mark.parametrize("venue", WIRED)
async def test_hole_in_the_book_is_said_and_closed(tmp_path: Path, venue: str) -> None:
    """A dropped depth frame gives GAP, a new snapshot LIVE, and the book is right again."""
    house = await wired_house(tmp_path, venue)
    watching = Watcher(house)
    assert house.real is not None
    await watching.until(lambda o: isinstance(o, BookTop) and o.symbol == SPOT)
    house.real.faults.load(
        FaultScript(
            rules=[
                FaultRule(
                    fault=FaultName.DROPPED_FRAME,
                    match=Match(kind="public", market="spot"),
                    count=1,
                )
            ]
        )
    )
    house.bid(SPOT, "7")
    faults = house.real.faults
    await conditions.until(lambda: faults.met[0] == 1)
    house.bid(SPOT, "8")
    await watching.until(lambda o: isinstance(o, FeedStatus) and o.state is FeedState.GAP)
    right = await watching.until(
        lambda o: isinstance(o, BookTop) and o.symbol == SPOT and o.bids[1].quantity == 8
    )
    seen = [o for o in watching.seen[: watching.seen.index(right)] if isinstance(o, BookTop)]
    assert all(o.bids[1].quantity in (1, 8) for o in seen if o.symbol == SPOT)
    await watching.close()
    await house.close()


@pytest.mark.parametrize("venue", WIRED)
async def test_feed_whose_venue_is_away_is_down(tmp_path: Path, venue: str) -> None:
    """Metadata that nobody answers is `FeedDown`, never an empty success."""
    house = await wired_house(tmp_path, venue)
    assert house.real is not None
    await house.real.stop()
    with pytest.raises(FeedDown):
        await house.feed.rules((SPOT,))
    await house.feed.close()
