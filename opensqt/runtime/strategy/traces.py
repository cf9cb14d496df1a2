"""The trace of each intent: it hangs below the last tick of its symbol, and is linked to whatever else caused it.

A fill causes orders that are filled in turn: were they its children, a trace would never end.
"""

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import Tick
from opensqt.runtime.bus.reader import FeedItem
from opensqt.runtime.telemetry.provider import Span, Tracer

REMEMBERED_MAX = 10_000


class DecisionTraces:
    """What the strategies of one process have seen and said, as `traceparent`s; the oldest words are forgotten."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._ticks: dict[tuple[str, str], str] = {}  # venue and symbol -> its last tick
        self._said: dict[str, str] = {}  # intent -> the decision that said it first

    def hear(self, item: FeedItem) -> None:
        """Remember a tick: what is decided from now on is decided at its price."""
        if isinstance(item.message, Tick):
            self._ticks[item.message.venue, item.message.symbol] = item.envelope.traceparent

    def span(self, intent: PlaceIntent | CancelIntent, cause: str) -> Span:
        """Open the span of a decision; an intent that is said again stays in its first one, and makes none."""
        if said := self._said.get(intent.intent_id):
            return Span(said, None)
        tick = self._ticks.get((intent.venue, intent.symbol), "")
        target = intent.target_intent_id if isinstance(intent, CancelIntent) else ""
        links = {cause, self._said.get(target, "")} - {tick, ""}
        span = self._tracer.span(
            "strategy.decide",
            tick,
            links=sorted(links),
            strategy=intent.strategy,
            symbol=intent.symbol,
            intent=intent.intent_id,
        )
        self._said[intent.intent_id] = span.traceparent
        if len(self._said) > REMEMBERED_MAX:
            del self._said[next(iter(self._said))]
        return span
