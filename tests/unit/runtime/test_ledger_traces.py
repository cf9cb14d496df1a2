"""The last span of an order: told once its fill is in the projections, and not again by the next reconciler."""

import msgspec
import pytest

from opensqt.runtime.telemetry.ledger_traces import LedgerTraces
from tests.ledgers import fill, ref_of
from tests.reconciling import recorded
from tests.unit.runtime.test_telemetry import recording_tracer

TRACE = f"00-{'a' * 32}-{'1' * 16}-01"


@pytest.mark.row("J07")
def test_a_fill_is_told_once_it_is_projected() -> None:
    """Below the fill's own span; what an earlier life projected, and what has no trace, is not told."""
    tracer, kept = recording_tracer()
    traces = LedgerTraces(tracer)
    trade = fill(ref_of(1), "1", "1")
    for position, trace in ((1, TRACE), (2, TRACE), (3, "")):
        row = msgspec.structs.replace(recorded(position, f"e{position}", 1), traceparent=trace)
        traces.fold(row, trade)
    assert kept.get_finished_spans() == ()
    traces.booked(1)
    traces.booked(1)
    (span,) = kept.get_finished_spans()
    assert span.name == "reconciler.book"
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" == "a" * 32
    assert dict(span.attributes or {})["position"] == 2
    tracer.close()
