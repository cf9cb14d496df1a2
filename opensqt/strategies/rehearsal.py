"""A strategy on a stage, for its author's tests: it hears a market, is answered at once, and shows its orders.

Pure. The stage is risk, executor and venue in their simplest true form: what is placed rests, what is cancelled ends.
"""

from decimal import Decimal
from typing import Any

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import Tick, Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Accepted, Canceled, Fill, IntentPlaced, Liquidity, OrderRef
from opensqt.domain.strategy_events import StrategyStarted
from opensqt.strategies.api import RunTerms, Strategy
from opensqt.strategies.decision import Decision
from opensqt.strategies.settings import Settings

VENUE = "binance"
NAME = "rehearsed"
STEP_MS = 100


class Stage:
    """One strategy with a market of its own; `orders` holds what rests, by slot."""

    def __init__(self, strategy: Strategy[Any], settings: Settings) -> None:
        terms = RunTerms(
            venue=VENUE,
            orders_open_max=100,
            tick_age_ms_max=3_000,
            speed=Decimal(1),
            config_hash="",
            code_version="",
        )
        self._spec = strategy.spec(NAME, settings, terms)
        self.state = self._spec.beginning
        self.now_ms = 1_000
        self.trades = 0
        self.orders: dict[str, PlaceIntent] = {}
        self._refs: dict[str, OrderRef] = {}  # by intent id
        self.last = Decision()
        started = StrategyStarted(
            strategy=NAME,
            run=1,
            config_hash="",
            code_version="",
            state_fingerprint="",
            time_ms=self.now_ms,
        )
        self.feed(*(rules_of(symbol) for symbol in settings.symbols), started)

    def feed(self, *events: Event) -> Decision:
        """Let it hear events in turn, answer what it says, and return its last decision."""
        for event in events:
            self.state = self._spec.evolve(self.state, event)
            self.last = self._spec.decide(self.state, event)
            self.state = self._spec.evolve(self.state, self.last)
            for intent in self.last.intents:
                self.feed(*self._answers(intent))
        return self.last

    def tick(
        self, bid: str, ask: str, *, symbol: str = "", sizes: tuple[str, str] = ("5", "5")
    ) -> Decision:
        """Let the best prices of a symbol (the first where none is named) be these, a moment later."""
        self.now_ms += STEP_MS
        return self.feed(
            Tick(
                venue=VENUE,
                symbol=symbol or self._spec.symbols[0],
                bid_price=Decimal(bid),
                bid_quantity=Decimal(sizes[0]),
                ask_price=Decimal(ask),
                ask_quantity=Decimal(sizes[1]),
                time_ms=self.now_ms,
                book_sequence=self.now_ms,
            )
        )

    def wait(self, span_ms: int) -> Decision:
        """Let time pass without a price."""
        self.now_ms += span_ms
        return self.feed(Time(time_ms=self.now_ms))

    def fill(self, slot: str) -> Decision:
        """Let the order of a slot trade as a whole."""
        intent = self.orders.pop(slot)
        self.trades += 1
        return self.feed(
            Fill(
                ref=self._refs[intent.intent_id],
                trade_id=str(self.trades),
                venue_order_id=intent.intent_id,
                side=intent.side,
                price=intent.price,
                quantity=intent.quantity,
                fee=Decimal(0),
                fee_asset="USDT",
                liquidity=Liquidity.MAKER,
                realized_pnl=Decimal(0),
                evidence_hash="",
                time_ms=self.now_ms,
            )
        )

    def _answers(self, intent: PlaceIntent | CancelIntent) -> tuple[Event, ...]:
        if isinstance(intent, CancelIntent):
            return self._cancelled(intent)
        ref = OrderRef(
            client_order_id=f"order-{intent.intent_id}",
            intent_id=intent.intent_id,
            attempt=1,
            strategy=NAME,
            venue=intent.venue,
            account=intent.account,
            symbol=intent.symbol,
        )
        self._refs[intent.intent_id] = ref
        self.orders[intent.slot] = intent
        placed = IntentPlaced(
            ref=ref,
            slot=intent.slot,
            cycle=intent.cycle,
            side=intent.side,
            type=intent.type,
            time_in_force=intent.time_in_force,
            price=intent.price,
            quantity=intent.quantity,
            purpose=intent.purpose,
            reduce_only=False,
            valid_until_ms=intent.valid_until_ms,
            time_ms=self.now_ms,
        )
        taken = Accepted(
            ref=ref, venue_order_id=intent.intent_id, evidence_hash="", time_ms=self.now_ms
        )
        return placed, taken

    def _cancelled(self, intent: CancelIntent) -> tuple[Event, ...]:
        self.orders = {
            slot: order
            for slot, order in self.orders.items()
            if order.intent_id != intent.target_intent_id
        }
        ended = Canceled(
            ref=self._refs[intent.target_intent_id],
            venue_order_id=intent.target_intent_id,
            filled_quantity=Decimal(0),
            reason=intent.reason,
            evidence_hash="",
            time_ms=self.now_ms,
        )
        return (ended,)


def rules_of(symbol: str) -> InstrumentRules:
    """Return rules with a tick of 0.1, a step of 0.001 and a smallest notional of 5."""
    base, _, quote = symbol.partition(":")[0].partition("/")
    return InstrumentRules(
        venue=VENUE,
        symbol=symbol,
        market=Market.PERP if ":" in symbol else Market.SPOT,
        venue_symbol=base + quote,
        base=base,
        quote=quote,
        tick_size=Decimal("0.1"),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(0),
        notional_min=Decimal(5),
        maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.0005"),
        time_ms=1,
    )
