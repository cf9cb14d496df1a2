"""What every strategy knows: what it was told, what the journal tells of it, what the market shows. Values only."""

from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.cached import cached
from opensqt.domain.decimals import ONE
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.market import BookTop, Candle, Funding, Mark, Tick
from opensqt.domain.order_state import Order
from opensqt.domain.position import FLAT, Position
from opensqt.domain.recon_events import Halted
from opensqt.domain.trading_controls import TradingControls
from opensqt.strategies.decision import Cause
from opensqt.strategies.idleness import Working
from opensqt.strategies.intent_tracker import IntentTracker
from opensqt.strategies.retries import UNTRIED, SlotRetry
from opensqt.strategies.settings import Settings
from opensqt.strategies.tracked_intent import RetryPolicy

C = TypeVar("C", bound=Settings)

ORDERS_PER_PLACE = 2  # a place may have an order, and one beside it the close of what it bought
TICK_AGE_MS_MAX = 3_000
FUNDING_AGE_MS_MAX = 120_000  # wall: funding is shown every few seconds
ASK_AGAIN_MS = 1_000


class Setup(msgspec.Struct, Generic[C], frozen=True, kw_only=True, dict=True):
    """What one strategy of a run was told; spans are in market ms."""

    strategy: str
    venue: str
    settings: C
    orders_max: int
    tick_age_ms_max: int = TICK_AGE_MS_MAX
    funding_age_ms_max: int = FUNDING_AGE_MS_MAX
    timing: RetryPolicy = RetryPolicy()
    speed: Decimal = ONE  # how fast market time passes beside wall time
    candles_kept_ms: int = 0

    @property
    def account(self) -> str:
        """The account that it trades on."""
        return self.settings.account

    @cached
    def symbols(self) -> tuple[str, ...]:
        """The symbols that it trades."""
        return self.settings.symbols

    def market_ms(self, wall_ms: int) -> int:
        """Return how much market time passes within a span of wall time."""
        return int(wall_ms * self.speed)


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a strategy that the journal can tell, and the intents of this run."""

    run: int = 0
    resumed_ms: int = 0  # market time of a start after a run that may have said intents
    issued: int = 0  # intents of this run
    traded: bool = False  # an order of ours is known
    tickets: IntentTracker = IntentTracker()
    retries: dict[str, SlotRetry] = {}  # by slot
    positions: dict[str, Position] = {}  # by symbol, from our own trades alone

    def retry(self, slot: str) -> SlotRetry:
        """Return what a slot learned from its tries."""
        return self.retries.get(slot, UNTRIED)

    def position(self, symbol: str) -> Position:
        """Return what we hold of a symbol, with its cost."""
        return self.positions.get(symbol, FLAT)


class MarketMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What the last moments showed; rebuilt from FEED at every start, never from the journal."""

    now_ms: int = 0
    ticks: dict[str, Tick] = {}
    tops: dict[str, BookTop] = {}  # the best levels of each book
    rules: dict[str, InstrumentRules] = {}
    sick: frozenset[tuple[str, str]] = frozenset()  # symbol and price channel that are not live
    fundings: dict[str, Funding] = {}
    marks: dict[str, Mark] = {}
    candles: dict[str, tuple[Candle, ...]] = {}  # closed ones, oldest first, as far as declared
    snapshot: VenueSnapshot | None = None
    switches: TradingControls = TradingControls()
    others: dict[str, Order] = {}  # living orders of other strategies in our symbols
    others_trade: bool = False  # another strategy has, or had, orders there
    asked: dict[
        str, tuple[Cause, int]
    ] = {}  # the last choice of each name that was asked of the journal, and when


class StrategyState(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy: what it was told, what the journal knows of it, what the market shows."""

    setup: Setup[Any]
    books: Books = Books()
    market: MarketMemory = MarketMemory()
    working: Working = Working()

    @property
    def settings(self) -> Any:
        """The settings of its kind."""
        return self.setup.settings

    @property
    def now_ms(self) -> int:
        """Market time; there is no other."""
        return self.market.now_ms

    @property
    def killed(self) -> bool:
        """True while a kill of the desk or of this strategy is latched."""
        return self.market.switches.killed(self.setup.strategy)

    @property
    def halt(self) -> Halted | None:
        """The strictest halt that covers this strategy, or None."""
        setup = self.setup
        return self.market.switches.halt(setup.venue, setup.account, setup.symbols, setup.strategy)

    @property
    def stale_symbol(self) -> str:
        """The symbol whose price cannot be trusted (a sick channel, or a tick that is too old), or nothing."""
        market, age_ms_max = self.market, self.setup.tick_age_ms_max
        for symbol in self.setup.symbols:
            tick = market.ticks.get(symbol)
            sick = market.sick and any(ill == symbol for ill, _ in market.sick)
            if tick is None or sick or market.now_ms - tick.time_ms > age_ms_max:
                return symbol
        return ""

    @property
    def ready_ms(self) -> int:
        """Market time from which no intent of an earlier run can become an order; 0 for a first run."""
        timing, resumed_ms = self.setup.timing, self.books.resumed_ms
        return resumed_ms + timing.valid_for_ms + timing.dead_after_ms if resumed_ms else 0

    @property
    def unready(self) -> str:
        """Say what must be known before anything can be decided, or nothing."""
        if self.books.run == 0:
            return "starting"
        several = len(self.setup.symbols) > 1
        for symbol in self.setup.symbols:
            of = f" of {symbol}" if several else ""
            if symbol not in self.market.rules:
                return f"waiting for instrument rules{of}"
            if symbol not in self.market.ticks:
                return f"waiting for first tick{of}"
        return ""

    @property
    def lapsing(self) -> str:
        """A later run waits until no intent of the one before can become an order unseen."""
        ready_ms = self.ready_ms
        waits = ready_ms and self.market.now_ms <= ready_ms
        return "waiting until earlier intents have lapsed" if waits else ""

    def mid_price(self, symbol: str = "") -> Decimal:
        """Return the price half way between bid and ask."""
        tick = self.market.ticks[symbol or self.setup.symbols[0]]
        return (tick.bid_price + tick.ask_price) / 2

    def may_ask(self, cause: Cause) -> bool:
        """Tell whether to ask a choice of the journal: for the first time, or again after a while without it."""
        last, asked_ms = self.market.asked.get(str(cause[0]), ((), 0))
        return last != cause or self.market.now_ms >= asked_ms + ASK_AGAIN_MS

    def position(self, symbol: str = "") -> Position:
        """Return what we hold of a symbol (the first one where none is named), with its cost."""
        return self.books.position(symbol or self.setup.symbols[0])

    def purpose(self, side: Side, quantity: Decimal, symbol: str = "") -> Purpose:
        """Tell whether an order would only take away from what we hold."""
        held = self.position(symbol).quantity
        return Purpose.CLOSE if -side.sign * held >= quantity > 0 else Purpose.OPEN
