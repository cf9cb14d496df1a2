"""The synthetic market: seeded, endless, on the grid, never crossed, and exactly restorable."""

from collections.abc import Iterator
from itertools import islice
from time import process_time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.instruments import Market
from opensqt.simulation.market.flow import Frame, MarketFlow, MarketTrade
from opensqt.simulation.market.orderflow import TickSide
from opensqt.simulation.market.sources import MarketRefused, open_flow
from opensqt.simulation.market.synthetic import StateRefused
from tests.simulation.flow.followed import Followed, future_after_restore, on_grid

START_MS = 1_700_000_000_000
EIGHT = (
    "BTC/USDT,BTC/USDT:USDT,ETH/USDT,ETH/USDT:USDT,XRP/USDT,SOL/USDT:USDT,PEPE/USDT,FOO/USDC:USDC"
)


def started(market: str) -> MarketFlow:
    """Open a flow at a fixed time."""
    flow = open_flow(market)
    flow.start(START_MS)
    return flow


def until(flow: MarketFlow, seconds: int) -> Iterator[Frame]:
    """Yield the frames of so many seconds."""
    for frame in flow.frames():
        if frame.time_ms > START_MS + seconds * 1000:
            return
        yield frame


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_every_seed_keeps_the_laws_of_a_flow(seed: int) -> None:
    """Time never goes back, no book crosses and everything lies on tick and step."""
    flow = started(f"synthetic:{seed}")
    rules = {one.symbol: one for one in flow.instruments}
    followed = Followed()
    for frame in islice(flow.frames(), 3000):
        followed.take(frame)
        assert on_grid(frame, rules[frame.symbol])
    assert followed.time_ms > START_MS
    assert followed.trades > 100


def test_a_seed_is_the_same_bytes_every_time() -> None:
    """One seed gives one future, another seed another."""
    first, again, other = (
        msgspec.msgpack.encode(list(islice(started(market).frames(), 2000)))
        for market in ("synthetic:7", "synthetic:7", "synthetic:8")
    )
    assert first == again
    assert first != other


@settings(max_examples=10, deadline=None)
@given(played=st.integers(2, 4000))
def test_a_restored_market_has_the_identical_future(played: int) -> None:
    """Wherever the state is taken, the future after it and the book at it are the same."""
    future_after_restore(started("synthetic:3"), open_flow("synthetic:3"), played, 500)


def test_a_state_of_another_market_is_refused() -> None:
    """The error names both markets."""
    state = open_flow("synthetic:3").state()
    with pytest.raises(StateRefused, match=r"synthetic:3:.* expected synthetic:4:"):
        open_flow("synthetic:4").restore(state)
    with pytest.raises(StateRefused, match="not one of a synthetic market"):
        open_flow("synthetic:4").restore(b"\x00rubbish")


def test_eight_symbols_trade_side_by_side() -> None:
    """Each has its own grid by the size of its price, and each trades."""
    flow = started(f"synthetic:5:{EIGHT}")
    frames = list(until(flow, 60))
    followed = Followed().follow(frames)
    traded = {frame.symbol for frame in frames if isinstance(frame, MarketTrade)}
    assert traded == set(EIGHT.split(","))
    for rules in flow.instruments:
        middle = followed.middle(rules.symbol)
        assert rules.tick_size / middle < rules.maker_fee
        assert rules.quantity_min * middle < 1000
        assert (rules.market is Market.PERP) == (":" in rules.symbol)


def test_the_perp_follows_its_spot() -> None:
    """After minutes of moves the basis is still within a few bps."""
    followed = Followed().follow(until(started("synthetic:11"), 300))
    spot, perp = followed.middle("BTC/USDT"), followed.middle("BTC/USDT:USDT")
    assert abs(perp / spot - 1) * 10_000 < 6


def test_a_market_starts_at_the_time_it_is_given_and_never_goes_back() -> None:
    """The first frame has the start time; a later start moves on, an earlier one changes nothing."""
    flow = started("synthetic:7")
    frames = flow.frames()
    assert next(frames).time_ms == START_MS
    played = list(islice(frames, 200))
    flow.start(START_MS - 5000)
    assert next(frames).time_ms >= played[-1].time_ms
    flow.start(START_MS + 60_000)
    assert next(frames).time_ms >= START_MS + 60_000


def test_the_synthetic_market_is_cheap() -> None:
    """Both default symbols run at least 20 times faster than real time on one core."""
    begin = process_time()
    count = sum(1 for _ in until(started("synthetic:7"), 60))
    assert process_time() - begin < 60 / 20
    assert count > 60 * 100


@pytest.mark.parametrize(
    "market,named",
    [
        ("", "synthetic:SEED"),
        ("synthetic", "recorded:PATH"),
        ("live:binance", "'live:binance' is of no known kind"),
        ("synthetic:", "seed ''"),
        ("synthetic:x", "seed 'x'"),
        ("synthetic:-1", "seed '-1'"),
        ("synthetic:1:BTCUSDT", "'BTCUSDT' is not unified"),
        ("synthetic:1:BTC/USDT,BTC/USDT", "each once"),
        ("synthetic:1:" + ",".join(f"A{n}/USDT" for n in range(9)), "at most 8"),
        ("recorded:", "names no file"),
    ],
)
def test_a_market_that_names_no_flow_is_refused(market: str, named: str) -> None:
    """The error names the value and what was expected, in one line."""
    with pytest.raises(MarketRefused) as refused:
        open_flow(market)
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@given(
    sign=st.sampled_from([1, -1]),
    puts=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 3)), max_size=60),
    price=st.integers(1, 40),
)
def test_a_side_keeps_its_levels_sorted(sign: int, puts: list[tuple[int, int]], price: int) -> None:
    """A side of ticks agrees with a plain dictionary."""
    side, plain = TickSide(sign), dict[int, int]()
    for level, quantity in puts:
        side.put(level, quantity)
        plain[level] = quantity
    kept = sorted((one for one, quantity in plain.items() if quantity), reverse=sign > 0)
    assert [level for level, _ in side.levels()] == kept
    assert side.better_than(price) == [one for one in kept if (one - price) * sign > 0]
    assert side.beyond(price) == [one for one in kept if (one - price) * sign < 0]
    assert len(side) == len(kept)
