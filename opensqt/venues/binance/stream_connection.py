"""One public connection: dial, subscribe, wait for its loss, say so, dial again. Never reads a frame."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from opensqt.domain.instruments import Market
from opensqt.venues.binance.frames import streams_of
from opensqt.venues.binance.rest import BinanceRest
from opensqt.venues.engine.rate_limit import retry_delay_s

if TYPE_CHECKING:
    from opensqt.venues.engine.ccxt_socket import VenueSocket

CONNECT_S_MAX = 10.0
CHECK_S = 1.0
STREAMS_PER_MESSAGE = 100


class StreamConnection:
    """A connection and what is subscribed on it."""

    def __init__(self, *, market: Market, category: str, venue_symbols: tuple[str, ...]) -> None:
        self.market = market
        self.category = category
        self.venue_symbols = venue_symbols
        self.acknowledged = asyncio.Event()
        self.socket: VenueSocket | None = None

    @property
    def has_books(self) -> bool:
        """Tell whether the books come over this connection."""
        return self.category == "public"

    def end(self, cause: str) -> None:
        """Declare the connection over."""
        if self.socket is not None:
            self.socket.end(cause)


async def keep_line(
    gate: BinanceRest,
    line: StreamConnection,
    up: Callable[[StreamConnection], None],
    down: Callable[[StreamConnection, str], None],
) -> None:
    """Keep a connection for ever; `up` after the venue took the subscription, `down` when it is lost."""
    from opensqt.venues.engine.ccxt_socket import SocketLost, VenueSocket

    url, attempt = gate.client.feed_url(line.market, line.category), 0
    while True:
        socket = VenueSocket(gate.client, url, gate.clock)
        line.socket = socket
        line.acknowledged.clear()
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await socket.dial()
                await _subscribe(line, socket)
            up(line)
            attempt = 0
            while True:
                await socket.wait(CHECK_S)
        except (SocketLost, TimeoutError) as error:
            down(line, str(error) or "no answer while connecting")
        await socket.drop()
        attempt += 1
        await gate.clock.sleep(retry_delay_s(attempt, gate.jitter))


async def _subscribe(line: StreamConnection, socket: "VenueSocket") -> None:
    names = [s for v in line.venue_symbols for s in streams_of(line.market, line.category, v)]
    for number, start in enumerate(range(0, len(names), STREAMS_PER_MESSAGE), start=1):
        await socket.send(
            {
                "method": "SUBSCRIBE",
                "params": names[start : start + STREAMS_PER_MESSAGE],
                "id": number,
            }
        )
    while not line.acknowledged.is_set():
        acknowledged = asyncio.ensure_future(line.acknowledged.wait())
        try:
            await asyncio.wait({acknowledged}, timeout=0.1)
            await socket.wait(0)
        finally:
            acknowledged.cancel()
