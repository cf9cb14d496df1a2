"""The rules of the recording player, each on a recording written for it."""

import gzip
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.simulation.market.flow import BookDelta, BookSnapshot, MarketFlow
from opensqt.simulation.market.recording_files import RecordingRefused
from opensqt.simulation.market.sources import MarketRefused, find_recording, open_checked, open_flow
from tests.simulation.flow.followed import Followed, future_after_restore, split
from tests.simulation.flow.written import BEGIN_MS, Written, simple

BIDS = [("100.00", "1"), ("99.00", "2")]
ASKS = [("101.00", "1"), ("102.00", "2")]
SPOT = "BTC/USDT"
PERP = "BTC/USDT:USDT"


def opened(*paths: Path) -> MarketFlow:
    """Open recordings as a venue does."""
    return open_flow("recorded:" + ",".join(str(path) for path in paths))


def test_deltas_before_the_snapshot_follow_the_rule_of_spot(tmp_path: Path) -> None:
    """What the snapshot holds already is dropped; what it does not hold yet is applied."""
    written = Written("spot").delta(0, bids=[("98.00", "9")])
    held = written.last
    written.delta(100, bids=[("99.00", "7")])
    written.snapshot(BIDS, ASKS, last=held).delta(200)
    flow = opened(written.save(tmp_path))
    snapshot = next(flow.frames())
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.bids == ((Decimal("100.00"), Decimal(1)), (Decimal("99.00"), Decimal(7)))
    assert flow.origin_ms == snapshot.time_ms == BEGIN_MS + 100


def test_the_perp_takes_the_delta_that_holds_the_snapshot(tmp_path: Path) -> None:
    """USDⓈ-M's first delta may begin before the snapshot, then `pu` must fit."""
    written = Written("usdm").delta(0, bids=[("98.0", "9")])
    written.snapshot([("100.0", "1")], [("101.0", "1")], last=written.last - 1)
    written.delta(100, asks=[("101.0", "4")])
    frames = list(islice(opened(written.save(tmp_path)).frames(), 2))
    assert isinstance(frames[0], BookSnapshot)
    assert frames[0].bids[-1] == (Decimal("98.0"), Decimal(9))
    assert frames[1] == BookDelta(
        symbol=PERP, time_ms=BEGIN_MS + 100, bids=(), asks=((Decimal("101.0"), Decimal(4)),)
    )


@pytest.mark.parametrize("market", ["spot", "usdm"])
def test_a_gap_without_a_snapshot_is_refused(tmp_path: Path, market: str) -> None:
    """The error names file and line of the gap."""
    written = simple(market)
    written.delta(600, first=written.last + 5)
    path = written.save(tmp_path)
    with pytest.raises(RecordingRefused, match=r"gz line 11: sequence gap.* record again"):
        list(islice(opened(path).frames(), 100))


@pytest.mark.parametrize("market", ["spot", "usdm"])
def test_a_gap_ends_in_the_next_snapshot(tmp_path: Path, market: str) -> None:
    """Nothing is played from the gap to the snapshot; then the whole book is restated."""
    written = simple(market)
    written.delta(600, first=written.last + 5).trade(610, "500.0", "1")
    written.snapshot([("200.0", "1")], [("201.0", "1")])
    written.delta(700, bids=[("200.0", "2")]).delta(800)
    flow = opened(written.save(tmp_path))
    followed = Followed().follow(frame for frame in islice(flow.frames(), 12))
    (symbol,) = followed.books
    assert followed.trades == 4
    assert followed.levels(symbol) == [
        [(Decimal(200), Decimal(2))],
        [(Decimal(201), Decimal(1))],
    ]


def test_a_book_ticker_refines_the_top_and_is_taken_back(tmp_path: Path) -> None:
    """Better levels vanish until the next delta, which says what is true; an old ticker says nothing."""
    written = Written("spot").delta(0).snapshot(BIDS, ASKS).trade(50, "101.00", "0.1")
    written.ticker(("99.00", "1.5"), ("102.00", "2"))
    written.ticker(("90.00", "9"), ("91.00", "9"), ahead=0)
    written.delta(100, bids=[("98.00", "1")]).delta(200)
    flow = opened(written.save(tmp_path))
    frames = list(islice(flow.frames(), 4))
    followed = Followed().follow(frames[:3])
    assert followed.levels(SPOT) == [
        [(Decimal(99), Decimal("1.5"))],
        [(Decimal(102), Decimal(2))],
    ]
    assert frames[2].time_ms == BEGIN_MS + 50
    followed.take(frames[3])
    assert followed.levels(SPOT) == [
        [(Decimal(100), Decimal(1)), (Decimal(99), Decimal(2)), (Decimal(98), Decimal(1))],
        [(Decimal(101), Decimal(1)), (Decimal(102), Decimal(2))],
    ]


def test_a_ticker_newer_than_a_delta_stays_on_top(tmp_path: Path) -> None:
    """A late delta does not bring back the top of an earlier moment."""
    written = Written("spot").delta(0).snapshot(BIDS, ASKS).trade(50, "101.00", "0.1")
    written.ticker(("99.00", "1.5"), ("102.00", "2"), ahead=5).delta(100).delta(200).delta(300)
    flow = opened(written.save(tmp_path))
    tops = []
    followed = Followed()
    for frame in islice(flow.frames(), 6):
        followed.take(frame)
        tops.append(followed.top(SPOT))
    early, late = (Decimal(100), Decimal(101)), (Decimal(99), Decimal(102))
    assert tops == [early, early, late, late, late, early]


def test_symbols_begin_together_and_loop_when_the_shortest_ends(tmp_path: Path) -> None:
    """Both books are stated at the common beginning, and again when one ends."""
    spot = simple("spot", begin_ms=0, count=9).save(tmp_path)
    perp = simple("usdm", begin_ms=150, count=4).save(tmp_path)
    flow = opened(spot, perp)
    assert flow.origin_ms == BEGIN_MS + 150
    frames = list(islice(flow.frames(), 40))
    snapshots, _, _ = split(frames)
    assert [one.time_ms - BEGIN_MS for one in snapshots[:4]] == [150, 150, 480, 480]
    assert [one.symbol for one in snapshots[:4]] == [SPOT, PERP, SPOT, PERP]
    assert snapshots[0].bids[0] == (Decimal(101), Decimal(2))


@settings(max_examples=20, deadline=None)
@given(count=st.integers(3, 12), drift=st.integers(-3, 3))
def test_loops_join_times_and_prices(
    tmp_path_factory: pytest.TempPathFactory, count: int, drift: int
) -> None:
    """Over many loops time goes on, no book crosses and no mid jumps where loops meet."""
    path = simple("spot", count=count, drift=drift).save(tmp_path_factory.mktemp("loop"))
    followed = Followed()
    middle, time_ms = Decimal(0), 0
    for frame in islice(opened(path).frames(), 200):
        before, time_ms = middle, followed.time_ms
        followed.take(frame)
        middle = followed.middle(SPOT)
        if isinstance(frame, BookSnapshot) and before:
            loops = followed.snapshots
            half = before > 2 * 101 or before < Decimal(101) / 2
            assert frame.time_ms == time_ms
            assert half or abs(middle - before) <= Decimal("0.01"), loops
            if half:
                return


@settings(max_examples=20, deadline=None)
@given(played=st.integers(2, 90))
def test_a_restored_recording_has_the_identical_future(
    tmp_path_factory: pytest.TempPathFactory, played: int
) -> None:
    """In any loop and at any frame."""
    folder = tmp_path_factory.mktemp("restore")
    paths = (simple("spot").save(folder), simple("usdm", begin_ms=40).save(folder))
    future_after_restore(opened(*paths), opened(*paths), played, 60)


def test_a_recording_started_later_plays_from_its_beginning_at_that_time(tmp_path: Path) -> None:
    """Before its own beginning the start is ignored; after it the times move."""
    path = simple("spot").save(tmp_path)
    early, late = opened(path), opened(path)
    early.start(BEGIN_MS - 10_000)
    late.start(BEGIN_MS + 10_000)
    shifts = [
        right.time_ms - left.time_ms
        for left, right in zip(islice(early.frames(), 30), islice(late.frames(), 30), strict=True)
    ]
    assert set(shifts) == {10_000}


def test_files_are_joined_in_the_order_of_their_events(tmp_path: Path) -> None:
    """Whatever order they are named in; the second needs no snapshot."""
    first = simple("spot")
    second = Written("spot", last=first.last)
    second.delta(700, bids=[("103.00", "8")]).trade(750, "105.00", "2", sell=True).delta(800)
    paths = first.save(tmp_path), second.save(tmp_path, "20240809")
    frames = list(islice(opened(*reversed(paths)).frames(), 12))
    _, deltas, trades = split(frames)
    assert deltas[-1].time_ms == BEGIN_MS + 800
    assert (trades[-1].taker, trades[-1].price) == (Side.SELL, Decimal(105))


def test_rules_of_other_symbols_come_from_their_decimals(tmp_path: Path) -> None:
    """Tick and step are what the snapshot shows; dust finer than the step is played as it is."""
    written = Written("spot", "XRPUSDT").delta(0)
    written.snapshot([("0.61230000", "12.40000000")], [("0.61240000", "3.00000000")])
    written.delta(100, bids=[("0.61230000", "1.23456789")]).delta(200)
    flow = opened(written.save(tmp_path))
    (rules,) = flow.instruments
    assert (rules.symbol, rules.venue_symbol) == ("XRP/USDT", "XRPUSDT")
    assert (rules.tick_size, rules.quantity_step) == (Decimal("0.0001"), Decimal("0.1"))
    dusty = list(islice(flow.frames(), 2))[1]
    assert isinstance(dusty, BookDelta)
    assert dusty.bids[0][1] == Decimal("1.23456789")


def refused(paths: Sequence[Path]) -> str:
    """The one line that explains why these recordings are not played."""
    with pytest.raises((MarketRefused, RecordingRefused)) as error:
        list(islice(opened(*paths).frames(), 100))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_unusable_files_are_refused_with_the_fix(tmp_path: Path) -> None:
    """A missing, misnamed, torn or foreign file each has its own line."""
    good = simple("spot").save(tmp_path)
    whole = good.read_bytes()
    assert "check the path" in refused([tmp_path / "spot_ethusdt_20240808.gz"])
    odd = tmp_path / "btc.gz"
    odd.write_bytes(whole)
    assert "'btc.gz' has no usable name; expected <market>_" in refused([odd])
    torn = tmp_path / "spot_btcusdt_20240810.gz"
    torn.write_bytes(whole[:-20])
    assert "not a whole gzip file" in refused([torn])
    torn.write_bytes(b"plain text")
    assert "not a whole gzip file" in refused([torn])
    torn.write_bytes(gzip.compress(b"17 {not json}\n"))
    assert "line 1: not a recorded Binance frame" in refused([torn])
    alien = Written("spot", "ETHUSDT").delta(0).save(tmp_path)
    alien.rename(torn)
    assert "symbol 'ETHUSDT', expected 'BTCUSDT'" in refused([torn])


def test_recordings_that_cannot_be_played_are_refused_with_the_fix(tmp_path: Path) -> None:
    """A second day alone, hours that do not meet, and prices off the tick each have their own line."""
    second = Written("spot").delta(0).delta(100).save(tmp_path, "20240809")
    assert "add the file that has one" in refused([second])
    early = simple("spot").save(tmp_path)
    late = simple("usdm", begin_ms=60_000).save(tmp_path)
    assert "give recordings of the same hours" in refused([early, late])
    fine = Written("spot").delta(0).snapshot(BIDS, ASKS).delta(100, bids=[("99.005", "1")])
    assert "'99.005' has more than 2 decimals" in refused([fine.save(tmp_path, "20240810")])


def test_a_state_of_other_recordings_is_refused(tmp_path: Path) -> None:
    """The error names both."""
    spot, perp = opened(simple("spot").save(tmp_path)), opened(simple("usdm").save(tmp_path))
    with pytest.raises(RecordingRefused, match=r"spot_btcusdt.* expected usdm_btcusdt"):
        perp.restore(spot.state())
    with pytest.raises(RecordingRefused, match="not one of a recorded market"):
        perp.restore(b"rubbish")


def test_a_bare_name_is_found_in_the_folder_of_recordings(tmp_path: Path) -> None:
    """A relative path is tried as it is, then under OPENSQT_RECORDINGS."""
    folder = tmp_path / "market_raw" / "binance"
    folder.mkdir(parents=True)
    stored = simple("spot").save(folder)
    environment = {"OPENSQT_RECORDINGS": str(tmp_path)}
    assert find_recording(stored.name, environment) == stored
    assert find_recording("nowhere.gz", environment) == Path("nowhere.gz")
    assert find_recording(str(stored), {}) == stored


FAULTS = {
    "microseconds": ('"E": 1723161255200', '"E": 1723161255200000', "is not in ms since 1970"),
    "negative price": ('["101.0", "2"]', '["-101.0", "2"]', "price '-101.0' is not above 0"),
    "negative quantity": ('["101.0", "2"]', '["101.0", "-2"]', "quantity '-2' is below 0"),
    "no price": ('["101.0", "2"]', '["0", "2"]', "price '0' is not above 0"),
    "no number": ('["101.0", "2"]', '["1e3", "2"]', "'1e3' is not a number"),
    "crossed": ('["101.0", "2"]', '["500.0", "2"]', "the book is crossed"),
    "no time of receipt": ("4 {", "four {", "not a recorded Binance frame"),
}


@pytest.mark.row("K13", "K04")
@pytest.mark.parametrize("name", FAULTS)
def test_what_no_market_can_have_is_refused_before_it_is_played(tmp_path: Path, name: str) -> None:
    """Opening a recording for a start reads all of it and names file and line."""
    old, new, expected = FAULTS[name]
    written = simple("spot", count=4)
    assert any(old in line for line in written.lines)
    written.lines = [line.replace(old, new, 1) for line in written.lines]
    path = written.save(tmp_path)
    with pytest.raises(MarketRefused, match=rf"{path.name}.* line \d+: .*{expected}"):
        open_checked(f"recorded:{path}")


@pytest.mark.row("K04")
def test_bytes_that_are_no_text_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    """Also in a field that nobody reads."""
    path = simple("spot").save(tmp_path)
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b"btcusdt@trade", b"btc\xffusdt@trade", 1)))
    with pytest.raises(MarketRefused, match=r"line 4: not a recorded Binance frame.*utf-8"):
        open_checked(f"recorded:{path}")
