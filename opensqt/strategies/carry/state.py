"""The state of one carry and how events change it. Pure: no I/O, no clock, no randomness; `now` is the feed's time."""

from decimal import Decimal

import msgspec

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.market import BookTop, Funding, Tick
from opensqt.domain.messages import Event
from opensqt.domain.position import FLAT, Position
from opensqt.domain.recon_events import Adjustment, Halted
from opensqt.domain.scope import Scope
from opensqt.domain.strategy_events import PositionAdopted, SagaStep
from opensqt.strategies.carry import epochs
from opensqt.strategies.carry.attempts import FLAT_STEPS, Attempts, sold, stepped
from opensqt.strategies.carry.backoff import order_wait_ms
from opensqt.strategies.carry.epochs import Epochs
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.carry.toxic import ToxicBasis, looked
from opensqt.strategies.decision import Decision
from opensqt.strategies.folding import Changes, with_books
from opensqt.strategies.intent_tracker import IntentChange
from opensqt.strategies.state import Books, Setup, StrategyState
from opensqt.strategies.tracked_intent import vain_words


class CarryBooks(Books, frozen=True, kw_only=True):
    """Everything of a carry that the journal can tell. Only our own fills count as ours."""

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
    tolerance_base: Decimal = ZERO  # as the last step says: of legs that differ by it one is alone
    naked_ms: int = 0  # market time since which one is; 0 while none is
    epochs: Epochs = Epochs()
    keep_base: Decimal = ZERO  # of the exit under way: how much spot stays
    relieved: bool = False  # half was given up since the margin was clear
    called: int = 0  # the trouble for which our openings were stopped last, by its `trouble`

    @property
    def spot(self) -> Position:
        """What the leg that is bought holds."""
        return next((held for symbol, held in self.positions.items() if ":" not in symbol), FLAT)

    @property
    def perp(self) -> Position:
        """What the leg that is sold holds."""
        return next((held for symbol, held in self.positions.items() if ":" in symbol), FLAT)

    @property
    def trouble(self) -> int:
        """What a call for a person is about, the same as long as it lasts: the leg that stands alone, or this step."""
        return self.naked_ms or self.steps

    @property
    def imbalance(self) -> Decimal:
        """Base units of spot that no short covers (below zero: short without spot)."""
        return self.spot.quantity + self.perp.quantity


class CarryState(StrategyState, frozen=True, kw_only=True):
    """One carry: what it was told, what the journal knows of it, what the market shows."""

    setup: Setup[CarrySettings]
    books: CarryBooks = CarryBooks()
    toxic: ToxicBasis = ToxicBasis()

    @property
    def own_scope(self) -> str:
        """Where a halt of ours holds."""
        return str(Scope(strategy=self.setup.strategy))

    @property
    def funding(self) -> Funding | None:
        """The funding rate of its perpetual as last seen."""
        return self.market.fundings.get(self.settings.perp)

    @property
    def leg_timeout_ms(self) -> int:
        """How long a step may last, market time."""
        return self.setup.market_ms(self.settings.leg_timeout_ms)

    @property
    def legs_apart_ms_max(self) -> int:
        """How far apart the prices of both legs may lie, market time."""
        return self.setup.market_ms(self.settings.legs_apart_ms_max)

    @property
    def naked_ms_max(self) -> int:
        """How long one leg may stand alone, market time."""
        return self.setup.market_ms(self.settings.naked_ms_max)

    @property
    def margin_health(self) -> Decimal | None:
        """How far the margin of its account is from liquidation, 0 to 1; None where the venue says nothing of it."""
        snapshot = self.market.snapshot
        return None if snapshot is None else snapshot.margin_health

    @property
    def unseen(self) -> str:
        """Say which leg's price cannot be trusted, or nothing."""
        return f"market data stale: {self.stale_symbol}" if self.stale_symbol else ""

    @property
    def apart(self) -> str:
        """Say that the prices of the legs are of two moments, or nothing: their difference is then no basis."""
        spot, perp = (self.market.ticks[symbol] for symbol in self.settings.symbols)
        apart_ms = abs(spot.time_ms - perp.time_ms)
        if apart_ms <= self.legs_apart_ms_max:
            return ""
        return (
            f"the prices of the legs lie {apart_ms} ms apart,"
            f" at most {self.legs_apart_ms_max} expected"
        )

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


def evolve(carry: CarryState, event: Event | Decision, changes: Changes) -> CarryState:
    """Learn from what happened to our intents, and fold the steps of the saga."""
    for change in changes:
        carry = _learned(carry, change)
    if isinstance(event, SagaStep) and event.strategy == carry.setup.strategy:
        carry = _stepped(carry, event)
    if changes or isinstance(event, SagaStep | Adjustment | PositionAdopted):
        carry = _naked(carry, event)
    if isinstance(event, Halted) and event.scope == carry.own_scope:
        carry = with_books(carry, called=carry.books.trouble)
    if isinstance(event, VenueSnapshot) and carry.market.snapshot is event and carry.books.relieved:
        clear = (
            event.margin_health is not None
            and event.margin_health >= carry.settings.margin_health_clear
        )
        carry = with_books(carry, relieved=not clear)
    if isinstance(event, Tick) and carry.now_ms >= carry.toxic.due_ms:
        carry = _looked(carry)
    return carry


def _looked(carry: CarryState) -> CarryState:
    """Look at the basis, where the prices of both legs are of one moment; else at the next tick."""
    settings = carry.settings
    if carry.unseen or carry.apart:
        return carry
    toxic = looked(
        carry.toxic,
        carry.mid_price(settings.spot),
        carry.mid_price(settings.perp),
        settings.toxic_basis_bps,
        carry.now_ms + carry.setup.market_ms(settings.toxic_basis_every_ms),
    )
    return msgspec.structs.replace(carry, toxic=toxic)


def _naked(carry: CarryState, event: Event | Decision) -> CarryState:
    """Let the time of a leg that stands alone begin or end; what we decide moves no leg."""
    if isinstance(event, Decision):
        return carry
    books = carry.books
    alone = 0 < books.tolerance_base <= abs(books.imbalance)
    since_ms = (books.naked_ms or event.time_ms) if alone else 0
    return carry if since_ms == books.naked_ms else with_books(carry, naked_ms=since_ms)


def _stepped(carry: CarryState, event: SagaStep) -> CarryState:
    books = carry.books
    if event.step in ("hedging", "compensating", "exiting"):
        # Another kind of order: what failed before says nothing about it.
        carry = with_books(carry, vain=0, vain_why="", retry_ms=0)
    if event.step in ("neutral", "flat", "exiting"):
        relieved = books.relieved or event.keep_base > 0
        carry = with_books(carry, keep_base=event.keep_base, relieved=relieved)
    if event.step in ("entering", "exiting"):
        carry = with_books(carry, by_basis=event.by_basis)
    return with_books(
        carry,
        saga_id=event.saga_id,
        step=event.step,
        step_ms=event.time_ms,
        steps=books.steps + 1,
        unpaid=books.unpaid + 1,
        tolerance_base=event.tolerance_base,
        epochs=epochs.stepped(books.epochs, event),
        attempts=stepped(books.attempts, books.step, event, carry.setup.timing),
    )


def _learned(carry: CarryState, change: IntentChange) -> CarryState:
    """Count orders in vain and entries that were sold back; a trade ends both."""
    if change.fill is not None:
        carry = with_books(carry, vain=0, vain_why="")
        if change.fill.ref.symbol == carry.settings.spot:
            carry = _spot_traded(carry, change.fill.side)
    if not change.ended or change.after is None:
        return carry
    if change.after.filled == 0:
        carry = _in_vain(carry, vain_words(change.after))
    return with_books(carry, unpaid=0)


def _spot_traded(carry: CarryState, side: Side) -> CarryState:
    books = carry.books
    if side is Side.BUY:
        return with_books(carry, epochs=epochs.bought(books.epochs))
    return with_books(carry, attempts=sold(books.attempts, books.step))


def _in_vain(carry: CarryState, why: str) -> CarryState:
    timing, books = carry.setup.timing, carry.books
    entering = books.step in ("entering", *FLAT_STEPS)
    retry_ms = carry.now_ms + order_wait_ms(timing, books.vain, entering=entering)
    return with_books(carry, vain=books.vain + 1, vain_why=why, retry_ms=retry_ms)
