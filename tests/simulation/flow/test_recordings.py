"""The real recordings: whole books, joined days, endless loops, and the generator beside them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from opensqt.simulation.market.flow import BookSnapshot, Frame, MarketTrade
from opensqt.simulation.market.recording_book import RecordedSymbol
from opensqt.simulation.market.recording_files import open_files
from opensqt.simulation.market.recording_sequence import price_of, quantity_of
from opensqt.simulation.market.sources import open_flow
from opensqt.simulation.market.synthetic_fit import MarketFit, fit
from tests.simulation.flow.followed import Followed, future_after_restore

pytestmark = [pytest.mark.recordings, pytest.mark.long]

AUGUST = ("spot_btcusdt_20240808.gz", "usdm_btcusdt_20240808.gz")
SPOT_DAYS = ("spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz")
PERP_DAYS = ("usdm_btcusdt_20240718.gz", "usdm_btcusdt_20240719.gz")
# The generator's statistics lie within these factors of the recording's.
FACTORS = {
    "trades_per_s": 1.2,
    "orders_per_s": 1.2,
    "trade_size_p50": 1.2,
    "trade_size_p90": 1.3,
    "trade_size_p99": 1.3,
    "trade_size_mean": 1.3,
    "top_size_p50": 2.0,
    "spread_bps_p50": 1.1,
    "spread_bps_p90": 1.2,
    "spread_bps_mean": 2.0,
    "volatility_tenth": 1.3,
    "volatility_second": 1.3,
    "volatility_ten": 1.3,
    "move_second_p90": 1.4,
    "move_second_p99": 1.6,
    "frames_per_s": 2.3,
    "tops_per_s": 4.0,
}


def market(folder: Path, names: tuple[str, ...]) -> str:
    """The `market` value of recordings."""
    return "recorded:" + ",".join(str(folder / "market_raw" / "binance" / name) for name in names)


def seconds(frames: Iterator[Frame], count: int) -> Iterator[Frame]:
    """Yield the frames of so many seconds of market time."""
    first = next(frames)
    yield first
    for frame in frames:
        if frame.time_ms > first.time_ms + count * 1000:
            return
        yield frame


@pytest.mark.parametrize(
    "names,shared", [(SPOT_DAYS, 1000), (AUGUST[1:], 400), (PERP_DAYS, 400)], ids=["s", "p", "j"]
)
def test_the_book_equals_the_ticker_at_every_shared_update(
    recordings: Path, names: tuple[str, ...], shared: int
) -> None:
    """The book of snapshot and deltas alone has the best prices and quantities that bookTicker had."""
    paths = [recordings / "market_raw" / "binance" / name for name in names]
    ((symbol, files),) = open_files(paths).items()
    lines = [line for file in files for _, line in file.lines()]
    tickers = {
        line.data.u: line.data
        for line in lines
        if line.data is not None and line.data.e == "bookTicker"
    }
    recorded = RecordedSymbol(symbol, files)
    equal = 0
    for line in lines:
        if line.data is not None and line.data.e != "depthUpdate":
            continue
        recorded._read(line)
        ticker = tickers.get(line.data.u) if line.data is not None else None
        if ticker is None or recorded._waiting is not None:
            continue
        for side, price, quantity in (
            (recorded.book.bids, ticker.b, ticker.B),
            (recorded.book.asks, ticker.a, ticker.A),
        ):
            assert side.best == price_of(str(price), recorded.price_decimals)
            assert side.quantities[side.best] == quantity_of(quantity, recorded.quantity_decimals)
        equal += 1
    assert equal >= shared


@pytest.mark.parametrize("names", [AUGUST, SPOT_DAYS, PERP_DAYS], ids=["both", "spot", "perp"])
def test_two_minutes_of_a_recording_keep_the_laws_of_a_flow(
    recordings: Path, names: tuple[str, ...]
) -> None:
    """Time never goes back and no book crosses, tickers included."""
    flow = open_flow(market(recordings, names))
    followed = Followed().follow(seconds(flow.frames(), 120))
    assert followed.time_ms - (flow.origin_ms or 0) > 119_000
    assert followed.trades > 500


def test_the_two_markets_of_an_evening_loop_without_a_jump(recordings: Path) -> None:
    """Where the loop joins, time stands, both mids stay within a tick and both books are stated."""
    flow = open_flow(market(recordings, AUGUST))
    ticks = {rules.symbol: rules.tick_size for rules in flow.instruments}
    followed = Followed()
    before: dict[str, Frame] = {}
    frames = flow.frames()
    last_ms = 0
    for frame in frames:
        if isinstance(frame, BookSnapshot) and followed.snapshots >= len(ticks):
            old = followed.middle(frame.symbol)
            assert frame.time_ms == last_ms
            followed.take(frame)
            assert abs(followed.middle(frame.symbol) - old) <= ticks[frame.symbol]
            before[frame.symbol] = frame
            if len(before) == len(ticks):
                break
            continue
        last_ms = frame.time_ms
        if isinstance(frame, MarketTrade):
            continue
        if isinstance(frame, BookSnapshot):
            followed.take(frame)
            continue
        for side, levels in zip(
            followed.books[frame.symbol].values(), (frame.bids, frame.asks), strict=True
        ):
            for price, quantity in levels:
                side.put(price, quantity)
    assert 300_000 < last_ms - (flow.origin_ms or 0) < 345_000
    followed.follow(islice(frames, 20_000))
    assert followed.time_ms > last_ms + 30_000


def test_the_two_days_of_spot_are_one_recording(recordings: Path) -> None:
    """The second file goes on where the first ends, over midnight, without a snapshot between."""
    flow = open_flow(market(recordings, tuple(reversed(SPOT_DAYS))))
    snapshots, last_ms = 0, 0
    for frame in flow.frames():
        snapshots += isinstance(frame, BookSnapshot)
        if snapshots > 1:
            break
        last_ms = frame.time_ms
    assert 645_000 < last_ms - (flow.origin_ms or 0) < 655_000


@pytest.mark.parametrize("played", [1000, 110_000])
def test_a_recording_restores_to_the_same_future(recordings: Path, played: int) -> None:
    """Anywhere in it the future is identical."""
    value = market(recordings, AUGUST)
    future_after_restore(open_flow(value), open_flow(value), played, 2000)


@pytest.fixture(scope="module")
def fits(recordings: Path) -> tuple[MarketFit, MarketFit]:
    """The evening of 2024-08-08 and an hour of the generator, measured."""
    return fit(open_flow(market(recordings, AUGUST)), 342), fit(open_flow("synthetic:7"), 3600)


@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC/USDT:USDT"])
def test_the_generator_is_fitted_to_the_recording(
    fits: tuple[MarketFit, MarketFit], symbol: str
) -> None:
    """Each statistic lies within its stated factor of the recorded one."""
    recorded, generated = (one.symbols[symbol] for one in fits)
    for name, factor in FACTORS.items():
        ratio = getattr(generated, name) / getattr(recorded, name)
        assert 1 / factor <= ratio <= factor, f"{name}: generated/recorded {ratio:.2f}"


def test_the_basis_of_the_generator_wanders_as_the_recorded_one(
    fits: tuple[MarketFit, MarketFit],
) -> None:
    """Its deviation is the recorded one's within a fifth; its mean is a small premium on purpose."""
    recorded, generated = fits
    assert generated.basis_sd_bps == pytest.approx(recorded.basis_sd_bps, rel=0.2)
    assert 0 < generated.basis_mean_bps < 5
