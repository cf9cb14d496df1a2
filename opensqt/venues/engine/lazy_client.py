"""The ccxt client of one account, made when it is first needed; its long import goes on beside the loop."""

import asyncio
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import aiohttp

from opensqt.domain.instruments import Market
from opensqt.runtime.clock import Clock
from opensqt.venues.engine.dialect import Dialect

if TYPE_CHECKING:
    from opensqt.venues.engine.client import VenueClient

CLIENT_MODULE = "opensqt.venues.engine.client"
LAST_OF_CLIENT = "finished"  # where the module has its last name, its import is over
PATIENCE_MS = 1000  # how long we wait for an answer beyond the deadline that the venue enforces


class LazyClient:
    """Hands out one client; `tap` is who hears the frames of its sockets."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        keys: Mapping[str, str],
        markets: frozenset[Market],
        deadline_ms: int,
    ) -> None:
        self.dialect = dialect
        self.clock = clock
        self.tap: Callable[[str, str], bool] | None = None
        self._session = session
        self._keys = keys
        self._markets = markets
        self._deadline_ms = deadline_ms
        self._made: VenueClient | None = None
        self._importing: asyncio.Future[Any] | None = None

    @property
    def client(self) -> "VenueClient":
        """The ccxt client; where nobody has `connected` before, importing it blocks the loop for seconds."""
        if self._made is None:
            from opensqt.venues.engine.client import client_class

            tables = self.dialect.errors.values()
            self._made = client_class(self.dialect.name)(
                session=self._session,
                clock=self.clock,
                timeout_ms=self._deadline_ms + PATIENCE_MS,
                tap=self._tapped,
                keys=self._keys,
                options=self._options(),
                throttle_statuses=frozenset(s for table in tables for s in table.throttle_statuses),
            )
        return self._made

    async def connected(self) -> "VenueClient":
        """Return the ccxt client, imported beside the loop: kill and health answer meanwhile."""
        if self._made is None and not hasattr(sys.modules.get(CLIENT_MODULE), LAST_OF_CLIENT):
            # One import for all who ask meanwhile: a second one would wait for it inside the loop.
            if self._importing is None:
                work = asyncio.to_thread(importlib.import_module, CLIENT_MODULE)
                self._importing = asyncio.ensure_future(work)
            await asyncio.shield(self._importing)
        return self.client

    @property
    def markets(self) -> frozenset[Market]:
        """The markets that are listed."""
        return self._markets

    def list_also(self, market: Market) -> None:
        """Load this market with the next listing, too."""
        self._markets |= {market}
        self.client.options.update(self._options())

    async def close(self) -> None:
        """Disconnect."""
        if self._made is not None:
            await self._made.close()
        await self._session.close()

    def _options(self) -> Mapping[str, Any]:
        window_ms = int(self._deadline_ms * self.clock.speed)
        return self.dialect.metadata.client_options(self._markets, window_ms)

    def _tapped(self, url: str, text: str) -> bool:
        return self.tap is not None and self.tap(url, text)
