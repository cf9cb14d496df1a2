"""Traces: one trace from tick to fill through envelopes, and a cheap start without a collector."""

import re
import subprocess
import sys

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from opensqt.runtime.telemetry.otlp import OtlpExporter
from opensqt.runtime.telemetry.provider import Tracer, trace_id

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
CHAIN = ("tick", "intent", "verdict", "submit", "ack", "fill")


def recording_tracer() -> tuple[Tracer, InMemorySpanExporter]:
    """A tracer whose spans stay in memory."""
    kept = InMemorySpanExporter()
    exporter = OtlpExporter("test", kept)
    exporter._provider.add_span_processor(SimpleSpanProcessor(kept))
    return Tracer(exporter), kept


@pytest.mark.parametrize("is_recording", [True, False])
def test_one_decision_is_one_trace(is_recording: bool) -> None:
    """Each step is a child of the one before it, through nothing but the traceparent in envelopes."""
    tracer = recording_tracer()[0] if is_recording else Tracer()
    seen: list[str] = []
    parent = ""
    for name in CHAIN:
        with tracer.span(name, parent, venue="binance") as span:
            assert TRACEPARENT.fullmatch(span.traceparent)
            seen.append(span.traceparent)
            parent = span.traceparent
    assert len({trace_id(one) for one in seen}) == 1
    assert len(set(seen)) == len(CHAIN)
    tracer.close()


def test_spans_keep_names_parents_and_failures() -> None:
    """What the collector gets: names, attributes, parents, and the error's kind, never its words."""
    tracer, kept = recording_tracer()
    with tracer.span("intent") as outer:
        pass
    with pytest.raises(ValueError, match="secret words"), tracer.span("submit", outer.traceparent):
        raise ValueError("secret words")
    found = {span.name: span for span in kept.get_finished_spans()}
    parent = found["submit"].parent
    assert parent is not None
    assert f"{parent.span_id:016x}" in outer.traceparent
    assert found["submit"].status.description == "ValueError"
    tracer.close()


@pytest.mark.parametrize("parent", ["", "nonsense", "00-" + "0" * 31 + "-1-01"])
def test_a_malformed_parent_begins_a_new_trace(parent: str) -> None:
    """What cannot be read is not carried on."""
    with Tracer().span("tick", parent) as span:
        assert TRACEPARENT.fullmatch(span.traceparent)
        assert trace_id(parent) == ""


def test_without_an_endpoint_no_exporter_is_loaded() -> None:
    """Starting a process costs no OpenTelemetry import."""
    code = (
        "import sys; from opensqt.runtime.telemetry.provider import open_tracer; open_tracer('x', '').close();"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0


def test_an_endpoint_that_nobody_serves_blocks_nothing() -> None:
    """Spans are made and the process ends in time although no collector answers."""
    # In a process of its own: the exporter's thread goes on trying for a while after the tracer is closed.
    code = (
        "from opensqt.runtime.telemetry.provider import open_tracer; t = open_tracer('x', 'http://127.0.0.1:9')\n"
        "with t.span('tick') as span: assert span.traceparent\n"
        "t.close(); import os; os._exit(0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0
