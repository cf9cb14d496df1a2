"""The most that a grid may hold: which openings have no room, counted as the gate counts them. Pure.

The nearest levels come first. So a price that runs away over all levels is followed by no more than the bound allows.
"""

from collections.abc import Iterable
from decimal import Decimal

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.planner import TargetOrder


def beyond(grid: GridState, wants: Iterable[TargetOrder], mid_price: Decimal) -> frozenset[str]:
    """Name the slots whose opening has no room beside what is held and what is nearer to the price."""
    most = grid.settings.inventory_notional_quote_max
    if not most:
        return frozenset()
    found: set[str] = set()
    openings, closings = [], {Side.BUY: ZERO, Side.SELL: ZERO}
    for want in wants:
        if want.purpose is Purpose.OPEN:
            openings.append(want)
        else:
            closings[want.side] += want.quantity
    openings.sort(key=lambda want: abs(want.price - mid_price))
    held = sum((slot.position.quantity for slot in grid.books.slots.values()), ZERO)
    for side in Side:
        mine = [want for want in openings if want.side is side]
        found |= _overflow(mine, side.sign * held + closings[side], most)
        left = [want for want in mine if want.slot not in found]
        found |= _waiting(grid, left, side, side.sign * held, most)
    return frozenset(found)


def _overflow(openings: list[TargetOrder], total: Decimal, most: Decimal) -> set[str]:
    for number, want in enumerate(openings):
        total += want.quantity
        if total * want.price > most:
            return {far.slot for far in openings[number:]}
    return set()


def _waiting(
    grid: GridState, openings: list[TargetOrder], side: Side, held: Decimal, most: Decimal
) -> set[str]:
    """Name what must wait until an order that leaves has gone: as long as it lives it may fill."""
    living = [one for one in grid.books.tickets.living.values() if one.side is side]
    total = held + sum((one.remaining for one in living), ZERO)
    there, waits = {one.slot for one in living}, set()
    for want in openings:
        if want.slot in there:
            continue
        total += want.quantity
        if total * want.price > most:
            waits.add(want.slot)
            total -= want.quantity
    return waits
