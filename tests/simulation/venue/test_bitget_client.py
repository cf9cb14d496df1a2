"""A client that nobody here wrote trades at the simulated Bitget, unmodified: ccxt, told of a unified account."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import ccxt.pro
import pytest
from ccxt.base.errors import AuthenticationError, ExchangeError

from opensqt.domain.instruments import Side
from opensqt.runtime.clock import RunClock
from opensqt.simulation.server.paper import PaperVenue
from tests.conditions import until
from tests.simulation.venue import scripted
from tests.simulation.venue.scripted import PERP, SPOT

KEYS = scripted.KEYS["main"]


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[PaperVenue]:
    """A running Bitget whose market time is the wall's: a client signs with its own clock."""
    setup = scripted.setup(tmp_path, venue="bitget")
    running = PaperVenue(setup, scripted.ScriptedFlow(), RunClock())
    await running.start()
    yield running
    await running.stop()


@contextlib.asynccontextmanager
async def ccxt_client(venue: PaperVenue, secret: str = KEYS.secret) -> AsyncIterator[Any]:
    """Open ccxt.pro on a session that reaches nothing but the venue."""
    session = scripted.session(venue)
    made = ccxt.pro.bitget(
        {
            "session": session,
            "apiKey": KEYS.api_key,
            "secret": secret,
            "password": KEYS.passphrase,
            "enableRateLimit": False,
            "options": {"uta": True},
        }
    )
    await made.load_markets()
    yield made
    await made.close()
    await session.close()


@pytest.fixture
async def client(venue: PaperVenue) -> AsyncIterator[Any]:
    """Open it with the right keys."""
    async with ccxt_client(venue) as made:
        yield made


@pytest.mark.row("K09")
@pytest.mark.row("D01")
@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_ccxt_places_looks_fills_and_cancels(client: Any, symbol: str) -> None:
    """Its unified calls are answered as it expects: ids, states, trades, fees, balances."""
    named = {"clientOrderId": "q1"}
    resting = await client.create_order(symbol, "limit", "buy", 0.01, 59000, named)
    (shown,) = await client.fetch_open_orders(symbol)
    assert (shown["id"], shown["clientOrderId"], shown["status"]) == (resting["id"], "q1", "open")
    found = await client.fetch_order(resting["id"], symbol)
    assert (found["price"], found["amount"], found["filled"]) == (59000, 0.01, 0)
    await client.cancel_order("", symbol, named)
    assert await client.fetch_open_orders(symbol) == []
    (ended,) = await client.fetch_canceled_and_closed_orders(symbol)
    assert (ended["id"], ended["status"]) == (resting["id"], "canceled")
    taken = await client.create_order(symbol, "limit", "buy", 0.01, 60001)
    (trade,) = await client.fetch_my_trades(symbol)
    assert (trade["order"], trade["amount"], trade["takerOrMaker"]) == (taken["id"], 0.01, "taker")
    assert trade["fee"]["cost"] != 0
    balance = await client.fetch_balance()
    assert balance["USDT"]["total"] < 100_000
    assert balance["BTC"]["total"] > (1 if symbol == SPOT else 0)


@pytest.mark.row("K09")
async def test_ccxt_places_and_cancels_several_at_once(client: Any) -> None:
    """Each order has its own outcome, and all of a symbol are cancelled with one call."""
    orders = [
        {"symbol": PERP, "type": "limit", "side": "buy", "amount": 0.01, "price": price}
        for price in (59000, 58900)
    ]
    placed = await client.create_orders(orders)
    assert {order["id"] for order in await client.fetch_open_orders(PERP)} == {
        order["id"] for order in placed
    }
    await client.cancel_orders([placed[0]["id"]], PERP)
    assert len(await client.fetch_open_orders(PERP)) == 1
    await client.cancel_all_orders(PERP)
    assert await client.fetch_open_orders(PERP) == []


@pytest.mark.row("K09")
async def test_ccxt_reads_markets_books_and_marks(client: Any) -> None:
    """Metadata, depth, ticker, funding with its real interval, candles; positions and leverage."""
    precision = client.market(PERP)["precision"]
    assert (precision["amount"], precision["price"]) == (0.001, 0.1)
    book = await client.fetch_order_book(PERP, 5)
    assert (book["bids"][0], book["asks"][0]) == ([59999, 1], [60001, 1])
    funding = await client.fetch_funding_rate(PERP)
    assert (funding["fundingRate"], funding["interval"]) == (0.0003, "8h")
    assert (await client.fetch_ticker(SPOT))["bid"] == 59999
    await client.create_order(PERP, "market", "sell", 0.02)
    (held,) = await client.fetch_positions([PERP])
    assert (held["contracts"], held["side"]) == (0.02, "short")
    await client.set_leverage(7, PERP)
    await client.set_position_mode(False)
    assert (await client.fetch_trades(PERP))[-1]["amount"] == 0.02
    assert await client.fetch_time() > 0


@pytest.mark.row("K09")
async def test_ccxt_hears_books_trades_and_its_orders(client: Any, venue: PaperVenue) -> None:
    """Streams begin with what is there and tell what happens."""
    book = await asyncio.wait_for(client.watch_order_book(PERP), 10)
    assert book["bids"][0][:2] == [59999, 1]
    orders = asyncio.create_task(client.watch_orders(PERP))
    fills = asyncio.create_task(client.watch_my_trades(PERP))
    public = asyncio.create_task(client.watch_trades(PERP))
    await until(lambda: venue.server.streams.attached > 0)
    await until(lambda: sum(len(wire.streams) for wire in venue.server.wires) >= 4)
    await client.create_order(PERP, "limit", "buy", 0.01, 59999)
    (seen,) = await asyncio.wait_for(orders, 10)
    assert seen["status"] in ("open", "closed")
    scripted.play(venue, scripted.trade(PERP, "59998", "3", Side.SELL))
    (fill,) = await asyncio.wait_for(fills, 10)
    assert fill["amount"] == 0.01
    assert (await asyncio.wait_for(public, 10))[0]["side"] == "sell"


@pytest.mark.row("D12")
@pytest.mark.row("K09")
async def test_ccxt_is_told_what_is_wrong(client: Any, venue: PaperVenue) -> None:
    """A bad secret, an unknown order, no money, hedge mode: the documented code is in its exception."""

    async def code(asked: Any) -> str:
        with pytest.raises(ExchangeError) as caught:
            await asked
        return str(caught.value).partition('"code":"')[2].partition('"')[0]

    assert await code(client.cancel_order("", PERP, {"clientOrderId": "qnever"})) == "25204"
    assert await code(client.create_order(PERP, "limit", "buy", 900, 59000)) == "25203"
    hedged = client.create_order(PERP, "limit", "buy", 0.01, 59000, {"hedged": True})
    assert await code(hedged) == "40774"
    async with ccxt_client(venue, secret="wrong") as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.fetch_balance()
