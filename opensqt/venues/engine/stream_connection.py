"""One public connection: dial, subscribe, wait for its loss, say so, dial again. Never reads a frame."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from opensqt.venues.engine.feed_format import FeedConnection
from opensqt.venues.engine.rate_limit import retry_delay_s
from opensqt.venues.engine.rest import VenueRest

if TYPE_CHECKING:
    from opensqt.venues.engine.ccxt_socket import VenueSocket

CONNECT_S_MAX = 10.0
CHECK_S = 1.0


class StreamConnection:
    """A connection at work: its socket, and whether the venue took the subscription."""

    def __init__(self, about: FeedConnection) -> None:
        self.about = about
        self.acknowledged = asyncio.Event()
        self.socket: VenueSocket | None = None

    def end(self, cause: str) -> None:
        """Declare the connection over."""
        if self.socket is not None:
            self.socket.end(cause)


async def keep_connected(
    rest: VenueRest,
    connection: StreamConnection,
    up: Callable[[FeedConnection], None],
    down: Callable[[FeedConnection, str], None],
) -> None:
    """Keep a connection for ever; `up` after the venue took the subscription, `down` when it is lost."""
    from opensqt.venues.engine.ccxt_socket import SocketLost, VenueSocket

    attempt = 0
    while True:
        socket = VenueSocket(rest.clients.client, connection.about.url, rest.clock)
        connection.socket = socket
        connection.acknowledged.clear()
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await socket.dial()
                for message in connection.about.messages:
                    await socket.send(message)
                await socket.until(connection.acknowledged.wait())
            up(connection.about)
            attempt = 0
            while True:
                await socket.wait(CHECK_S)
        except (SocketLost, TimeoutError) as error:
            down(connection.about, str(error) or "no answer while connecting")
        await socket.drop()
        attempt += 1
        await rest.clock.sleep(retry_delay_s(attempt, rest.jitter))
