"""One side of the flow's book: quantities by price, kept sorted. Never holds our own orders."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import Decimal

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.simulation.market.flow import Level


class Ladder:
    """Levels of one side; the best is the highest bid or the lowest ask."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._quantities: dict[Decimal, Decimal] = {}
        self._prices: list[Decimal] = []

    @property
    def best(self) -> Decimal | None:
        """The best price, or None when the side is empty."""
        if not self._prices:
            return None
        return self._prices[-1] if self.side is Side.BUY else self._prices[0]

    def quantity(self, price: Decimal) -> Decimal:
        """Displayed quantity at a price (base units), 0 where there is none."""
        return self._quantities.get(price, ZERO)

    def put(self, price: Decimal, quantity: Decimal) -> None:
        """Set a level; quantity 0 removes it."""
        known = price in self._quantities
        if quantity > 0:
            self._quantities[price] = quantity
            if not known:
                self._prices.insert(bisect_left(self._prices, price), price)
        elif known:
            del self._quantities[price]
            del self._prices[bisect_left(self._prices, price)]

    def replace(self, levels: Iterable[Level]) -> None:
        """Forget everything and take these levels."""
        self._quantities = {price: quantity for price, quantity in levels if quantity > 0}
        self._prices = sorted(self._quantities)

    def prices(self) -> Iterator[Decimal]:
        """All prices, best first."""
        return reversed(self._prices) if self.side is Side.BUY else iter(self._prices)
