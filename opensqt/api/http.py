"""The table over HTTP: POST /api/v1/SERVICE/CALL with a JSON object. A thin shell; `answering` decides everything."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from aiohttp import web

from opensqt.api.answering import BODY_BYTES_MAX, Answering
from opensqt.api.codes import CODES, CallRefused, Code
from opensqt.api.openapi import PREFIX, document
from opensqt.runtime.telemetry.logs import Log

VIA = "http"
ONCE = "Once"
LINES = "application/x-ndjson"
SUBSCRIBERS_MAX = 100
SLOW_S_MAX = 5.0
_log = Log("api")


class HttpCalls:
    """The routes of the table."""

    def __init__(self, answering: Answering, closed: str = "") -> None:
        self._closed = closed  # why no call is answered here
        self._answering = answering
        self._subscribers = 0

    def routes(self) -> list[web.RouteDef]:
        """Return what a web application serves."""
        return [
            web.get(PREFIX + "/openapi.json", self._document),
            web.post(PREFIX + "/{service}/{call}", self._call),
        ]

    async def _document(self, request: web.Request) -> web.StreamResponse:
        del request
        return _json(document(self._answering.calls))

    async def _call(self, request: web.Request) -> web.StreamResponse:
        answering = self._answering
        try:
            self._may_call()
            path = f"{request.match_info['service']}.{request.match_info['call']}"
            call = answering.call(path)
            caller = answering.caller(call, request.headers, VIA)
            body = await read_within(request, BODY_BYTES_MAX)
            if call.streams:
                self._may_subscribe()
                return await self._tell(request, answering.hear(call, request.headers, VIA, body))
            once = request.headers.get(ONCE, "")
            return _json(await answering.answer(call, caller, body, once))
        except CallRefused as refused:
            return _json(refused.said, CODES[refused.code].status)

    def _may_call(self) -> None:
        if self._closed:
            raise CallRefused(Code.FORBIDDEN, self._closed)

    def _may_subscribe(self) -> None:
        if self._subscribers >= SUBSCRIBERS_MAX:
            raise CallRefused(Code.UNAVAILABLE, f"{SUBSCRIBERS_MAX} subscribers are there")

    async def _tell(
        self, request: web.Request, news: AsyncGenerator[tuple[int, dict[str, Any] | None], None]
    ) -> web.StreamResponse:
        """Tell a subscriber a line of JSON a message, until he leaves or does not read."""
        response = web.StreamResponse(headers={"Content-Type": LINES})
        self._subscribers += 1
        try:
            await response.prepare(request)
            async with contextlib.aclosing(news):
                async for _, line in news:
                    if line is not None:
                        async with asyncio.timeout(SLOW_S_MAX):
                            await response.write(msgspec.json.encode(line) + b"\n")
        except CallRefused as refused:
            await response.write(msgspec.json.encode(refused.said) + b"\n")
        except (TimeoutError, ConnectionError):
            _log.warning("slow subscriber dropped", limit_s=SLOW_S_MAX)
        finally:
            self._subscribers -= 1
        return response


async def read_within(request: web.Request, bytes_max: int) -> bytes | None:
    """Return the whole body; None where it is longer."""
    parts, size = [], 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > bytes_max:
            return None
        parts.append(part)
    return b"".join(parts)


def _json(said: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(said), status=status, content_type="application/json"
    )
