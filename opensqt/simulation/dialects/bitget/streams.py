"""The sockets of Bitget: logins, subscriptions to public and private topics, and bare pings."""

from collections.abc import Mapping

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bitget.signature import login
from opensqt.simulation.dialects.bitget.streams_private import TOPICS, PrivateFrames
from opensqt.simulation.dialects.bitget.streams_public import PublicFrames
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.market_changes import MarketChanges
from opensqt.simulation.server.passphrase_keys import PassphraseKeyring

PING, PONG = "ping", "pong"
ILLEGAL = (30003, "Illegal op")
NOT_LOGGED_IN = (30004, "User needs to log in")
BAD_LOGIN = (30005, "Login failed")
NO_CHANNEL = (30001, "Channel does not exist")


class _BitgetSocketRequest(msgspec.Struct, frozen=True):
    op: str
    args: list[dict[str, str | int]] = []


class BitgetStreams:
    """All connections of the venue."""

    def __init__(self, context: VenueContext, keyring: PassphraseKeyring) -> None:
        self._context, self._keyring = context, keyring
        self._public, self._private = PublicFrames(context), PrivateFrames(context)
        changes = MarketChanges(context, self._public)
        self._public.tell_book = changes.tell_book
        self.flush, self.tick = changes.flush, changes.tick
        context.exchange.listeners.append(self._private.publish)

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""
        return self._private.attached

    def market_of(self, host: str) -> Market:
        """One host serves all markets."""
        del host
        return Market.PERP

    def open(self, wire: ClientSocket, query: Mapping[str, str]) -> None:
        """An address asks for nothing by itself."""

    def receive(self, wire: ClientSocket, raw: str) -> None:
        """Serve a ping, a login or a subscription."""
        if raw == PING:
            wire.say(PONG)
            return
        try:
            request = msgspec.json.decode(raw, type=_BitgetSocketRequest)
        except msgspec.DecodeError:
            _error(wire, *ILLEGAL)
            return
        match request.op:
            case "login" if request.args:
                self._login(wire, _texts(request.args[0]))
            case "subscribe" | "unsubscribe":
                for arg in request.args:
                    self._serve(wire, request.op, _texts(arg))
            case _:
                _error(wire, *ILLEGAL)

    def close(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._public.forget(wire)
        self._private.forget(wire)

    def _login(self, wire: ClientSocket, told: dict[str, str]) -> None:
        try:
            wire.account = login(self._keyring, told, self._context.now_ms())
        except VenueError:
            _error(wire, *BAD_LOGIN)
            return
        wire.answer({"event": "login", "code": 0})

    def _serve(self, wire: ClientSocket, op: str, arg: dict[str, str]) -> None:
        hub = self._private if arg.get("topic") in TOPICS else self._public
        if hub is self._private and not wire.account:
            _error(wire, *NOT_LOGGED_IN, arg)
        elif not hub.knows(arg):
            _error(wire, *NO_CHANNEL, arg)
        else:
            wire.answer({"event": op, "arg": arg})
            (hub.subscribe if op == "subscribe" else hub.unsubscribe)(wire, arg)


def _texts(told: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items()}


def _error(
    wire: ClientSocket, code: int, message: str, arg: Mapping[str, str] | None = None
) -> None:
    told = {"event": "error", "code": code, "msg": message}
    wire.answer(told if arg is None else {**told, "arg": arg})
