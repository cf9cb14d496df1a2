"""OKX's public frames: recorded ones, books whose sums are the venue's, numbers that chain changes, and what is odd."""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.market import Candle, Trade
from opensqt.venues.engine.depth_book import DepthBook, DepthChange, DepthGap
from opensqt.venues.engine.feed_format import MarkChange, SubscriptionAccepted, SymbolFrame
from opensqt.venues.okx.feed import OkxFeedFormat, book_checksum
from opensqt.venues.okx.frames import read_frame, read_funding_hours
from tests.unit.venues.okx_recordings import Recorded

NAMES = {"BTC-USDT-SWAP": "BTC/USDT:USDT"}
CANDLE = (
    '{"arg":{"channel":"candle1m","instId":"BTC-USDT-SWAP"},"data":[["1597026360000","8533.02","8553.74",'
    '"8527.17","8548.26","45247","452.47","3860000","1"]]}'
)
INDEX = (
    '{"arg":{"channel":"index-tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT",'
    '"idxPx":"43350.10","ts":"1597026383085"}]}'
)


@pytest.fixture
def recorded(recordings: Path) -> Recorded:
    """The recordings."""
    return Recorded(recordings)


@pytest.mark.row("D01")
@pytest.mark.recordings
def test_recorded_public_frames_are_read(recorded: Recorded) -> None:
    """Trades, marks, indices and funding of the recordings; a rate that is not there yet is none."""
    frames = [*recorded.public, *recorded.frames]
    args = [frame["arg"] for frame in frames if "instId" in frame.get("arg", {})]
    names = {arg["instId"]: arg["instId"] for arg in args}
    swaps = {f"{name}-SWAP": f"{name}-SWAP" for name in names}
    kinds: dict[str, int] = {}
    for frame in frames:
        read = read_frame(json.dumps(frame), names | swaps)
        for one in read if isinstance(read, list) else [read]:
            value = one.value if isinstance(one, SymbolFrame) else one
            kinds[type(value).__name__] = kinds.get(type(value).__name__, 0) + 1
    assert kinds["Trade"] >= 3
    assert kinds["MarkChange"] >= 4
    assert kinds["DepthChange"] >= 1
    assert kinds["SubscriptionAccepted"] >= 5


@pytest.mark.row("D10")
@pytest.mark.recordings
def test_the_interval_is_between_the_next_two_payments(recorded: Recorded) -> None:
    """Eight hours of the recorded rate; what has no second time is not told."""
    answer = recorded.answers["public/funding-rate"][0]
    raw = json.dumps(answer).encode()
    named = {answer["data"][0]["instId"]: "BTC/USDT:USDT"}
    first, second = (int(answer["data"][0][name]) for name in ("fundingTime", "nextFundingTime"))
    assert read_funding_hours(raw, named) == {"BTC/USDT:USDT": (second - first) // 3_600_000}
    four = json.dumps(
        {
            "code": "0",
            "data": [{**answer["data"][0], "nextFundingTime": str(first + 4 * 3_600_000)}],
        }
    )
    assert read_funding_hours(four.encode(), named) == {"BTC/USDT:USDT": 4}


@pytest.mark.recordings
def test_recorded_books_are_rebuilt_and_every_checksum_is_right(recorded: Recorded) -> None:
    """In 2022 the changes had no numbers, so that only the sums prove the book: all of them do."""
    books = {name: trusting_book() for name in ("BTC-USDT", "UNI-USD-SWAP")}
    sums = prints = 0
    for name, value in heard(recorded):
        if isinstance(value, DepthChange):
            books[name].change(value)
            sums += 1
            bids, asks = books[name].top(1)
            assert bids[0].price < asks[0].price
        prints += isinstance(value, Trade)
    assert sums > 100
    assert prints > 10


@pytest.mark.recordings
def test_a_change_that_is_cut_out_is_noticed_by_the_sum(recorded: Recorded) -> None:
    """Without one change of ten the sums soon differ, and the book is not shown any more."""
    book = trusting_book()
    changes = [
        value
        for name, value in heard(recorded)
        if name == "BTC-USDT" and isinstance(value, DepthChange)
    ]
    for change in changes[:9]:
        book.change(change)
    with pytest.raises(DepthGap, match="checksum"):
        consume(map(book.change, changes[10:]))
    assert not book.is_live


def consume(steps: Iterable[object]) -> None:
    """Take all steps."""
    deque(steps, maxlen=0)


def trusting_book() -> DepthBook:
    """A book whose changes follow each other, as far as their numbers say; sums are compared."""
    return DepthBook(lambda *_: True, checksum=book_checksum)


def heard(recorded: Recorded) -> Iterator[tuple[str, Any]]:
    """What the recorded session tells, by instrument."""
    names = {name: name for name in ("BTC-USDT", "UNI-USD-SWAP")}
    for text in recorded.heard():
        read = read_frame(text, names)
        if isinstance(read, list):
            for one in read:
                yield one.symbol, one.value


def test_numbers_chain_changes_to_the_whole_book() -> None:
    """`prevSeqId` names the one before; the same number twice is a sign of life, another one a hole."""
    book = DepthBook(OkxFeedFormat.sequence_rules[Market.SPOT], checksum=OkxFeedFormat.checksum)

    def frame(
        action: str, seq: int, previous: int, bids: str = "[]", asks: str = "[]"
    ) -> DepthChange:
        text = (
            f'{{"arg":{{"channel":"books","instId":"BTC-USDT"}},"action":"{action}","data":[{{"asks":{asks},'
            f'"bids":{bids},"ts":"{1000 + seq}","checksum":0,"seqId":{seq},"prevSeqId":{previous}}}]}}'
        )
        read = read_frame(text, {"BTC-USDT": "BTC/USDT"})
        assert isinstance(read, list)
        (one,) = read
        assert isinstance(one.value, DepthChange)
        return one.value

    level, other = '[["99","1","0","1"]]', '[["101","2","0","1"]]'
    assert book.change(frame("snapshot", 10, -1, level, other))
    assert book.change(frame("update", 15, 10, '[["99","3","0","1"]]'))
    assert book.change(frame("update", 15, 15))
    assert book.top(1)[0][0].quantity == 3
    assert book.change(frame("update", 3, 15))  # the venue counts anew after maintenance
    with pytest.raises(DepthGap):
        book.change(frame("update", 30, 20))


ODD = [
    *("pong", "", "[]", "{}"),
    '{"arg":{"channel":"books","instId":"BTC-USDT"},"data":[{}]}',
    '{"arg":{"channel":"candle1m","instId":"BTC-USDT"},"data":[["x"]]}',
]


@pytest.mark.parametrize("text", ODD)
def test_what_is_not_as_documented_says_nothing(text: str) -> None:
    """A reader of public frames never raises."""
    assert read_frame(text, {"BTC-USDT": "BTC/USDT"}) is None


def test_a_candle_and_a_mark_are_read() -> None:
    """A candle counts as its market does; a mark, its index and its funding come apart."""
    candle = read_frame(CANDLE, NAMES)
    assert isinstance(candle, list)
    assert isinstance(candle[0].value, Candle)
    assert (candle[0].value.volume, candle[0].value.closed) == (Decimal(45247), True)
    change = MarkChange(index_price=Decimal("43350.1"), time_ms=1_597_026_383_085)
    assert read_frame(INDEX, NAMES) == SymbolFrame("BTC/USDT:USDT", change)
    refused = read_frame('{"event":"error","code":"60018","msg":"no such channel"}', NAMES)
    assert refused is not None
    assert not isinstance(refused, SubscriptionAccepted | list)
