"""The lattice of a grid: integer levels around an anchor, and which of them lie in the window. Knows no orders.

A level never moves. A wider interval uses every second, third ... level of the same lattice, so that whatever a level
holds stays where it was bought.
"""

import bisect
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Context, Decimal
from itertools import pairwise

import msgspec

from opensqt.domain.cached import cached
from opensqt.domain.decimals import BPS, EXACT, floor_to, nearest_to
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.strategy_events import AdoptedSlot, AnchorSet

BUFFER = Decimal("0.1")  # of a step: nothing opens nearer to the price


POWERS = Context(prec=28)
PRICES = Context(prec=16)  # of a geometric lattice; an order's price is fitted to the tick


class GridLevels(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Prices by level, quote units; of them every `stride`-th is used, counted from the anchor.

    Evenly apart: anchor + level * step. Geometric: each price is the one below times (anchor + step) / anchor. With
    `prices` they are these, the lowest is level 0; beyond both ends it goes on as far apart as the last two.
    """

    anchor_price: Decimal
    step_price: Decimal
    geometric: bool = False
    prices: tuple[Decimal, ...] = ()  # rising
    stride: int = 1

    def price(self, level: int) -> Decimal:
        """Return the price of a level."""
        price = self._known.get(level)
        if price is None:
            price = self._known[level] = self._price(level)
        return price

    def _price(self, level: int) -> Decimal:
        if self.geometric:
            ratio = POWERS.divide(self.anchor_price + self.step_price, self.anchor_price)
            return PRICES.multiply(self.anchor_price, POWERS.power(ratio, level))
        start, step = self.anchor_price, self.step_price
        if self.prices:
            last = len(self.prices) - 1
            if 0 <= level <= last:
                return self.prices[level]
            end, inner = (0, 1) if level < 0 else (last, last - 1)
            start, step = self.prices[end], abs(self.prices[end] - self.prices[inner])
            level -= end
        return EXACT.add(start, EXACT.multiply(step, Decimal(level)))

    @cached
    def _known(self) -> dict[int, Decimal]:
        """Prices by level, as far as somebody asked."""
        return {}

    def gap(self, level: int) -> Decimal:
        """Return the distance of a level to the next above (quote units)."""
        return self.price(level + 1) - self.price(level)

    def nearest(self, price: Decimal) -> int:
        """Return the level nearest to a price, ties to the even level."""
        if not self.geometric and not self.prices:
            distance = nearest_to(EXACT.subtract(price, self.anchor_price), self.step_price)
            return int(EXACT.divide(distance, self.step_price))
        level = self._near(price)
        return min(
            (level - 1, level, level + 1), key=lambda one: (abs(self.price(one) - price), one % 2)
        )

    def _near(self, price: Decimal) -> int:
        """Return a level at most one away from the nearest."""
        if self.geometric:
            ratio = POWERS.divide(self.anchor_price + self.step_price, self.anchor_price)
            rise = POWERS.ln(POWERS.divide(price, self.anchor_price))
            return int(POWERS.divide(rise, POWERS.ln(ratio)).to_integral_value())
        last = len(self.prices) - 1
        if price < self.prices[0]:
            return int((price - self.prices[0]) / self.gap(-1))
        if price > self.prices[last]:
            return last + int((price - self.prices[last]) / self.gap(last))
        return bisect.bisect_left(self.prices, price)

    def below(self, price: Decimal, count: int) -> tuple[int, ...]:
        """Return the `count` levels next below a price, nearest first, a safety buffer away."""
        near, stride = self.nearest(price), self.stride
        limit = price - self.gap(near) * stride * BUFFER
        level = -(-near // stride) * stride
        while self.price(level) >= limit:
            level -= stride
        return tuple(self._listed(range(level, level - stride * count, -stride), -1))

    def above(self, price: Decimal, count: int) -> tuple[int, ...]:
        """Return the `count` levels next above a price, nearest first, a safety buffer away."""
        near, stride = self.nearest(price), self.stride
        limit = price + self.gap(near) * stride * BUFFER
        level = near // stride * stride
        while self.price(level) <= limit:
            level += stride
        return tuple(self._listed(range(level, level + stride * count, stride), 1))

    def edges(self, price: Decimal) -> list[Decimal]:
        """Return the prices around this one at which a level comes into the window, leaves it, or is the nearest."""
        near = self.nearest(price)
        buffer = self.gap(near) * self.stride * BUFFER
        reach = 2 * self.stride + 1
        prices = [self.price(level) for level in range(near - reach, near + reach + 1)]
        uneven = self.geometric or self.prices  # only then it matters which one is the nearest
        found = [(low + high) / 2 for low, high in pairwise(prices)] if uneven else []
        for one in prices:
            found += (one - buffer, one, one + buffer)
        return found

    def reaches(self, level: int, price: Decimal, count: int) -> bool:
        """Tell whether a level lies so near that an order there may stay: the window and one interval more."""
        span = self.stride * (count + 1)
        low, high = self.price(level - span), self.price(level + span)
        return low <= price <= high

    def close_level(self, level: int, held: Decimal) -> int:
        """Return the level at which a slot's position is closed: one interval above a long, one below a short."""
        return level + self.stride if held > 0 else level - self.stride

    def _listed(self, levels: range, side: int) -> Iterator[int]:
        """Leave out levels without a price, and of listed prices the last one, which only closes what others opened."""
        for level in levels:
            inside = not self.prices or (
                0 <= level < len(self.prices) and 0 <= level - side < len(self.prices)
            )
            if inside and self.price(level) > 0:
                yield level


def lattice_at(price: Decimal, step_bps: Decimal, rules: InstrumentRules) -> GridLevels:
    """Return the even lattice anchored at a price: anchor and step on the tick, the step at least one tick."""
    anchor = nearest_to(price, rules.tick_size)
    step = nearest_to(EXACT.multiply(anchor, EXACT.multiply(step_bps, BPS)), rules.tick_size)
    return GridLevels(anchor_price=anchor, step_price=max(step, rules.tick_size))


def listed_lattice(prices: Sequence[Decimal], rules: InstrumentRules) -> GridLevels:
    """Return the lattice of listed prices, on the tick; its step is the smallest distance of two."""
    levels = tuple(nearest_to(price, rules.tick_size) for price in prices)
    step = min(high - low for low, high in pairwise(levels))
    return GridLevels(anchor_price=levels[0], step_price=step, prices=levels)


def lattice_of(event: AnchorSet) -> GridLevels:
    """Return the lattice that stands in the journal."""
    return GridLevels(
        anchor_price=event.anchor_price,
        step_price=event.step_price,
        geometric=event.geometric,
        prices=event.prices,
    )


def spread_over(
    quantity: Decimal,
    entry_price: Decimal,
    notional_quote: Decimal,
    rules: InstrumentRules,
    *,
    start: int = 0,
) -> tuple[AdoptedSlot, ...]:
    """Spread a position that was there over slots of about one order each, away from the price.

    A long goes to the levels 1, 2, ... above `start` (it is closed above them), a short to -1, -2, ... Each slot
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
                AdoptedSlot(
                    level=start + sign * index, quantity=sign * share, cost_price=entry_price
                )
            )
    return tuple(slots)
