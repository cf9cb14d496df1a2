"""Spans to an OpenTelemetry collector over HTTP. Loaded only when an endpoint is configured; never blocks a service."""

import threading
from collections.abc import Mapping, Sequence

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADER = "traceparent"
_PATH = "/v1/traces"
SEND_S_MAX = 2
CLOSE_S_MAX = 1.0


class OtlpRecording:
    """One span of the SDK."""

    def __init__(self, span: trace.Span) -> None:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(span))
        self.traceparent = carrier.get(_HEADER, "")
        self._span = span

    def end(self, error: BaseException | None) -> None:
        if error is not None:
            self._span.set_status(trace.StatusCode.ERROR, type(error).__name__)
        self._span.end()


class OtlpExporter:
    """Batches spans in a thread of its own and sends them."""

    def __init__(self, process: str, exporter: SpanExporter) -> None:
        resource = Resource.create({"service.name": process})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("opensqt")

    @classmethod
    def open(cls, process: str, endpoint: str) -> "OtlpExporter":
        """Return an exporter to a collector, e.g. `http://127.0.0.1:4318`."""
        address = endpoint.rstrip("/")
        url = address if address.endswith(_PATH) else address + _PATH
        return cls(process, OTLPSpanExporter(endpoint=url, timeout=SEND_S_MAX))

    def begin(
        self,
        name: str,
        parent: str,
        attributes: Mapping[str, str | int | float | bool],
        links: Sequence[str] = (),
    ) -> OtlpRecording:
        context = _PROPAGATOR.extract({_HEADER: parent}) if parent else None
        span = self._tracer.start_span(
            name,
            context=context,
            attributes=dict(attributes),
            links=[trace.Link(_span_context(one)) for one in links],
        )
        return OtlpRecording(span)

    def close(self) -> None:
        # The SDK tries again for many seconds when nobody answers; a stop cannot wait for that.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(CLOSE_S_MAX)


def _span_context(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(_PROPAGATOR.extract({_HEADER: traceparent})).get_span_context()
