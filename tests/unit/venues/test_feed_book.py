"""The local book: joins, holes, and a recorded market rebuilt without one."""

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Market
from opensqt.venues.binance.feed import BinanceFeedFormat
from opensqt.venues.binance.frames import read_frame, read_snapshot
from opensqt.venues.engine.depth_book import (
    DepthBook,
    DepthChange,
    DepthGap,
    Level,
    chained,
    spanned,
)
from opensqt.venues.engine.feed_format import SymbolFrame

SYMBOLS = {"BTCUSDT": "BTC/USDT"}


def level(price: int, quantity: int) -> Level:
    """Return one level."""
    return Decimal(price), Decimal(quantity)


def snapshot(last: int) -> DepthChange:
    """Return a book of 99 / 101."""
    return DepthChange(last=last, bids=[level(99, 1)], asks=[level(101, 1)], time_ms=1, whole=True)


def change(first: int, last: int, previous: int = 0, bid: int = 98) -> DepthChange:
    """Return a change that adds a bid."""
    return DepthChange(
        first=first, last=last, previous=previous, bids=[level(bid, 2)], asks=[], time_ms=2
    )


def test_changes_wait_for_the_snapshot_and_old_ones_are_dropped() -> None:
    """What the snapshot already holds is dropped, what spans or follows it is applied."""
    book = DepthBook(spanned)
    for first, last, bid in ((1, 5, 90), (6, 12, 91), (13, 14, 92)):
        assert not book.change(change(first, last, bid=bid))
    book.change(snapshot(10))
    bids, _ = book.top(5)
    assert [int(row.price) for row in bids] == [99, 92, 91]
    assert book.sequence == 14


@pytest.mark.row("A10")
def test_hole_is_raised_and_the_book_is_gone() -> None:
    """A missing change is never bridged: nothing is shown until the next snapshot."""
    book = DepthBook(spanned)
    book.change(snapshot(10))
    assert book.change(change(11, 12))
    with pytest.raises(DepthGap):
        book.change(change(14, 15))
    assert not book.is_live
    book.change(snapshot(20))
    assert book.change(change(21, 21))


def test_first_change_must_touch_the_snapshot() -> None:
    """A snapshot older than the first change cannot be used."""
    book = DepthBook(spanned)
    book.change(change(15, 16))
    with pytest.raises(DepthGap):
        book.change(snapshot(10))


def test_perp_changes_name_the_one_before() -> None:
    """`pu` must be the last id; right after the snapshot a spanning change is right too."""
    book = DepthBook(chained)
    book.change(snapshot(10))
    assert book.change(change(8, 12, previous=7))
    assert book.change(change(15, 16, previous=12))
    with pytest.raises(DepthGap):
        book.change(change(20, 21, previous=18))


def test_numbers_that_went_back_are_no_old_news() -> None:
    """A later change with a smaller number is a hole: the one at which the venue began to count anew was lost."""
    book = DepthBook(chained)
    book.change(snapshot(10))
    assert book.change(change(0, 12, previous=10))
    stale = msgspec.structs.replace(change(0, 11, previous=10), time_ms=0)
    assert not book.change(stale)
    anew = msgspec.structs.replace(change(0, 4, previous=3), time_ms=book.time_ms + 1)
    with pytest.raises(DepthGap):
        book.change(anew)


def test_a_wrong_checksum_is_a_hole() -> None:
    """What the venue sums differently is not shown; where it sends none, nothing is summed."""
    book = DepthBook(chained, checksum=lambda bids, asks: len([*bids, *asks]))
    levels = len(snapshot(10).bids) + len(snapshot(10).asks)
    assert book.change(msgspec.structs.replace(snapshot(10), checksum=levels))
    assert book.change(msgspec.structs.replace(change(0, 12, previous=10), checksum=0))
    with pytest.raises(DepthGap, match="checksum"):
        book.change(msgspec.structs.replace(change(0, 13, previous=12), checksum=-1))
    assert not book.is_live


def test_empty_level_is_removed() -> None:
    """A quantity of zero takes the level away."""
    book = DepthBook(spanned)
    book.change(snapshot(10))
    gone = DepthChange(
        first=11, last=11, previous=0, bids=[level(99, 0)], asks=[level(100, 3)], time_ms=3
    )
    assert book.change(gone)
    bids, asks = book.top(5)
    assert bids == ()
    assert [int(row.price) for row in asks] == [100, 101]


def recorded(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the frames of a recording."""
    with gzip.open(path, "rt") as lines:
        for line in lines:
            yield json.loads(line.partition(" ")[2])


@pytest.mark.recordings
@pytest.mark.parametrize(
    "market,name",
    [(Market.SPOT, "spot_btcusdt_20240808.gz"), (Market.PERP, "usdm_btcusdt_20240808.gz")],
)
def test_recorded_market_is_rebuilt_and_equals_its_best_prices(
    recordings: Path, market: Market, name: str
) -> None:
    """Where book and bookTicker name the same id, the rebuilt top is the venue's own."""
    book = DepthBook(BinanceFeedFormat.sequence_rules[market])
    tickers: dict[int, tuple[str, str]] = {}
    tops: dict[int, tuple[Decimal, Decimal]] = {}
    for number, frame in enumerate(recorded(recordings / "market_raw" / "binance" / name)):
        if number > 20_000:
            break
        if "lastUpdateId" in frame:
            book.change(read_snapshot(json.dumps(frame).encode(), 0))
            continue
        data = frame["data"]
        if frame["stream"].endswith("bookTicker"):
            tickers[data["u"]] = data["b"], data["a"]
        elif "depth" in frame["stream"]:
            read = read_frame(json.dumps(data), SYMBOLS)
            assert isinstance(read, SymbolFrame)
            assert isinstance(read.value, DepthChange)
            if book.change(read.value):
                bids, asks = book.top(1)
                tops[book.sequence] = bids[0].price, asks[0].price
    shared = tickers.keys() & tops.keys()
    assert len(shared) > 20
    for sequence in shared:
        bid, ask = tickers[sequence]
        assert tops[sequence] == (Decimal(bid), Decimal(ask))
