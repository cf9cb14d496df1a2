"""The trace of each order of an account: what is appended to its streams carries it, to the ledger and to the strategy.

An order has one trace, that of the first command: a command that comes again is linked to it and changes nothing.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from opensqt.domain.journal import NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Expired,
    Fill,
    NeverPlaced,
    OrderEvent,
    OrderRef,
    Rejected,
    Unresolved,
)
from opensqt.runtime.telemetry.provider import Span, Tracer

REMEMBERED_MAX = 20_000
_STEPS: dict[type[Event], str] = {
    Accepted: "executor.ack",
    Fill: "executor.fill",
    Unresolved: "executor.doubt",
    **dict.fromkeys((Rejected, Canceled, Expired, NeverPlaced), "executor.end"),
}


class OrderTraces:
    """Streams of living orders and intents, each with the `traceparent` of its command; the oldest are forgotten."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._begun: dict[str, str] = {}

    def begin(self, stream: str, traceparent: str) -> None:
        """Let what is appended to a stream belong to a trace; the first one stays."""
        self._begun.setdefault(stream, traceparent)
        if len(self._begun) > REMEMBERED_MAX:
            del self._begun[next(iter(self._begun))]

    def command(self, streams: Sequence[str], parent: str, account: str) -> Span:
        """Open the span of a command that these streams tell of."""
        known = {self._begun[stream] for stream in streams if stream in self._begun}
        span = self._tracer.span("executor.obey", parent, links=sorted(known), account=account)
        for stream in streams:
            self.begin(stream, span.traceparent)
        return span

    @contextlib.contextmanager
    def request(self, refs: Sequence[OrderRef]) -> Iterator[None]:
        """Record a request: a span for each of its orders, linked to one of the batch where there are more."""
        begun = [self._begun.get(_stream(ref), "") for ref in refs]
        with contextlib.ExitStack() as spans:
            batch: list[str] = []
            if len(refs) > 1:
                known = [one for one in begun if one]
                span = self._tracer.span("executor.batch", links=known, orders=len(refs))
                batch.append(spans.enter_context(span).traceparent)
            for ref, parent in zip(refs, begun, strict=True):
                spans.enter_context(
                    self._tracer.span("executor.place", parent, links=batch, **_named(ref))
                )
            yield

    def carry(self, events: Iterable[NewEvent]) -> tuple[tuple[NewEvent, ...], list[Span]]:
        """Return events that carry their traces, and the open spans of those that are steps of an order.

        A span that is not ended is never sent: end them once the events are in the journal.
        """
        carrying: list[NewEvent] = []
        spans: list[Span] = []
        for event in events:
            parent = event.traceparent or self._begun.get(event.stream, "")
            fact = event.message
            step = _STEPS.get(type(fact), "")
            if parent and step and isinstance(fact, OrderEvent):
                span = self._tracer.span(step, parent, **_named(fact.ref))
                spans.append(span)
                parent = span.traceparent
            carrying.append(msgspec.structs.replace(event, traceparent=parent))
        return tuple(carrying), spans


def _stream(ref: OrderRef) -> str:
    return f"order/{ref.client_order_id}"


def _named(ref: OrderRef) -> dict[str, str]:
    return {"order": ref.client_order_id, "symbol": ref.symbol}
