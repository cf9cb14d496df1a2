"""A visitor of a gateway: HTTP and WebSocket as a page or a script speaks them."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from services.gateway.config import GatewaySettings
from services.gateway.service import Gateway
from tests import scenes
from tests.stage import TOKEN, Stage

PATIENCE_S = 10.0
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
CANARIES = (TOKEN, "canary-key-71aa", "canary-secret-55bb")


class Visitor:
    """A client of one gateway."""

    def __init__(self, session: aiohttp.ClientSession, gateway: Gateway) -> None:
        self.session = session
        self.gateway = gateway
        self._listening: list[aiohttp.ClientWebSocketResponse] = []
        self.address = f"http://127.0.0.1:{gateway.web.port}"

    async def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Get a path and return status and body."""
        async with self.session.get(self.address + path, headers=headers) as reply:
            return reply.status, await reply.read()

    async def picture(self) -> dict[str, Any]:
        """Return the picture of now."""
        found: dict[str, Any] = json.loads((await self.get("/api/snapshot"))[1])
        return found

    async def post(
        self, verb: str, words: object, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Give a command and return status and answer."""
        content = {"Content-Type": "application/json"}
        return await self.post_bytes(verb, json.dumps(words).encode(), content | headers)

    async def post_bytes(
        self, verb: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """Give a command in these very bytes and return status and answer."""
        url = f"{self.address}/api/{verb}"
        async with self.session.post(url, data=io.BytesIO(body), headers=headers) as reply:
            return reply.status, await reply.json()

    async def listen(self, origin: str | None = None) -> aiohttp.ClientWebSocketResponse:
        """Open the WebSocket as the page does, or from another origin; an empty one sends none."""
        headers = {"Origin": self.address if origin is None else origin}
        if origin == "":
            headers = {}
        listening = await self.session.ws_connect(self.address + "/ws", headers=headers)
        self._listening.append(listening)
        return listening

    async def leave(self) -> None:
        """Close what is open."""
        for listening in self._listening:
            await listening.close()


@asynccontextmanager
async def visited(stage: Stage, settings: GatewaySettings | None = None) -> AsyncIterator[Visitor]:
    """Visit a gateway whose desk has a history and a market."""
    now_ms = stage.house.clock.market_ms()
    await stage.record(*scenes.desk(now_ms))
    async with stage.gateway(settings) as gateway, aiohttp.ClientSession() as session:
        await stage.publish(*scenes.market(now_ms))
        visitor = Visitor(session, gateway)
        try:
            yield visitor
        finally:
            await visitor.leave()
