"""Traces from tick to fill: spans whose W3C context travels in envelopes. Never decides, never blocks.

Without an OTLP endpoint no span is kept, but contexts are still made and passed on, so that one
trace id joins all log lines and events of a decision.
"""

import contextlib
import random
import re
from collections.abc import Iterator
from typing import Protocol

from opensqt.runtime.logs import TRACE_ID

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")

Attribute = str | int | float | bool


class Exporter(Protocol):
    """Keeps finished spans somewhere else."""

    def begin(self, name: str, parent: str, attributes: dict[str, Attribute]) -> "Recording":
        """Start a span as the child of a `traceparent` (empty = a new trace)."""

    def close(self) -> None:
        """Send what is left, at most a few seconds."""


class Recording(Protocol):
    """A span that is being recorded."""

    traceparent: str

    def end(self, error: BaseException | None) -> None:
        """Finish it; an error marks it as failed."""


class Span:
    """What the code inside a span sees: the `traceparent` to put into envelopes."""

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    @property
    def trace_id(self) -> str:
        """The 32 hex digits that join one decision's spans, events and log lines."""
        return trace_id(self.traceparent)


class Tracer:
    """Makes spans; `ids` draws the ids where no exporter does."""

    def __init__(self, exporter: Exporter | None = None, ids: random.Random | None = None) -> None:
        self._exporter = exporter
        self._ids = ids or random.SystemRandom()

    @contextlib.contextmanager
    def span(self, name: str, parent: str = "", **attributes: Attribute) -> Iterator[Span]:
        """Open a span below `parent` (a `traceparent`; empty or malformed begins a new trace)."""
        known = parent if _TRACEPARENT.fullmatch(parent) else ""
        recording = self._exporter.begin(name, known, attributes) if self._exporter else None
        span = Span(recording.traceparent if recording else self._child(known))
        token = TRACE_ID.set(span.trace_id)
        failure: BaseException | None = None
        try:
            yield span
        except BaseException as error:
            failure = error
            raise
        finally:
            TRACE_ID.reset(token)
            if recording:
                recording.end(failure)

    def close(self) -> None:
        """Send what is left."""
        if self._exporter is not None:
            self._exporter.close()

    def _child(self, parent: str) -> str:
        trace = trace_id(parent) or f"{self._ids.getrandbits(128) or 1:032x}"
        flags = parent[-2:] or "00"
        return f"00-{trace}-{self._ids.getrandbits(64) or 1:016x}-{flags}"


def trace_id(traceparent: str) -> str:
    """Return the trace id of a `traceparent`, empty when there is none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found else ""


def open_tracer(process: str, otlp_endpoint: str) -> Tracer:
    """Return a tracer; only with an endpoint (`http://HOST:4318`) are spans kept and the exporter loaded."""
    if not otlp_endpoint:
        return Tracer()
    from opensqt.runtime.telemetry_otlp import OtlpExporter

    return Tracer(OtlpExporter.open(process, otlp_endpoint))
