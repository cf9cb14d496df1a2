"""A book and its frames in whole ticks and steps, exact and fast. It draws nothing and decides nothing."""

from bisect import bisect_left, bisect_right, insort
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import Side
from opensqt.simulation.market.flow import BookDelta, BookSnapshot, Frame, Level, MarketTrade

Change = tuple[int, int]


class TickDelta(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """New quantities (steps) by price (ticks) of one symbol."""

    time_ms: int
    bids: list[Change]
    asks: list[Change]


class TickTrade(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A trade in ticks and steps; `sign` is +1 where the aggressor buys."""

    time_ms: int
    price: int
    quantity: int
    sign: int


TickFrame = TickDelta | TickTrade


class TickSide:
    """One side of a book: quantities (steps) by price (ticks), best first by rank."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.quantities: dict[int, int] = {}
        self._ranks: list[int] = []

    def __len__(self) -> int:
        return len(self._ranks)

    @property
    def best(self) -> int:
        """The best price (ticks); the side must not be empty."""
        return self._ranks[0] * -self.sign

    @property
    def worst(self) -> int:
        """The price farthest from the other side (ticks); the side must not be empty."""
        return self._ranks[-1] * -self.sign

    def at(self, index: int) -> int:
        """The price (ticks) of the index-th best level."""
        return self._ranks[index] * -self.sign

    def put(self, price: int, quantity: int) -> None:
        """Set a level; quantity 0 removes it."""
        known = price in self.quantities
        if quantity > 0:
            self.quantities[price] = quantity
            if not known:
                insort(self._ranks, price * -self.sign)
        elif known:
            del self.quantities[price]
            del self._ranks[bisect_left(self._ranks, price * -self.sign)]

    def better_than(self, price: int) -> list[int]:
        """Prices strictly nearer to the other side than `price`, best first."""
        end = bisect_left(self._ranks, price * -self.sign)
        return [rank * -self.sign for rank in self._ranks[:end]]

    def beyond(self, price: int) -> list[int]:
        """Prices strictly farther from the other side than `price`, nearest first."""
        start = bisect_right(self._ranks, price * -self.sign)
        return [rank * -self.sign for rank in self._ranks[start:]]

    def nearest(self, price: int) -> int:
        """The known price at `price` or next beyond it (the worst where there is none beyond)."""
        index = bisect_left(self._ranks, price * -self.sign)
        return self._ranks[min(index, len(self._ranks) - 1)] * -self.sign

    def levels(self) -> list[Change]:
        """All levels, best first."""
        return [(rank * -self.sign, self.quantities[rank * -self.sign]) for rank in self._ranks]


class TickBook:
    """Both sides of one symbol's book. `bids.sign` is +1, `asks.sign` is -1."""

    def __init__(self) -> None:
        self.bids = TickSide(1)
        self.asks = TickSide(-1)

    def side(self, sign: int) -> TickSide:
        """The bids for +1, the asks for -1."""
        return self.bids if sign > 0 else self.asks

    def apply(self, delta: TickDelta) -> None:
        """Take over the new quantities of a delta."""
        for price, quantity in delta.bids:
            self.bids.put(price, quantity)
        for price, quantity in delta.asks:
            self.asks.put(price, quantity)


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How ticks and steps of one symbol become decimals."""

    symbol: str
    price_decimals: int
    quantity_decimals: int

    def price(self, ticks: int) -> Decimal:
        """The price (quote units) of a number of ticks."""
        return Decimal(ticks).scaleb(-self.price_decimals, EXACT)

    def levels(self, changes: list[Change]) -> tuple[Level, ...]:
        """Levels as decimals, in the order given."""
        prices, quantities = -self.price_decimals, -self.quantity_decimals
        return tuple(
            (Decimal(price).scaleb(prices, EXACT), Decimal(quantity).scaleb(quantities, EXACT))
            for price, quantity in changes
        )

    def snapshot(self, book: TickBook, time_ms: int) -> BookSnapshot:
        """The whole book as a frame."""
        return BookSnapshot(
            symbol=self.symbol,
            time_ms=time_ms,
            bids=self.levels(book.bids.levels()),
            asks=self.levels(book.asks.levels()),
        )

    def frame(self, frame: TickFrame, shift_ms: int) -> Frame:
        """A frame in decimals, `shift_ms` later."""
        if isinstance(frame, TickTrade):
            return MarketTrade(
                symbol=self.symbol,
                time_ms=frame.time_ms + shift_ms,
                price=self.price(frame.price),
                quantity=Decimal(frame.quantity).scaleb(-self.quantity_decimals, EXACT),
                taker=Side.BUY if frame.sign > 0 else Side.SELL,
            )
        return BookDelta(
            symbol=self.symbol,
            time_ms=frame.time_ms + shift_ms,
            bids=self.levels(frame.bids),
            asks=self.levels(frame.asks),
        )
