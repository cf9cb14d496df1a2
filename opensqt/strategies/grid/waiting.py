"""Between which prices a grid would decide the same again, while its orders rest. Pure.

What else it depends on - its inventory, closed candles, refusals - comes as an event, and every event wakes it.
"""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.domain.instruments import Side
from opensqt.strategies.decision import WakeCondition
from opensqt.strategies.grid.ladder_settings import OutOfRange
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.opening_terms import OpeningTerms, terms_at
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.state import GridState


def wake_of(grid: GridState, lattice: GridLevels) -> WakeCondition | None:
    """Return the edges next to the mid; None where an order stands beyond them, or a range follows the price."""
    settings, mid = grid.settings, grid.mid_price()
    terms = terms_at(grid.terms, settings, grid.books, mid)
    trails = settings.out_of_range is OutOfRange.TRAIL and (
        settings.range_low or settings.range_high
    )
    if trails:
        return None
    edges = [*lattice.edges(mid), *_edges(settings, terms)]
    price_min = max(edge for edge in edges if edge <= mid)
    price_max = min(edge for edge in edges if edge >= mid)
    for ticket in grid.books.tickets.living.values():
        buys = ticket.side is Side.BUY
        if ticket.price > price_min if buys else ticket.price < price_max:
            return None
    return WakeCondition(symbol=grid.symbol, price_min=price_min, price_max=price_max)


def _edges(settings: GridSettings, terms: OpeningTerms) -> Iterator[Decimal]:
    """Yield the prices of range and skew at which the terms of openings change."""
    yield from (edge for edge in (settings.range_low, settings.range_high) if edge)
    yield from terms.limits.values()
