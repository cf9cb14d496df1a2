"""One TLS port for every host of the venue: REST, public and private streams, the WebSocket API and the admin page.

It routes by the Host header and moves bytes; every decision is made elsewhere.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec
from aiohttp import WSMsgType, web

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.binance.streams_private import PrivateStreamHub
from opensqt.simulation.dialects.binance.streams_public import PublicStreamHub
from opensqt.simulation.dialects.binance.ws_api import api_request, stream_request
from opensqt.simulation.engine.incidents import PriceGrid, change_grid
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.dispatch import Dispatcher, HttpRequest
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match

ADMIN_HOST = "venue.admin"
TICK_S = 0.1
LOCAL = ("127.0.0.1", "::1")


class Server:
    """The listening side of the simulated Binance."""

    def __init__(self, floor: VenueContext, ready: Callable[[], bool]) -> None:
        self._floor, self._faults, self._ready = floor, floor.faults, ready
        self._dispatcher = Dispatcher(floor)
        self._storm_at_ms: dict[int, int] = {}
        self.public = PublicStreamHub(floor)
        self.private = PrivateStreamHub(floor.exchange.rules)
        floor.exchange.listeners.append(self.private.publish)
        self.wires: set[ClientSocket] = set()
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int, certificate: Path) -> int:
        """Listen with TLS; return the port (a free one for 0)."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=False, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=context)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        self.disconnect("")
        if self._runner is not None:
            await self._runner.cleanup()

    async def run(self) -> None:
        """Tick streams, chores and listen keys every 100 ms of wall time."""
        while True:
            self._floor.chores.tick()
            self.public.tick()
            self._storm()
            for key in self._floor.listen_keys.expired(self._floor.exchange.clock.wall_ms()):
                for wire in [wire for wire in self.wires if wire.account == key.account]:
                    wire.answer(
                        {"e": "listenKeyExpired", "E": self._floor.now_ms(), "listenKey": key.key}
                    )
            await asyncio.sleep(TICK_S)

    def inject(self, script: FaultScript) -> None:
        """Put a script in force; what it does at once is done when this returns."""
        self._faults.load(script)
        self._storm_at_ms.clear()
        for rule in script.rules:
            match rule.fault:
                case FaultName.DISCONNECT:
                    self.disconnect(rule.match.kind)
                case FaultName.MAINTENANCE:
                    self.disconnect("")
                case FaultName.PRECISION_CHANGE:
                    self._regrid(rule)
                case _:
                    pass

    def _regrid(self, rule: FaultRule) -> None:
        """Change the grid of the instruments that a rule names; 0 leaves tick or step as they are."""
        exchange = self._floor.exchange
        for rules in list(exchange.rules.values()):
            meant = Match(market=rules.market.value, symbol=rules.venue_symbol)
            if rule.match.fits(meant):
                grid = PriceGrid(
                    tick_size=rule.tick_size or rules.tick_size,
                    quantity_step=rule.quantity_step or rules.quantity_step,
                )
                change_grid(exchange, rules.symbol, grid)

    def disconnect(self, kind: str) -> None:
        """Cut streams at once: public, private or (empty) all."""
        for wire in list(self.wires):
            if not kind or kind == ("private" if wire.account else "public"):
                wire.cut()

    def _storm(self) -> None:
        """Cut streams whenever a disconnect storm is due."""
        wall_ms = self._floor.exchange.clock.wall_ms()
        for index, rule in enumerate(self._faults.rules):
            if rule.fault is FaultName.DISCONNECT_STORM:
                due_ms = self._storm_at_ms.setdefault(index, wall_ms + rule.ms)
                if wall_ms >= due_ms:
                    self._storm_at_ms[index] = wall_ms + rule.ms
                    if self._faults.draw((FaultName.DISCONNECT_STORM,), rule.match) is not None:
                        self.disconnect(rule.match.kind)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        host = request.host.split(":")[0]
        if host == ADMIN_HOST:
            return await self._admin(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request, host)
        body = await request.text()
        answer = self._dispatcher.serve(
            HttpRequest(
                method=request.method,
                path=request.path,
                query=request.query_string
                if "%" not in request.raw_path
                else request.raw_path.partition("?")[2],
                body=body,
                api_key=request.headers.get("X-MBX-APIKEY", ""),
            )
        )
        self.public.flush()
        if answer.delay_ms:
            await asyncio.sleep(answer.delay_ms / 1000)
        if answer.lost:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return web.Response(
            status=answer.status,
            body=answer.body,
            headers=answer.headers,
            content_type="application/json",
        )

    async def _websocket(self, request: web.Request, host: str) -> web.StreamResponse:
        market = (
            Market.SPOT if host in ("stream.binance.com", "ws-api.binance.com") else Market.PERP
        )
        if self._floor.is_closed(Match(kind="stream", market=market.value)):
            return web.Response(status=503)
        wire = ClientSocket(self._faults, request.transport)
        await wire.socket.prepare(request)
        self.wires.add(wire)
        wire.combined = "/stream" in request.path
        sender = asyncio.create_task(wire.pump())
        try:
            self._attach(wire, request, market)
            async for message in wire.socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                if host.startswith("ws-"):
                    api_request(self._floor, self.private, wire, message.data)
                else:
                    stream_request(self.public, wire, market, message.data)
        finally:
            self.wires.discard(wire)
            self.public.unsubscribe(wire, market, list(wire.streams))
            self.private.detach(wire)
            sender.cancel()
        return wire.socket

    def _attach(self, wire: ClientSocket, request: web.Request, market: Market) -> None:
        """Serve what the address itself asks for: streams in the path or query, or a listen key."""
        tail = request.path.rpartition("/")[2]
        key = request.query.get("listenKey", "")
        wall_ms = self._floor.exchange.clock.wall_ms()
        account = (
            self._floor.listen_keys.account(key or tail, wall_ms) if market is Market.PERP else None
        )
        if account is not None:
            wire.account = account
            self.private.attach(wire, market, account)
        elif key:
            wire.close()
        named = request.query.get("streams", tail if "@" in tail else "")
        self.public.subscribe(wire, market, [name for name in named.split("/") if name])

    async def _admin(self, request: web.Request) -> web.Response:
        """GET /healthz, GET and POST /admin/faults; loopback only, as the whole port is."""
        if request.path in ("/healthz", "/readyz"):
            ready = self._ready()
            return web.json_response({"ready": ready}, status=200 if ready else 503)
        if request.path != "/admin/faults" or request.remote not in LOCAL:
            return web.json_response({"error": f"no such page {request.path}"}, status=404)
        if request.method == "POST":
            try:
                script = msgspec.json.decode(await request.read(), type=FaultScript)
            except msgspec.DecodeError as error:
                return web.json_response({"error": str(error)}, status=400)
            self.inject(script)
        met = [
            {"rule": msgspec.to_builtins(r), "met": m}
            for r, m in zip(self._faults.rules, self._faults.met, strict=True)
        ]
        return web.json_response({"faults": met})
