"""The sockets of Bybit: a login and topics on the private one, topics on the public ones, life signs on all."""

from collections.abc import Mapping
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bybit.listing import MARKETS
from opensqt.simulation.dialects.bybit.signature import BybitKeyring
from opensqt.simulation.dialects.bybit.streams_private import PrivateTopics
from opensqt.simulation.dialects.bybit.streams_public import PublicTopics
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.market_changes import MarketChanges

PRIVATE = "/v5/private"


class _SocketRequest(msgspec.Struct, frozen=True):
    op: str = ""
    req_id: Any = ""
    args: list[Any] = []


class BybitStreams:
    """All connections of the venue."""

    def __init__(self, context: VenueContext, keyring: BybitKeyring) -> None:
        self._context, self._keyring = context, keyring
        self._public = PublicTopics(context)
        self._private = PrivateTopics(context.exchange)
        context.exchange.listeners.append(self._private.publish)
        changes = MarketChanges(context, self._public)
        self.flush, self.tick = changes.flush, changes.tick

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""
        return self._private.attached

    def market_of(self, host: str) -> Market:
        """Which market a host serves: all serve both, and the path tells which is meant."""
        del host
        return Market.PERP

    def open(self, wire: ClientSocket, query: Mapping[str, str]) -> None:
        """Serve nothing before it is asked for."""
        del query
        market = MARKETS.get(wire.path.rpartition("/")[2])
        if market is None and wire.path != PRIVATE:
            wire.close()

    def receive(self, wire: ClientSocket, raw: str) -> None:
        """Serve a request: a life sign, a login, topics."""
        try:
            request = msgspec.json.decode(raw, type=_SocketRequest)
        except msgspec.DecodeError:
            self._answer(wire, _SocketRequest(), "error:invalid op", success=False)
            return
        match request.op:
            case "ping":
                self._pong(wire, request)
            case "auth":
                self._login(wire, request)
            case "subscribe" | "unsubscribe":
                self._topics(wire, request)
            case _:
                self._answer(wire, request, "error:invalid op", success=False)

    def close(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._public.unsubscribe(wire, list(wire.streams))
        self._private.detach(wire)

    def _pong(self, wire: ClientSocket, request: _SocketRequest) -> None:
        if wire.path == PRIVATE:
            stamp = str(self._context.now_ms())
            wire.answer({"req_id": request.req_id, "op": "pong", "args": [stamp]})
        else:
            self._answer(wire, request, "pong", success=True)

    def _login(self, wire: ClientSocket, request: _SocketRequest) -> None:
        try:
            api_key, expires_ms, signature = map(str, request.args)
            now_ms = self._context.now_ms()
            wire.account = self._keyring.login(api_key, expires_ms, signature, now_ms)
        except (ValueError, VenueError) as error:
            self._answer(wire, request, f"error:{error}", success=False)
            wire.close()
            return
        self._answer(wire, request, "", success=True)

    def _topics(self, wire: ClientSocket, request: _SocketRequest) -> None:
        topics = [str(topic) for topic in request.args]
        known = self._private.knows if wire.path == PRIVATE else self._public.knows
        unknown = [topic for topic in topics if not known(wire, topic)]
        if unknown:
            text = f"error:handler not found,topic:{','.join(unknown)}"
            self._answer(wire, request, text, success=False)
            return
        self._answer(wire, request, request.op, success=True)
        hub = self._private if wire.path == PRIVATE else self._public
        (hub.subscribe if request.op == "subscribe" else hub.unsubscribe)(wire, topics)

    def _answer(
        self, wire: ClientSocket, request: _SocketRequest, text: str, *, success: bool
    ) -> None:
        wire.answer(
            {
                "success": success,
                "ret_msg": text,
                "conn_id": f"paper-{id(wire):x}",
                "req_id": request.req_id,
                "op": request.op,
            }
        )
