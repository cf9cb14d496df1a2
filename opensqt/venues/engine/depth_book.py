"""A local book of one symbol from a snapshot and numbered changes; pure. A hole is said, never bridged.

A venue gives its rule: how the numbers of a change must follow the last one. Everything else is the same.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ONE
from opensqt.domain.market import BookLevel
from opensqt.venues.engine.instrument import trimmed

Level = tuple[Decimal, Decimal]
WAITING_MAX = 1000  # changes kept while the snapshot is on its way


class DepthChange(msgspec.Struct, frozen=True, kw_only=True):
    """One depth frame with the ids `first`..`last` and `previous`, that of the frame before it (0: not told).

    `whole`: it is the book as of `last`, not a change of it. `checksum` is that of the book after it (0: not told).
    """

    last: int
    bids: list[Level]
    asks: list[Level]
    time_ms: int
    first: int = 0
    previous: int = 0
    whole: bool = False
    checksum: int = 0


# Tells whether a change follows the last id; `joined`: a change has already followed the snapshot.
SequenceRule = Callable[[DepthChange, int, bool], bool]
# Sums bids and asks, best first, as the venue counts and writes them.
Checksum = Callable[[Iterable[Level], Iterable[Level]], int]


def spanned(change: DepthChange, last: int, joined: bool) -> bool:
    """The first id is the next one; right after a snapshot the change may begin earlier."""
    return change.first == last + 1 or (not joined and change.first <= last + 1 <= change.last)


def chained(change: DepthChange, last: int, joined: bool) -> bool:
    """The change names the one before it; right after a snapshot it may also span it."""
    return change.previous == last or (not joined and 0 < change.first <= last <= change.last)


class DepthGap(Exception):
    """The numbers do not join: the book is worthless until the next snapshot."""


class _Side:
    """One side of the book; prices ascend in `_prices`."""

    def __init__(self, levels: Iterable[Level], contract_size: Decimal) -> None:
        self._contract_size = contract_size
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

    def sent(self, *, highest: bool) -> Iterator[Level]:
        """Return the levels as they were sent, best first."""
        prices = reversed(self._prices) if highest else iter(self._prices)
        return ((price, self._quantities[price]) for price in prices)

    def lowest(self, count: int) -> tuple[BookLevel, ...]:
        return self._levels(self._prices[:count])

    def highest(self, count: int) -> tuple[BookLevel, ...]:
        return self._levels(self._prices[: -count - 1 : -1])

    def _levels(self, prices: list[Decimal]) -> tuple[BookLevel, ...]:
        return tuple(self._shown.get(price) or self._show(price) for price in prices)

    def _show(self, price: Decimal) -> BookLevel:
        quantity = EXACT.multiply(self._quantities[price], self._contract_size)
        level = BookLevel(price=trimmed(price), quantity=trimmed(quantity))
        self._shown[price] = level
        return level


class DepthBook:
    """Changes wait until a snapshot comes; then each must follow the one before it."""

    def __init__(
        self,
        rule: SequenceRule,
        contract_size: Decimal = ONE,
        checksum: Checksum | None = None,
    ) -> None:
        self._rule, self._checksum = rule, checksum
        self._contract_size = contract_size
        self._waiting: list[DepthChange] = []
        self._bids = _Side((), contract_size)
        self._asks = _Side((), contract_size)
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

    def change(self, change: DepthChange) -> bool:
        """Take one frame and tell whether the book moved; raise `DepthGap` on a hole (and reset)."""
        if change.whole:
            return self._load(change)
        if self._last is None:
            if len(self._waiting) == WAITING_MAX:
                self._waiting.clear()
            self._waiting.append(change)
            return False
        return self._follow(change)

    def top(self, count: int) -> tuple[tuple[BookLevel, ...], tuple[BookLevel, ...]]:
        """Return the best bids and asks, best first."""
        return self._bids.highest(count), self._asks.lowest(count)

    def _load(self, whole: DepthChange) -> bool:
        """Take a snapshot and what came meanwhile; raise `DepthGap` if they do not join."""
        waiting, self._waiting = self._waiting, []
        self._bids = _Side(whole.bids, self._contract_size)
        self._asks = _Side(whole.asks, self._contract_size)
        self._last, self._joined = whole.last, False
        self.time_ms = max(self.time_ms, whole.time_ms)
        self._check(whole)
        for change in waiting:
            self._follow(change)
        return True

    def _follow(self, change: DepthChange) -> bool:
        last = self._last or 0
        if not self._rule(change, last, self._joined):
            if change.last <= last and (not self._joined or change.time_ms <= self.time_ms):
                return False  # older than the book
            self.reset()
            raise DepthGap(f"change {change.first}..{change.last} does not follow {last}")
        self._last, self._joined = change.last, True
        self.time_ms = max(self.time_ms, change.time_ms)
        self._bids.apply(change.bids)
        self._asks.apply(change.asks)
        self._check(change)
        return True

    def _check(self, change: DepthChange) -> None:
        """Compare with the venue's checksum, where there is one."""
        if self._checksum is None or not change.checksum:
            return
        ours = self._checksum(self._bids.sent(highest=True), self._asks.sent(highest=False))
        if ours != change.checksum:
            self.reset()
            raise DepthGap(f"checksum {ours} after {change.last}, the venue's is {change.checksum}")
