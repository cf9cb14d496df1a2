"""The sockets of Binance: public and private streams, the spot WebSocket API, and listen keys that run out."""

from collections.abc import Mapping

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.binance.listen_keys import ListenKeys
from opensqt.simulation.dialects.binance.signature import Keyring
from opensqt.simulation.dialects.binance.streams_private import PrivateStreamHub
from opensqt.simulation.dialects.binance.streams_public import PublicStreamHub
from opensqt.simulation.dialects.binance.ws_api import api_request, stream_request
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.market_changes import MarketChanges

SPOT_HOSTS = ("stream.binance.com", "ws-api.binance.com")
API_PREFIX = "ws-"


class BinanceStreams:
    """All connections of the venue."""

    def __init__(self, context: VenueContext, keyring: Keyring, listen_keys: ListenKeys) -> None:
        self._context, self._keyring, self._listen_keys = context, keyring, listen_keys
        self._public = PublicStreamHub(context)
        self._private = PrivateStreamHub(context.exchange.rules)
        context.exchange.listeners.append(self._private.publish)
        self._wires: set[ClientSocket] = set()
        self._changes = MarketChanges(context, self._public)
        self.flush = self._changes.flush

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""
        return self._private.attached

    def market_of(self, host: str) -> Market:
        """Which market a host serves."""
        return Market.SPOT if host in SPOT_HOSTS else Market.PERP

    def open(self, wire: ClientSocket, query: Mapping[str, str]) -> None:
        """Serve what the address itself asks for: streams in the path or query, or a listen key."""
        self._wires.add(wire)
        market, tail = self.market_of(wire.host), wire.path.rpartition("/")[2]
        key = query.get("listenKey", "")
        wall_ms = self._context.exchange.clock.wall_ms()
        account = self._listen_keys.account(key or tail, wall_ms) if market is Market.PERP else None
        if account is not None:
            wire.account = account
            self._private.attach(wire, market, account)
        elif key:
            wire.close()
        named = query.get("streams", tail if "@" in tail else "")
        self._public.subscribe(wire, market, [name for name in named.split("/") if name])

    def receive(self, wire: ClientSocket, raw: str) -> None:
        """Serve a request of the WebSocket API, or one about subscriptions."""
        if wire.host.startswith(API_PREFIX):
            api_request(self._context, self._keyring, self._private, wire, raw)
        else:
            stream_request(self._public, wire, self.market_of(wire.host), raw)

    def close(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._wires.discard(wire)
        self._public.unsubscribe(wire, self.market_of(wire.host), list(wire.streams))
        self._private.detach(wire)

    def tick(self) -> None:
        """Send what goes out every 100 ms, and tell who listens with a key that has run out."""
        self._changes.tick()
        for key in self._listen_keys.expired(self._context.exchange.clock.wall_ms()):
            over = {"e": "listenKeyExpired", "E": self._context.now_ms(), "listenKey": key.key}
            for wire in self._wires:
                if wire.account == key.account:
                    wire.answer(over)
