"""The crowd on one synthetic book: limit orders, cancels and market orders around an efficient price.

Each method returns frames and changes nothing: the book moves when the frame is yielded. It never crosses the
book: a frame that removes one side up to the efficient price never adds on the other beyond it.
"""

import math
from random import Random

from opensqt.simulation.market.orderflow import Change, TickBook, TickDelta, TickFrame, TickTrade
from opensqt.simulation.market.synthetic_profile import MarketProfile, Quantiles, draw

LEVELS_TARGET = 160
LEVELS_MIN = 40
DEPTH_BPS = 6.0
DEPTH_BPS_MAX = 30.0
SWEEP_SHARE = 0.6
SWEEP_PRINTS_MORE = 2.0
PERSISTENCE = 0.65
REPEAT_LEVELS_MAX = 3


class SyntheticCrowd:
    """Everybody who trades one symbol; `ticks_per_bp` and `steps_per_btc` scale the profile to the symbol."""

    def __init__(
        self, book: TickBook, profile: MarketProfile, ticks_per_bp: float, steps_per_btc: float
    ) -> None:
        self.book = book
        self.profile = profile
        self.ticks_per_bp = ticks_per_bp
        self.steps_per_btc = steps_per_btc
        self.last_sign = 1

    @property
    def spread_ticks(self) -> int:
        """How far apart the best prices are."""
        return self.book.asks.best - self.book.bids.best

    def open(self, fair: float, rng: Random) -> None:
        """Fill an empty book around the efficient price (ticks)."""
        bid = math.floor(fair)
        for sign, price in ((1, bid), (-1, bid + 1)):
            side = self.book.side(sign)
            side.put(price, self._size(self.profile.top_sizes, rng))
            for _ in range(LEVELS_TARGET):
                side.put(self._depth(price, sign, rng), self._level_size(rng))

    def touch(self, time_ms: int, fair: float, rng: Random) -> list[TickFrame]:
        """Somebody acts at the top: follows the efficient price, closes the spread or changes a queue."""
        sign = self._stale(fair)
        if sign:
            if rng.random() < SWEEP_SHARE:
                return self._sweep(time_ms, sign, fair, rng)
            return [self._clear(time_ms, sign, fair, rng)]
        if self.spread_ticks > 1 and rng.random() < self.profile.refill_share:
            return [self._refill(time_ms, fair, rng)]
        side_sign = 1 if rng.random() < 0.5 else -1
        side = self.book.side(side_sign)
        return [_delta(time_ms, side_sign, [(side.best, self._size(self.profile.top_sizes, rng))])]

    def market_order(self, time_ms: int, fair: float, rng: Random) -> list[TickFrame]:
        """Somebody takes from the top in one or several prints."""
        stale = self._stale(fair)
        if stale:
            return self._sweep(time_ms, stale, fair, rng)
        sign = self.last_sign if rng.random() < PERSISTENCE else -self.last_sign
        self.last_sign = sign
        passive = self.book.side(-sign)
        if len(passive) <= REPEAT_LEVELS_MAX:
            return [self._clear(time_ms, sign, passive.best, rng)]
        frames: list[TickFrame] = []
        changes: list[Change] = []
        index = 0
        price = passive.best
        left = passive.quantities[price]
        for _ in range(1 + _geometric(self.profile.prints_more, rng)):
            if left == 0:
                changes.append((price, 0))
                index += 1
                if index >= REPEAT_LEVELS_MAX:
                    break
                price = passive.at(index)
                left = passive.quantities[price]
            quantity = min(left, self._size(self.profile.print_sizes, rng))
            frames.append(TickTrade(time_ms, price, quantity, sign))
            left -= quantity
        if index < REPEAT_LEVELS_MAX:
            changes.append((price, left))
        frames.append(_delta(time_ms, -sign, changes))
        return frames

    def depth(self, time_ms: int, rng: Random) -> TickFrame:
        """Limit orders and cancels below the top, and levels too far away forgotten."""
        changes: dict[int, dict[int, int]] = {1: {}, -1: {}}
        for _ in range(round(draw(self.profile.depth_changes, rng))):
            sign = 1 if rng.random() < 0.5 else -1
            side = self.book.side(sign)
            price = self._depth(side.best, sign, rng)
            missing = (LEVELS_TARGET - len(side)) / LEVELS_TARGET
            if rng.random() < 0.5 + missing:
                changes[sign][price] = self._level_size(rng)
                continue
            price = side.nearest(price)
            if price != side.best and len(side) > LEVELS_MIN:
                changes[sign][price] = 0 if rng.random() < 0.7 else self._level_size(rng)
        for sign, taken in changes.items():
            side = self.book.side(sign)
            edge = side.best - sign * round(DEPTH_BPS_MAX * self.ticks_per_bp)
            for price in side.beyond(edge):
                taken[price] = 0
        return TickDelta(time_ms, list(changes[1].items()), list(changes[-1].items()))

    def _stale(self, fair: float) -> int:
        """+1 where the asks lie below the efficient price, -1 where the bids lie above it, else 0."""
        if fair > self.book.asks.best:
            return 1
        return -1 if fair < self.book.bids.best else 0

    def _sweep(self, time_ms: int, sign: int, fair: float, rng: Random) -> list[TickFrame]:
        """Trade through the stale levels, a print here and there, while their owners flee."""
        passive = self.book.side(-sign)
        stale = passive.better_than(_edge(sign, fair))
        prints = min(len(stale), 1 + _geometric(SWEEP_PRINTS_MORE, rng))
        frames: list[TickFrame] = []
        for number in range(1, prints + 1):
            price = stale[number * len(stale) // prints - 1]
            quantity = min(passive.quantities[price], self._size(self.profile.print_sizes, rng))
            frames.append(TickTrade(time_ms, price, quantity, sign))
        self.last_sign = sign
        frames.append(self._clear(time_ms, sign, fair, rng))
        return frames

    def _clear(self, time_ms: int, sign: int, fair: float, rng: Random) -> TickDelta:
        """Remove the stale levels and put new ones behind where too few are left."""
        passive = self.book.side(-sign)
        edge = _edge(sign, fair)
        stale = passive.better_than(edge)
        changes = dict.fromkeys(stale, 0)
        if len(passive) - len(stale) < LEVELS_MIN:
            changes[edge] = self._size(self.profile.top_sizes, rng)
            for _ in range(LEVELS_MIN):
                changes[self._depth(edge, -sign, rng)] = self._level_size(rng)
        return _delta(time_ms, -sign, list(changes.items()))

    def _refill(self, time_ms: int, fair: float, rng: Random) -> TickDelta:
        """Improve the side that is farther from the efficient price, never beyond it or into the other side."""
        bid, ask = self.book.bids.best, self.book.asks.best
        sign = 1 if fair - bid > ask - fair else -1
        own, other = (bid, ask) if sign > 0 else (ask, bid)
        limit = min(other - 1, math.floor(fair)) if sign > 0 else max(other + 1, math.ceil(fair))
        price = limit
        if rng.random() >= self.profile.close_share:
            price = limit - sign * round(rng.random() ** 2 * abs(limit - own))
        return _delta(time_ms, sign, [(price, self._size(self.profile.top_sizes, rng))])

    def _depth(self, best: int, sign: int, rng: Random) -> int:
        distance_bps = min(DEPTH_BPS_MAX, rng.expovariate(1 / DEPTH_BPS))
        return best - sign * max(1, round(distance_bps * self.ticks_per_bp))

    def _size(self, table: Quantiles, rng: Random) -> int:
        return max(1, round(draw(table, rng) * self.steps_per_btc))

    def _level_size(self, rng: Random) -> int:
        mean = self.profile.level_size * self.steps_per_btc
        return max(1, round(rng.expovariate(1 / mean)))


def _edge(sign: int, fair: float) -> int:
    """The first price (ticks) that is not stale when the price has moved to `fair`."""
    return math.ceil(fair) if sign > 0 else math.floor(fair)


def _delta(time_ms: int, sign: int, changes: list[Change]) -> TickDelta:
    return TickDelta(time_ms, changes, []) if sign > 0 else TickDelta(time_ms, [], changes)


def _geometric(mean: float, rng: Random) -> int:
    """Draw a whole number from 0 up with this mean (> 0)."""
    return int(math.log(1 - rng.random()) / math.log(mean / (1 + mean)))


def leaves_gap(frame: TickFrame) -> bool:
    """Tell whether a frame emptied a level, so that somebody will soon close the spread."""
    if isinstance(frame, TickTrade):
        return False
    return any(quantity == 0 for _, quantity in frame.bids + frame.asks)
