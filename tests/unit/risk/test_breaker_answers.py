"""Breakers for what a venue answers, and for prices that grow old: limits, trials, and the pace of market time."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.market import Candle
from opensqt.domain.recon_events import Halted
from tests.unit.risk.breaker_board import ACCOUNT, SCOPE, T0_MS, Board, answered, price, settings

LATENCY = {"answer_ms_p99_max": 500, "answers_min": 20, "window_s": 60, "cooldown_s": 30}
REJECTS = {"refused_share_max": "0.5", "answers_min": 4, "window_s": 60, "cooldown_s": 30}
AGE = {"age_ms_max": 2000, "cooldown_s": 5}


def _answers(board: Board, after_ms: list[int], at_ms: int = T0_MS, **more: Any) -> None:
    first = len(board.journal)
    for number, late_ms in enumerate(after_ms):
        board.tell(*answered(first + number, late_ms, at_ms + number, **more))


@pytest.mark.row("I13")
def test_one_slow_answer_in_a_hundred_opens_it() -> None:
    """The slowest of twenty is the one in a hundred; fewer than `answers_min` say nothing."""
    watch = Board(settings(latency=LATENCY))
    _answers(watch, [100] * 18 + [501])
    assert watch.at(T0_MS + 1000) == []
    _answers(watch, [100], T0_MS + 1000)
    (opened,) = watch.at(T0_MS + 2000)
    assert isinstance(opened, Halted)
    assert opened.reason == "one answer in a hundred took 501 ms, allowed 500"
    assert (opened.scope, opened.until_ms) == (ACCOUNT, T0_MS + 32_000)


@pytest.mark.row("I13")
def test_one_of_two_hundred_may_be_slow_and_old_answers_do_not_count() -> None:
    """The 99th percentile is no maximum; and what is older than the window is forgotten."""
    watch = Board(settings(latency=LATENCY))
    _answers(watch, [100] * 199 + [5000])
    assert watch.at(T0_MS + 1000) == []
    old = Board(settings(latency=LATENCY))
    _answers(old, [5000] * 10)
    _answers(old, [100] * 19, T0_MS + 61_000)
    assert old.at(T0_MS + 62_000) == []


@pytest.mark.row("I13", "E07")
@pytest.mark.parametrize(
    "after_ms, state", [([501], "open"), ([100] * 20, "closed"), ([100] * 19, "half_open")]
)
def test_a_trial_is_decided_by_new_answers(after_ms: list[int], state: str) -> None:
    """One slow answer opens it again, enough fast ones close it; so it is for the next process, too."""
    watch = Board(settings(latency=LATENCY))
    _answers(watch, [900] * 20)
    watch.at(T0_MS + 1000)
    watch.at(T0_MS + 31_000)
    assert watch.phases == {"latency": "half_open"}
    _answers(watch, after_ms, T0_MS + 32_000)
    watch.at(T0_MS + 33_000)
    assert watch.phases == {"latency": state}
    assert watch.again().phases == {"latency": state}


@pytest.mark.row("I13")
def test_limits_are_wall_time_whatever_the_pace() -> None:
    """At tenfold speed, 5000 ms of market time are 500 of a clock on the wall."""
    watch = Board(settings(latency=LATENCY, feed_age=AGE), speed="10")
    _answers(watch, [5000] * 20)
    watch.tell(price(T0_MS))
    assert watch.at(T0_MS + 20_000) == []
    _answers(watch, [5010] * 20, T0_MS + 20_000)
    words = watch.at(T0_MS + 20_010)
    assert {(word.breaker, word.reason) for word in words} == {
        ("latency", "one answer in a hundred took 501 ms, allowed 500"),
        ("feed_age", "price is 2001 ms old, allowed 2000"),
    }


@pytest.mark.row("I13")
def test_an_old_price_opens_its_symbol_until_prices_have_come_for_a_while() -> None:
    """One fresh price is not enough, a gap begins the wait anew, and no price at all says nothing."""
    watch = Board(settings(feed_age=AGE))
    assert watch.at(T0_MS + 60_000) == []
    watch.tell(price(T0_MS + 60_000))
    assert watch.at(T0_MS + 62_000) == []
    watch.at(T0_MS + 62_001)
    assert set(watch.not_closed) == {f"feed_age {SCOPE}"}
    watch.tell(price(T0_MS + 63_000))
    assert watch.at(T0_MS + 64_000) == []
    watch.tell(price(T0_MS + 66_000), price(T0_MS + 68_000))
    assert watch.at(T0_MS + 69_000) == [], "it began anew with the price of second 66"
    watch.tell(price(T0_MS + 70_000))
    (closed,) = watch.at(T0_MS + 71_000)
    assert closed.reason == "prices have come for 5 s again"
    assert watch.not_closed == {}


@pytest.mark.row("I11")
def test_an_old_candle_opens_its_symbol_though_prices_come() -> None:
    """Two minutes are allowed; a candle that never came says nothing, and fresh ones close it."""
    watch = Board(settings(candle_age=AGE | {"age_ms_max": 120_000}))
    watch.tell(price(T0_MS))
    assert watch.at(T0_MS + 600_000) == []
    watch.tell(_candle(T0_MS + 600_000))
    assert watch.at(T0_MS + 720_000) == []
    watch.tell(price(T0_MS + 720_001))
    (opened,) = watch.at(T0_MS + 720_001)
    assert isinstance(opened, Halted)
    assert (opened.mode, opened.scope) == ("REDUCING", SCOPE)
    assert opened.reason == "newest candle is 120001 ms old, allowed 120000"
    watch.tell(_candle(T0_MS + 730_000))
    assert watch.at(T0_MS + 734_999) == []
    (closed,) = watch.at(T0_MS + 735_000)
    assert closed.reason == "candles have come for 5 s again"


def _candle(time_ms: int) -> Candle:
    return Candle(
        venue="binance",
        symbol=price(0).symbol,
        interval_ms=60_000,
        open_time_ms=time_ms,
        open=Decimal(1),
        high=Decimal(1),
        low=Decimal(1),
        close=Decimal(1),
        volume=Decimal(1),
        closed=False,
        time_ms=time_ms,
    )


@pytest.mark.row("E06")
def test_too_many_refusals_open_it() -> None:
    """Half may be refused, more may not; what is refused later is counted with what was taken."""
    watch = Board(settings(rejects=REJECTS))
    _answers(watch, [10] * 2)
    _answers(watch, [10] * 2, T0_MS + 10, refused=True)
    assert watch.at(T0_MS + 1000) == []
    _answers(watch, [10], T0_MS + 1010, refused=True)
    (opened,) = watch.at(T0_MS + 2000)
    assert opened.reason == "3 of 5 orders refused, allowed 0.5"
    watch.at(T0_MS + 32_000)
    assert watch.phases == {"rejects": "half_open"}
    _answers(watch, [10] * 4, T0_MS + 33_000)
    watch.at(T0_MS + 34_000)
    assert watch.phases == {"rejects": "closed"}
