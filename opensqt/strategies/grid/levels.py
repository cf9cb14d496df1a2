"""The lattice of a grid: integer levels around an anchor, and which of them lie in the window. Knows no orders."""

from decimal import ROUND_CEILING, Decimal

import msgspec

from opensqt.domain.cached import cached
from opensqt.domain.decimals import BPS, EXACT, floor_to, nearest_to
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.strategy_events import AdoptedSlot

BUFFER = Decimal("0.1")  # of a step: nothing opens nearer to the price


class GridLevels(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Prices at anchor + level * step, quote units; levels are integers and never move."""

    anchor_price: Decimal
    step_price: Decimal

    def price(self, level: int) -> Decimal:
        """Return the price of a level."""
        price = self._prices.get(level)
        if price is None:
            price = EXACT.add(self.anchor_price, EXACT.multiply(self.step_price, Decimal(level)))
            self._prices[level] = price
        return price

    @cached
    def _prices(self) -> dict[int, Decimal]:
        """Prices by level, as far as somebody asked."""
        return {}

    def nearest(self, price: Decimal) -> int:
        """Return the level nearest to a price, ties to the even level."""
        distance = nearest_to(EXACT.subtract(price, self.anchor_price), self.step_price)
        return int(EXACT.divide(distance, self.step_price))

    def below(self, price: Decimal, count: int) -> tuple[int, ...]:
        """Return the `count` levels next below a price, nearest first, a safety buffer away."""
        limit = price - self.step_price * BUFFER
        level = self.nearest(price)
        while self.price(level) >= limit:
            level -= 1
        return tuple(level - i for i in range(count) if self.price(level - i) > 0)

    def above(self, price: Decimal, count: int) -> tuple[int, ...]:
        """Return the `count` levels next above a price, nearest first, a safety buffer away."""
        limit = price + self.step_price * BUFFER
        level = self.nearest(price)
        while self.price(level) <= limit:
            level += 1
        return tuple(level + i for i in range(count))

    def reaches(self, level: int, price: Decimal, count: int) -> bool:
        """Tell whether a level lies so near that an order there may stay: the window and one step more."""
        return abs(price - self.price(level)) <= self.step_price * (count + 1)


def lattice_at(price: Decimal, step_bps: Decimal, rules: InstrumentRules) -> GridLevels:
    """Return the lattice anchored at a price: anchor and step on the tick, the step at least one tick."""
    anchor = nearest_to(price, rules.tick_size)
    step = nearest_to(EXACT.multiply(anchor, EXACT.multiply(step_bps, BPS)), rules.tick_size)
    return GridLevels(anchor_price=anchor, step_price=max(step, rules.tick_size))


def close_level(level: int, held: Decimal) -> int:
    """Return the level at which a slot's position is closed: one above a long, one below a short."""
    return level + 1 if held > 0 else level - 1


def spread_over(
    quantity: Decimal, entry_price: Decimal, notional_quote: Decimal, rules: InstrumentRules
) -> tuple[AdoptedSlot, ...]:
    """Spread a position that was there over slots of about one order each, away from the price.

    A long goes to the levels 1, 2, ... above the anchor (it is closed above them), a short to -1, -2, ... Each slot
    keeps the venue's entry price as its cost; the last takes what rounding leaves.
    """
    if quantity == 0 or entry_price <= 0:
        return ()
    whole = abs(quantity)
    orders = EXACT.divide(EXACT.multiply(whole, entry_price), notional_quote)
    count = max(int(orders.to_integral_value(rounding=ROUND_CEILING)), 1)
    part = floor_to(EXACT.divide(whole, Decimal(count)), rules.quantity_step)
    sign = 1 if quantity > 0 else -1
    slots = []
    for index in range(1, count + 1):
        share = part if index < count else whole - part * (count - 1)
        if share > 0:
            slots.append(
                AdoptedSlot(level=sign * index, quantity=sign * share, cost_price=entry_price)
            )
    return tuple(slots)
