"""Streams that are cut again and again, and streams that bring very much at once: nothing is left behind or lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.market import BookTop
from opensqt.domain.venue import StreamUp, TradeView
from opensqt.venues.engine import rate_limit
from opensqt.venues.engine.feed import VenueFeed
from tests.contract.venues import PATIENCE_S, PERP, SPOT, TAKEN, WIRED, House, open_house

CUTS, WARM = 100, 10
GROWTH_MAX = 20  # between two instants of connecting; one left behind by each cut would be 90
ORDERS, QUANTITY = 40, "0.025"
TRADES, PIECE = 10_000, "0.0001"
AT_ONCE = 500  # trades of one turn of the venue's loop


@pytest_asyncio.fixture(params=WIRED)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue over the wire in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


def left_open() -> tuple[int, int]:
    """Return how many tasks live and how many files and sockets this process holds."""
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.row("D08", "D09")
async def test_a_hundred_cuts_of_the_private_streams_leave_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cut is mended, and afterwards there are no more tasks and sockets than after the tenth."""
    monkeypatch.setattr(rate_limit, "RETRY_FIRST_S", 0.001)
    assert house.real is not None
    ups, warm = 0, (0, 0)
    async with asyncio.timeout(4 * PATIENCE_S), aclosing(house.venue.private()) as events:  # type: ignore[type-var]
        async for event in events:
            if not isinstance(event, StreamUp):
                continue
            ups += 1
            if ups == WARM:
                warm = left_open()
            if ups > CUTS:
                break
            house.real.server.admin.disconnect("private")
        tasks, files = left_open()
    assert tasks <= warm[0] + GROWTH_MAX
    assert files <= warm[1] + GROWTH_MAX


@pytest.mark.row("D08", "D09")
async def test_a_hundred_cuts_of_the_market_data_leave_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A book is shown again after every cut; tasks and sockets do not grow."""
    monkeypatch.setattr(rate_limit, "RETRY_FIRST_S", 0.001)
    assert house.real is not None
    feed = VenueFeed(house.gate)
    shown, warm = 0, (0, 0)
    async with asyncio.timeout(4 * PATIENCE_S), aclosing(feed.watch((SPOT, PERP))) as seen:  # type: ignore[type-var]
        async for one in seen:
            if not isinstance(one, BookTop) or one.symbol != PERP:
                continue
            shown += 1
            if shown == WARM:
                warm = left_open()
            if shown > CUTS:
                break
            house.real.server.admin.disconnect("public")
        tasks, files = left_open()
    assert tasks <= warm[0] + GROWTH_MAX
    assert files <= warm[1] + GROWTH_MAX


@pytest.mark.row("D07")
async def test_ten_thousand_trades_come_in_order_and_without_loss(house: House) -> None:
    """Each is told once over the private stream, in the order in which they happened."""
    for number in range(ORDERS):
        request = house.request(f"q{number}", SPOT, price="60000", quantity=QUANTITY)
        assert isinstance(await house.venue.place(request), TAKEN)
    told: list[TradeView] = []
    trading: list[asyncio.Task[None]] = []
    async with asyncio.timeout(4 * PATIENCE_S), aclosing(house.venue.private()) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, StreamUp):
                trading.append(asyncio.create_task(_burst(house)))
            if isinstance(event, TradeView):
                told.append(event)
                if len(told) == TRADES:
                    break
    (burst,) = trading
    await burst
    ids = [int(trade.trade_id) for trade in told]
    assert ids == sorted(set(ids))
    assert sum(trade.quantity for trade in told) == ORDERS * Decimal(QUANTITY)


async def _burst(house: House) -> None:
    for number in range(TRADES):
        house.trade(SPOT, "60000", PIECE)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)  # the venue's loop is this one
