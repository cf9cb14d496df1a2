"""The health server of a process: /healthz, /readyz, /status and /metrics over plain HTTP, and its few actions.

/healthz fails when a loop of the process stands still: who watches it starts another one in its place.

Reading is free on loopback; an action (POST) needs the token of the data folder and changes what its service allows.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from opensqt.runtime.actions import Action, carried_out
from opensqt.runtime.command_body import BYTES_MAX, BadCommand, words_for
from opensqt.runtime.http_hosts import REFUSAL, host_allowed
from opensqt.runtime.progress import Progress
from opensqt.runtime.telemetry.metrics import CONTENT_TYPE, Metrics
from opensqt.runtime.token import fits

REQUEST_BYTES_MAX = 8192
REQUEST_S_MAX = 2.0
LENGTH_DIGITS_MAX = 12
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    503: "Service Unavailable",
}
_JSON = "application/json"


class Health:
    """Answers what the process says of itself: `status` gives at least `ready` and `why`."""

    def __init__(
        self,
        status: Callable[[], dict[str, Any]],
        metrics: Metrics,
        *,
        progress: Progress | None = None,
        actions: Mapping[str, Action] | None = None,
        folder: Path | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        self._status = status
        self._metrics = metrics
        self._progress = progress or Progress()
        # The very mapping, not a copy: a service adds its actions after the server listens.
        self._actions = actions if actions is not None else {}
        self._folder = folder
        self._hosts = hosts
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
            method, target = [*head.split("\r\n", 1)[0].split(" "), "", ""][:2]
            host = _header(head, "host")
            if host and not host_allowed(host, self._hosts):
                answer = 403, _JSON, _json({"error": REFUSAL})
            elif method == "POST":
                answer = await self._act(target, head, reader)
            else:
                answer = self._reply(method, target)
            code, kind, content = answer
            writer.write(
                f"HTTP/1.1 {code} {_REASONS[code]}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    async def _act(
        self, target: str, head: str, reader: asyncio.StreamReader
    ) -> tuple[int, str, bytes]:
        action = self._actions.get(target)
        if action is None:
            return 404, _JSON, _json({"error": f"no action {target}", "try": list(self._actions)})
        if not self._allowed(head):
            return 401, _JSON, b'{"error":"Authorization: Bearer TOKEN of the data folder"}'
        length = _length(head)
        if length > BYTES_MAX:
            return 413, _JSON, _json({"error": f"the body is longer than {BYTES_MAX} bytes"})
        try:
            async with asyncio.timeout(REQUEST_S_MAX):
                words = words_for(target, await reader.readexactly(length))
        except BadCommand as error:
            return 400, _JSON, _json({"error": str(error)})
        return 200, _JSON, _json(await carried_out(action, words))

    def _allowed(self, head: str) -> bool:
        if self._folder is None:
            return False
        said = _header(head, "authorization").removeprefix("Bearer ").strip()
        return fits(self._folder, said)

    def _reply(self, method: str = "", target: str = "") -> tuple[int, str, bytes]:
        if method not in ("GET", "HEAD"):
            return 405, _JSON, b'{"error":"only GET and POST"}'
        match target.partition("?")[0]:
            case "/healthz":
                standing = self._progress.standing
                said = {"alive": not standing, "why": standing}
                return (503 if standing else 200), _JSON, _json(said)
            case "/readyz":
                status = self._status()
                return (200 if status["ready"] else 503), _JSON, _json(status)
            case "/status":
                return 200, _JSON, _json(self._status())
            case "/metrics":
                return 200, CONTENT_TYPE, self._metrics.render()
            case _:
                return 404, _JSON, b'{"error":"try /healthz /readyz /status /metrics"}'


def _header(head: str, name: str) -> str:
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.strip().lower() == name:
            return value.strip()
    return ""


def _length(head: str) -> int:
    text = _header(head, "content-length")
    # A number of a million digits is no number to Python; it is too long all the same.
    return (
        (int(text) if len(text) < LENGTH_DIGITS_MAX else BYTES_MAX + 1) if text.isdecimal() else 0
    )


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()
