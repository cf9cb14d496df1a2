"""Bitget's public frames, recorded ones and the numbers of a book, into our observations."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opensqt.domain.instruments import Market, Side
from opensqt.domain.market import Trade
from opensqt.venues.bitget.frames import read_frame
from opensqt.venues.engine.depth_book import DepthBook, DepthGap, chained
from opensqt.venues.engine.feed_format import MarkChange, RunningCandle, SymbolFrame
from tests.unit.venues.bitget_recordings import PERP, SYMBOLS, comments


@pytest.mark.row("D10")
@pytest.mark.recordings
def test_recorded_public_frames_are_read(recordings: Path) -> None:
    """A candle of which nobody says that it has ended, a trade with its taker's side, a ticker with its mark."""
    names = SYMBOLS[Market.PERP]
    (kline,) = [row for row in comments(recordings, "handle_ohlcv") if row["arg"].get("topic")]
    (candle,) = read_frame(json.dumps(kline), names)  # type: ignore[misc]
    assert isinstance(candle.value, RunningCandle)
    told = candle.value.candle
    assert (told.open_time_ms, told.close) == (1755564480000, Decimal("116256.2"))
    assert not told.closed
    (row,) = [row for row in comments(recordings, "parse_ws_trade") if "L" in row]
    arg = {"instType": "usdt-futures", "topic": "publicTrade", "symbol": "BTCUSDT"}
    (trade,) = read_frame(
        json.dumps({"action": "update", "arg": arg, "data": [row], "ts": 1}), names
    )  # type: ignore[misc]
    assert isinstance(trade.value, Trade)
    assert (trade.value.price, trade.value.taker) == (Decimal("110878.5"), Side.BUY)
    ticker = comments(recordings, "handle_ticker")
    (spot,) = [row for row in ticker if row["arg"].get("topic")]
    due = {
        "markPrice": "1.50",
        "indexPrice": "1.4",
        "fundingRate": "0.0001",
        "nextFundingTime": "28800000",
    }
    spot["data"][0] |= due
    (mark,) = read_frame(json.dumps(spot), names)  # type: ignore[misc]
    assert mark == SymbolFrame(
        PERP,
        MarkChange(
            mark_price=Decimal("1.5"),
            index_price=Decimal("1.4"),
            rate=Decimal("0.0001"),
            next_funding_ms=28_800_000,
            time_ms=1753230479687,
        ),
    )


def depth(action: str, seq: int, pseq: int, bid: str) -> Any:
    """A frame of a book, its numbers once as a text and once as a number, as both were seen."""
    arg = {"instType": "usdt-futures", "topic": "books", "symbol": "BTCUSDT"}
    row = {
        "a": [["101", "1"]],
        "b": [[bid, "2"]],
        "checksum": 0,
        "seq": str(seq),
        "pseq": pseq,
        "ts": str(seq),
    }
    frame = {"action": action, "arg": arg, "data": [row], "ts": seq}
    (told,) = read_frame(json.dumps(frame), SYMBOLS[Market.PERP])  # type: ignore[misc]
    return told.value


@pytest.mark.row("D08")
def test_a_change_names_the_one_before_it_and_a_hole_is_noticed() -> None:
    """A whole book begins, changes chain, one that comes twice is none, a hole resets, a new whole book begins anew."""
    book = DepthBook(chained)
    assert book.change(depth("snapshot", 7, 0, "99"))
    assert book.change(depth("update", 12, 7, "100"))
    assert not book.change(depth("update", 12, 7, "100"))
    assert book.top(1)[0][0].price == Decimal(100)
    with pytest.raises(DepthGap):
        book.change(depth("update", 20, 15, "98"))
    assert not book.is_live
    assert book.change(depth("snapshot", 21, 0, "98"))
    assert book.change(depth("update", 22, 21, "97"))
