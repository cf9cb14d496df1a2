"""The health server of a process: /healthz, /readyz, /status and /metrics over plain HTTP. Never changes anything."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from opensqt.runtime.metrics import CONTENT_TYPE, Metrics

REQUEST_BYTES_MAX = 8192
REQUEST_S_MAX = 2.0
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}
_JSON = "application/json"


class Health:
    """Answers what the process says of itself: `status` gives at least `ready` and `why`."""

    def __init__(self, status: Callable[[], dict[str, Any]], metrics: Metrics) -> None:
        self._status = status
        self._metrics = metrics
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen and return the port (0 = any free one); raise `OSError` when it is taken."""
        self._server = await asyncio.start_server(self._answer, host, port, limit=REQUEST_BYTES_MAX)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(REQUEST_S_MAX):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                code, kind, body = self._reply(*head.split("\r\n", 1)[0].split(" ")[:2])
                writer.write(
                    f"HTTP/1.1 {code} {_REASONS[code]}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        writer.close()

    def _reply(self, method: str = "", target: str = "") -> tuple[int, str, bytes]:
        if method not in ("GET", "HEAD"):
            return 405, _JSON, b'{"error":"only GET"}'
        match target.partition("?")[0]:
            case "/healthz":
                return 200, _JSON, b'{"alive":true}'
            case "/readyz":
                status = self._status()
                return (200 if status["ready"] else 503), _JSON, _json(status)
            case "/status":
                return 200, _JSON, _json(self._status())
            case "/metrics":
                return 200, CONTENT_TYPE, self._metrics.render()
            case _:
                return 404, _JSON, b'{"error":"try /healthz /readyz /status /metrics"}'


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()
