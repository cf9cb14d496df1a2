"""Long lists are read to their end, and market time of any speed signs and expires requests."""

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.domain.venue import BalanceView, PrivateEvent, StreamUp
from opensqt.domain.wallets import serving
from opensqt.runtime.clock import ClockOrigin, RunClock
from opensqt.venues.registry import dialect_of
from tests.contract.venues import PATIENCE_S, PERP, SPOT, TAKEN, WIRED, House, open_house

HOURS_8_MS = 8 * 3_600_000
PUSHED = {  # why a balance is pushed when funding is paid
    "binance": "FUNDING_FEE",
    "bitget": "ACCOUNT",
    "bybit": "WALLET",
    "gate": "fund",
    "okx": "ACCOUNT",
}


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire."""
    opened = await open_house("binance", tmp_path)
    yield opened
    await opened.close()


@pytest.mark.parametrize("symbol", [SPOT, PERP])
@pytest.mark.parametrize("venue", WIRED)
async def test_trades_are_paged_to_the_end(
    venue: str, symbol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five trades in pages of two come once each, in order, from a time and from a cursor."""
    house = await open_house(venue, tmp_path)
    monkeypatch.setattr(importlib.import_module(f"opensqt.venues.{venue}.account"), "PAGE", 2)
    short_pages(house, monkeypatch)
    start_ms = house.clock.market_ms() - 1000
    for number in range(5):
        await house.venue.place(house.request(f"q{number}", symbol, price="60001"))
    trades = await house.venue.trades(symbol, after="", since_ms=start_ms)
    ids = [trade.trade_id for trade in trades]
    assert len(set(ids)) == 5
    assert [trade.time_ms for trade in trades] == sorted(trade.time_ms for trade in trades)
    cursor = trades[0].cursor or trades[0].trade_id
    beyond = await house.venue.trades(symbol, after=cursor, since_ms=0)
    assert [trade.trade_id for trade in beyond] == ids[1:]
    await house.close()


def short_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a venue whose pages have a length of its own answer with two rows."""
    if house.venue.policy.venue == "okx":
        monkeypatch.setattr("opensqt.simulation.dialects.okx.answers.LIST_MAX", 2)


@pytest.mark.parametrize("venue", ["bitget", "okx"])
async def test_open_orders_are_paged_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str
) -> None:
    """A hundred are listed at a time: five orders in pages of two come once each."""
    house = await open_house(venue, tmp_path)
    monkeypatch.setattr(f"opensqt.venues.{venue}.account.PAGE", 2)
    short_pages(house, monkeypatch)
    for number in range(5):
        await house.venue.place(house.request(f"q{number}", price=f"{58000 + number}"))
    names = [view.client_order_id for view in await house.venue.open_orders(PERP)]
    assert sorted(names) == [f"q{number}" for number in range(5)]
    await house.close()


async def test_trades_of_long_ago_are_found_across_the_allowed_spans(house: House) -> None:
    """The venue answers a day (spot) or a week (usdm) at a time; the walk finds what lies behind empty ones."""
    for symbol in (SPOT, PERP):
        await house.venue.place(house.request("qone", symbol, price="60001"))
        long_ago_ms = house.clock.market_ms() - 9 * 24 * 3_600_000
        trades = await house.venue.trades(symbol, after="", since_ms=long_ago_ms)
        assert len(trades) == 1


@pytest.mark.parametrize("venue", WIRED)
async def test_funding_is_pushed_as_a_balance_and_read_as_a_payment(
    venue: str, tmp_path: Path
) -> None:
    """At the boundary of market time, ten times as fast, the position pays; the row names amount and id."""
    wall_ms = RunClock().wall_ms()
    boundary_ms = (wall_ms // HOURS_8_MS + 1) * HOURS_8_MS
    origin = ClockOrigin(
        origin_market_ms=boundary_ms - 20_000, origin_wall_ms=wall_ms, speed=Decimal(10)
    )
    house = await open_house(venue, tmp_path, RunClock(origin))
    wallet = serving(dialect_of(venue).wallets, Market.PERP)
    events: list[PrivateEvent] = []
    up, paid = asyncio.Event(), asyncio.Event()

    async def listen() -> None:
        async for event in house.venue.private():
            events.append(event)
            if isinstance(event, StreamUp):
                up.set()
            if isinstance(event, BalanceView) and event.time_ms >= boundary_ms:
                paid.set()

    listener = asyncio.create_task(listen())
    async with asyncio.timeout(PATIENCE_S):
        await up.wait()
        request = house.request("qone", PERP, price="60001", quantity="0.1")
        request = msgspec.structs.replace(request, deadline_ms=request.signed_ms + 20_000)
        assert isinstance(await house.venue.place(request), TAKEN)
        await paid.wait()
    (row,) = await house.venue.funding_paid(PERP, since_ms=boundary_ms - 1000)
    assert row.amount == -Decimal("0.1") * Decimal(60000) * Decimal("0.0003")
    assert (row.symbol, row.asset) == (PERP, "USDT")
    assert row.income_id
    assert abs(row.time_ms - boundary_ms) < 2000
    pushed = [e for e in events if isinstance(e, BalanceView) and e.time_ms >= boundary_ms]
    assert {one.reason for one in pushed} == {PUSHED[venue]}
    (perp,) = [
        b for b in (await house.venue.account()).balances if (b.wallet, b.asset) == (wallet, "USDT")
    ]
    assert pushed[-1].balance.total == perp.total
    listener.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listener
    await house.close()
