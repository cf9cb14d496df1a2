"""The private stream of one account of a simulated venue, in process: every event to every listener, in order."""

import asyncio
from collections.abc import AsyncIterator

from opensqt.domain.venue import PrivateEvent, StreamUp
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.notices import Notice
from opensqt.simulation.views import USUAL, WireManner, private_events, pushed_wallet


class PrivateStream:
    """Hears what the exchange commits and tells what concerns its account, while it is `connected`."""

    connected = True

    def __init__(self, exchange: Exchange, account: str, manner: WireManner = USUAL) -> None:
        self.exchange, self._account, self._manner = exchange, account, manner
        self._listeners: list[asyncio.Queue[PrivateEvent | None]] = []
        exchange.listeners.append(self._hear)

    def listen(self) -> AsyncIterator[PrivateEvent]:
        """Yield what happens from this call on, beginning with the connection."""
        queue: asyncio.Queue[PrivateEvent | None] = asyncio.Queue()
        if self.connected and self._manner.pushes_wallets:
            exchange = self.exchange
            for event in pushed_wallet(
                exchange.settlement, self._account, exchange.open, self._manner
            ):
                queue.put_nowait(event)
        if self.connected:
            queue.put_nowait(StreamUp(time_ms=self.exchange.clock.market_ms()))
        self._listeners.append(queue)
        return self._drain(queue)

    def push(self, event: PrivateEvent) -> None:
        """Send one event to all listeners."""
        for listener in self._listeners:
            listener.put_nowait(event)

    def close(self) -> None:
        """End all listeners."""
        for listener in self._listeners:
            listener.put_nowait(None)

    def _hear(self, notices: list[Notice]) -> None:
        if not self._listeners:
            return
        for notice in notices:
            if notice.account == self._account:
                for event in private_events(
                    notice, self.exchange.settlement, self.exchange.open, self._manner
                ):
                    self.push(event)

    async def _drain(
        self, queue: asyncio.Queue[PrivateEvent | None]
    ) -> AsyncIterator[PrivateEvent]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._listeners.remove(queue)
