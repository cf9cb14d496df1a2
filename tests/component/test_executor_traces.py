"""The trace of an order in its executor: one, however often it is commanded, and known again after a restart."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from opensqt.domain.subjects import command_subject
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import MESSAGE_ID
from opensqt.runtime.telemetry.provider import trace_id
from tests.component.rig import SYMBOL, Rig
from tests.unit.runtime.test_telemetry import recording_tracer

OTHER = f"00-{'e' * 32}-{'1' * 16}-01"
LEVEL = Decimal("49900.0")


def named(kept: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    """Return the finished spans of a name, each once."""
    found = {span.context.span_id: span for span in kept.get_finished_spans() if span.context}
    return [span for span in found.values() if span.name == name]


def traces(*spans: ReadableSpan) -> set[str]:
    """Return the trace ids of spans."""
    return {f"{span.context.trace_id:032x}" for span in spans if span.context}


def places_of(contexts: Iterable[SpanContext | None]) -> set[tuple[int, int]]:
    """Return where contexts stand: trace and span."""
    return {(one.trace_id, one.span_id) for one in contexts if one}


@pytest.mark.row("H03", "J07")
async def test_an_order_keeps_the_trace_of_its_first_command(rig: Rig) -> None:
    """A command said again is linked to it; fills before and after a restart hang below the first one."""
    rig.tracer, kept = recording_tracer()
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        approval = next(fact for fact in rig.facts() if isinstance(fact, RiskApproved))
        command = command_subject(rig.place(), is_exit=False)
        rig.broker.publish(
            command, {MESSAGE_ID: "again", "traceparent": OTHER}, encode(Command(approval=approval))
        )
        await rig.clock.run_for(0.5)
        rig.exchange.trade(SYMBOL, LEVEL, Decimal("0.004"))
        await rig.clock.run_for(1)
    async with rig.running(rig.executor()):
        rig.exchange.trade(SYMBOL, LEVEL, Decimal("0.004"))
        await rig.clock.run_for(3)
    first, again = named(kept, "executor.obey")
    assert traces(again) == {trace_id(OTHER)} != traces(first)
    assert places_of(link.context for link in again.links) == places_of([first.context])
    stream = f"order/{rig.order_of().client_order_id}"
    rows = {trace_id(row.traceparent) for row in rig.store.rows if row.stream == stream}
    fills = named(kept, "executor.fill")
    assert len(fills) == 2
    assert rows == traces(first, *named(kept, "executor.ack"), *fills)
    assert places_of(fill.parent for fill in fills) == places_of([first.context])
    rig.tracer.close()


@pytest.mark.row("H03")
async def test_orders_of_one_request_are_linked_to_it(rig: Rig) -> None:
    """Each order of a batch stays in its own trace; the request has one of its own."""
    rig.tracer, kept = recording_tracer()
    async with rig.running(rig.executor()):
        for number in (1, 2, 3):
            await rig.approve(rig.place(number))
        await rig.clock.run_for(0.5)
    (batch,) = named(kept, "executor.batch")
    places = named(kept, "executor.place")
    links = [link.context for place in places for link in place.links]
    assert places_of(links) == places_of([batch.context])
    assert places_of(link.context for link in batch.links) == places_of(
        place.parent for place in places
    )
    assert len(traces(batch, *places)) == 4
    rig.tracer.close()
