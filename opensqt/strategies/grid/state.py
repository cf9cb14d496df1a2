"""The state of one grid and how events change it. Pure: no I/O, no clock, no randomness; `now` is the feed's time."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import FeedState, FeedStatus, Tick, Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, OrderEvent
from opensqt.domain.recon_events import Adjustment, Halted
from opensqt.domain.strategy_events import AnchorSet, PositionAdopted, StrategyStarted
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.strategies import intent_tracker as desk
from opensqt.strategies.decision import Decision
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.slots import GridBooks
from opensqt.strategies.idleness import Lack, Working, looked, traded
from opensqt.strategies.intent_tracker import Outcome
from opensqt.strategies.tracked_intent import RetryPolicy

STALE = "market data stale"
PRICE_CHANNELS = frozenset({"tick", "ticker", "book", "book_top", "depth"})


class GridSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a grid was told to do; times in market ms."""

    strategy: str
    venue: str
    account: str
    symbol: str
    neutral: bool  # opens sells above, too
    step_bps: Decimal
    levels_below: int
    levels_above: int
    order_notional_quote: Decimal
    orders_max: int
    adopt: bool
    anchor_price: Decimal | None = None  # None: the first price seen
    inventory_notional_quote_max: Decimal | None = None  # None: no bound but the gate's
    tick_age_ms_max: int = 3_000
    timing: RetryPolicy = RetryPolicy()

    @property
    def perpetual(self) -> bool:
        """True when the symbol is a perpetual, so that the venue knows a position."""
        return ":" in self.symbol


class GridMarket(msgspec.Struct, frozen=True, kw_only=True):
    """What the last moments showed; rebuilt from FEED at every start, never from the journal."""

    now_ms: int = 0
    tick: Tick | None = None
    rules: InstrumentRules | None = None
    sick: frozenset[str] = frozenset()  # price channels that are not live
    switches: TradingControls = TradingControls()
    snapshot: VenueSnapshot | None = None
    others_trade: bool = False  # another strategy has orders in this symbol and account
    anchor_asked_ms: int = -1
    adoption_asked_ms: int = -1


class GridState(msgspec.Struct, frozen=True, kw_only=True):
    """One grid: what it was told, what the journal knows of it, what the market shows."""

    setup: GridSetup
    books: GridBooks = GridBooks()
    market: GridMarket = GridMarket()
    working: Working = Working()

    @property
    def killed(self) -> bool:
        """True while a kill of the desk or of this strategy is latched."""
        return self.market.switches.killed(self.setup.strategy)

    @property
    def halt(self) -> Halted | None:
        """The strictest halt that covers this grid, or None."""
        setup = self.setup
        return self.market.switches.halt(setup.venue, setup.account, (setup.symbol,))

    @property
    def stale(self) -> bool:
        """True while the price cannot be trusted: a sick channel, or a tick that is too old."""
        tick = self.market.tick
        if tick is None or self.market.sick:
            return True
        return self.market.now_ms - tick.time_ms > self.setup.tick_age_ms_max


def evolve(grid: GridState, event: Event | Decision) -> GridState:
    """Fold one message of FEED, or the grid's own decision as it was published; unknown ones change nothing."""
    if isinstance(event, Decision):
        return _decided(grid, event)
    match event:
        case Tick() | Time() | InstrumentRules() | FeedStatus() | VenueSnapshot():
            return _shown(grid, event)
        case _ if isinstance(event, OrderEvent):
            return _ordered(grid, event)
        case _ if isinstance(event, Switch):
            return _market(grid, switches=thrown(grid.market.switches, event))
        case StrategyStarted() | AnchorSet() | PositionAdopted():
            return _chosen(grid, event)
        case Adjustment(venue=venue, account=account, symbol=symbol, strategy=strategy):
            setup = grid.setup
            here = (setup.venue, setup.account, setup.symbol, setup.strategy)
            ours = (venue, account, symbol, strategy) == here
            return _books(grid, slots.corrected(grid.books, event.quantity)) if ours else grid
        case RiskApproved() | RiskRefused():
            return _booked(grid, desk.judged(grid.books.tickets, event))
        case _:
            return grid


def _shown(
    grid: GridState, event: Tick | Time | InstrumentRules | FeedStatus | VenueSnapshot
) -> GridState:
    setup = grid.setup
    if isinstance(event, Time):
        return _timed(grid, event.time_ms)
    if event.venue != setup.venue:
        return grid
    if isinstance(event, VenueSnapshot):
        covers = event.account == setup.account and setup.symbol in event.symbols
        return _market(grid, snapshot=event) if covers else grid
    if event.symbol != setup.symbol:
        return grid
    if isinstance(event, Tick):
        return _timed(_market(grid, tick=event), event.time_ms)
    if isinstance(event, InstrumentRules):
        return _market(grid, rules=event)
    if event.channel not in PRICE_CHANNELS:
        return grid
    sick = grid.market.sick - {event.channel}
    healthy = event.state is FeedState.LIVE
    return _market(grid, sick=sick if healthy else sick | {event.channel})


def _timed(grid: GridState, time_ms: int) -> GridState:
    if time_ms <= grid.market.now_ms:
        return grid
    grid = _market(grid, now_ms=time_ms)
    return _booked(grid, desk.aged(grid.books.tickets, time_ms, grid.setup.timing))


def _chosen(grid: GridState, event: StrategyStarted | AnchorSet | PositionAdopted) -> GridState:
    setup, books = grid.setup, grid.books
    if isinstance(event, PositionAdopted):
        place = (event.venue, event.account, event.symbol)
        if place != (setup.venue, setup.account, setup.symbol):
            return grid
        if event.strategy != setup.strategy:
            # Somebody else took what was there: nothing is left for us.
            return _books(grid, msgspec.structs.replace(books, adopted=True))
        return _books(grid, slots.taken_over(books, event))
    if event.strategy != setup.strategy:
        return grid
    if isinstance(event, StrategyStarted):
        resumed_ms = event.time_ms if books.lattice is not None else 0
        books = msgspec.structs.replace(books, run=event.run, issued=0, resumed_ms=resumed_ms)
        return _books(grid, books)
    lattice = GridLevels(anchor_price=event.anchor_price, step_price=event.step_price)
    kept = books.lattice or lattice
    return _books(grid, msgspec.structs.replace(books, lattice=kept))


def _ordered(grid: GridState, event: OrderEvent) -> GridState:
    setup, tickets, ref = grid.setup, grid.books.tickets, event.ref
    if (ref.venue, ref.account, ref.symbol) != (setup.venue, setup.account, setup.symbol):
        return grid
    if ref.strategy == setup.strategy:
        if not grid.books.traded:
            grid = _books(grid, msgspec.structs.replace(grid.books, traded=True))
        return _traded(_booked(grid, desk.ordered(tickets, event)), event)
    if ref.strategy == "" and isinstance(event, Fill):
        return _booked(grid, desk.attributed(tickets, event))
    return grid if grid.market.others_trade else _market(grid, others_trade=True)


def _traded(grid: GridState, event: OrderEvent) -> GridState:
    ticket = desk.ticket_of(grid.books.tickets, event.ref.intent_id)
    if ticket is None or not isinstance(event, Fill):
        return grid
    working = traded(grid.working, ticket.purpose, grid.market.now_ms)
    return msgspec.structs.replace(grid, working=working)


def _decided(grid: GridState, decision: Decision) -> GridState:
    now_ms, books = grid.market.now_ms, grid.books
    for intent in decision.intents:
        match intent:
            case PlaceIntent():
                books = slots.begun(books, intent, now_ms)
            case CancelIntent():
                tickets, _ = desk.wished_away(books.tickets, intent, now_ms)
                books = msgspec.structs.replace(books, tickets=tickets)
    grid = _books(msgspec.structs.replace(grid, working=_after(grid, books, decision)), books)
    for choice in decision.choices:
        if isinstance(choice.message, AnchorSet):
            grid = _market(grid, anchor_asked_ms=now_ms)
        else:
            grid = _market(grid, adoption_asked_ms=now_ms)
    return grid


def _after(grid: GridState, books: GridBooks, decision: Decision) -> Working:
    """Return until when all was well; what was not allowed is not missed, the time begins again after it."""
    if decision.reason == STALE:
        return grid.working  # prices that come and go must not hide that nothing comes of them
    if decision.reason and not decision.idle:
        return Working()
    return watched(grid, books, slots.lacks(books, decision))


def watched(grid: GridState, books: GridBooks, lacking: Sequence[Lack]) -> Working:
    """Return until when all was well, with these orders wanted and not at the venue."""
    at_venue = {one.purpose for one in books.tickets.living.values() if one.at_venue}
    return looked(grid.working, at_venue, lacking, grid.market.now_ms)


def _booked(grid: GridState, outcome: Outcome) -> GridState:
    return _books(grid, slots.booked(grid.books, outcome, grid.market.now_ms, grid.setup.timing))


def _books(grid: GridState, books: GridBooks) -> GridState:
    return grid if books is grid.books else msgspec.structs.replace(grid, books=books)


def _market(grid: GridState, **changes: object) -> GridState:
    market = msgspec.structs.replace(grid.market, **changes)
    return msgspec.structs.replace(grid, market=market)


def unowned(grid: GridState) -> tuple[Decimal, Decimal] | None:
    """Return signed base units and entry price of what the venue holds before us; None while unknown."""
    snapshot = grid.market.snapshot
    if snapshot is None:
        return None
    for held in snapshot.positions:
        if held.symbol == grid.setup.symbol:
            return held.quantity, held.entry_price
    return ZERO, ZERO
