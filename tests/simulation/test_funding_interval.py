"""How often a venue pays funding, from its wire to what a carry decides: each hour is worth eight times as much."""

import asyncio
import json
from typing import Any, cast

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.market import Funding
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import decode, encode
from opensqt.venues.binance.dialect import DIALECT as BINANCE
from opensqt.venues.engine.feed import FUNDING_POLL_S, VenueFeed
from opensqt.venues.engine.feed_format import FeedConnection
from opensqt.venues.engine.request import Query
from opensqt.venues.engine.rest import VenueRest
from opensqt.venues.engine.stream_connection import StreamConnection
from services.market_data.decide import Now, observed
from services.market_data.state import PublishPace, SymbolState
from tests.simulation.carry_rig import CarryRig, entered
from tests.simulation.strategy_facts import PERP

URL = "wss://venue/market"
NAME = "BTCUSDT"  # as the venue writes the perpetual
POOR = "0.0000001"  # what nobody would enter for


class Wire:
    """A venue that answers `fundingInfo` and nothing else, and a market_data on it, up to what goes over the bus."""

    def __init__(self, hours: int | None) -> None:
        self.clock = VirtualClock()
        self.hours = hours
        self.dialect = BINANCE
        self.feed = VenueFeed(cast("VenueRest", self))
        self.feed._names = {Market.PERP: {NAME: PERP}}
        about = FeedConnection(
            url=URL,
            market=Market.PERP,
            category="market",
            symbols=(PERP,),
            messages=(),
            has_books=False,
        )
        self.feed._connections = {URL: StreamConnection(about)}
        self._view = SymbolState(venue="binance", symbol=PERP)
        query = BINANCE.feed.funding_hours(frozenset(Market))
        assert query is not None
        self._polling = asyncio.ensure_future(self.feed._poll_funding(query))

    async def ask(self, query: Query[Any]) -> Any:
        """Answer: only symbols whose interval is not the usual one are listed."""
        rows = [{"symbol": "ETHUSDT", "fundingIntervalHours": 4}]
        if self.hours is not None:
            rows.append({"symbol": NAME, "fundingIntervalHours": self.hours})
        return query.read(
            json.dumps(rows).encode(), {Market.PERP: {NAME: PERP, "ETHUSDT": "ETH/USDT:USDT"}}
        )

    async def poll(self) -> None:
        """Let the next question for the intervals be answered."""
        await self.clock.run_for(FUNDING_POLL_S)

    def frame(self, rate: str, time_ms: int) -> Funding:
        """Return the message of the bus that a mark frame with this rate becomes."""
        frame = {"e": "markPriceUpdate", "E": time_ms, "s": NAME, "p": "45000", "i": "45000"}
        frame |= {"r": rate, "T": time_ms + 3_600_000}
        assert self.feed._tap(URL, json.dumps(frame))
        queue: Any = self.feed._queue
        found = [queue.get_nowait() for _ in range(queue.qsize())]
        (funding,) = (one for one in found if isinstance(one, Funding))
        now = Now(wall_ms=self.clock.wall_ms(), market_ms=time_ms)
        self._view, (said,) = observed(self._view, funding, now, PublishPace())
        return cast("Funding", decode(encode(said)))

    async def close(self) -> None:
        """Ask no longer."""
        self._polling.cancel()


@pytest.mark.row("F04")
@pytest.mark.parametrize(
    "hours, rate, enters",
    [
        (1, "0.00002", True),  # 17.5 % a year
        (4, "0.00002", False),  # 4.4 %
        (4, "0.00005", True),  # 11 %
        (8, "0.00005", False),  # 5.5 %
        (None, "0.00005", False),  # not listed: the usual eight hours
    ],
)
async def test_a_rate_is_judged_by_the_interval_that_the_venue_names(
    hours: int | None, rate: str, enters: bool
) -> None:
    """A venue that pays each hour or every four is entered for a rate that eight hours would not be worth."""
    wire, rig = Wire(hours), CarryRig(rate=POOR)
    await wire.poll()
    said = wire.frame(rate, rig.now_ms)
    rig.feed(said)
    rig.prices("45000")
    assert said.interval_hours == (hours or 8)
    assert bool(rig.places()) is enters
    await wire.close()


@pytest.mark.row("F04")
async def test_a_carry_leaves_when_the_interval_grows_in_mid_life() -> None:
    """The rate stays as it is: each hour it was worth staying, every eight hours it is not."""
    wire, rig = Wire(1), CarryRig(rate=POOR)
    await wire.poll()
    rig.feed(wire.frame("0.00002", rig.now_ms))
    rig.prices("45000")
    entered(rig)
    rig.feed(wire.frame("0.000005", rig.now_ms))  # 4.4 % a year
    rig.prices("45000")
    assert rig.steps()[-1] == "neutral"
    assert not rig.places()
    wire.hours = 8
    await wire.poll()
    rig.feed(wire.frame("0.000005", rig.now_ms))  # 0.5 %
    rig.prices("45000")
    assert rig.places()
    await wire.close()
