"""Clients that nobody here wrote trade at the simulated Gate, unmodified: ccxt, and gate-api, the venue's own."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import ccxt.pro
import gate_api  # type: ignore[import-untyped]
import pytest
from gate_api.exceptions import ApiException, GateApiException  # type: ignore[import-untyped]

from opensqt.domain.instruments import Side
from opensqt.runtime.clock import RunClock
from opensqt.simulation.server.paper import PaperVenue
from tests.conditions import until
from tests.simulation.venue import scripted
from tests.simulation.venue.scripted import PERP, SPOT

KEYS = scripted.KEYS["main"]
CONTRACT = 0.0001  # BTC in a contract
PAIR = "BTC_USDT"


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[PaperVenue]:
    """A running Gate whose market time is the wall's: a client signs with its own clock."""
    setup = scripted.setup(tmp_path, venue="gate")
    running = PaperVenue(setup, scripted.ScriptedFlow(), RunClock())
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def client(venue: PaperVenue) -> AsyncIterator[Any]:
    """ccxt.pro as it is, on a session that reaches nothing but the venue; its user knows the account's number."""
    session = scripted.session(venue)
    made = ccxt.pro.gate(
        {
            "session": session,
            "apiKey": KEYS.api_key,
            "secret": KEYS.secret,
            "enableRateLimit": False,
        }
    )
    await made.load_markets()
    made.uid = str((await made.privateAccountGetDetail())["user_id"])
    yield made
    await made.close()
    await session.close()


@pytest.fixture
def sdk(venue: PaperVenue, monkeypatch: pytest.MonkeyPatch) -> Callable[..., gate_api.ApiClient]:
    """Make clients of the SDK; every name of the venue's network is the simulated one, whose authority is trusted."""
    resolve = socket.getaddrinfo

    def to_venue(host: str, port: Any, *more: Any, **named: Any) -> Any:
        if str(host).endswith("gateio.ws"):
            return resolve("127.0.0.1", venue.port, *more, **named)
        return resolve(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", to_venue)

    def made(secret: str = KEYS.secret) -> gate_api.ApiClient:
        configuration = gate_api.Configuration(key=KEYS.api_key, secret=secret)
        configuration.ssl_ca_cert = str(venue.ca_path)
        return gate_api.ApiClient(configuration)

    return made


@pytest.mark.row("K09")
@pytest.mark.row("D01")
@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_ccxt_places_looks_fills_and_cancels(client: Any, symbol: str) -> None:
    """Its unified calls are answered as it expects: ids, states, trades, fees, balances."""
    amount = 0.01 if symbol == SPOT else 100
    resting = await client.create_order(
        symbol, "limit", "buy", amount, 59000, {"clientOrderId": "q1"}
    )
    (shown,) = await client.fetch_open_orders(symbol)
    assert (shown["id"], shown["clientOrderId"]) == (resting["id"], "t-q1")
    for named in (resting["id"], "t-q1"):
        found = await client.fetch_order(named, symbol)
        assert (found["price"], found["amount"], found["filled"]) == (59000, amount, 0)
        assert found["status"] == "open"
    gone = await client.cancel_order(resting["id"], symbol)
    assert gone["status"] == "canceled"
    assert await client.fetch_open_orders(symbol) == []
    taken = await client.create_order(symbol, "limit", "buy", amount, 60001)
    assert taken["status"] == "closed"
    (trade,) = await client.fetch_my_trades(symbol)
    assert (trade["order"], trade["amount"], trade["takerOrMaker"]) == (
        taken["id"],
        amount,
        "taker",
    )
    assert trade["fee"]["cost"] > 0
    balance = await client.fetch_balance({"type": "spot" if symbol == SPOT else "swap"})
    assert balance["USDT"]["total"] < 100_000
    if symbol == SPOT:
        assert balance["BTC"]["total"] > 1


@pytest.mark.row("K09")
@pytest.mark.row("D04")
async def test_ccxt_reads_markets_books_and_marks(client: Any) -> None:
    """Metadata with the size of a contract, depth, ticker, funding with its real interval; positions and leverage."""
    market = client.market(PERP)
    assert (market["contractSize"], market["precision"]["amount"]) == (CONTRACT, 1)
    assert (client.market(SPOT)["precision"]["price"], market["precision"]["price"]) == (0.01, 0.1)
    book = await client.fetch_order_book(PERP, 5)
    assert (book["bids"][0], book["asks"][0]) == ([59999, 10000], [60001, 10000])
    assert (await client.fetch_order_book(SPOT, 5))["bids"][0] == [59999, 1]
    funding = await client.fetch_funding_rate(PERP)
    assert (funding["fundingRate"], funding["interval"]) == (0.0003, "8h")
    assert (await client.fetch_ticker(SPOT))["bid"] == 59999
    await client.create_order(PERP, "market", "sell", 200)
    (held,) = await client.fetch_positions([PERP])
    assert (held["contracts"], held["side"]) == (200, "short")
    await client.set_leverage(7, PERP)
    assert (await client.fetch_trades(PERP))[0]["amount"] == 200
    assert (await client.fetch_ohlcv(SPOT, "1m")) == []


@pytest.mark.row("K09")
@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_ccxt_hears_books_trades_and_its_orders(
    client: Any, venue: PaperVenue, symbol: str
) -> None:
    """Streams begin with what is there and tell what happens, both kinds of books."""
    moved = asyncio.create_task(client.watch_order_book(symbol))
    await until(lambda: sum(len(wire.streams) for wire in venue.server.wires) >= 1)
    scripted.play(venue, scripted.book(symbol, {"59998": "2"}, {}))
    book = await asyncio.wait_for(moved, 10)
    assert book["bids"][0][0] == 59999
    orders = asyncio.create_task(client.watch_orders(symbol))
    fills = asyncio.create_task(client.watch_my_trades(symbol))
    public = asyncio.create_task(client.watch_trades(symbol))
    await until(lambda: venue.server.streams.attached > 0)
    await until(lambda: sum(len(wire.streams) for wire in venue.server.wires) >= 2)
    amount = 0.01 if symbol == SPOT else 100
    await client.create_order(symbol, "limit", "buy", amount, 59999)
    (seen,) = await asyncio.wait_for(orders, 10)
    assert seen["status"] in ("open", "closed")
    scripted.play(venue, scripted.trade(symbol, "59998", "3", Side.SELL))
    (fill,) = await asyncio.wait_for(fills, 10)
    assert fill["amount"] == amount
    assert (await asyncio.wait_for(public, 10))[0]["side"] == "sell"


def spot_order(text: str, price: str, amount: str = "0.01") -> gate_api.Order:
    """A buy as the SDK writes it."""
    return gate_api.Order(
        text=text, currency_pair=PAIR, side="buy", amount=amount, price=price, account="spot"
    )


@pytest.mark.row("K09")
@pytest.mark.row("D03")
async def test_the_sdk_of_the_venue_trades_spot(
    sdk: Callable[..., gate_api.ApiClient],
) -> None:
    """Place, batch, look by either id, cancel, trades, wallet: answered as its documentation says."""

    def work() -> dict[str, Any]:
        spot, order = gate_api.SpotApi(sdk()), spot_order
        placed = spot.create_order(order("t-q1", "59000"))
        batch = spot.create_batch_orders(
            [order("t-q2", "58900"), order("t-q3", "58900", "0.000001")]
        )
        found = spot.get_order("t-q1", PAIR)
        opened = spot.list_orders(PAIR, "open")
        gone = spot.cancel_order("t-q1", PAIR)
        gone_batch = spot.cancel_batch_orders(
            [gate_api.CancelBatchOrder(currency_pair=PAIR, id=name) for name in ("t-q2", "t-q9")]
        )
        taken = spot.create_order(order("t-q4", "60001"))
        return {
            "ids": (placed.id, found.id, gone.id),
            "open": [(one.text, one.status) for one in opened],
            "batch": [(one.succeeded, one.label or "") for one in batch],
            "gone": (gone.status, gone.finish_as),
            "gone_batch": [(one.succeeded, one.label or "") for one in gone_batch],
            "taken": (taken.status, taken.finish_as, taken.left, taken.fee_currency),
            "ended": [one.text for one in spot.list_orders(PAIR, "finished")],
            "trades": spot.list_my_trades(currency_pair=PAIR),
            "wallet": {one.currency: one.available for one in spot.list_spot_accounts()},
            "book": spot.list_order_book(PAIR, limit=1, with_id=True),
        }

    seen = await asyncio.to_thread(work)
    assert len(set(seen["ids"])) == 1
    assert seen["open"] == [("t-q2", "open"), ("t-q1", "open")]
    assert seen["batch"] == [(True, ""), (False, "INVALID_PRECISION")]
    assert seen["gone"] == ("cancelled", "cancelled")
    assert seen["gone_batch"] == [(True, ""), (False, "ORDER_NOT_FOUND")]
    assert seen["taken"] == ("closed", "filled", "0", "BTC")
    assert seen["ended"] == ["t-q4", "t-q2", "t-q1"]
    (trade,) = seen["trades"]
    assert (trade.text, trade.role, trade.amount) == ("t-q4", "taker", "0.01")
    assert float(seen["wallet"]["BTC"]) == 1 + 0.01 * 0.999
    assert seen["book"].bids[0][0] == "59999"
    assert seen["book"].id > 0


@pytest.mark.row("K09")
async def test_the_sdk_of_the_venue_trades_perpetuals(
    sdk: Callable[..., gate_api.ApiClient],
) -> None:
    """Signed sizes in contracts, ids of both kinds, the position, the wallet, fees and the time."""

    def work() -> dict[str, Any]:
        client = sdk()
        futures, unified = gate_api.FuturesApi(client), gate_api.UnifiedApi(client)

        def order(text: str, size: str, price: str, **more: Any) -> gate_api.FuturesOrder:
            return gate_api.FuturesOrder(contract=PAIR, size=size, price=price, text=text, **more)

        placed = futures.create_futures_order("usdt", order("t-q1", "100", "59000"))
        batch = futures.create_batch_futures_order(
            "usdt", [order("t-q2", "100", "58900"), order("t-q3", "100", "58900.01")]
        )
        gone = futures.cancel_futures_order("usdt", "t-q1")
        dropped = futures.cancel_batch_future_orders("usdt", [str(batch[0].id), "t-q2"])
        futures.create_futures_order("usdt", order("t-q4", "-200", "0", tif="ioc"))
        return {
            "placed": (placed.id, placed.size, placed.left, placed.status),
            "batch": [(one.succeeded, one.label or "") for one in batch],
            "gone": (gone.id, gone.status, gone.finish_as),
            "dropped": [one.succeeded for one in dropped],
            "trades": futures.get_my_trades_with_time_range("usdt", contract=PAIR),
            "held": futures.list_positions("usdt", holding=True),
            "account": futures.list_futures_accounts("usdt"),
            "fee": futures.get_futures_fee("usdt", contract=PAIR)[PAIR].maker_fee,
            "contract": futures.get_futures_contract("usdt", PAIR),
            "mode": unified.get_unified_mode().mode,
            "time": gate_api.SpotApi(client).get_system_time().server_time,
        }

    seen = await asyncio.to_thread(work)
    assert seen["placed"][1:] == ("100", "100", "open")
    assert seen["batch"] == [(True, ""), (False, "INVALID_PRECISION")]
    assert seen["gone"] == (seen["placed"][0], "finished", "cancelled")
    assert seen["dropped"] == [True, False]
    assert [(one.size, one.role) for one in seen["trades"]] == [("-200", "taker")]
    assert [(one.size, one.mode) for one in seen["held"]] == [("-200", "single")]
    assert float(seen["account"].total) < 100_000
    assert seen["fee"] == "0.0002"
    assert (seen["contract"].quanto_multiplier, seen["contract"].funding_interval) == (
        "0.0001",
        28800,
    )
    assert seen["mode"] == "classic"
    assert seen["time"] > 0


@pytest.mark.row("D12")
@pytest.mark.row("K09")
async def test_the_sdk_is_told_what_is_wrong(sdk: Callable[..., gate_api.ApiClient]) -> None:
    """A bad secret, an unknown order, no money, a deadline that has passed: its own exception with the label."""

    def label(ask: Callable[[], Any]) -> str:
        with pytest.raises((GateApiException, ApiException)) as caught:
            ask()
        return str(json.loads(caught.value.body)["label"])

    def work() -> list[str]:
        spot, stranger = gate_api.SpotApi(sdk()), gate_api.SpotApi(sdk("wrong"))
        order = gate_api.Order(
            text="t-q1", currency_pair=PAIR, side="buy", amount="9", price="59000"
        )
        late = {"x_gate_exptime": "1700000000000"}
        return [
            label(stranger.list_spot_accounts),
            label(lambda: spot.cancel_order("t-qnever", PAIR)),
            label(lambda: spot.create_order(order)),
            label(lambda: spot.create_order(order, **late)),
            label(lambda: spot.list_orders("NONE_USDT", "open")),
        ]

    assert await asyncio.to_thread(work) == [
        "INVALID_SIGNATURE",
        "ORDER_NOT_FOUND",
        "BALANCE_NOT_ENOUGH",
        "REQUEST_EXPIRED",
        "INVALID_CURRENCY_PAIR",
    ]
