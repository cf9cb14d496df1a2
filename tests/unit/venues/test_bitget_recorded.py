"""Bitget's recorded rows and frames through the parsers, with the pinned ccxt as the second opinion."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from opensqt.domain.instruments import Market, Side
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import BalanceView, Held, OrderView, TradeView
from opensqt.venues.bitget.dialect import DIALECT
from opensqt.venues.bitget.parser import funding_paid, order_view, position, trade_view
from opensqt.venues.engine.classify import judge_each, judge_look
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import Unreadable
from opensqt.venues.engine.response import VenueResponse
from tests.unit.venues.bitget_recordings import PERP, SYMBOLS, answers, comments, encoded, whole

AT = Instrument(symbol=PERP, market=Market.PERP, venue_symbol="BTCUSDT")
STREAM = DIALECT.stream
(CONNECTION,) = STREAM.connections(frozenset(Market))


def exchange() -> Any:
    """The pinned ccxt, which knows the markets of the recordings; numbers stay text."""
    client = ccxt.bitget({"options": {"uta": True}})
    client.number = str
    plain = {"base": "BTC", "quote": "USDT", "precision": {}, "limits": {}, "info": {}}
    client.set_markets(
        [
            {**plain, "id": "BTCUSDT", "symbol": PERP, "settle": "USDT", "type": "swap",
             "spot": False, "swap": True, "contract": True, "linear": True, "inverse": False,
             "contractSize": "1"},
        ]
    )  # fmt: skip
    return client


@pytest.mark.row("D01")
@pytest.mark.recordings
def test_recorded_orders_are_read_as_ccxt_reads_them(recordings: Path) -> None:
    """Prices, sizes, sides, ids and statuses, of a look, of open orders and of ended ones."""
    found = [answers(recordings, "fetch_order")[0]["data"]]
    for function in ("fetch_open_orders", "fetch_uta_canceled_and_closed_orders"):
        for body in answers(recordings, function):
            found += [row for row in body["data"].get("list", []) if "orderStatus" in row]
    assert len(found) >= 3
    statuses = {"open": "open", "filled": "closed", "canceled": "canceled"}
    for row in found:
        ours, theirs = order_view(encoded(row), SYMBOLS), exchange().parse_order(row)
        assert (ours.client_order_id, ours.venue_order_id) == (
            theirs["clientOrderId"],
            theirs["id"],
        )
        assert (ours.symbol, ours.side.value) == (theirs["symbol"], theirs["side"])
        assert ours.quantity == Decimal(theirs["amount"])
        assert ours.filled_quantity == Decimal(theirs["filled"])
        assert statuses[ours.status] == theirs["status"]
        if row["orderType"] == "limit":
            assert ours.price == Decimal(theirs["price"])


@pytest.mark.row("D01")
@pytest.mark.recordings
def test_recorded_executions_are_read_as_ccxt_reads_them_but_for_the_sign(recordings: Path) -> None:
    """What a taker paid is positive: ccxt negates it in lists, and not in frames of the same trade."""
    (body,) = answers(recordings, "fetch_my_trades")
    (frame,) = [row for row in comments(recordings, "handle_my_trades") if row["arg"].get("topic")]
    for row in (*body["data"]["list"], *frame["data"]):
        ours, theirs = trade_view(encoded(row), SYMBOLS), exchange().parse_trade(row)
        assert (ours.trade_id, ours.venue_order_id) == (theirs["id"], theirs["order"])
        assert (ours.price, ours.quantity) == (Decimal(theirs["price"]), Decimal(theirs["amount"]))
        assert ours.fee == abs(Decimal(theirs["fee"]["cost"]))
        assert ours.fee_asset == theirs["fee"]["currency"] == "USDT"
        assert ours.fee == (ours.price * ours.quantity * Decimal("0.0006")).quantize(ours.fee)
        assert ours.liquidity is Liquidity.TAKER
        assert (ours.side.value, ours.symbol) == (theirs["side"], PERP)
        assert ours.cursor == f"{ours.time_ms}:{ours.trade_id}"
    listed = DIALECT.account.trades(
        AT, after="", since_ms=1_751_000_000_000, now_ms=1_751_099_666_579
    )
    assert len(listed.read(encoded(body), SYMBOLS).rows) == 1
    (last,) = body["data"]["list"]
    seen = DIALECT.account.trades(
        AT, after=f"{last['createdTime']}:{last['execId']}", since_ms=1, now_ms=1_751_099_666_579
    )
    assert list(seen.read(encoded(body), SYMBOLS).rows) == []


@pytest.mark.row("C06")
@pytest.mark.recordings
def test_a_look_is_answered_by_the_order_of_that_id(recordings: Path) -> None:
    """The recorded order is held; the same answer proves nothing of another id."""
    (body,) = answers(recordings, "fetch_order")
    answer = VenueResponse(status=200, body=json.dumps(body))
    (held,) = judge_each(judge_look, DIALECT, AT, answer, ("1320244799633510400",), SYMBOLS)
    assert isinstance(held, Held)
    assert held.order is not None
    assert held.order.status == "open"
    (other,) = judge_each(judge_look, DIALECT, AT, answer, ("qone",), SYMBOLS)
    assert not isinstance(other, Held)


@pytest.mark.row("D01")
@pytest.mark.recordings
def test_recorded_account_answers_are_read(recordings: Path) -> None:
    """The wallet, and a position that is held in hedge mode, which nets nothing."""
    asked = DIALECT.account.balances(frozenset(Market))
    assert set(asked) == {"wallet", "usdt-futures", "usdc-futures"}
    wallets = [row for row in answers(recordings, "fetch_balance") if "assets" in row["data"]]
    (coin,) = asked["wallet"].read(encoded(wallets[0]), SYMBOLS).balances
    assert (coin.wallet, coin.asset, coin.free) == ("perp+spot", "USDT", coin.total)
    assert coin.total == Decimal("6.19300826")
    (body,) = [
        row for row in answers(recordings, "fetch_position") if "holdMode" in json.dumps(row)
    ]
    (held,) = body["data"]["list"]
    with pytest.raises(Unreadable, match="hedge_mode"):
        position(encoded(held), SYMBOLS)
    netted = position(encoded({**held, "holdMode": "one_way_mode", "posSide": "short"}), SYMBOLS)
    assert netted is not None
    assert (netted.quantity, netted.entry_price) == (Decimal("-0.001"), Decimal("107410.3"))
    for unclear in ("", "net"):
        with pytest.raises(Unreadable):
            position(encoded({**held, "holdMode": "one_way_mode", "posSide": unclear}), SYMBOLS)
    assert asked["usdt-futures"].read(whole({"list": None}), SYMBOLS).positions == ()


@pytest.mark.row("D01")
@pytest.mark.recordings
def test_of_financial_records_only_funding_is_read(recordings: Path) -> None:
    """A record of a deal is none; of a settlement the sign is the venue's: what is paid is negative."""
    (body,) = [row for row in comments(recordings, "fetch_ledger") if "DEALT" in json.dumps(row)]
    page = DIALECT.account.funding(AT, account="main", since_ms=1_750_000_000_000)
    assert list(page.read(encoded(body), SYMBOLS).rows) == []
    (record,) = body["data"]["list"]
    row = {**record, "type": "CONTRACT_MAIN_SETTLE_FEE_USER_OUT", "coin": "USDT", "amount": "-0.31"}
    paid = funding_paid(encoded(row), SYMBOLS, "main")
    assert paid is not None
    assert (paid.amount, paid.asset, paid.income_id) == (Decimal("-0.31"), "USDT", record["id"])
    assert funding_paid(encoded({**row, "symbol": "ETHUSDT"}), SYMBOLS, "main") is None


@pytest.mark.row("D08")
@pytest.mark.recordings
def test_recorded_private_frames_are_read(recordings: Path) -> None:
    """An order, a fill and a wallet; categories stand in small letters there."""
    (order,) = [row for row in comments(recordings, "handle_order") if row["arg"].get("topic")]
    (seen,) = STREAM.read(CONNECTION, json.dumps(order), SYMBOLS)  # type: ignore[misc]
    assert isinstance(seen, OrderView)
    assert (seen.symbol, seen.status, seen.side) == (PERP, "filled", Side.BUY)
    assert seen.quantity == seen.filled_quantity == Decimal("0.001")
    (fill,) = [row for row in comments(recordings, "handle_my_trades") if row["arg"].get("topic")]
    (trade,) = STREAM.read(CONNECTION, json.dumps(fill), SYMBOLS)  # type: ignore[misc]
    assert isinstance(trade, TradeView)
    assert (trade.client_order_id, trade.fee) == ("1288888888888888889", Decimal("0.569958"))
    (wallet,) = [row for row in comments(recordings, "handle_balance") if row["arg"].get("topic")]
    (balance,) = STREAM.read(CONNECTION, json.dumps(wallet), SYMBOLS)  # type: ignore[misc]
    assert isinstance(balance, BalanceView)
    assert (balance.balance.asset, balance.balance.total) == ("ETH", Decimal("0.9992"))
    (position_frame,) = [
        row for row in comments(recordings, "handle_positions") if row["arg"].get("topic")
    ]
    assert STREAM.read(CONNECTION, json.dumps(position_frame), SYMBOLS) is None
    stranger = {**order, "data": [{**order["data"][0], "category": "coin-futures"}]}
    assert STREAM.read(CONNECTION, json.dumps(stranger), SYMBOLS) == []
    assert STREAM.read(CONNECTION, "pong", SYMBOLS) is None


@pytest.mark.row("D04")
@pytest.mark.row("D05")
@pytest.mark.recordings
def test_recorded_listings_state_filters_and_the_real_interval(recordings: Path) -> None:
    """Spot by decimal places, a perpetual by stated steps; 0 and an empty text are no bound."""
    rows = [row for row in comments(recordings, "fetch_uta_markets") if "category" in row]
    listed = {row["category"]: row for row in rows}
    spot = DIALECT.metadata.filters({"info": listed["SPOT"]}, Market.SPOT)
    assert (spot["tick_size"], spot["quantity_step"]) == (Decimal("0.01"), Decimal("0.000001"))
    assert (spot["quantity_max"], spot["notional_min"], spot["orders_max"]) == (0, 1, 400)
    assert spot["taker_fee"] == Decimal("0.001")
    perp = DIALECT.metadata.filters({"info": listed["USDC-FUTURES"]}, Market.PERP)
    assert (perp["tick_size"], perp["quantity_step"]) == (Decimal("0.5"), Decimal("0.0001"))
    assert (perp["quantity_max"], perp["notional_min"], perp["orders_max"]) == (0, 5, 200)
    assert "taker_fee" not in perp
    hours = DIALECT.feed.funding_hours(frozenset({Market.PERP}))
    assert hours is not None
    answer = whole([{**listed["USDC-FUTURES"], "symbol": "BTCUSDT", "fundInterval": "4"}])
    assert hours.read(answer, SYMBOLS) == {PERP: 4}


def test_a_fee_in_several_coins_is_not_guessed() -> None:
    """One coin is the fee's; two cannot stand in one trade, and no coin at all is no fee."""
    row = {
        "execId": "1", "orderId": "2", "category": "SPOT", "symbol": "BTCUSDT", "side": "buy",
        "execPrice": "10", "execQty": "1", "tradeScope": "maker", "createdTime": "5",
    }  # fmt: skip
    coins = [{"feeCoin": "BTC", "fee": "0.001"}, {"feeCoin": "BGB", "fee": "0.1"}]
    with pytest.raises(Unreadable, match="BGB, BTC"):
        trade_view(encoded({**row, "feeDetail": coins}), SYMBOLS)
    rebate = trade_view(
        encoded({**row, "feeDetail": [{"feeCoin": "BTC", "fee": "-0.001"}]}), SYMBOLS
    )
    assert (rebate.fee, rebate.fee_asset) == (Decimal("-0.001"), "BTC")
    free = trade_view(encoded({**row, "feeDetail": [{"feeCoin": "", "fee": ""}]}), SYMBOLS)
    assert (free.fee, free.fee_asset) == (Decimal(0), "")
