"""Tulip over the wire: its server, an account at it and a feed of it."""

import random
from decimal import Decimal
from pathlib import Path

import aiohttp
import ccxt.pro
import pytest

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import VenueConfig
from opensqt.venues.engine.feed import VenueFeed
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from opensqt.venues.registry import dialect_of
from opensqt.venues.session import OneHost
from tests.support.tulip.client import tulip
from tests.support.tulip.server import SECRET, TulipServer

SYMBOL = "TLP/USDT:USDT"
PATIENCE_S = 10.0


def install_tulip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install Tulip as a package does: by metadata that names its dialect, and a class for ccxt."""
    info = folder / "site" / "opensqt_tulip-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: opensqt-tulip\nVersion: 1.0\n")
    points = "[opensqt.venues]\ntulip = tests.support.tulip.dialect:DIALECT\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(info.parent))
    monkeypatch.setattr(ccxt.pro, "tulip", tulip, raising=False)


class TulipHouse:
    """Tulip's server and an account at it."""

    def __init__(self) -> None:
        self.clock = RunClock()
        self.server = TulipServer(self.clock.market_ms)

    async def open(self) -> None:
        """Start the server and connect."""
        await self.server.start()
        self.rest = self._rest()
        self.venue = VenueAccount(self.rest, account="main", policy=policy_of("tulip"))

    def feed(self) -> VenueFeed:
        """Return a feed of its own session."""
        return VenueFeed(self._rest())

    async def close(self) -> None:
        """Disconnect and stop."""
        await self.venue.close()
        await self.server.stop()

    def request(self, name: str, *, symbol: str = SYMBOL, quantity: str = "0.05") -> OrderRequest:
        """Return an order that is signed now, in base units."""
        now_ms = self.clock.market_ms()
        return OrderRequest(
            client_order_id=name,
            symbol=symbol,
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=Decimal("9.5"),
            quantity=Decimal(quantity),
            reduce_only=False,
            signed_ms=now_ms,
            deadline_ms=now_ms + 1000,
        )

    def _rest(self) -> VenueRest:
        connector = aiohttp.TCPConnector(resolver=OneHost("127.0.0.1", self.server.port))
        return VenueRest(
            dialect_of("tulip"),
            session=aiohttp.ClientSession(connector=connector),
            clock=self.clock,
            config=VenueConfig(),
            credentials=Credentials(api_key="key", secret=SECRET),
            markets=frozenset(Market),
            jitter=random.Random(1),
        )
