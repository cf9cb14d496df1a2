"""An unmodified ccxt.pro client trades USDⓈ-M perps at the paper venue."""

import asyncio
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from opensqt.domain.instruments import Side
from opensqt.simulation.server.paper import PaperVenue
from tests.simulation.venue.scripted import (
    PERP,
    Client,
    TestClock,
    attached,
    d,
    play,
    subscribed,
    trade,
    within,
)

EIGHT_HOURS_MS = 8 * 3_600_000


async def test_a_position_opens_pays_and_closes(perp: Client, venue: PaperVenue) -> None:
    """Taker buy, maker reduce-only sell: position, realised PnL, fees and wallet agree to the last digit."""
    opened = await perp.ccxt.create_order(
        PERP, "limit", "buy", d("0.1"), d("60001"), {"clientOrderId": "p1"}
    )
    assert (opened["status"], opened["average"]) == ("closed", d("60001"))
    held = (await perp.ccxt.fetch_positions())[0]
    assert (held["side"], held["contracts"], held["entryPrice"]) == ("long", d("0.1"), d("60001"))
    reduce = {"postOnly": True, "reduceOnly": True}
    closing = await perp.ccxt.create_order(PERP, "limit", "sell", d("0.1"), d("60005"), reduce)
    assert (closing["status"], closing["reduceOnly"]) == ("open", True)
    play(venue, trade(PERP, "60006", "0.05", Side.BUY), trade(PERP, "60006", "5", Side.BUY))
    assert (await perp.ccxt.fetch_order(closing["id"], PERP))["status"] == "closed"
    fills = [fill["info"] for fill in await perp.ccxt.fetch_my_trades(PERP)]
    assert [fill["realizedPnl"] for fill in fills] == ["0.00000000", "0.20000000", "0.20000000"]
    fees = sum(Decimal(fill["commission"]) for fill in fills)
    wallet = venue.exchange.settlement.accounts["main"].perp
    assert (
        wallet.balance
        == d("100000") + d("0.4") - fees
        == wallet.deposited + wallet.realized_pnl - wallet.fees
    )
    assert await perp.ccxt.fetch_positions() == []
    income = await perp.ccxt.fapiPrivateGetIncome({"incomeType": "REALIZED_PNL"})
    assert [row["income"] for row in income] == ["0.20000000", "0.20000000"]


async def test_private_stream_tells_orders_and_wallet(perp: Client, venue: PaperVenue) -> None:
    """ORDER_TRADE_UPDATE and ACCOUNT_UPDATE reach ccxt's watchers over the listen key's socket."""
    orders = asyncio.create_task(perp.ccxt.watch_orders(PERP))
    await perp.listening("orders")
    await attached(venue, 1)
    placed = await perp.ccxt.create_order(PERP, "limit", "sell", d("0.1"), d("60010"))
    assert (await within(5, orders))[-1]["id"] == placed["id"]
    balance = asyncio.create_task(perp.ccxt.watch_balance())
    await perp.listening("linear:balance")
    play(venue, trade(PERP, "60011", "1", Side.BUY))
    assert (await within(5, balance))["USDT"]["total"] == d("100000") - d("0.1") * d("60010") * d(
        "0.0002"
    )


async def test_funding_is_paid_at_the_boundary(
    perp: Client, venue: PaperVenue, clock: TestClock
) -> None:
    """At each eight hours of market time -position x mark x rate is booked, listed, told and audited, once."""
    await perp.ccxt.create_order(PERP, "market", "buy", d("0.1"))
    balance = asyncio.create_task(perp.ccxt.watch_balance())
    await perp.listening("linear:balance")
    await attached(venue, 1)
    clock.skip(EIGHT_HOURS_MS)
    paid = -d("0.1") * d("60000") * d("0.0003")
    told = await within(5, balance)
    assert told["info"]["a"]["m"] == "FUNDING_FEE"
    history = await perp.ccxt.fetch_funding_history(PERP)
    assert [row["amount"] for row in history] == [paid]
    rates = await perp.ccxt.fetch_funding_rate_history(PERP)
    assert [(rate["fundingRate"], rate["timestamp"] % EIGHT_HOURS_MS) for rate in rates] == [
        (d("0.0003"), 0)
    ]
    wallet = venue.exchange.settlement.accounts["main"].perp
    assert wallet.balance == wallet.deposited + wallet.realized_pnl + wallet.funding - wallet.fees
    assert wallet.funding == paid
    current = await perp.ccxt.fetch_funding_rate(PERP)
    assert current["fundingTimestamp"] > clock.market_ms()


@pytest.mark.parametrize(
    "change,text",
    [
        ({"quantity": "0.001", "price": "59000"}, '"code":-4164'),
        ({"price": "59000.05"}, '"code":-1111'),
        ({"quantity": "0.0101"}, '"code":-1111'),
        ({"quantity": "10"}, "Margin is insufficient."),
        ({"reduceOnly": "true"}, '"code":-2022'),
        ({"timeInForce": "GTX", "price": "60001"}, '"code":-5022'),
        ({"positionSide": "LONG"}, '"code":-4061'),
        ({"newClientOrderId": "not allowed!"}, '"code":-1100'),
        ({"timeInForce": "SOON"}, '"code":-1115'),
        ({"symbol": "NOPE"}, '"code":-1121'),
    ],
)
async def test_refusals_carry_the_venues_code(
    perp: Client, change: dict[str, str], text: str
) -> None:
    """Each broken rule has its own answer, and nothing is placed."""
    good = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    request = {**good, "quantity": "0.01", "price": "59000", **change}
    with pytest.raises(ccxt.BaseError) as refused:
        await perp.ccxt.fapiprivate_post_order(request)
    assert text in str(refused.value)
    assert await perp.ccxt.fetch_open_orders(PERP) == []


async def test_margin_counts_open_orders_and_leverage(perp: Client) -> None:
    """With 5x, 100000 USDT carry about 500000 of notional; raising leverage carries more; exits need none."""
    await perp.ccxt.create_order(PERP, "limit", "buy", d("8"), d("59000"))
    with pytest.raises(ccxt.InsufficientFunds):
        await perp.ccxt.create_order(PERP, "limit", "buy", d("1"), d("59000"))
    await perp.ccxt.create_order(PERP, "limit", "sell", d("8"), d("61000"))
    await perp.ccxt.set_leverage(10, PERP)
    await perp.ccxt.create_order(PERP, "limit", "buy", d("1"), d("59000"))
    assert (await perp.ccxt.fetch_balance())["USDT"]["free"] < d("100000")


async def test_a_batch_answers_order_by_order(perp: Client) -> None:
    """One bad order of a batch does not stop the others."""
    orders: list[dict[str, Any]] = [
        {"symbol": PERP, "type": "limit", "side": "buy", "amount": d("0.01"), "price": d("59000")},
        {"symbol": PERP, "type": "limit", "side": "buy", "amount": d("0.01"), "price": d("58000")},
    ]
    placed = await perp.ccxt.create_orders(orders)
    assert [order["status"] for order in placed] == ["open", "open"]
    one = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "59000",
    }
    batch = [{**one, "quantity": "0.01"}, {**one, "quantity": "0.001"}]
    answers = await perp.ccxt.fapiPrivatePostBatchOrders({"batchOrders": batch})
    assert [str(answer.get("code")) for answer in answers] == ["None", "-4164"]
    assert len(await perp.ccxt.fetch_open_orders(PERP)) == 3
    ids = [order["id"] for order in placed]
    await perp.ccxt.cancel_orders(ids, PERP)
    assert len(await perp.ccxt.fetch_open_orders(PERP)) == 1


async def test_the_dead_man_timer_cancels_unless_it_is_set_again(
    perp: Client, venue: PaperVenue, clock: TestClock
) -> None:
    """CountdownCancelAll cancels a symbol's orders when its market time has run out."""
    await perp.ccxt.create_order(PERP, "limit", "buy", d("0.01"), d("59000"))
    arm = {"symbol": "BTCUSDT", "countdownTime": "5000"}
    await perp.ccxt.fapiPrivatePostCountdownCancelAll(arm)
    clock.skip(4000)
    await perp.ccxt.fapiPrivatePostCountdownCancelAll(arm)
    clock.skip(4000)
    assert len(await perp.ccxt.fetch_open_orders(PERP)) == 1
    clock.skip(2000)
    async with asyncio.timeout(5):
        while venue.exchange.open.get(("main", PERP)):
            await asyncio.sleep(0)
    assert await perp.ccxt.fetch_open_orders(PERP) == []


async def test_public_streams_of_perps(perp: Client, venue: PaperVenue) -> None:
    """Book, trades, best prices, candles and mark reach the client's watchers."""
    book = await within(5, perp.ccxt.watch_order_book(PERP))
    assert book["asks"][0] == [60001, 1]
    watchers = [
        asyncio.create_task(perp.ccxt.watch_trades(PERP)),
        asyncio.create_task(perp.ccxt.watch_mark_price(PERP)),
        asyncio.create_task(perp.ccxt.watch_ticker(PERP)),
    ]
    await subscribed(venue, 4)
    play(venue, trade(PERP, "60001", "0.3", Side.BUY))
    trades, mark, ticker = await within(5, asyncio.gather(*watchers))
    assert trades[-1]["amount"] == d("0.3")
    assert mark["markPrice"] == d("60000")
    assert ticker["last"] == d("60001")


async def test_settings_answer_as_the_venue_does(perp: Client) -> None:
    """Modes that are already set, brackets and commission have the venue's answers."""
    with pytest.raises(ccxt.MarginModeAlreadySet):
        await perp.ccxt.set_margin_mode("cross", PERP)
    with pytest.raises(ccxt.OperationRejected, match="-4059"):
        await perp.ccxt.set_position_mode(hedged=False)
    fees = await perp.ccxt.fetch_trading_fee(PERP)
    assert (fees["maker"], fees["taker"]) == (d("0.0002"), d("0.0005"))
    await perp.ccxt.set_leverage(7, PERP)
    assert (await perp.ccxt.fetch_leverage(PERP))["longLeverage"] == 7
    rate = await perp.ccxt.fapiPublicGetFundingInfo()
    assert rate[0]["fundingIntervalHours"] == 8
