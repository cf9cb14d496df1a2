"""A collector of traces: a tiny OTLP/HTTP receiver on loopback, and the spans of one trace by what they hang below."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class SeenSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One span as a collector gets it; ids are hex digits, `links` are trace ids."""

    process: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...]
    attributes: dict[str, str]


class SpanReceiver:
    """What a collector was sent."""

    def __init__(self) -> None:
        self.spans: list[SeenSpan] = []
        self.url = ""

    def of_trace(self, trace_id: str) -> dict[str, SeenSpan]:
        """Return the spans of a trace by their ids."""
        return {span.span_id: span for span in self.spans if span.trace_id == trace_id}

    async def _take(self, request: web.Request) -> web.Response:
        self.spans += _read(await request.read())
        return web.Response()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["SpanReceiver"]:
        """Listen on a port of its own until the end."""
        app = web.Application(client_max_size=16 * 1024**2)
        app.router.add_post("/v1/traces", self._take)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()


def way_up(spans: dict[str, SeenSpan], leaf: SeenSpan) -> list[str]:
    """Return the names from a span up to the root of its trace; a parent that nobody sent ends with `?`."""
    names, at = [leaf.name], leaf
    while at.parent_id:
        if at.parent_id not in spans:
            return [*names, "?"]
        at = spans[at.parent_id]
        names.append(at.name)
    return names


def _read(body: bytes) -> Iterable[SeenSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SeenSpan(
                    process=names["service.name"],
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    links=tuple(link.trace_id.hex() for link in span.links),
                    attributes={one.key: one.value.string_value for one in span.attributes},
                )
