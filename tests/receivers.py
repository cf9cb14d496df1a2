"""Who is told of alerts: a local HTTP server that answers as it is told to, also with errors, or not at all."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web


class ReceiverAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a receiver; `hangs`: none comes."""

    status: int = 200
    headers: dict[str, str] = {}
    words: dict[str, Any] = {}
    hangs: bool = False


class AlertReceiver:
    """The other end of a channel: what it was told, and what it says next (then: 200 for ever)."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.told: list[dict[str, Any]] = []  # everything that was posted
        self.taken: list[dict[str, Any]] = []  # of it, what was answered with 200
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.times_s: list[float] = []
        self.next: deque[ReceiverAnswer] = deque()
        self.hangs = hangs
        self.url = ""
        self._left = asyncio.Event()

    @property
    def keys(self) -> list[tuple[str, str]]:
        """What was taken, by state and key, in order."""
        return [(one["state"], one["key"]) for said in self.taken for one in said["alerts"]]

    async def _answer(self, request: web.Request) -> web.Response:
        said = await request.json()
        self.told.append(said)
        self.paths.append(request.path)
        self.headers.append(dict(request.headers))
        self.times_s.append(asyncio.get_running_loop().time())
        answer = self.next.popleft() if self.next else ReceiverAnswer(hangs=self.hangs)
        if answer.hangs:
            await self._left.wait()
        elif answer.status == 200:
            self.taken.append(said)
        return web.json_response(answer.words, status=answer.status, headers=answer.headers)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["AlertReceiver"]:
        """Listen on a port of its own until the end."""
        app = web.Application()
        app.router.add_post("/{tail:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            self._left.set()
            await runner.cleanup()
