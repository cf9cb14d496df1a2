"""The trace of an intent: below the last tick of its symbol, linked to what caused it, one however often it is said."""

import pytest

from opensqt.runtime.bus.reader import FeedItem
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.strategy.traces import DecisionTraces
from opensqt.runtime.telemetry.provider import trace_id
from tests.simulation.strategy_facts import tick_of
from tests.unit.risk.risk_books import cancel, intent
from tests.unit.runtime.test_telemetry import recording_tracer

FILL = f"00-{'f' * 32}-{'1' * 16}-01"


def heard(symbol: str, traceparent: str) -> FeedItem:
    """A tick of a symbol as FEED brings it."""
    tick = tick_of(symbol, "45000", 1000)
    envelope = Envelope(
        event_id="t", type="Tick", source="m", time_ms=1000, traceparent=traceparent
    )
    return FeedItem(
        message=tick, envelope=envelope, subject="", sequence=1, generation=1, live=True
    )


@pytest.mark.row("H03")
def test_a_decision_hangs_below_its_tick_and_is_linked_to_its_cause() -> None:
    """An order that a fill caused is of the trace of its own tick; said again it is the same decision."""
    tracer, kept = recording_tracer()
    traces = DecisionTraces(tracer)
    place = intent(intent_id="i-1")
    with tracer.span("tick") as tick:
        pass
    traces.hear(heard(place.symbol, tick.traceparent))
    with traces.span(place, FILL) as first:
        assert first.trace_id == tick.trace_id
    traces.hear(heard(place.symbol, FILL))
    assert traces.span(place, FILL).traceparent == first.traceparent
    with traces.span(cancel(target_intent_id="i-1"), FILL) as away:
        assert away.trace_id == trace_id(FILL)
    _, decided, cancelled = kept.get_finished_spans()[:3]
    (cause,) = decided.links
    assert f"{cause.context.trace_id:032x}" == trace_id(FILL)
    (placed,) = cancelled.links
    assert f"{placed.context.span_id:016x}" in first.traceparent
    tracer.close()
