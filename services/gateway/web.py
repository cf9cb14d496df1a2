"""The web server: the page, its picture over a WebSocket, kill and resume behind the token. It knows no trading.

Everybody on an allowed host may look; nobody writes over the WebSocket; a command needs the token of the data folder.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any, Protocol

import msgspec
from aiohttp import WSMsgType, web

from opensqt.api.http import HttpCalls, read_within
from opensqt.domain.clean_text import cleaned
from opensqt.runtime.command_body import BYTES_MAX, BadCommand, unclear, words_for
from opensqt.runtime.http_hosts import REFUSAL, host_allowed
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import CONTENT_TYPE, Metrics
from services.gateway.access import POLICY, origin_allowed, token_right
from services.gateway.config import NAME, GatewaySettings
from services.gateway.decide import KILL, TIME, delta
from services.gateway.slow_heads import SlowHeads
from services.gateway.view_model import Picture

FILES = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

KEPT_S = 30.0  # a connection on which nothing is asked

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_encode = msgspec.json.encode
_log = Log(NAME)


class AppState(Protocol):
    """What the web server shows and asks; the service is it. `targets` is what Prometheus' HTTP discovery reads."""

    targets: Callable[[], list[dict[str, Any]]]

    @property
    def ready(self) -> bool:
        """Tell whether the picture is of now."""

    def status(self) -> dict[str, Any]:
        """Say what the gateway says of itself."""

    def look(self) -> Picture:
        """Return the newest picture."""

    def token(self) -> str:
        """Return the token of the folder, or nothing."""

    async def order(self, verb: str, scope: str, reason: str, actor: str) -> dict[str, Any]:
        """Pass a command on and return what came of it."""


class WebServer:
    """Answers people; one picture is made for all of them at once."""

    def __init__(
        self,
        house: AppState,
        settings: GatewaySettings,
        metrics: Metrics,
        sleep: Callable[[float], Awaitable[None]],
        calls: HttpCalls,
    ) -> None:
        self._calls = calls
        self._house = house
        self._settings = settings
        self._metrics = metrics
        self._sleep = sleep
        self._clients: set[web.WebSocketResponse] = set()
        self._peers: Counter[str] = Counter()  # pages by the address that asks
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._slow = SlowHeads(settings.head_s_max)
        self._files = {path.name: path.read_bytes() for path in sorted(FILES.iterdir())}
        self.port = 0

    async def open(self) -> None:
        """Listen; raise `OSError` when the port is taken."""
        app = web.Application(
            middlewares=[self._guard], client_max_size=self._settings.inbound_bytes_max
        )
        app.router.add_get("/", self._file)
        app.router.add_get("/static/{name}", self._file)
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/api/snapshot", self._snapshot)
        app.router.add_post("/api/{verb:kill|resume}", self._command)
        app.router.add_routes(self._calls.routes())
        for path in ("/healthz", "/readyz", "/metrics", "/targets"):
            app.router.add_get(path, self._health)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=KEPT_S
        )
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("the web server was not set up")
        self._server = await asyncio.get_running_loop().create_server(
            self._slow.watched(self._runner.server), self._settings.host, self._settings.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Tell every client that this is the end, then stop listening."""
        for client in tuple(self._clients):
            await client.close(code=1001, message=b"the gateway stops")
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def clients(self) -> int:
        """How many pages are open."""
        return len(self._clients)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._slow.heard(request.protocol)
        if not host_allowed(request.headers.get("Host", ""), self._settings.hosts):
            return _refused(403, REFUSAL)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = _refused(error.status, error.reason)
        if not response.prepared:
            response.headers.update(POLICY)
        return response

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "index.html")
        body = self._files.get(name)
        if body is None:
            return _refused(404, "no such file")
        kind = KINDS.get(Path(name).suffix, "application/octet-stream")
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def _snapshot(self, request: web.Request) -> web.StreamResponse:
        picture = self._house.look()
        wanted = {name for name in request.query.get("sections", "").split(",") if name}
        if wanted:
            picture = {name: part for name, part in picture.items() if name in wanted}
        return web.Response(body=_encode(picture), content_type="application/json")

    async def _health(self, request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/healthz":
                return web.json_response({"alive": True})
            case "/readyz":
                said = self._house.status() | {"ready": self._house.ready}
                return web.json_response(said, status=200 if self._house.ready else 503)
            case "/targets":
                return web.json_response(self._house.targets())
            case _:
                return web.Response(
                    body=self._metrics.render(), headers={"Content-Type": CONTENT_TYPE}
                )

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not origin_allowed(request.headers, required=True):
            return _refused(403, "only the page of this gateway may listen here")
        if len(self._clients) >= self._settings.clients_max:
            return _refused(503, f"{self._settings.clients_max} pages are open: close one")
        peer = request.remote or ""
        if self._peers[peer] >= self._settings.clients_max_each:
            most = self._settings.clients_max_each
            return _refused(503, f"{most} pages are open from your address: close one")
        socket = web.WebSocketResponse(
            heartbeat=self._settings.ping_every_s,
            max_msg_size=self._settings.inbound_bytes_max,
            compress=False,
            writer_limit=self._settings.outbound_bytes_max,
        )
        self._narrow(request)
        socket.headers.update(POLICY)
        await socket.prepare(request)
        self._clients.add(socket)
        self._peers[peer] += 1
        showing = asyncio.create_task(self._show(socket, request.transport))
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
        finally:
            self._clients.discard(socket)
            self._peers[peer] -= 1
            showing.cancel()
        return socket

    def _narrow(self, request: web.Request) -> None:
        """Keep the kernel from holding minutes of old news for a client that does not read."""
        wire = request.transport.get_extra_info("socket") if request.transport else None
        if wire is not None:
            wire.setsockopt(SOL_SOCKET, SO_SNDBUF, self._settings.outbound_bytes_max)

    async def _show(self, socket: web.WebSocketResponse, wire: asyncio.Transport | None) -> None:
        """Send the whole picture, then what changed; who does not read in time is dropped."""
        seen: Picture = {}
        try:
            while not socket.closed:
                picture = self._house.look()
                kind = "delta" if seen else "snapshot"
                news = delta(seen, picture)
                seen = picture
                if news.keys() - {TIME} or kind == "snapshot":
                    text = _encode({"type": kind, **news}).decode()
                    async with asyncio.timeout(self._settings.slow_client_s_max):
                        await socket.send_str(text)
                await self._sleep(self._settings.delta_every_s)
        except TimeoutError:
            _log.warning("slow client dropped", limit_s=self._settings.slow_client_s_max)
            if wire is not None:
                wire.abort()  # a farewell would wait behind what the client does not read
        except ConnectionError:
            return

    async def _command(self, request: web.Request) -> web.StreamResponse:
        verb = request.match_info["verb"]
        peer = request.remote or "unknown"
        if not origin_allowed(request.headers, required=False):
            _log.warning("command refused", verb=verb, peer=peer, reason="foreign origin")
            return _refused(403, "only the page of this gateway may command")
        if not token_right(request.headers, self._house.token()):
            _log.warning("command refused", verb=verb, peer=peer, reason="wrong token")
            return _refused(401, "wrong token: it is in the file `token` of the data folder")
        body = await read_within(request, BYTES_MAX)
        if body is None:
            return _refused(413, f"the body must not be longer than {BYTES_MAX} bytes")
        try:
            words = words_for(f"/{verb}", body, request.charset or "utf-8")
        except BadCommand as error:
            return _refused(400, str(error))
        scope = cleaned(words.get("scope")) or "desk"
        reason = cleaned(words.get("reason")) or "no reason given"
        actor = cleaned(words.get("actor")) or f"page at {peer}"
        result = await self._house.order(verb, scope, reason, actor)
        if verb == KILL:
            result |= unclear(words)
        failed = 400 if result.get("refused") else 502
        return web.json_response(result, status=200 if result["ok"] else failed)


def _refused(status: int, why: str) -> web.Response:
    return web.json_response({"ok": False, "detail": why}, status=status)
