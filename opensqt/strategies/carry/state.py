"""The state of one carry and how events change it. Pure: no I/O, no clock, no randomness; `now` is the feed's time."""

from decimal import Decimal

import msgspec

from opensqt.domain import position as positions
from opensqt.domain.account import VenueSnapshot
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import BookTop, FeedState, FeedStatus, Funding, Mark, Tick, Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, IntentPlaced, OrderEvent
from opensqt.domain.order_state import Order, begin, fold
from opensqt.domain.position import FLAT, Position
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import SagaStep, StrategyStarted
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.strategies import intent_tracker as desk
from opensqt.strategies.carry.attempts import FLAT_STEPS, Attempts, sold, stepped
from opensqt.strategies.carry.backoff import order_wait_ms
from opensqt.strategies.carry.setup import CarrySetup
from opensqt.strategies.decision import Decision
from opensqt.strategies.intent_tracker import IntentTracker, Outcome
from opensqt.strategies.tracked_intent import vain_words

PRICE_CHANNELS = frozenset({"tick", "ticker", "book", "book_top", "depth"})


class CarryBooks(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a carry that the journal can tell. Only our own fills count as ours."""

    run: int = 0
    resumed_ms: int = 0  # market time of a start after a run that may have said intents
    issued: int = 0  # intents of this run
    spot: Position = FLAT
    perp: Position = FLAT
    tickets: IntentTracker = IntentTracker()
    saga_id: str = ""
    step: str = ""
    step_ms: int = 0  # when the step began, market time
    steps: int = 0  # recorded so far, over all sagas
    vain: int = 0  # orders in a row that traded nothing
    vain_why: str = ""  # in the words of risk or venue
    retry_ms: int = 0
    unpaid: int = 0  # steps in a row without an order between them
    attempts: Attempts = Attempts()
    by_basis: bool = False  # of the exit under way: only the basis asked for it

    @property
    def imbalance(self) -> Decimal:
        """Base units of spot that no short covers (below zero: short without spot)."""
        return self.spot.quantity + self.perp.quantity


class CarryMarket(msgspec.Struct, frozen=True, kw_only=True):
    """What the last moments showed; rebuilt from FEED at every start, never from the journal."""

    now_ms: int = 0
    ticks: dict[str, Tick] = {}
    tops: dict[str, BookTop] = {}  # the best levels of each book
    rules: dict[str, InstrumentRules] = {}
    sick: frozenset[tuple[str, str]] = frozenset()  # symbol and channel that are not live
    funding: Funding | None = None
    mark: Mark | None = None
    snapshot: VenueSnapshot | None = None
    switches: TradingControls = TradingControls()
    others: dict[str, Order] = {}  # living orders of other strategies in our symbols
    asked: int = 0  # the step that was last asked of the journal
    asked_ms: int = 0


class CarryState(msgspec.Struct, frozen=True, kw_only=True):
    """One carry: what it was told, what the journal knows of it, what the market shows."""

    setup: CarrySetup
    books: CarryBooks = CarryBooks()
    market: CarryMarket = CarryMarket()

    @property
    def stale(self) -> str:
        """Name the leg whose price cannot be trusted, or nothing."""
        for symbol in self.setup.symbols:
            tick = self.market.ticks.get(symbol)
            sick = any(ill == symbol for ill, _ in self.market.sick)
            if tick is None or sick or self.too_old(tick.time_ms, self.setup.tick_age_ms_max):
                return symbol
        return ""

    @property
    def ready_ms(self) -> int:
        """Market time from which no intent of an earlier run can become an order; 0 for a first run."""
        timing, resumed_ms = self.setup.timing, self.books.resumed_ms
        return resumed_ms + timing.valid_for_ms + timing.dead_after_ms if resumed_ms else 0

    def too_old(self, time_ms: int, age_ms_max: int) -> bool:
        """Tell whether something of this time is older than allowed."""
        return self.market.now_ms - time_ms > age_ms_max

    def book(self, symbol: str) -> BookTop | None:
        """Return the best levels of a leg's book, or None where none is known that can be trusted."""
        found = self.market.tops.get(symbol)
        aged = found is None or self.too_old(found.time_ms, self.setup.tick_age_ms_max)
        return None if aged else found

    def own_best(self, symbol: str, side: Side) -> Decimal | None:
        """Return the best price of other strategies' living orders of this account, or None."""
        prices = [
            order.placed.price
            for order in self.market.others.values()
            if order.placed is not None
            and order.placed.ref.symbol == symbol
            and order.placed.side is side
            and order.placed.price > 0
        ]
        if not prices:
            return None
        return max(prices) if side is Side.BUY else min(prices)


def evolve(carry: CarryState, event: Event | Decision) -> CarryState:
    """Fold one message of FEED, or the carry's own decision as it was published; unknown ones change nothing."""
    if isinstance(event, Decision):
        return _decided(carry, event)
    match event:
        case Time():
            return _timed(carry, event.time_ms)
        case Tick() | BookTop() | InstrumentRules() | FeedStatus() | Funding() | Mark():
            ours = event.venue == carry.setup.venue and event.symbol in carry.setup.symbols
            return _shown(carry, event) if ours else carry
        case VenueSnapshot(venue=venue, account=account):
            ours = (venue, account) == (carry.setup.venue, carry.setup.account)
            return _market(carry, snapshot=event) if ours else carry
        case _ if isinstance(event, OrderEvent):
            return _ordered(carry, event)
        case _ if isinstance(event, Switch):
            return _market(carry, switches=thrown(carry.market.switches, event))
        case StrategyStarted() | SagaStep():
            return _chosen(carry, event) if event.strategy == carry.setup.strategy else carry
        case Adjustment(venue=venue, account=account, strategy=strategy):
            here = (carry.setup.venue, carry.setup.account, carry.setup.strategy)
            return _corrected(carry, event) if (venue, account, strategy) == here else carry
        case RiskApproved() | RiskRefused():
            return _booked(carry, desk.judged(carry.books.tickets, event))
        case _:
            return carry


def _shown(
    carry: CarryState, event: Tick | BookTop | InstrumentRules | FeedStatus | Funding | Mark
) -> CarryState:
    market = carry.market
    match event:
        case Tick():
            carry = _market(carry, ticks={**market.ticks, event.symbol: event})
            return _timed(carry, event.time_ms)
        case BookTop():
            return _market(carry, tops={**market.tops, event.symbol: event})
        case InstrumentRules():
            return _market(carry, rules={**market.rules, event.symbol: event})
        case Funding():
            return _market(carry, funding=event)
        case Mark():
            return _market(carry, mark=event)
        case FeedStatus():
            if event.channel not in PRICE_CHANNELS:
                return carry
            channel = (event.symbol, event.channel)
            healthy = event.state is FeedState.LIVE
            return _market(
                carry, sick=market.sick - {channel} if healthy else market.sick | {channel}
            )


def _timed(carry: CarryState, time_ms: int) -> CarryState:
    if time_ms <= carry.market.now_ms:
        return carry
    carry = _market(carry, now_ms=time_ms)
    return _booked(carry, desk.aged(carry.books.tickets, time_ms, carry.setup.timing))


def _chosen(carry: CarryState, event: StrategyStarted | SagaStep) -> CarryState:
    books = carry.books
    if isinstance(event, StrategyStarted):
        resumed_ms = event.time_ms if books.run else 0
        return _books(carry, run=event.run, issued=0, resumed_ms=resumed_ms)
    if event.step in ("hedging", "compensating", "exiting"):
        # Another kind of order: what failed before says nothing about it.
        carry = _books(carry, vain=0, vain_why="", retry_ms=0)
    if event.step in ("entering", "exiting"):
        carry = _books(carry, by_basis=event.by_basis)
    return _books(
        carry,
        saga_id=event.saga_id,
        step=event.step,
        step_ms=event.time_ms,
        steps=books.steps + 1,
        unpaid=books.unpaid + 1,
        attempts=stepped(books.attempts, books.step, event, carry.setup.timing),
    )


def _ordered(carry: CarryState, event: OrderEvent) -> CarryState:
    setup, ref = carry.setup, event.ref
    place = (setup.venue, setup.account)
    if (ref.venue, ref.account) != place or ref.symbol not in setup.symbols:
        return carry
    if ref.strategy == setup.strategy:
        return _booked(carry, desk.ordered(carry.books.tickets, event))
    if ref.strategy == "" and isinstance(event, Fill):
        return _booked(carry, desk.attributed(carry.books.tickets, event))
    cid, others = ref.client_order_id, dict(carry.market.others)
    if cid not in others and not isinstance(event, IntentPlaced):
        return carry
    order = fold(others.pop(cid, begin(cid)), event)
    if not order.terminal:
        others[cid] = order
    return _market(carry, others=others)


def _booked(carry: CarryState, outcome: Outcome) -> CarryState:
    """Take over what happened to tickets: book their trades on their leg, learn from vain ones."""
    tickets, changes = outcome
    if tickets is not carry.books.tickets:
        carry = _books(carry, tickets=tickets)
    for change in changes:
        if change.fill is not None:
            leg = "spot" if change.fill.ref.symbol == carry.setup.spot else "perp"
            held: Position = getattr(carry.books, leg)
            carry = _books(carry, **{leg: positions.fill(held, change.fill)}, vain=0, vain_why="")
            if leg == "spot" and change.fill.side is Side.SELL:
                carry = _books(carry, attempts=sold(carry.books.attempts, carry.books.step))
        if change.ended and change.after is not None and change.after.filled == 0:
            carry = _in_vain(carry, vain_words(change.after))
        if change.ended:
            carry = _books(carry, unpaid=0)
    return carry


def _corrected(carry: CarryState, event: Adjustment) -> CarryState:
    """Fold a correction of what a leg holds, at the leg's own cost."""
    leg = "spot" if event.symbol == carry.setup.spot else "perp"
    held: Position = getattr(carry.books, leg)
    return _books(carry, **{leg: positions.trade(held, event.quantity, held.entry_price)})


def _in_vain(carry: CarryState, why: str) -> CarryState:
    timing, books = carry.setup.timing, carry.books
    entering = books.step in ("entering", *FLAT_STEPS)
    wait_ms = order_wait_ms(timing, books.vain, entering=entering)
    return _books(carry, vain=books.vain + 1, vain_why=why, retry_ms=carry.market.now_ms + wait_ms)


def _decided(carry: CarryState, decision: Decision) -> CarryState:
    now_ms, tickets, issued = carry.market.now_ms, carry.books.tickets, carry.books.issued
    for intent in decision.intents:
        match intent:
            case PlaceIntent():
                issued += 0 if desk.ticket_of(tickets, intent.intent_id) else 1
                tickets, _ = desk.begun(tickets, intent, now_ms)
            case CancelIntent():
                tickets, _ = desk.wished_away(tickets, intent, now_ms)
    if decision.intents:
        carry = _books(carry, tickets=tickets, issued=issued)
    if decision.choices:
        carry = _market(carry, asked=carry.books.steps + 1, asked_ms=now_ms)
    return carry


def _books(carry: CarryState, **changes: object) -> CarryState:
    books = msgspec.structs.replace(carry.books, **changes)
    return msgspec.structs.replace(carry, books=books)


def _market(carry: CarryState, **changes: object) -> CarryState:
    market = msgspec.structs.replace(carry.market, **changes)
    return msgspec.structs.replace(carry, market=market)
