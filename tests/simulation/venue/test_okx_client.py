"""An unmodified ccxt.pro client trades at the simulated OKX: orders, lists, wallet, settings, market and streams."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import ccxt
import ccxt.pro
import pytest
import pytest_asyncio

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Side
from opensqt.simulation.server.paper import PaperVenue
from tests.simulation.venue import scripted
from tests.simulation.venue.scripted import (
    KEYS,
    PERP,
    SPOT,
    ScriptedFlow,
    TestClock,
    attached,
    d,
    play,
    session,
    subscribed,
    trade,
    within,
)

EIGHT_HOURS_MS = 8 * 3_600_000


@pytest_asyncio.fixture
async def venue(tmp_path: Path, clock: TestClock) -> AsyncIterator[PaperVenue]:
    """A running simulated OKX."""
    running = PaperVenue(scripted.setup(tmp_path, venue="okx"), ScriptedFlow(), clock)
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def okx(venue: PaperVenue, clock: TestClock) -> AsyncIterator[Any]:
    """The client, as its documentation tells to make it; only its way to the host is ours."""
    http, key = session(venue), KEYS["main"]
    client = ccxt.pro.okx(
        {
            "session": http,
            "apiKey": key.api_key,
            "secret": key.secret,
            "password": key.passphrase,
            "enableRateLimit": False,
        }
    )
    client.number = str
    client.milliseconds = clock.market_ms
    client.seconds = lambda: clock.market_ms() // 1000
    yield client
    await client.close()
    await http.close()


async def listening(client: Any, topic: str) -> None:
    """Wait until a watcher of this topic is subscribed and will not miss an event."""
    async with asyncio.timeout(10):
        while not any(
            key.startswith(topic) and not future.done()
            for connection in client.clients.values()
            for key, future in connection.futures.items()
        ):
            await asyncio.sleep(0)


@pytest.mark.row("K09")
@pytest.mark.row("D04")
@pytest.mark.row("D05")
async def test_instruments_are_listed_with_their_contracts(okx: Any) -> None:
    """A contract is a hundredth of a bitcoin; tick, lot and least size are those of the instrument."""
    markets = await okx.load_markets()
    perp, spot = markets[PERP], markets[SPOT]
    assert (perp["id"], perp["contractSize"], perp["linear"]) == ("BTC-USDT-SWAP", "0.01", True)
    assert (perp["precision"]["amount"], perp["precision"]["price"]) == ("0.1", "0.1")
    assert (spot["id"], spot["precision"]["amount"]) == ("BTC-USDT", "0.00001")
    assert spot["limits"]["amount"]["min"] == "0.00001"


@pytest.mark.row("K09")
async def test_a_position_opens_pays_and_closes(
    okx: Any, venue: PaperVenue, clock: TestClock
) -> None:
    """In contracts; fees, funding and profit move the one wallet, and every list tells the same."""
    ours = {"clientOrderId": "ccxtone"}
    opened = await okx.create_order(PERP, "limit", "buy", "10", "60001", ours)
    shown = await okx.fetch_order(None, PERP, ours)
    assert (shown["id"], shown["status"], shown["filled"]) == (opened["id"], "closed", "10")
    (held,) = await okx.fetch_positions([PERP])
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", "10", "60001")
    clock.skip(EIGHT_HOURS_MS)
    async with asyncio.timeout(10):
        while not (paid := await okx.fetch_funding_history(PERP)):
            await asyncio.sleep(0)
    assert d(paid[0]["amount"]) == -d("0.1") * d("60000") * d("0.0003")
    reduce = {"postOnly": True, "reduceOnly": True}
    closing = await okx.create_order(PERP, "limit", "sell", "10", "60005", reduce)
    (resting,) = await okx.fetch_open_orders(PERP)
    assert (resting["id"], resting["postOnly"], resting["reduceOnly"]) == (
        closing["id"],
        True,
        True,
    )
    play(venue, trade(PERP, "60006", "5", Side.BUY))
    fills = await okx.fetch_my_trades(PERP)
    assert [(one["side"], one["amount"], one["takerOrMaker"]) for one in fills] == [
        ("buy", "10", "taker"),
        ("sell", "10", "maker"),
    ]
    fees = sum((d(one["fee"]["cost"]) for one in fills), d("0"))
    balance = await okx.fetch_balance()
    expected = d("100000") + d("0.4") - fees + d(paid[0]["amount"])
    assert d(balance["USDT"]["total"]) == expected
    assert await okx.fetch_positions([PERP]) == []


@pytest.mark.row("K09")
@pytest.mark.row("D06")
async def test_orders_are_taken_refused_and_ended_as_the_venue_does(okx: Any) -> None:
    """Ids, sizes and funds are refused with its codes; a post-only order that would trade is taken and ended."""
    with pytest.raises(ccxt.InvalidOrder, match="51121"):
        await okx.privatePostTradeOrder(
            {
                "instId": "BTC-USDT",
                "tdMode": "cash",
                "side": "buy",
                "ordType": "limit",
                "px": "59000",
                "sz": "0.000015",
            }
        )
    with pytest.raises(ccxt.InsufficientFunds, match="51008"):
        await okx.create_order(SPOT, "limit", "buy", "5", "59000")
    with pytest.raises(ccxt.BadRequest, match="clOrdId"):
        await okx.create_order(
            SPOT, "limit", "buy", "0.01", "59000", {"clientOrderId": "with-a-dash"}
        )
    with pytest.raises(ccxt.OrderNotFound):
        await okx.cancel_order("123", SPOT)
    taking = await okx.create_order(SPOT, "limit", "buy", "0.01", "60500", {"postOnly": True})
    ended = await okx.fetch_order(taking["id"], SPOT)
    assert (ended["status"], ended["filled"]) == ("canceled", "0")
    assert ended["info"]["cancelSource"] == "31"
    placed = await okx.create_orders(
        [
            {"symbol": PERP, "type": "limit", "side": "buy", "amount": "1", "price": price}
            for price in ("59000", "58900")
        ]
    )
    assert len(await okx.fetch_open_orders(PERP)) == 2
    await okx.cancel_orders([one["id"] for one in placed], PERP)
    assert await okx.fetch_open_orders(PERP) == []
    assert [one["status"] for one in await okx.fetch_canceled_orders(PERP)] == ["canceled"] * 2


@pytest.mark.row("K09")
@pytest.mark.row("D12")
async def test_keys_and_times_are_checked(okx: Any, clock: TestClock) -> None:
    """A wrong passphrase, a wrong secret and a time that is half a minute off are refused by name."""
    okx.password = "wrong"
    with pytest.raises(ccxt.AuthenticationError, match="50105"):
        await okx.fetch_balance()
    okx.password, secret, okx.secret = KEYS["main"].passphrase, okx.secret, "wrong"
    with pytest.raises(ccxt.AuthenticationError, match="50113"):
        await okx.fetch_balance()
    okx.secret = secret
    okx.milliseconds = lambda: clock.market_ms() - 31_000
    with pytest.raises(ccxt.InvalidNonce, match="50102"):
        await okx.fetch_balance()


@pytest.mark.row("K09")
@pytest.mark.row("D10")
async def test_public_data_and_settings(okx: Any, venue: PaperVenue, clock: TestClock) -> None:
    """Book, trades, candles, ticker, mark and funding with its interval; leverage and position mode."""
    for symbol in (SPOT, PERP):
        play(venue, trade(symbol, "60001", "0.5", Side.BUY))
        book = await okx.fetch_order_book(symbol, 5)
        assert (book["bids"][0][0], book["asks"][0][0]) == (59999, 60001)
        (printed,) = await okx.fetch_trades(symbol)
        assert (d(printed["price"]), printed["side"]) == (d("60001"), "buy")
        candle = (await okx.fetch_ohlcv(symbol, "1m"))[-1]
        assert d(str(candle[4])) == d("60001")
        assert d((await okx.fetch_ticker(symbol))["last"]) == d("60001")
    funding = await okx.fetch_funding_rate(PERP)
    assert (funding["fundingRate"], funding["interval"]) == ("0.0003", "8h")
    assert d((await okx.fetch_mark_price(PERP))["markPrice"]) == d("60000")
    assert (await okx.fetch_time()) <= clock.market_ms()
    await okx.set_leverage(5, PERP, {"mgnMode": "cross"})
    await okx.set_position_mode(False)
    with pytest.raises(ccxt.ExchangeError, match="59000"):
        await okx.set_position_mode(True)


@pytest.mark.row("K09")
async def test_all_streams_reach_the_client(okx: Any, venue: PaperVenue) -> None:
    """Books that start whole and follow on, trades, candles, tickers, then orders, wallet and positions."""
    await okx.load_markets()
    book = await within(10, okx.watch_order_book(PERP))
    assert d(str(book["bids"][0][0])) == d("59999")
    changed = asyncio.create_task(okx.watch_order_book(PERP))
    trades = asyncio.create_task(okx.watch_trades(PERP))
    candles = asyncio.create_task(okx.watch_ohlcv(PERP, "1m"))
    await subscribed(venue, 3)
    play(
        venue,
        scripted.book(PERP, {"59998": "3"}, {}),
        trade(PERP, "60001", "0.5", Side.BUY),
    )
    assert d(str((await within(10, changed))["bids"][1][1])) == d("300")
    assert d((await within(10, trades))[-1]["amount"]) == d("50")
    assert d(str((await within(10, candles))[-1][4])) == d("60001")
    assert d((await within(10, okx.watch_ticker(PERP)))["last"]) == d("60001")
    orders = asyncio.create_task(okx.watch_orders(PERP))
    await listening(okx, "orders")
    await attached(venue, 1)
    placed = await okx.create_order(PERP, "limit", "buy", "1", canonical(d("60001")))
    assert (await within(10, orders))[-1]["id"] == placed["id"]
    assert d((await within(10, okx.watch_balance()))["USDT"]["total"]) < d("100000")
    (held,) = await within(10, okx.watch_positions([PERP]))
    assert held["contracts"] == "1"
