"""Between which prices a grid would decide the same again, while its orders rest. Pure.

What else it depends on - its inventory, closed candles, refusals - comes as an event, and every event wakes it.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.strategies.decision import SkippedSlot, WakeCondition
from opensqt.strategies.grid.ladder_settings import OutOfRange
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.opening_terms import OpeningTerms, terms_at
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.idling import DUST
from opensqt.strategies.planner import slot_name

UNSOLD = f"{DUST}below_quantity_min"  # too little at any price


def wake_of(
    grid: GridState, lattice: GridLevels, gaps: Iterable[SkippedSlot]
) -> WakeCondition | None:
    """Return the edges next to the mid; `gaps` are the levels without an order.

    None where an order stands beyond an edge, or where a range or a closing order follows the price.
    """
    settings, mid = grid.settings, grid.mid_price()
    terms = terms_at(grid.terms, settings, grid.books, mid)
    trails = settings.out_of_range is OutOfRange.TRAIL and (
        settings.range_low or settings.range_high
    )
    unsold = {gap.slot for gap in gaps if gap.why == UNSOLD}
    if trails or _follows(grid, lattice, mid, unsold):
        return None
    edges = [*lattice.edges(mid), *_edges(settings, terms)]
    price_min = max(edge for edge in edges if edge <= mid)
    price_max = min(edge for edge in edges if edge >= mid)
    for ticket in grid.books.tickets.living.values():
        buys = ticket.side is Side.BUY
        if ticket.price > price_min if buys else ticket.price < price_max:
            return None
    return WakeCondition(symbol=grid.symbol, price_min=price_min, price_max=price_max)


def _follows(
    grid: GridState, lattice: GridLevels, mid_price: Decimal, unsold: Iterable[str]
) -> bool:
    """Tell whether a level is to be closed at a price that would take: its order goes with the best price instead."""
    opens = {
        ticket.slot
        for ticket in grid.books.tickets.living.values()
        if ticket.purpose is Purpose.OPEN
    }
    for slot in grid.books.slots.values():
        held, name = slot.position.quantity, slot_name(slot.level)
        if not held or name in opens or name in unsold:
            continue
        price = lattice.price(lattice.close_level(slot.level, held))
        if price < mid_price if held > 0 else price > mid_price:
            return True
    return False


def _edges(settings: GridSettings, terms: OpeningTerms) -> Iterator[Decimal]:
    """Yield the prices of range and skew at which the terms of openings change."""
    yield from (edge for edge in (settings.range_low, settings.range_high) if edge)
    yield from terms.limits.values()
