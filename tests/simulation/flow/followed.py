"""A reader's book of each symbol of a flow, built from the frames alone; checks the laws of every flow."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.simulation.market.flow import BookDelta, BookSnapshot, Frame, MarketFlow, MarketTrade
from opensqt.simulation.market.ladder import Ladder


class Followed:
    """Folds frames; fails where time goes back, a book crosses or a delta comes before the snapshot."""

    def __init__(self) -> None:
        self.books: dict[str, dict[Side, Ladder]] = {}
        self.time_ms = 0
        self.trades = 0
        self.snapshots = 0

    def take(self, frame: Frame) -> None:
        """Fold one frame."""
        assert frame.time_ms >= self.time_ms
        self.time_ms = frame.time_ms
        if isinstance(frame, MarketTrade):
            assert frame.symbol in self.books
            assert frame.quantity > 0
            assert frame.price > 0
            self.trades += 1
            return
        if isinstance(frame, BookSnapshot):
            self.books[frame.symbol] = {side: Ladder(side) for side in Side}
            self.snapshots += 1
        for side, levels in ((Side.BUY, frame.bids), (Side.SELL, frame.asks)):
            for price, quantity in levels:
                assert price > 0
                assert quantity >= 0
                self.books[frame.symbol][side].put(price, quantity)
        bid, ask = self.top(frame.symbol)
        assert bid < ask, f"{frame.symbol} crossed at {frame.time_ms}: {bid} {ask}"

    def follow(self, frames: Iterable[Frame]) -> "Followed":
        """Fold many frames."""
        for frame in frames:
            self.take(frame)
        return self

    def top(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Best bid and best ask."""
        book = self.books[symbol]
        bid, ask = book[Side.BUY].best, book[Side.SELL].best
        assert bid is not None
        assert ask is not None
        return bid, ask

    def middle(self, symbol: str) -> Decimal:
        """The mid."""
        bid, ask = self.top(symbol)
        return (bid + ask) / 2

    def levels(self, symbol: str) -> list[list[tuple[Decimal, Decimal]]]:
        """Both sides, best first."""
        sides = self.books[symbol].values()
        return [[(price, side.quantity(price)) for price in side.prices()] for side in sides]


def on_grid(frame: Frame, rules: InstrumentRules) -> bool:
    """Tell whether all prices and quantities of a frame lie on tick and step."""
    if isinstance(frame, MarketTrade):
        levels: tuple[tuple[Decimal, Decimal], ...] = ((frame.price, frame.quantity),)
    else:
        levels = frame.bids + frame.asks
    return all(
        price % rules.tick_size == 0 and quantity % rules.quantity_step == 0
        for price, quantity in levels
    )


def future_after_restore(flow: MarketFlow, other: MarketFlow, played: int, more: int) -> None:
    """Check that a flow restored after `played` frames goes on as saved."""
    frames = flow.frames()
    before = Followed().follow(islice(frames, played))
    saved = flow.state()
    expected = list(islice(frames, more))
    while isinstance(expected[0], BookSnapshot):  # the state was taken where a loop begins
        before.take(expected.pop(0))
    other.restore(saved)
    resumed = other.frames()
    after = Followed()
    for _ in other.instruments:
        snapshot = next(resumed)
        assert isinstance(snapshot, BookSnapshot)
        after.take(snapshot)
    while isinstance(frame := next(resumed), BookSnapshot):
        after.take(frame)
    assert after.time_ms <= max(before.time_ms, expected[0].time_ms)
    for symbol in before.books:
        assert after.levels(symbol) == before.levels(symbol)
    assert [frame, *islice(resumed, len(expected) - 1)] == expected
    assert flow.state() == other.state()


def split(frames: Iterable[Frame]) -> tuple[list[BookSnapshot], list[BookDelta], list[MarketTrade]]:
    """Sort frames by kind."""
    listed = list(frames)
    return (
        [frame for frame in listed if isinstance(frame, BookSnapshot)],
        [frame for frame in listed if isinstance(frame, BookDelta)],
        [frame for frame in listed if isinstance(frame, MarketTrade)],
    )
