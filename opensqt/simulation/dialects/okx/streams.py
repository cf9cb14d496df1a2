"""The sockets of OKX: logins, subscriptions to public and private channels, and bare pings."""

from collections.abc import Mapping

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.okx.signature import LOGIN_PATH
from opensqt.simulation.dialects.okx.streams_private import PRIVATE_CHANNELS, PrivateChannels
from opensqt.simulation.dialects.okx.streams_public import PUBLIC_CHANNELS, PublicChannels
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.market_changes import MarketChanges
from opensqt.simulation.server.passphrase_keys import PassphraseKeyring

PING, PONG = "ping", "pong"
CONNECTION = "paper"
ILLEGAL = ("60012", "Illegal request")
NOT_LOGGED_IN = ("60011", "Please log in")
UNKNOWN_CHANNEL = ("60018", "Wrong URL or channel doesn't exist")
BAD_LOGIN = ("60009", "Login failed.")


class _Request(msgspec.Struct, frozen=True):
    op: str
    args: list[dict[str, str]] = []


class OkxStreams:
    """All connections of the venue."""

    def __init__(self, context: VenueContext, keyring: PassphraseKeyring) -> None:
        self._keyring = keyring
        self._public = PublicChannels(context)
        self._private = PrivateChannels(context)
        self._changes = MarketChanges(context, self._public)
        self._public.tell_book = self._changes.tell_book
        self.flush, self.tick = self._changes.flush, self._changes.tick
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
            return None
        try:
            request = msgspec.json.decode(raw, type=_Request)
        except msgspec.DecodeError:
            return _error(wire, *ILLEGAL)
        match request.op:
            case "login" if request.args:
                self._login(wire, request.args[0])
            case "subscribe" | "unsubscribe":
                for arg in request.args:
                    self._serve(wire, request.op, arg)
            case _:
                _error(wire, *ILLEGAL)
        return None

    def close(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._public.forget(wire)
        self._private.forget(wire)

    def _login(self, wire: ClientSocket, told: Mapping[str, str]) -> None:
        key, stamp = told.get("apiKey", ""), told.get("timestamp", "")
        try:
            account = self._keyring.account(key)
            payload = f"{stamp}GET{LOGIN_PATH}"
            self._keyring.verify(key, told.get("passphrase", ""), payload, told.get("sign", ""))
        except VenueError:
            return _error(wire, *BAD_LOGIN)
        wire.account = account
        return wire.answer({"event": "login", "code": "0", "msg": "", "connId": CONNECTION})

    def _serve(self, wire: ClientSocket, op: str, arg: dict[str, str]) -> None:
        channel = arg.get("channel", "")
        if channel in PRIVATE_CHANNELS and not wire.account:
            return _error(wire, *NOT_LOGGED_IN, arg)
        hub = self._private if channel in PRIVATE_CHANNELS else self._public
        if channel not in PRIVATE_CHANNELS and channel not in PUBLIC_CHANNELS:
            return _error(wire, *UNKNOWN_CHANNEL, arg)
        if op == "unsubscribe":
            hub.unsubscribe(wire, arg)
            return wire.answer({"event": op, "arg": arg, "connId": CONNECTION})
        if not hub.knows(arg):
            return _error(wire, *UNKNOWN_CHANNEL, arg)
        wire.answer({"event": op, "arg": arg, "connId": CONNECTION})
        return hub.subscribe(wire, arg)


def _error(
    wire: ClientSocket, code: str, message: str, arg: Mapping[str, str] | None = None
) -> None:
    told = {"event": "error", "code": code, "msg": message, "connId": CONNECTION}
    wire.answer(told if arg is None else {**told, "arg": arg})
