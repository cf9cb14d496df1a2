"""An unmodified ccxt.pro client trades spot at the paper venue."""

import asyncio
from decimal import Decimal

import ccxt
import pytest

from opensqt.domain.instruments import Side
from opensqt.simulation.server.paper import PaperVenue
from tests.simulation.venue.scripted import (
    SPOT,
    Client,
    TestClock,
    attached,
    book,
    d,
    play,
    subscribed,
    trade,
    within,
)


async def test_markets_carry_the_flow_instruments(spot: Client) -> None:
    """Filters and fees of the flow's instruments arrive as ccxt's market structure."""
    market = spot.ccxt.markets[SPOT]
    assert market["precision"]["price"] == d("0.01")
    assert market["precision"]["amount"] == d("0.00001")
    assert market["limits"]["cost"]["min"] == 5
    assert list(spot.ccxt.markets) == ["BTC/USDT", "BTC/USDT:USDT"]


async def test_a_resting_order_fills_and_is_told(spot: Client, venue: PaperVenue) -> None:
    """Place, partial fill by a trade of others, private report, trade listing and cancel agree."""
    ccxt_client = spot.ccxt
    waiting = asyncio.create_task(ccxt_client.watch_orders(SPOT))
    await spot.listening("orders")
    await attached(venue, 1)
    placed = await ccxt_client.create_order(
        SPOT, "limit", "buy", d("0.01"), d("59999.5"), {"clientOrderId": "abc"}
    )
    assert (placed["status"], placed["clientOrderId"]) == ("open", "abc")
    first = await within(5, waiting)
    assert first[-1]["id"] == placed["id"]
    play(venue, trade(SPOT, "59999.5", "0.004", Side.SELL))
    reported = await within(5, ccxt_client.watch_orders(SPOT))
    assert reported[-1]["filled"] == d("0.004")
    fills = await ccxt_client.fetch_my_trades(SPOT)
    assert [(fill["amount"], fill["price"], fill["takerOrMaker"]) for fill in fills] == [
        (d("0.004"), d("59999.5"), "maker")
    ]
    assert (fills[0]["info"]["commission"], fills[0]["info"]["commissionAsset"]) == (
        "0.00000400",
        "BTC",
    )
    cancelled = await ccxt_client.cancel_order(None, SPOT, {"clientOrderId": "abc"})
    assert cancelled["status"] == "canceled"
    queried = await ccxt_client.fetch_order(None, SPOT, {"clientOrderId": "abc"})
    assert (queried["status"], queried["filled"]) == ("canceled", d("0.004"))
    balance = await ccxt_client.fetch_balance()
    assert balance["USDT"]["used"] == 0
    assert balance["USDT"]["total"] == d("100000") - d("0.004") * d("59999.5")
    assert balance["BTC"]["total"] == d("1.003996")


async def test_an_order_book_and_its_changes_are_watched(spot: Client, venue: PaperVenue) -> None:
    """Snapshot and deltas fit together, carry our own order, and follow the flow."""
    first = await within(5, spot.ccxt.watch_order_book(SPOT))
    assert first["bids"][0][0] == d("59999")
    await spot.ccxt.create_order(SPOT, "limit", "buy", d("0.01"), d("59999.5"))

    async def until_bid(price: Decimal, size: Decimal) -> None:
        while True:
            seen = await spot.ccxt.watch_order_book(SPOT)
            if [Decimal(str(n)) for n in seen["bids"][0]] == [price, size]:
                return

    await within(5, until_bid(d("59999.5"), d("0.01")))
    play(venue, book(SPOT, {"60000": "2"}, {}))
    await within(5, until_bid(d("60000"), d("2")))


async def test_trades_top_and_candles_are_watched(spot: Client, venue: PaperVenue) -> None:
    """Public prints, best prices and candles reach the client's watchers."""
    trades = asyncio.create_task(spot.ccxt.watch_trades(SPOT))
    top = asyncio.create_task(spot.ccxt.watch_bids_asks([SPOT]))
    candles = asyncio.create_task(spot.ccxt.watch_ohlcv(SPOT, "1m"))
    await subscribed(venue, 3)
    play(venue, book(SPOT, {"60000": "1"}, {}), trade(SPOT, "60001", "0.3", Side.BUY))
    assert (await within(5, trades))[-1]["amount"] == d("0.3")
    assert (await within(5, top))[SPOT]["bid"] == d("60000")
    assert (await within(5, candles))[-1][4] == d("60001")
    fetched = await spot.ccxt.fetch_ohlcv(SPOT, "1m")
    assert fetched[-1][5] == d("0.3")
    ticker = await spot.ccxt.fetch_ticker(SPOT)
    assert (ticker["last"], ticker["bid"]) == (d("60001"), d("60000"))


async def test_takers_pay_the_book_and_the_taker_fee(spot: Client) -> None:
    """A market order walks two levels; the answer lists both fills."""
    order = await spot.ccxt.create_order(SPOT, "market", "sell", d("0.5"))
    assert (order["status"], order["average"]) == ("closed", d("59999"))
    wide = await spot.ccxt.create_order(SPOT, "market", "buy", d("1.5"))
    assert [(fill["price"], fill["commission"]) for fill in wide["info"]["fills"]] == [
        ("60001.00000000", "0.00100000"),
        ("60002.00000000", "0.00050000"),
    ]


async def test_post_only_ioc_and_fok_keep_their_word(spot: Client) -> None:
    """Post-only that would take is refused, IOC keeps what it got, FOK takes all or nothing."""
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        await spot.ccxt.create_order(
            SPOT, "limit", "buy", d("0.01"), d("60001"), {"postOnly": True}
        )
    ioc = await spot.ccxt.create_order(
        SPOT, "limit", "buy", d("1.1"), d("60001"), {"timeInForce": "IOC"}
    )
    assert (ioc["status"], ioc["filled"]) == ("expired", d("1"))
    fok = await spot.ccxt.create_order(
        SPOT, "limit", "sell", d("1.2"), d("59999"), {"timeInForce": "FOK"}
    )
    assert (fok["status"], fok["filled"]) == ("expired", d("0"))


@pytest.mark.parametrize(
    "side,amount,price,text",
    [
        ("buy", "2", "59000", "Account has insufficient balance for requested action."),
        ("buy", "0.00001", "59000", '"code":-1013,"msg":"Filter failure: NOTIONAL"'),
        ("buy", "0.01", "59000.001", '"code":-1013,"msg":"Filter failure: PRICE_FILTER"'),
        ("buy", "0.000011", "59000", '"code":-1013,"msg":"Filter failure: LOT_SIZE"'),
        ("buy", "0.0100000001", "59000", '"code":-1111'),
        ("sell", "1.1", "61000", "Account has insufficient balance for requested action."),
    ],
)
async def test_filters_and_funds_refuse_with_the_venues_words(
    spot: Client, side: str, amount: str, price: str, text: str
) -> None:
    """Raw requests, so that the client rounds nothing: each broken rule has its own answer."""
    request = {"symbol": "BTCUSDT", "side": side.upper(), "type": "LIMIT", "timeInForce": "GTC"}
    with pytest.raises(ccxt.BaseError) as refused:
        await spot.ccxt.private_post_order({**request, "quantity": amount, "price": price})
    assert text in str(refused.value)


async def test_a_client_id_is_unique_among_open_orders_only(spot: Client, clock: TestClock) -> None:
    """A duplicate is refused while the first is open and accepted once it is closed; unknown ids are told apart."""
    await spot.ccxt.create_order(
        SPOT, "limit", "buy", d("0.01"), d("59000"), {"clientOrderId": "one"}
    )
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        await spot.ccxt.create_order(
            SPOT, "limit", "buy", d("0.01"), d("59000"), {"clientOrderId": "one"}
        )
    first = await spot.ccxt.cancel_order(None, SPOT, {"clientOrderId": "one"})
    again = await spot.ccxt.create_order(
        SPOT, "limit", "buy", d("0.01"), d("59000"), {"clientOrderId": "one"}
    )
    newest = await spot.ccxt.fetch_order(None, SPOT, {"clientOrderId": "one"})
    assert newest["id"] == again["id"] != first["id"]
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        await spot.ccxt.cancel_order(None, SPOT, {"clientOrderId": "two"})
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        await spot.ccxt.fetch_order(None, SPOT, {"clientOrderId": "two"})
    clock.skip(3 * 24 * 3_600_000)
    with pytest.raises(ccxt.OrderNotFound):
        await spot.ccxt.fetch_order(first["id"], SPOT)


async def test_fees_and_last_price_are_told(spot: Client) -> None:
    """The account's fees and the last price have their endpoints."""
    fee = await spot.ccxt.fetch_trading_fee(SPOT)
    assert (fee["maker"], fee["taker"]) == (d("0.001"), d("0.001"))
    prices = await spot.ccxt.fetch_last_prices([SPOT])
    assert prices[SPOT]["price"] == d("60000")


async def test_all_orders_of_a_symbol_are_cancelled_at_once(spot: Client) -> None:
    """cancel_all leaves nothing open and frees what was locked."""
    for price in ("59000", "58000"):
        await spot.ccxt.create_order(SPOT, "limit", "buy", d("0.01"), d(price))
    assert len(await spot.ccxt.fetch_open_orders(SPOT)) == 2
    await spot.ccxt.cancel_all_orders(SPOT)
    assert await spot.ccxt.fetch_open_orders(SPOT) == []
    assert (await spot.ccxt.fetch_balance())["USDT"]["free"] == d("100000")
