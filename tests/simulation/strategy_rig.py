"""A rig that drives the pure part of a strategy: it plays risk, executor and venue, event by event."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Generic, TypeVar

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    CancelRequested,
    Fill,
    Submitting,
)
from opensqt.domain.strategy_events import StrategyStarted
from opensqt.domain.verdict import RiskRefused
from opensqt.strategies.decision import Decision
from opensqt.strategies.tracked_intent import UNSTAMPED
from tests.simulation.strategy_facts import (
    Evidence,
    Intent,
    approval_of,
    journalled,
    placed_of,
    tick_of,
)

S = TypeVar("S")


class Rig(Evidence, Generic[S]):
    """One strategy and its surroundings. `open` holds the orders that the venue would hold, by intent id."""

    def __init__(
        self,
        state: S,
        decide: Callable[[S, Event], Decision],
        evolve: Callable[[S, Event | Decision], S],
    ) -> None:
        self.state = state
        self.decide, self.evolve = decide, evolve
        super().__init__()
        self.sent: list[Intent] = []  # first emissions and repetitions
        self.waiting: dict[str, Intent] = {}  # not answered yet
        self.last = Decision()
        self.recorded: set[tuple[str | int, ...]] = set()

    def feed(self, *events: Event) -> Decision:
        """Give events in turn; what is decided is published and folded, choices go through the journal."""
        for event in events:
            self.fold(event)
            self.state = self.evolve(self.state, event)
            self.last = self.decide(self.state, event)
            self.state = self.evolve(self.state, self.last)
            self._publish(self.last)
        return self.last

    def start(self, name: str, run: int = 1) -> Decision:
        """Begin a run."""
        return self.feed(
            StrategyStarted(
                strategy=name,
                run=run,
                config_hash="",
                code_version="",
                state_fingerprint="",
                time_ms=self.now_ms,
            )
        )

    def tick(self, symbol: str, price: str | Decimal, spread: str = "0.2") -> Decision:
        """Let the price move, 100 ms later."""
        self.now_ms += 100
        return self.feed(tick_of(symbol, price, self.now_ms, spread))

    def wait(self, span_ms: int, step_ms: int = 100) -> Decision:
        """Let time pass."""
        for _ in range(0, span_ms, step_ms):
            self.now_ms += step_ms
            self.feed(Time(time_ms=self.now_ms))
        return self.last

    def places(self) -> list[PlaceIntent]:
        """Return the place intents that wait for an answer."""
        return [intent for intent in self.waiting.values() if isinstance(intent, PlaceIntent)]

    def accept(self, intent: PlaceIntent) -> str:
        """Approve a place and let the venue take the order; return its client order id."""
        cid = self.submit(intent)
        self.feed(self.accepted(cid))
        return cid

    def accept_all(self) -> None:
        """Answer everything that waits with yes; cancelled orders end."""
        for _ in range(100):
            if not self.waiting:
                return
            for intent in list(self.waiting.values()):
                if isinstance(intent, PlaceIntent):
                    self.accept(intent)
                else:
                    self.cancel(intent)
        raise AssertionError(f"never quiet: {list(self.waiting.values())[:4]}")

    def submit(self, intent: PlaceIntent, attempt: int = 1) -> str:
        """Approve a place intent; its request has left."""
        placed = placed_of(intent, self.now_ms, attempt)
        ref, cid = placed.ref, placed.ref.client_order_id
        self.waiting.pop(intent.intent_id, None)
        sent = Submitting(ref=ref, epoch=1, deadline_ms=self.now_ms + 2_000, time_ms=self.now_ms)
        self.feed(approval_of(intent, self.now_ms), placed, sent)
        return cid

    def refuse(self, intent: Intent, reason: str = "position_notional", detail: str = "") -> None:
        """Let risk refuse."""
        self.waiting.pop(intent.intent_id, None)
        self.feed(
            RiskRefused(
                intent_id=intent.intent_id,
                place=intent if isinstance(intent, PlaceIntent) else None,
                cancel=intent if isinstance(intent, CancelIntent) else None,
                reason=reason,
                detail=detail,
                risk_epoch=1,
                basis=UNSTAMPED,
                config_version="",
                time_ms=self.now_ms,
            )
        )

    def cancel(self, intent: CancelIntent) -> None:
        """Approve a cancel; the order ends if it is there."""
        self.waiting.pop(intent.intent_id, None)
        self.feed(approval_of(intent, self.now_ms))
        for cid, order in list(self.orders.items()):
            placed = order.placed
            if placed is not None and placed.ref.intent_id == intent.target_intent_id:
                self.feed(
                    CancelRequested(
                        ref=placed.ref,
                        cancel_intent_id=intent.intent_id,
                        reason="",
                        time_ms=self.now_ms,
                    )
                )
                if not order.terminal:
                    self.feed(self.canceled(cid))

    def fill(self, cid: str, quantity: str | Decimal | None = None) -> Fill:
        """Let an order trade at its price (all of it by default); return the fill that was fed."""
        event = self.fill_of(cid, quantity)
        self.feed(event)
        return event

    def _publish(self, decision: Decision) -> None:
        for intent in decision.intents:
            self.sent.append(intent)
            self.waiting[intent.intent_id] = intent
        for choice in decision.choices:
            if choice.cause not in self.recorded:
                self.recorded.add(choice.cause)
                self.feed(choice.message)


def restarted(rig: Rig[S], into: Rig[S], name: str, run: int, market: Iterable[Event]) -> None:
    """Make `into` the process after `rig`: it has read the journal; what `rig` said may still be answered."""
    into.now_ms, into.trades = rig.now_ms, rig.trades
    into.recorded, into.sent = rig.recorded, rig.sent
    into.waiting = dict(rig.waiting)
    for event in journalled(rig.history):
        into.fold(event)
        into.state = into.evolve(into.state, event)
    into.start(name, run=run)
    into.feed(*market)
