"""Marks and funding are put together from what frames tell, and nothing is shown before all of it is known."""

from decimal import Decimal

from opensqt.venues.engine.feed_format import MarkChange
from opensqt.venues.engine.marks import MarkKeeper

SYMBOL = "BTC/USDT:USDT"


def d(text: str) -> Decimal:
    """Read a decimal."""
    return Decimal(text)


def test_what_a_frame_does_not_tell_stays_as_it_was() -> None:
    """A mark needs both prices; a later frame with one of them keeps the other."""
    keeper = MarkKeeper("bybit")
    assert keeper.change(SYMBOL, MarkChange(mark_price=d("10"), time_ms=1)) is None
    whole = keeper.change(SYMBOL, MarkChange(index_price=d("11"), rate=d("0.0001"), time_ms=2))
    assert whole is not None
    assert (whole.mark_price, whole.index_price) == (d("10"), d("11"))
    later = keeper.change(SYMBOL, MarkChange(mark_price=d("12"), time_ms=3))
    assert later is not None
    assert (later.mark_price, later.index_price) == (d("12"), d("11"))


def test_a_mark_is_as_old_as_its_price() -> None:
    """A fresh index or rate does not make an old mark fresh, and funding alone is no mark."""
    keeper = MarkKeeper("okx")
    keeper.change(SYMBOL, MarkChange(mark_price=d("10"), time_ms=1_000))
    mark = keeper.change(SYMBOL, MarkChange(index_price=d("11"), time_ms=99_000))
    assert mark is not None
    assert mark.time_ms == 1_000
    assert keeper.change(SYMBOL, MarkChange(rate=d("0.0001"), time_ms=500)) is None


def test_funding_is_shown_when_rate_and_time_are_known() -> None:
    """A rate of zero is a rate."""
    keeper = MarkKeeper("bybit")
    keeper.change(SYMBOL, MarkChange(rate=d("0"), time_ms=1))
    assert keeper.funding(SYMBOL, 4) is None
    keeper.change(SYMBOL, MarkChange(next_funding_ms=90, time_ms=2))
    due = keeper.funding(SYMBOL, 4)
    assert due is not None
    assert (due.rate, due.interval_hours, due.next_funding_ms, due.time_ms) == (d("0"), 4, 90, 2)


def test_funding_on_the_grid_is_due_at_the_next_multiple_of_its_interval() -> None:
    """Where no frame says when, midnight UTC and the interval do; at a boundary the next one is due."""
    keeper = MarkKeeper("gate")
    hour_ms = 3_600_000
    for time_ms, hours, due_ms in (
        (5 * hour_ms, 8, 8 * hour_ms),
        (8 * hour_ms, 8, 16 * hour_ms),
        (8 * hour_ms - 1, 4, 8 * hour_ms),
        (9 * hour_ms, 1, 10 * hour_ms),
    ):
        keeper.change(SYMBOL, MarkChange(rate=d("0.0001"), on_the_grid=True, time_ms=time_ms))
        due = keeper.funding(SYMBOL, hours)
        assert due is not None
        assert (due.interval_hours, due.next_funding_ms) == (hours, due_ms)


def test_a_lost_connection_takes_what_it_told_with_it() -> None:
    """After it the first frame begins anew: half a mark is none."""
    keeper = MarkKeeper("bybit")
    keeper.change(SYMBOL, MarkChange(mark_price=d("10"), index_price=d("11"), time_ms=1))
    keeper.forget(SYMBOL)
    assert keeper.change(SYMBOL, MarkChange(mark_price=d("12"), time_ms=2)) is None
