"""Frames of the user streams, recorded and built, into our events."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opensqt.domain.instruments import Market, Side
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import BalanceView, OrderView, TradeView
from opensqt.venues.binance.user_frames import read_frame
from opensqt.venues.engine.dialect import StreamEnded, UserFrame
from opensqt.venues.engine.request import Unreadable

SPOT = {"ETHBTC": "ETH/BTC", "BNBUSDT": "BNB/USDT", "BTCUSDT": "BTC/USDT"}
PERP = {"BTCUSDT": "BTC/USDT:USDT"}
REPORT: dict[str, Any] = {
    "e": "executionReport",
    "E": 2,
    "s": "BTCUSDT",
    "c": "qone",
    "S": "BUY",
    "o": "LIMIT",
    "f": "GTC",
    "q": "1.00000000",
    "p": "60000.00000000",
    "C": "",
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "r": "NONE",
    "i": 77,
    "l": "0.40000000",
    "z": "0.40000000",
    "L": "59999.00000000",
    "n": "0.00040000",
    "N": "BTC",
    "T": 1,
    "t": 5,
    "m": True,
}


def spot(**changes: object) -> UserFrame:
    """Read a spot report with some fields changed, wrapped as the ws-api does."""
    frame = {"subscriptionId": 0, "event": {**REPORT, **changes}}
    return read_frame(Market.SPOT, json.dumps(frame), SPOT)


def test_trade_report_is_a_trade_and_the_order_after_it() -> None:
    """One frame gives the trade with our id and fee, then the order with what is filled so far."""
    frame = spot()
    assert isinstance(frame, list)
    trade, order = frame
    assert isinstance(trade, TradeView)
    assert isinstance(order, OrderView)
    assert (trade.trade_id, trade.client_order_id) == ("5", "qone")
    assert (trade.price, trade.quantity) == (Decimal(59999), Decimal("0.4"))
    assert (trade.fee, trade.fee_asset, trade.liquidity) == (
        Decimal("0.0004"),
        "BTC",
        Liquidity.MAKER,
    )
    assert (order.status, order.filled_quantity, order.side) == ("open", Decimal("0.4"), Side.BUY)


def test_cancel_report_carries_our_id_and_not_that_of_the_request() -> None:
    """Spot puts the cancel request's id into `c` and the order's into `C`."""
    frame = spot(x="CANCELED", X="CANCELED", c="web_123", C="qone")
    assert isinstance(frame, list)
    (order,) = frame
    assert isinstance(order, OrderView)
    assert (order.client_order_id, order.status) == ("qone", "canceled")


def test_self_trade_prevention_is_an_expiry_with_a_reason() -> None:
    """EXPIRED_IN_MATCH is a word that every venue shares."""
    frame = spot(x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH")
    assert isinstance(frame, list)
    (order,) = frame
    assert isinstance(order, OrderView)
    assert (order.status, order.reason) == ("expired", "self_trade")


@pytest.mark.parametrize("changes", [{"X": "LIMBO"}, {"q": "many"}, {"S": "HOLD"}, {"i": None}])
def test_user_event_that_is_not_as_documented_is_unreadable(changes: dict[str, object]) -> None:
    """Better a reconnect and a look over REST than a guess."""
    with pytest.raises(Unreadable):
        spot(**changes)


@pytest.mark.parametrize("event", ["eventStreamTerminated", "listenKeyExpired", "serverShutdown"])
def test_end_of_the_stream_is_told(event: str) -> None:
    """The venue's own farewell ends the connection at once."""
    assert read_frame(Market.PERP, json.dumps({"e": event, "E": 1}), PERP) == StreamEnded(event)


@pytest.mark.parametrize("text", ['{"id":"1","status":200,"result":{}}', "not json", "[]", "{}"])
def test_other_frames_are_left_to_the_client(text: str) -> None:
    """Acknowledgements are ccxt's business."""
    assert read_frame(Market.SPOT, text, SPOT) is None


@pytest.mark.recordings
def test_recorded_frames_of_both_markets_can_be_read(recordings: Path) -> None:
    """Every documented user frame of the conformance set becomes orders, trades and balances."""
    frames = recordings / "conformance" / "jkorf" / "binance_ws.jsonl"
    seen: list[object] = []
    for line in frames.read_text(encoding="utf-8").splitlines():
        for step in json.loads(line)["steps"]:
            text = json.dumps(step.get("frame") or {})
            if step["dir"] != "server_update":
                continue
            for market, symbols in ((Market.SPOT, SPOT), (Market.PERP, PERP)):
                frame = read_frame(market, text, symbols)
                seen.extend(frame if isinstance(frame, list) else [])
    orders = [event for event in seen if isinstance(event, OrderView)]
    balances = [event for event in seen if isinstance(event, BalanceView)]
    assert {order.symbol for order in orders} == {"ETH/BTC", "BTC/USDT:USDT"}
    assert {balance.balance.wallet for balance in balances} == set(Market)


@pytest.mark.recordings
def test_recorded_spot_trade_of_a_live_account_can_be_read(recordings: Path) -> None:
    """A real executionReport gives price, quantity, fee and trade id to the last digit."""
    samples = recordings / "conformance" / "ccxt_comment_samples" / "binance.jsonl"
    payloads = [json.loads(line)["payload"] for line in samples.read_text().splitlines()]
    reports = [p for p in payloads if isinstance(p, dict) and p.get("e") == "executionReport"]
    frame = read_frame(Market.SPOT, json.dumps(reports[0]), SPOT)
    assert isinstance(frame, list)
    trade = frame[0]
    assert isinstance(trade, TradeView)
    assert (trade.trade_id, trade.price, trade.quantity) == (
        "109747654",
        Decimal("46.866"),
        Decimal("0.332"),
    )
    assert (trade.fee, trade.fee_asset) == (Decimal("0.000332"), "BNB")
