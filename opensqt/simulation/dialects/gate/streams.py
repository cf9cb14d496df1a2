"""The sockets of Gate: one for each market, on which every subscription names its channel, private ones with a key."""

from collections.abc import Mapping
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.gate.listing import SECTIONS, user_of
from opensqt.simulation.dialects.gate.signature import GateKeyring, check_time
from opensqt.simulation.dialects.gate.streams_private import PRIVATE_CHANNELS, GatePrivate
from opensqt.simulation.dialects.gate.streams_public import GatePublic
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.market_changes import MarketChanges

PERP_HOST = "fx-ws."
CONNECTION = "paper"
UNKNOWN, BAD_AUTH = 2, 4


class _GateRequest(msgspec.Struct, frozen=True):
    time: int = 0
    id: Any = None
    channel: str = ""
    event: str = ""
    payload: Any = None
    auth: dict[str, str] = {}


class GateStreams:
    """All connections of the venue."""

    def __init__(self, context: VenueContext, keyring: GateKeyring) -> None:
        self._context, self._keyring = context, keyring
        self._public = GatePublic(context)
        self._private = GatePrivate(context)
        changes = MarketChanges(context, self._public)
        self._public.tell_book = changes.tell_book
        self.flush, self.tick = changes.flush, changes.tick
        context.exchange.listeners.append(self._private.publish)

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""
        return self._private.attached

    def market_of(self, host: str) -> Market:
        """Perpetuals have a host of their own."""
        return Market.PERP if host.startswith(PERP_HOST) else Market.SPOT

    def open(self, wire: ClientSocket, query: Mapping[str, str]) -> None:
        """An address asks for nothing by itself."""

    def receive(self, wire: ClientSocket, raw: str) -> None:
        """Serve a ping or a subscription."""
        market = self.market_of(wire.host)
        try:
            request = msgspec.json.decode(raw, type=_GateRequest)
        except msgspec.DecodeError:
            self._answer(wire, _GateRequest(), error=(1, "invalid argument struct"))
            return
        section, _, channel = request.channel.partition(".")
        if channel == "ping":
            self._answer(wire, request, channel=f"{section}.pong")
        elif section != SECTIONS[market] or request.event not in ("subscribe", "unsubscribe"):
            self._answer(wire, request, error=(UNKNOWN, f"unknown channel {request.channel}"))
        elif channel in PRIVATE_CHANNELS:
            self._serve_private(wire, market, channel, request)
        else:
            self._serve_public(wire, market, channel, request)

    def close(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._public.forget(wire)
        self._private.forget(wire)

    def _serve_public(
        self, wire: ClientSocket, market: Market, channel: str, request: _GateRequest
    ) -> None:
        names = [str(one) for one in request.payload or ()]
        topics = self._public.topics(market, channel, names)
        if not topics:
            text = f"unknown {SECTIONS[market]} {channel} {','.join(names)}"
            return self._answer(wire, request, error=(UNKNOWN, text))
        self._answer(wire, request)
        serve = self._public.subscribe if request.event == "subscribe" else self._public.unsubscribe
        return serve(wire, topics)

    def _serve_private(
        self, wire: ClientSocket, market: Market, channel: str, request: _GateRequest
    ) -> None:
        try:
            account = self._login(request)
        except VenueError as error:
            text = msgspec.json.encode({"label": error.code, "message": error.message}).decode()
            return self._answer(wire, request, error=(BAD_AUTH, text))
        names = [str(one) for one in request.payload or ()]
        if market is Market.PERP and names[:1] != [str(user_of(account))]:
            return self._answer(wire, request, error=(UNKNOWN, "unknown user"))
        wire.account = account
        self._answer(wire, request)
        serve = self._private.subscribe if request.event == "subscribe" else self._private.drop
        return serve(wire, market, channel)

    def _login(self, request: _GateRequest) -> str:
        """Whose subscription this is; raise `VenueError`."""
        key, stamp = request.auth.get("KEY", ""), request.time
        account = self._keyring.account(key)
        check_time(stamp * 1000, self._context.now_ms())
        signed = f"channel={request.channel}&event={request.event}&time={stamp}"
        self._keyring.compare(key, signed, request.auth.get("SIGN", ""))
        return account

    def _answer(
        self,
        wire: ClientSocket,
        request: _GateRequest,
        *,
        channel: str = "",
        error: tuple[int, str] | None = None,
    ) -> None:
        now_ms = self._context.now_ms()
        failed = {} if error is None else {"error": {"code": error[0], "message": error[1]}}
        wire.answer(
            {
                "time": now_ms // 1000,
                "time_ms": now_ms,
                "id": request.id,
                "conn_id": CONNECTION,
                "channel": channel or request.channel,
                "event": request.event,
                "payload": request.payload,
                **failed,
                "result": None if channel else {"status": "success" if error is None else "fail"},
            }
        )
