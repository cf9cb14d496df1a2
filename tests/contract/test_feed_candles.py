"""A candle is told as it runs, and once more when it has ended, whether a venue says that itself or not."""

import asyncio
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.market import BookTop, Candle
from opensqt.runtime.clock import ClockOrigin, RunClock
from tests.conditions import until
from tests.contract.test_feed import wired_house
from tests.contract.venues import PATIENCE_S, SPOT, WIRED


@pytest.mark.parametrize("venue", WIRED)
async def test_a_candle_that_has_ended_is_told_closed(venue: str, tmp_path: Path) -> None:
    """Its minute is over and the next trade begins another: it comes closed, as it was, before the running one."""
    wall_ms = RunClock().wall_ms()
    origin = ClockOrigin(origin_market_ms=wall_ms, origin_wall_ms=wall_ms, speed=Decimal(60))
    clock = RunClock(origin)
    house = await wired_house(tmp_path, venue, clock)
    told: list[Candle] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(house.feed.watch((SPOT,))) as seen:  # type: ignore[type-var]
        async for one in seen:
            if isinstance(one, BookTop) and not told:
                house.trade(SPOT, "60001")
            if isinstance(one, Candle):
                told.append(one)
                if one.open_time_ms > told[0].open_time_ms:
                    break
                if len(told) == 1:
                    over_ms = one.open_time_ms + one.interval_ms
                    await until(lambda over_ms=over_ms: clock.market_ms() >= over_ms)  # type: ignore[misc]
                    house.trade(SPOT, "60002")
    await house.close()
    first, *_, ended, running = told
    assert (ended.open_time_ms, ended.close, ended.closed) == (
        first.open_time_ms,
        first.close,
        True,
    )
    assert not first.closed
    assert not running.closed
