"""No breaker opens falsely over what markets really did: counted again from the recorded rows, without our folds."""

import csv
import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import msgspec
import pytest

from opensqt.backtest.backtest import BacktestTerms, prepared
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import Halted
from tests.unit.backtest.desks import config
from tests.unit.risk.breaker_board import MINUTE_MS, Board, candle, price, settings

pytestmark = pytest.mark.recordings
WINDOW = 20
DAYS = (
    "binance_spot_BTCBUSD_20221213_trade.csv",
    "bybit_linear_BTCUSDT_20221213_trade.csv",
    "bybit_spot_BTCUSDT_20221213_trade.csv",
)
STEP_MS = 100
NS_OF_MS = 1_000_000


def _opened(path: Path) -> TextIO:
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def _minutes(path: Path) -> list[tuple[int, Decimal, Decimal]]:
    with _opened(path) as rows:
        return [
            (int(row["ts_ms"]), Decimal(row["close"]), Decimal(row["volume"]))
            for row in csv.DictReader(rows)
        ]


def _abnormal(minutes: list[tuple[int, Decimal, Decimal]], factor: int) -> set[int]:
    """Return when the minutes closed that fell below the mean of the twenty before, on so much more volume."""
    found = set()
    for at in range(WINDOW, len(minutes)):
        before, (open_ms, close, volume) = minutes[at - WINDOW : at], minutes[at]
        mean = sum(one[1] for one in before) / WINDOW
        if close < mean and volume > factor * sum(one[2] for one in before) / WINDOW:
            found.add(open_ms + MINUTE_MS)
    return found


@pytest.mark.row("E02")
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("factor", [3, 10])
def test_the_market_monitor_opens_when_the_rows_say_so_and_only_then(
    recordings: Path, day: str, factor: int
) -> None:
    """Over a day of inflation news: no opening without an abnormal minute, no abnormal minute without an open one."""
    minutes = _minutes(recordings / "ohlcv_1m" / day)
    abnormal = _abnormal(minutes, factor)
    board = Board(settings(market={"volume_factor": str(factor), "window_candles": WINDOW}))
    opened, stood_open = set(), set()
    for open_ms, close, volume in minutes:
        shown = candle(0, str(close), str(volume))
        now_ms = open_ms + MINUTE_MS
        board.show(msgspec.structs.replace(shown, open_time_ms=open_ms, time_ms=now_ms))
        opened |= {now_ms for word in board.at(now_ms) if isinstance(word, Halted)}
        stood_open |= {now_ms} if board.not_closed else set()
    assert opened <= abnormal
    assert abnormal <= stood_open
    assert bool(opened) is bool(abnormal)
    assert len(opened) <= (1 if factor == 10 else 25)


def _shown_ms(path: Path) -> Iterator[int]:
    """Yield when the best prices were received, as the recorder's clock said."""
    with _opened(path) as lines:
        for line in lines:
            received, _, frame = line.partition(" ")
            if "bookTicker" in frame and _is_price(json.loads(frame)):
                yield int(received) // NS_OF_MS


def _is_price(frame: dict[str, Any]) -> bool:
    return bool(frame["data"].get("b") and frame["data"].get("a"))


@pytest.mark.row("I13")
@pytest.mark.parametrize("name", ["spot_btcusdt_20240809", "usdm_btcusdt_20240808"])
def test_prices_that_come_as_they_came_are_never_too_old(recordings: Path, name: str) -> None:
    """Every 100 ms of minutes of two markets the age is within the limit; then they stop, and it opens."""
    board = Board(settings(feed_age={"age_ms_max": 3000}))
    now_ms = 0
    for shown_ms in _shown_ms(recordings / "market_raw" / "binance" / f"{name}.gz"):
        now_ms = now_ms or shown_ms
        while now_ms + STEP_MS < shown_ms:
            now_ms += STEP_MS
            assert board.at(now_ms) == []
        board.tell(price(shown_ms))
    assert board.at(now_ms + 3000) == []
    assert [word.breaker for word in board.at(now_ms + 3000 + 2 * STEP_MS)] == ["feed_age"]


def _traded(recordings: Path, **tables: dict[str, Any]) -> tuple[list[str], Board]:
    """Let a grid trade six recorded minutes of a perpetual before these breakers; return what opened, and the board."""
    path = recordings / "market_raw" / "binance" / "usdm_btcusdt_20240808.gz"
    run = prepared(config(step_bps="6", levels=5), [str(path)], BacktestTerms())
    board = Board(settings(**tables))
    opened: list[str] = []

    def hear(fact: Event) -> None:
        board.tell(fact)
        words = board.at(fact.time_ms)
        opened.extend(word.breaker for word in words if isinstance(word, Halted))

    run.desk.books.listeners.append(hear)
    run.run()
    return opened, board


@pytest.mark.row("E06", "I13")
def test_a_desk_that_trades_as_it_should_opens_nothing(recordings: Path) -> None:
    """Its fills, losses, answers and refusals are within limits that one would set; beyond closer ones it opens."""
    few: dict[str, Any] = {"answers_min": 5, "window_s": 3600}
    sensible: dict[str, dict[str, Any]] = {
        "desk_loss": {"losses_in_a_row_max": 3, "drawdown_quote_max": "100"},
        "symbol_loss": {"window_loss_quote_max": "100"},
        "latency": {"answer_ms_p99_max": 500, **few},
        "rejects": {"refused_share_max": "0.5", **few},
    }
    opened, board = _traded(recordings, **sensible)
    assert opened == []
    assert sum(isinstance(fact, Fill) for fact in board.journal) > 5
    close: dict[str, dict[str, Any]] = {
        "desk_loss": {"drawdown_quote_max": "0.01"},
        "latency": {"answer_ms_p99_max": 1, **few},
    }
    opened, _ = _traded(recordings, **close)
    assert set(opened) == {"desk_loss", "latency"}
