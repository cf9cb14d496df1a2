"""Dust of what is held level by level on spot: what cannot be sold alone, and which sale takes it along. Pure.

A fee in the base asset leaves less than a step behind at every level that trades. One sale at a time takes along what
the idle levels hold of it, so that the whole grid has one rest and not one for every level that ever traded.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.dust import is_dust
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.intent import Purpose
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.tracked_intent import TrackedIntent


class LevelDust(msgspec.Struct, frozen=True, kw_only=True):
    """The dust of a grid in base units, and the levels that hold it."""

    levels: frozenset[int] = frozenset()
    whole: Decimal = ZERO  # of all levels
    free: Decimal = ZERO  # what no order tops up and no sale takes along yet
    seller: int | None = None  # the level that sells it where no level has anything else to sell


NOTHING = LevelDust()


def spare_of(
    held: Mapping[int, Decimal],
    busy: Mapping[int, TrackedIntent],
    lattice: GridLevels,
    rules: InstrumentRules,
    window: frozenset[int],
) -> LevelDust:
    """Return the dust of levels that hold so many base units; those of the window are topped up and sell nothing."""
    if rules.market is not Market.SPOT:
        return NOTHING
    small = {
        level: quantity
        for level, quantity in held.items()
        if quantity > 0
        and is_dust(rules, quantity, lattice.price(lattice.close_level(level, quantity)))
    }
    idle = small.keys() - busy.keys() - window
    taken = (
        max(ticket.remaining - held.get(level, ZERO), ZERO)
        for level, ticket in busy.items()
        if ticket.purpose is Purpose.CLOSE
    )
    free = sum((small[level] for level in idle), ZERO) - sum(taken, ZERO)
    nothing_else = all(quantity <= 0 for level, quantity in held.items() if level not in small)
    return LevelDust(
        levels=frozenset(small),
        whole=sum(small.values(), ZERO),
        free=max(free, ZERO),
        seller=max(idle) if idle and nothing_else else None,
    )


def spent(spare: LevelDust) -> LevelDust:
    """Return what is left for other sales once one takes the free dust along."""
    return msgspec.structs.replace(spare, free=ZERO, seller=None)
