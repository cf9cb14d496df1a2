"""Traces from tick to fill: spans whose W3C context travels in envelopes. Never decides, never blocks.

Without an OTLP endpoint no span is kept, but contexts are still made and passed on, so that one
trace id joins all log lines and events of a decision.
"""

import random
import re
from collections.abc import Sequence
from contextvars import Token
from types import TracebackType
from typing import Protocol, Self

from opensqt.runtime.telemetry.logs import TRACE_ID

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")

Attribute = str | int | float | bool


class Exporter(Protocol):
    """Keeps finished spans somewhere else."""

    def begin(
        self, name: str, parent: str, attributes: dict[str, Attribute], links: Sequence[str] = ()
    ) -> "Recording":
        """Start a span as the child of a `traceparent` (empty = a new trace); `links` are other causes."""

    def close(self) -> None:
        """Send what is left, at most a few seconds."""


class Recording(Protocol):
    """A span that is being recorded."""

    traceparent: str

    def end(self, error: BaseException | None) -> None:
        """Finish it; an error marks it as failed."""


class Span:
    """One span, to be entered with `with`; inside, `traceparent` is what goes into envelopes."""

    def __init__(self, traceparent: str, recording: Recording | None) -> None:
        self.traceparent = traceparent
        self._recording = recording
        self._token: Token[str] | None = None

    @property
    def trace_id(self) -> str:
        """The 32 hex digits that join one decision's spans, events and log lines."""
        return trace_id(self.traceparent)

    def end(self) -> None:
        """Finish it where it was not entered."""
        if self._recording is not None:
            self._recording.end(None)

    def __enter__(self) -> Self:
        self._token = TRACE_ID.set(self.trace_id)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            TRACE_ID.reset(self._token)
        if self._recording is not None:
            self._recording.end(error)


class Tracer:
    """Makes spans; `ids` draws the ids where no exporter does."""

    def __init__(self, exporter: Exporter | None = None, ids: random.Random | None = None) -> None:
        self._exporter = exporter
        # Ids need not be secret, and a system call for each would be most of a span's cost.
        self._ids = ids or random.Random(random.SystemRandom().getrandbits(128))

    def span(
        self, name: str, parent: str = "", links: Sequence[str] = (), **attributes: Attribute
    ) -> Span:
        """Open a span below `parent` (a `traceparent`; empty or malformed begins a new trace).

        `links` are the `traceparent`s of what else caused it; malformed ones are left out.
        """
        known = parent if _TRACEPARENT.fullmatch(parent) else ""
        if self._exporter is None:
            return Span(self._child(known), None)
        others = [one for one in links if _TRACEPARENT.fullmatch(one)]
        recording = self._exporter.begin(name, known, attributes, others)
        return Span(recording.traceparent, recording)

    def close(self) -> None:
        """Send what is left."""
        if self._exporter is not None:
            self._exporter.close()

    def _child(self, parent: str) -> str:
        trace = parent[3:35] or f"{self._ids.getrandbits(128) or 1:032x}"
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
    from opensqt.runtime.telemetry.otlp import OtlpExporter

    return Tracer(OtlpExporter.open(process, otlp_endpoint))
