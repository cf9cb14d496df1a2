"""The state of one grid and how events change it. Pure: no I/O, no clock, no randomness; `now` is the feed's time."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.market import Candle
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import AnchorSet, PositionAdopted, StrategyStarted
from opensqt.strategies.decision import Decision
from opensqt.strategies.folding import Changes
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.levels import GridLevels, lattice_of
from opensqt.strategies.grid.market_reading import MarketReading, read, stride_of
from opensqt.strategies.grid.opening_terms import OpeningTerms, terms_by
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.slots import GridBooks
from opensqt.strategies.state import Setup, StrategyState


class GridState(StrategyState, frozen=True, kw_only=True):
    """One grid: what it was told, what the journal knows of it, what the market shows."""

    setup: Setup[GridSettings]
    books: GridBooks = GridBooks()
    reading: MarketReading = MarketReading()
    ladder: GridLevels | None = None  # the lattice with the interval in force
    terms: OpeningTerms = OpeningTerms()  # what the candles leave of the openings

    @property
    def symbol(self) -> str:
        """Its one symbol."""
        symbol: str = self.settings.symbol
        return symbol


def evolve(grid: GridState, event: Event | Decision, changes: Changes) -> GridState:
    """Take over what happened to our intents, and what was chosen for the grid."""
    if isinstance(event, Decision):
        books = slots.begun(grid.books, changes)
    else:
        books = _chosen(grid, slots.booked(grid.books, changes), event)
    if books is not grid.books:
        grid = msgspec.structs.replace(grid, books=books)
    if isinstance(event, Candle | AnchorSet):
        grid = _measured(grid)
    return grid


def _measured(grid: GridState) -> GridState:
    """Look at the closed candles anew: how wide is the interval now? The levels of the lattice stay where they are."""
    settings: GridSettings = grid.settings
    reading = read(grid.market.candles.get(grid.symbol, ()), settings)
    ladder = grid.books.lattice
    if ladder is not None and (stride := stride_of(settings, reading, ladder)) != 1:
        ladder = msgspec.structs.replace(ladder, stride=stride)
    if ladder == grid.ladder:
        ladder = grid.ladder  # it remembers its prices
    terms = terms_by(settings, reading)
    return msgspec.structs.replace(grid, reading=reading, ladder=ladder, terms=terms)


def _chosen(grid: GridState, books: GridBooks, event: Event) -> GridBooks:
    strategy, setup = grid.setup.strategy, grid.setup
    match event:
        case StrategyStarted(strategy=name) if name == strategy and books.lattice is None:
            # Without levels no run before can have said an intent.
            return msgspec.structs.replace(books, resumed_ms=0)
        case AnchorSet(strategy=name) if name == strategy:
            return msgspec.structs.replace(books, lattice=books.lattice or lattice_of(event))
        case Adjustment() | PositionAdopted():
            place = (event.venue, event.account, event.symbol)
            if place != (setup.venue, setup.account, grid.symbol):
                return books
        case _:
            return books
    mine = event.strategy == strategy
    if isinstance(event, Adjustment):
        return slots.corrected(books, event.quantity) if mine else books
    # Where somebody else took what was there, nothing is left for us.
    return slots.taken_over(books, event.slots if mine else ())


def unowned(grid: GridState) -> tuple[Decimal, Decimal] | None:
    """Return signed base units and entry price of what the venue holds before us; None while unknown."""
    snapshot = grid.market.snapshot
    if snapshot is None:
        return None
    for held in snapshot.positions:
        if held.symbol == grid.symbol:
            return held.quantity, held.entry_price
    return ZERO, ZERO
