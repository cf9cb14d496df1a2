"""The market monitor: opens on a fall with high volume, closes on closed candles that are calm again."""

import pytest

from opensqt.domain.recon_events import Resumed
from tests.unit.risk.breaker_board import Board, candle, minute_ms, settings

ETH = "ETH/USDT:USDT"
NAME = "market desk"
CALM = [candle(minute, "100", "100") for minute in range(3)]
RULE = {"volume_factor": "2", "window_candles": 3}


def board(symbols: tuple[str, ...] = ("BTC/USDT:USDT",), **changes: object) -> Board:
    """Return a board with the market monitor on; the window of each symbol is full and calm."""
    made = Board(settings(market={**RULE, **changes}), symbols=symbols)
    for symbol in symbols:
        made.show(*(candle(minute, "100", "100", symbol=symbol) for minute in range(3)))
    return made


@pytest.mark.row("E02")
@pytest.mark.parametrize(
    "close, volume, opens",
    [
        ("90", "300", True),  # the fixture: mean volume 100, factor 2
        ("90", "200", False),  # not above twice the mean
        ("90", "200.01", True),
        ("100", "300", False),  # not below the mean price
        ("99.99", "300", True),
        ("110", "300", False),
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_it_opens_on_high_volume_below_the_mean(
    close: str, volume: str, opens: bool, closed: bool
) -> None:
    """Both must be seen, in the newest candle, whether that is closed or not."""
    watch = board()
    watch.show(candle(3, close, volume, closed=closed))
    watch.at(minute_ms(3.9))
    assert (NAME in watch.not_closed) is opens


@pytest.mark.row("E02")
def test_normal_traffic_opens_nothing_and_the_reason_has_the_figures() -> None:
    """What opens it is said with what was allowed."""
    watch = board()
    watch.show(candle(3, "101", "120", closed=False))
    assert watch.at(minute_ms(3.5)) == []
    watch.show(candle(3, "90", "300", closed=False))
    (opened,) = watch.at(minute_ms(3.6))
    assert opened.reason == "BTC/USDT:USDT at 90, mean 100; volume 300, allowed 200"
    assert (opened.actor, opened.scope, opened.breaker) == ("risk", "desk", "market")


@pytest.mark.row("E02")
@pytest.mark.parametrize("trigger, opens", [("any", True), ("all", False)])
def test_any_or_all_symbols_must_fall(trigger: str, opens: bool) -> None:
    """One of two that falls opens it for any, not for all; the second one opens it for both."""
    watch = board(("BTC/USDT:USDT", ETH), trigger=trigger)
    watch.show(candle(3, "90", "300", closed=False))
    watch.at(minute_ms(3.2))
    assert (NAME in watch.not_closed) is opens
    watch.show(candle(3, "90", "300", closed=False, symbol=ETH))
    watch.at(minute_ms(3.3))
    assert NAME in watch.not_closed


@pytest.mark.row("E02")
def test_what_is_not_known_is_no_anomaly() -> None:
    """A window that is not full, that has a hole, or a candle of long ago says nothing; nor does a symbol of others."""
    short = Board(settings(market=RULE))
    short.show(*CALM[:2], candle(3, "90", "300"))
    assert short.at(minute_ms(3.5)) == []
    torn = Board(settings(market=RULE))
    torn.show(*CALM, candle(30, "90", "300"))
    assert torn.at(minute_ms(30.5)) == []
    late = board()
    late.show(candle(3, "90", "300"))
    assert late.at(minute_ms(30)) == []
    others = board()
    others.show(candle(3, "90", "300", symbol=ETH))
    assert others.at(minute_ms(3.5)) == []


def _fallen(*symbols: str, **changes: object) -> Board:
    watch = board(symbols, **changes)
    for symbol in symbols:
        watch.show(candle(3, "90", "300", closed=False, symbol=symbol))
    watch.at(minute_ms(3.5))
    assert NAME in watch.not_closed
    return watch


@pytest.mark.row("E03")
def test_only_a_closed_candle_above_the_mean_on_normal_volume_closes_it() -> None:
    """Not an unclosed one, not one below or at the mean price, not one on high volume, not time."""
    watch = _fallen("BTC/USDT:USDT")
    for fourth in (candle(3, "110", "150", closed=False), candle(3, "95", "150")):
        watch.show(fourth)
        assert watch.at(minute_ms(4.0)) == []
    watch.show(candle(4, "110", "150", closed=False))
    assert watch.at(minute_ms(4.5)) == [], "an unclosed candle never closes it"
    watch.show(candle(4, "110", "500"))
    assert watch.at(minute_ms(5.0)) == [], "the volume is not normal"
    watch.show(candle(5, "90", "100"))
    assert watch.at(minute_ms(6.0)) == [], "the price is not above the mean"
    watch.show(candle(6, "120", "100"))
    (closed,) = watch.at(minute_ms(7.0))
    assert isinstance(closed, Resumed)
    assert not closed.half_open
    assert watch.phases == {"market": "closed"}


@pytest.mark.row("E03")
@pytest.mark.parametrize("least, closes", [(0, False), (1, True), (2, False)])
def test_as_many_symbols_as_asked_must_be_calm(least: int, closes: bool) -> None:
    """One of two is enough for one; none asked means all."""
    watch = _fallen("BTC/USDT:USDT", ETH, recovered_symbols_min=least)
    watch.show(candle(3, "95", "100"), candle(3, "95", "100", symbol=ETH))
    watch.show(candle(4, "110", "100"), candle(4, "90", "100", symbol=ETH))
    watch.at(minute_ms(5.0))
    assert (NAME not in watch.not_closed) is closes


@pytest.mark.row("E03")
def test_a_candle_from_before_the_halt_closes_nothing() -> None:
    """The calm that went before the fall is no recovery from it."""
    watch = board()
    watch.show(candle(3, "110", "100"), candle(4, "90", "900", closed=False))
    watch.at(minute_ms(4.5))
    watch.show(candle(4, "120", "100", closed=False))
    assert watch.at(minute_ms(4.6)) == []
    assert NAME in watch.not_closed


@pytest.mark.row("E02", "E03")
def test_who_clears_it_is_not_asked_again_about_the_same_candle() -> None:
    """A person has seen this candle; the next one that falls opens it again."""
    watch = _fallen("BTC/USDT:USDT")
    now_ms = minute_ms(3.6)
    watch.tell(Resumed(scope="desk", reason="seen", actor="eve", time_ms=now_ms, breaker="market"))
    assert watch.at(minute_ms(3.7)) == []
    watch.show(candle(3, "90", "300"), candle(4, "80", "900", closed=False))
    watch.at(minute_ms(4.1))
    assert NAME in watch.not_closed


@pytest.mark.row("E07")
def test_it_is_still_open_for_the_process_that_comes_next() -> None:
    """The journal has it; the candles come from FEED again, and only calm ones close it."""
    watch = _fallen("BTC/USDT:USDT").again()
    assert NAME in watch.not_closed
    watch.at(minute_ms(3.9))
    assert NAME in watch.not_closed, "nobody has shown it a candle"
    watch.show(*CALM, candle(3, "95", "150"), candle(4, "110", "150"))
    watch.at(minute_ms(5.0))
    assert NAME not in watch.not_closed
