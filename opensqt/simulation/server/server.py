"""One TLS port for every host of the venue: REST, streams and the admin page.

It routes by the Host header and moves bytes; every decision is made elsewhere.
"""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

from aiohttp import WSMsgType, web

from opensqt.simulation.server.admin import ADMIN_HOST, Admin
from opensqt.simulation.server.call import HttpRequest
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.dialect import WireDialect
from opensqt.simulation.server.dispatch import Dispatcher
from opensqt.simulation.server.faults import Match

TICK_S = 0.1


class Server:
    """The listening side of a simulated venue."""

    def __init__(
        self,
        context: VenueContext,
        dialect: WireDialect,
        ready: Callable[[], bool],
        admin_token: str = "",
    ) -> None:
        self._context = context
        self._dispatcher = Dispatcher(context, dialect)
        self.streams = dialect.streams(context)
        self.wires: set[ClientSocket] = set()
        self.admin = Admin(context, ready, self.wires, admin_token)
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
        self.admin.disconnect("")
        if self._runner is not None:
            server = self._runner.server
            left = [] if server is None else [one.transport for one in server.connections]
            await self._runner.cleanup()
            for transport in left:  # whoever went without a goodbye of TLS is not waited for
                if transport is not None:
                    transport.abort()

    async def run(self) -> None:
        """Tick streams, chores and storms every 100 ms of wall time."""
        while True:
            self._context.chores.tick()
            self.streams.tick()
            self.admin.storm()
            await asyncio.sleep(TICK_S)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        host = request.host.split(":")[0]
        if host == ADMIN_HOST:
            return await self.admin.page(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket(request, host)
        answer = self._dispatcher.serve(
            HttpRequest(
                method=request.method,
                path=request.path,
                query=request.query_string
                if "%" not in request.raw_path
                else request.raw_path.partition("?")[2],
                body=await request.text(),
                headers=request.headers,
            )
        )
        self.streams.flush()
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
        market = self.streams.market_of(host)
        if self._context.is_closed(Match(kind="stream", market=market.value)):
            return web.Response(status=503)
        wire = ClientSocket(self._context.faults, request.transport, host, request.path)
        await wire.socket.prepare(request)
        self.wires.add(wire)
        sender = asyncio.create_task(wire.pump())
        try:
            self.streams.open(wire, request.query)
            async for message in wire.socket:
                if message.type is WSMsgType.TEXT:
                    self.streams.receive(wire, message.data)
        finally:
            self.wires.discard(wire)
            self.streams.close(wire)
            sender.cancel()
        return wire.socket
