"""A candle ends when the next one begins, where a venue does not say so itself."""

from decimal import Decimal

import msgspec

from opensqt.domain.market import Candle
from opensqt.venues.engine.candles import CandleKeeper

FIRST = Candle(
    venue="bitget",
    symbol="BTC/USDT",
    interval_ms=60_000,
    open_time_ms=60_000,
    open=Decimal(1),
    high=Decimal(1),
    low=Decimal(1),
    close=Decimal(1),
    volume=Decimal(1),
    closed=False,
    time_ms=60_500,
)
LATER = msgspec.structs.replace(FIRST, close=Decimal(2), time_ms=119_900)
NEXT = msgspec.structs.replace(FIRST, open_time_ms=120_000, time_ms=120_300)


def test_the_next_candle_ends_the_one_before_as_it_was_told_last() -> None:
    """While it runs it is told as it is; then it is told once more, closed."""
    keeper = CandleKeeper()
    assert keeper.change(FIRST) == (FIRST,)
    assert keeper.change(LATER) == (LATER,)
    ended = msgspec.structs.replace(LATER, closed=True, time_ms=NEXT.time_ms)
    assert keeper.change(NEXT) == (ended, NEXT)
    assert keeper.change(LATER) == (), "it has ended, and will not change any more"
    other = msgspec.structs.replace(FIRST, symbol="ETH/USDT")
    assert keeper.change(other) == (other,), "each symbol for itself"


def test_what_ran_when_a_connection_was_lost_is_never_called_closed() -> None:
    """How it ended was not told."""
    keeper = CandleKeeper()
    keeper.change(FIRST)
    keeper.forget(FIRST.symbol)
    assert keeper.change(NEXT) == (NEXT,)
