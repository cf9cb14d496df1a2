"""A local book of one Binance symbol from a REST snapshot and numbered changes; pure. A hole is said, never bridged."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.market import BookLevel
from opensqt.venues.binance.parser import trimmed

Level = tuple[Decimal, Decimal]
WAITING_MAX = 1000  # changes kept while the snapshot is on its way


class DepthChange(msgspec.Struct, frozen=True, kw_only=True):
    """One depth frame: ids `first`..`last`, and usdm's id of the frame before it."""

    first: int
    last: int
    previous: int | None
    bids: list[Level]
    asks: list[Level]
    time_ms: int


class DepthSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A whole book as of an id."""

    last: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int


class DepthGap(Exception):
    """The numbers do not join: the book is worthless until the next snapshot."""


class _Side:
    """One side of the book; prices ascend in `_prices`."""

    def __init__(self, levels: Iterable[Level]) -> None:
        self._quantities = {price: quantity for price, quantity in levels if quantity}
        self._prices = sorted(self._quantities)
        self._shown: dict[Decimal, BookLevel] = {}  # levels that were shown and have not changed

    def apply(self, levels: Iterable[Level]) -> None:
        for price, quantity in levels:
            self._shown.pop(price, None)
            if quantity:
                if price not in self._quantities:
                    insort(self._prices, price)
                self._quantities[price] = quantity
            elif self._quantities.pop(price, None) is not None:
                del self._prices[bisect_left(self._prices, price)]

    def lowest(self, count: int) -> tuple[BookLevel, ...]:
        return self._levels(self._prices[:count])

    def highest(self, count: int) -> tuple[BookLevel, ...]:
        return self._levels(self._prices[: -count - 1 : -1])

    def _levels(self, prices: list[Decimal]) -> tuple[BookLevel, ...]:
        return tuple(self._shown.get(price) or self._show(price) for price in prices)

    def _show(self, price: Decimal) -> BookLevel:
        level = BookLevel(price=trimmed(price), quantity=trimmed(self._quantities[price]))
        self._shown[price] = level
        return level


class DepthBook:
    """Changes wait until a snapshot comes; then each must follow the one before it."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._waiting: list[DepthChange] = []
        self._bids = _Side(())
        self._asks = _Side(())
        self._last: int | None = None
        self._joined = False
        self.time_ms = 0

    @property
    def is_live(self) -> bool:
        """Tell whether the book can be shown."""
        return self._last is not None

    @property
    def sequence(self) -> int:
        """The id of the last change in the book."""
        return self._last or 0

    def reset(self) -> None:
        """Forget the book and wait for a snapshot."""
        self._waiting, self._last, self._joined = [], None, False

    def load(self, snapshot: DepthSnapshot) -> None:
        """Take a snapshot and what came meanwhile; raise `DepthGap` if they do not join."""
        waiting, self._waiting = self._waiting, []
        self._bids, self._asks = _Side(snapshot.bids), _Side(snapshot.asks)
        self._last, self._joined = snapshot.last, False
        self.time_ms = max(self.time_ms, snapshot.time_ms)
        for change in waiting:
            self._follow(change)

    def change(self, change: DepthChange) -> bool:
        """Take one change and tell whether the book moved; raise `DepthGap` on a hole (and reset)."""
        if self._last is None:
            if len(self._waiting) == WAITING_MAX:
                self._waiting.clear()
            self._waiting.append(change)
            return False
        return self._follow(change)

    def top(self, count: int) -> tuple[tuple[BookLevel, ...], tuple[BookLevel, ...]]:
        """Return the best bids and asks, best first."""
        return self._bids.highest(count), self._asks.lowest(count)

    def _follow(self, change: DepthChange) -> bool:
        last = self._last or 0
        if change.last <= last and (self._market is Market.SPOT or change.last < last):
            return False  # older than the book
        if not self._joins(change, last):
            self.reset()
            raise DepthGap(f"change {change.first}..{change.last} does not follow {last}")
        self._last, self._joined = change.last, True
        self.time_ms = max(self.time_ms, change.time_ms)
        self._bids.apply(change.bids)
        self._asks.apply(change.asks)
        return True

    def _joins(self, change: DepthChange, last: int) -> bool:
        """Spot: first <= last+1. usdm: `pu` is the last id; right after a snapshot it may also be spanned (docs)."""
        if self._market is Market.SPOT or change.previous is None:
            return change.first == last + 1 or (not self._joined and change.first <= last + 1)
        spans = not self._joined and change.first <= last <= change.last
        return change.previous == last or spans
