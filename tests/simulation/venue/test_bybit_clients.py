"""Clients that nobody here wrote trade at the simulated Bybit, unmodified: ccxt, and pybit, the venue's own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import ccxt.pro
import pytest
from pybit.exceptions import InvalidRequestError  # type: ignore[import-untyped]
from pybit.unified_trading import HTTP, WebSocket  # type: ignore[import-untyped]

from opensqt.domain.instruments import Side
from opensqt.runtime.clock import RunClock
from opensqt.simulation.server.paper import PaperVenue
from tests.conditions import until
from tests.simulation.venue import scripted
from tests.simulation.venue.scripted import PERP, SPOT

KEYS = scripted.KEYS["main"]
LINEAR = {"category": "linear", "symbol": "BTCUSDT"}


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[PaperVenue]:
    """A running Bybit whose market time is the wall's: a client signs with its own clock."""
    setup = scripted.setup(tmp_path, venue="bybit")
    running = PaperVenue(setup, scripted.ScriptedFlow(), RunClock())
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def client(venue: PaperVenue) -> AsyncIterator[Any]:
    """ccxt.pro, on a session that reaches nothing but the venue."""
    session = scripted.session(venue)
    made = ccxt.pro.bybit(
        {
            "session": session,
            "apiKey": KEYS.api_key,
            "secret": KEYS.secret,
            "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": ["spot", "linear"]}},
        }
    )
    await made.load_markets()
    yield made
    await made.close()
    await session.close()


@pytest.fixture
async def sdk(
    venue: PaperVenue, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., HTTP]]:
    """Make pybit clients; every name of the network is the venue, and its authority is trusted."""
    resolve, clients = socket.getaddrinfo, list[HTTP]()

    def to_venue(host: str, port: Any, *more: Any, **named: Any) -> Any:
        if str(host).endswith("bybit.com"):
            return resolve("127.0.0.1", venue.port, *more, **named)
        return resolve(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", to_venue)

    monkeypatch.setenv("WEBSOCKET_CLIENT_CA_BUNDLE", str(venue.ca_path))

    def made(secret: str = KEYS.secret) -> HTTP:
        client = HTTP(api_key=KEYS.api_key, api_secret=secret, max_retries=1)
        client.client.verify = str(venue.ca_path)  # its session asks no environment
        clients.append(client)
        return client

    yield made
    for client in clients:
        client.client.close()


@pytest.mark.row("K09")
@pytest.mark.row("D01")
@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_ccxt_places_looks_fills_and_cancels(client: Any, symbol: str) -> None:
    """Its unified calls are answered as it expects: ids, states, trades, fees, balances."""
    resting = await client.create_order(
        symbol, "limit", "buy", 0.01, 59000, {"clientOrderId": "q1"}
    )
    (shown,) = await client.fetch_open_orders(symbol)
    assert (shown["id"], shown["clientOrderId"], shown["status"]) == (resting["id"], "q1", "open")
    found = await client.fetch_order(resting["id"], symbol, {"acknowledged": True})
    assert (found["price"], found["amount"], found["filled"]) == (59000, 0.01, 0)
    await client.cancel_order(resting["id"], symbol)
    assert await client.fetch_open_orders(symbol) == []
    taken = await client.create_order(symbol, "limit", "buy", 0.01, 60001)
    (trade,) = await client.fetch_my_trades(symbol)
    assert (trade["order"], trade["amount"], trade["takerOrMaker"]) == (taken["id"], 0.01, "taker")
    assert trade["fee"]["cost"] > 0
    balance = await client.fetch_balance()
    assert balance["USDT"]["total"] < 100_000
    assert balance["BTC"]["total"] > (1 if symbol == SPOT else 0)


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


@pytest.mark.row("K09")
async def test_ccxt_hears_books_trades_and_its_orders(client: Any, venue: PaperVenue) -> None:
    """Streams begin with what is there and tell what happens."""
    book = await asyncio.wait_for(client.watch_order_book(PERP), 10)
    assert book["bids"][0] == [59999, 1]
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


@pytest.mark.row("K09")
@pytest.mark.row("D03")
async def test_the_sdk_of_the_venue_trades(sdk: Callable[..., HTTP], venue: PaperVenue) -> None:
    """Place, batch, look, cancel, trades, wallet, positions, modes: answered as its documentation says."""
    del venue
    session = sdk()

    def work() -> dict[str, Any]:
        placed = session.place_order(
            **LINEAR, side="Buy", orderType="Limit", qty="0.01", price="59000", orderLinkId="q1"
        )
        opened = session.get_open_orders(**LINEAR)
        batch = session.place_batch_order(
            category="linear",
            request=[
                {
                    "symbol": "BTCUSDT",
                    "side": "Buy",
                    "orderType": "Limit",
                    "qty": q,
                    "price": "58900",
                }
                for q in ("0.01", "0.0001")
            ],
        )
        gone = session.cancel_order(**LINEAR, orderLinkId="q1")
        session.place_order(**LINEAR, side="Buy", orderType="Market", qty="0.02")
        return {
            "placed": placed["result"],
            "open": opened["result"]["list"],
            "codes": [row["code"] for row in batch["retExtInfo"]["list"]],
            "gone": gone["result"],
            "trades": session.get_executions(**LINEAR)["result"]["list"],
            "held": session.get_positions(**LINEAR)["result"]["list"],
            "wallet": session.get_wallet_balance(accountType="UNIFIED")["result"]["list"],
            "time": session.get_server_time()["result"],
            "book": session.get_orderbook(**LINEAR)["result"],
        }

    seen = await asyncio.to_thread(work)
    (order,) = seen["open"]
    assert (order["orderId"], order["orderLinkId"]) == (seen["placed"]["orderId"], "q1")
    assert seen["codes"] == [0, 10001]
    assert seen["gone"] == seen["placed"]
    assert sum(float(row["execQty"]) for row in seen["trades"]) == 0.02
    assert (seen["held"][0]["side"], seen["held"][0]["size"]) == ("Buy", "0.02")
    assert seen["wallet"][0]["accountType"] == "UNIFIED"
    assert int(seen["time"]["timeSecond"]) > 0
    assert seen["book"]["b"][0][0] == "59999"


@pytest.mark.row("D12")
@pytest.mark.row("K09")
async def test_the_sdk_is_told_what_is_wrong(sdk: Callable[..., HTTP], venue: PaperVenue) -> None:
    """A bad secret, an unknown order, no money: its own exception with the documented code."""
    del venue
    terms = {**LINEAR, "side": "Buy", "orderType": "Limit", "price": "59000"}

    def code(ask: Callable[[], Any]) -> int:
        with pytest.raises(InvalidRequestError) as caught:
            ask()
        return int(caught.value.status_code)

    def work() -> list[int]:
        session, stranger = sdk(), sdk("wrong")
        return [
            code(lambda: stranger.get_wallet_balance(accountType="UNIFIED")),
            code(lambda: session.cancel_order(**LINEAR, orderLinkId="qnever")),
            code(lambda: session.place_order(**terms, qty="1000")),
            code(lambda: session.place_order(**terms, qty="0.01", positionIdx=1)),
        ]

    assert await asyncio.to_thread(work) == [10004, 110001, 110007, 10001]


@pytest.mark.row("K09")
async def test_the_sdk_hears_its_orders_and_the_market(
    sdk: Callable[..., HTTP], venue: PaperVenue
) -> None:
    """Its sockets log in, subscribe and are told."""
    session, told = sdk(), list[Any]()
    asked = {"api_key": KEYS.api_key, "api_secret": KEYS.secret}

    def listen() -> tuple[Any, Any]:
        private = WebSocket(testnet=False, channel_type="private", private_auth_expire=10, **asked)
        private.order_stream(told.append)
        private.execution_stream(told.append)
        public = WebSocket(testnet=False, channel_type="linear")
        public.orderbook_stream(50, "BTCUSDT", told.append)
        return private, public

    private, public = await asyncio.to_thread(listen)
    await until(lambda: any(frame["topic"].startswith("orderbook") for frame in told))
    await until(lambda: venue.server.streams.attached == 1)
    terms = {**LINEAR, "side": "Buy", "orderType": "Limit", "price": "60001", "qty": "0.01"}
    await asyncio.to_thread(lambda: session.place_order(**terms))
    await until(lambda: any(frame["topic"] == "execution" for frame in told))
    await until(
        lambda: any(
            frame["topic"] == "order" and frame["data"][0]["orderStatus"] == "Filled"
            for frame in told
        )
    )
    await asyncio.to_thread(private.exit)
    await asyncio.to_thread(public.exit)
