"""Numbers of the venue reach us digit by digit: every frame and answer, with more digits than a float can hold."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Market
from opensqt.venues.binance.frames import read_frame, read_snapshot
from opensqt.venues.binance.parser import (
    funding_rows,
    order_view,
    perp_balances,
    positions,
    spot_balances,
)
from opensqt.venues.engine.feed_format import MarkChange, SymbolFrame

SYMBOLS = {"BTCUSDT": "BTC/USDT:USDT"}
# Each field has a figure of its own, and none survives a float.
FIGURES = [Decimal(f"{number}00000001.00000000000000001{number}") for number in range(1, 9)]
TEXTS = [str(figure) for figure in FIGURES]
ONE, TWO, THREE, FOUR, FIVE = TEXTS[:5]

FRAMES: dict[str, dict[str, Any]] = {
    "trade": {"e": "trade", "s": "BTCUSDT", "t": 1, "p": ONE, "q": TWO, "T": 2, "m": True},
    "depth": {
        "e": "depthUpdate",
        "s": "BTCUSDT",
        "E": 1,
        "U": 1,
        "u": 2,
        "b": [[ONE, TWO]],
        "a": [[THREE, FOUR]],
    },
    "kline": {
        "e": "kline",
        "s": "BTCUSDT",
        "E": 1,
        "k": {"t": 0, "i": "1m", "o": ONE, "h": TWO, "l": THREE, "c": FOUR, "v": FIVE, "x": True},
    },
    "mark": {
        "e": "markPriceUpdate",
        "s": "BTCUSDT",
        "E": 1,
        "p": ONE,
        "i": TWO,
        "r": THREE,
        "T": 1,
    },
}
DIGITS = {
    "trade": ("price", "quantity"),
    "kline": ("open", "high", "low", "close", "volume"),
}


def test_no_figure_here_survives_a_float() -> None:
    """The figures really tell: through a float each becomes another number."""
    assert all(Decimal(float(text)) != figure for text, figure in zip(TEXTS, FIGURES, strict=True))


@pytest.mark.row("D05")
@pytest.mark.parametrize("kind", DIGITS)
def test_a_frame_is_read_digit_by_digit(kind: str) -> None:
    """Trade and candle: each field is the text that the venue sent."""
    found = read_frame(json.dumps(FRAMES[kind]), SYMBOLS)
    assert isinstance(found, SymbolFrame)
    values = [getattr(found.value, field) for field in DIGITS[kind]]
    assert values == FIGURES[: len(values)]


@pytest.mark.row("D05")
def test_books_are_read_digit_by_digit() -> None:
    """Changes and snapshots: prices and quantities of both sides."""
    found = read_frame(json.dumps(FRAMES["depth"]), SYMBOLS)
    assert isinstance(found, SymbolFrame)
    change: Any = found.value
    raw = json.dumps({"lastUpdateId": 7, "bids": [[ONE, TWO]], "asks": [[THREE, FOUR]]})
    for book in (change, read_snapshot(raw.encode(), 1)):
        ((bid, bid_size),), ((ask, ask_size),) = book.bids, book.asks
        assert [Decimal(str(one)) for one in (bid, bid_size, ask, ask_size)] == FIGURES[:4]
        assert not any(isinstance(one, float) for one in (bid, bid_size, ask, ask_size))


@pytest.mark.row("D05")
def test_marks_and_funding_are_read_digit_by_digit() -> None:
    """Mark, index and rate."""
    found = read_frame(json.dumps(FRAMES["mark"]), SYMBOLS)
    assert isinstance(found, SymbolFrame)
    assert isinstance(found.value, MarkChange)
    mark = found.value
    assert [mark.mark_price, mark.index_price, mark.rate] == FIGURES[:3]


@pytest.mark.row("D05")
def test_answers_about_an_account_are_read_digit_by_digit() -> None:
    """Orders, balances of both markets, positions and paid funding."""
    order = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "clientOrderId": "qone",
        "price": ONE,
        "origQty": TWO,
        "executedQty": THREE,
        "status": "NEW",
        "side": "BUY",
    }
    view = order_view(json.dumps(order).encode(), SYMBOLS)
    assert [view.price, view.quantity, view.filled_quantity] == FIGURES[:3]
    spot = {"balances": [{"asset": "BTC", "free": ONE, "locked": "0"}]}
    (held,) = spot_balances(json.dumps(spot).encode())
    assert (held.wallet, held.total, held.free) == (Market.SPOT, FIGURES[0], FIGURES[0])
    perp = {"assets": [{"asset": "USDT", "walletBalance": ONE, "availableBalance": TWO}]}
    (margin,) = perp_balances(json.dumps(perp).encode())
    assert [margin.total, margin.free] == FIGURES[:2]
    row = {"symbol": "BTCUSDT", "positionAmt": ONE, "entryPrice": TWO}
    (position,) = positions(json.dumps([row]).encode(), SYMBOLS)
    assert [position.quantity, position.entry_price] == FIGURES[:2]
    income = {"symbol": "BTCUSDT", "income": ONE, "asset": "USDT", "tranId": 1, "time": 1}
    raw = msgspec.json.encode([income])
    (paid,) = funding_rows(raw, SYMBOLS, venue="binance", account="main")
    assert paid.amount == FIGURES[0]
