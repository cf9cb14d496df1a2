"""Binance's user streams: spot over its WebSocket API, USDⓈ-M by a listen key. Frames are read in `user_frames`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import VenueDown
from opensqt.venues.binance.requests import signed
from opensqt.venues.binance.user_frames import read_frame
from opensqt.venues.engine.dialect import UserConnection, UserFrame
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Query, RestRequest, decoded

# docs: a listen key lives 60 minutes and is extended by PUT.
LISTEN_KEY_RENEW_MS = 20 * 60_000


class _ListenKey(msgspec.Struct, frozen=True, rename="camel"):
    listen_key: str


def _listen_key(verb: str) -> RestRequest:
    return signed(Market.PERP, "listenKey", {}, {Market.PERP.value: 1.0}, verb=verb)


CONNECTIONS = {
    Market.SPOT: UserConnection(name="spot", markets=frozenset({Market.SPOT})),
    Market.PERP: UserConnection(
        name="perp",
        markets=frozenset({Market.PERP}),
        key=Query(
            request=_listen_key("POST"), read=lambda raw, _: decoded(raw, _ListenKey).listen_key
        ),
        renewal=_listen_key("PUT"),
        renew_ms=LISTEN_KEY_RENEW_MS,
    ),
}


class BinanceUserStreamFormat:
    """A connection for each market."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return one connection a market."""
        return [CONNECTIONS[market] for market in sorted(markets)]

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return the WebSocket API of spot, or the stream of a listen key."""
        if connection.key is not None:
            return str(client.get_private_ws_url("linear", key))
        return str(client.urls["api"]["ws"]["ws-api"]["spot"])

    async def login(self, connection: UserConnection, client: Any) -> None:
        """Subscribe spot's stream with a signature; a listen key needs none. Raises `VenueDown`."""
        if connection.key is not None:
            return
        from ccxt.base.errors import BaseError

        try:
            await client.ensure_user_data_stream_ws_subscribe_signature("spot")
        except BaseError as error:
            raise VenueDown(f"the spot user stream was refused: {error}") from error

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Send nothing more: either stream tells everything."""
        del connection, client, key
        return ()

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame of the connection's market; raise `Unreadable`."""
        (market,) = connection.markets
        return read_frame(market, text, symbols[market])
