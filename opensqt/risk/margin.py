"""What a change of positions does to an account's margin, simulated before anything is sent. Pure.

Health is 1 - maintenance x 1.2 / equity: 1 without positions, 0 where the buffered maintenance eats all equity.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ONE, ZERO

BUFFER = Decimal("1.2")  # of maintenance, for what prices do meanwhile
HEADROOM_SHARE = Decimal("0.8")


class Margin(msgspec.Struct, frozen=True, kw_only=True):
    """Equity as the venue counts it for margin, and what it wants at least for the positions; in one currency."""

    equity: Decimal
    maintenance: Decimal

    @property
    def health(self) -> Decimal:
        """1 is best; 0 and below is where the venue may liquidate. Without equity it is 0."""
        return ONE - self.maintenance * BUFFER / self.equity if self.equity > 0 else ZERO

    @property
    def headroom(self) -> Decimal:
        """What may be used of the equity that no position needs."""
        return max(self.equity - self.maintenance, ZERO) * HEADROOM_SHARE


class PositionChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one position in signed base units, at a price that may be unknown.

    `collateral` is the share of its worth at which the venue counts a coin that is held: 1 for a perpetual, which
    exchanges none; None where nobody knows it, so that it counts for nothing.
    """

    held: Decimal
    change: Decimal
    price: Decimal | None
    maintenance_rate: Decimal
    collateral: Decimal | None = ONE


def simulated(before: Margin, changes: Iterable[PositionChange]) -> Margin | None:
    """Return the margin after all changes; None where a price is not known: nobody can tell."""
    equity, maintenance = before.equity, before.maintenance
    for one in changes:
        if one.price is None or one.price <= 0:
            return None
        grown = abs(one.held + one.change) - abs(one.held)
        maintenance += grown * one.price * one.maintenance_rate
        equity += _exchanged(one) * one.price
    return Margin(equity=equity, maintenance=maintenance)


def _exchanged(one: PositionChange) -> Decimal:
    """Return by how many base units' worth the counted equity changes when money becomes coins, or coins money.

    What is bought counts less than what was paid. What is sold out of a holding counts more, but never because its
    share is unknown. What is sold short is owed in full: its proceeds are no gain, and covering it no loss.
    """
    kept = one.collateral if one.collateral is not None else ZERO
    if one.change > 0:
        covers = min(one.change, max(-one.held, ZERO))
        return (one.change - covers) * (kept - ONE)
    if one.collateral is None:
        return ZERO
    return min(-one.change, max(one.held, ZERO)) * (ONE - kept)


def liquidation_distance(margin: Margin, notional: Decimal, rate: Decimal, sign: int) -> Decimal:
    """Return by which share of its price a position may move against its holder before equity is maintenance.

    `notional` is its worth and part of what `margin` counts, `sign` +1 for a long one; all else stands still.
    """
    if notional <= 0:
        return ONE
    return (margin.equity - margin.maintenance) / (notional * (ONE - sign * rate))
