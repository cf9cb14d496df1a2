"""How long ago the cause of a decision is: measured where a strategy says something, not at each tick."""

from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Message
from opensqt.domain.order_events import Fill
from opensqt.runtime.clock import Clock
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.strategies.decision import Decision

MS_PER_S = 1000


class DecisionLatency:
    """The hops that end in a decision, as histograms of wall seconds by strategy."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    def note(self, strategy: str, cause: Message, decision: Decision) -> None:
        """Note a decision of substance that a market's word caused, or the fill of another symbol."""
        if not (decision.choices or decision.intents):
            return
        if isinstance(cause, MarketEvent):
            hop = self._metrics.tick_to_decision_seconds
        elif isinstance(cause, Fill) and any(
            intent.symbol != cause.ref.symbol for intent in decision.intents
        ):
            hop = self._metrics.fill_to_hedge_seconds
        else:
            return
        ago_ms = (self._clock.market_ms() - cause.time_ms) / self._clock.speed
        hop.labels(strategy).observe(max(0.0, float(ago_ms / MS_PER_S)))
