"""A tiny market for tests: a scripted flow, a clock, and an unmodified ccxt client on an injected session."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import ccxt.pro
from aiohttp.abc import AbstractResolver, ResolveResult

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.engine.funding import FundingTerms
from opensqt.simulation.market.flow import BookDelta, BookSnapshot, Frame, MarketTrade
from opensqt.simulation.server.dialect import ApiKey
from opensqt.simulation.server.paper import PaperVenue, VenueSetup

FAR_MS = 10**12
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
KEYS = {
    name: ApiKey(
        api_key=f"{name}-key-{name}-key", secret=f"{name}-secret", passphrase=f"{name}-phrase"
    )
    for name in ("main", "other")
}
BALANCES = {
    "main": {"USDT": Decimal(100000), "BTC": Decimal(1)},
    "other": {"USDT": Decimal(100000), "BTC": Decimal(1)},
}


def d(text: str) -> Decimal:
    """Read a decimal."""
    return Decimal(text)


RULES = (
    InstrumentRules(
        venue="binance",
        symbol=SPOT,
        market=Market.SPOT,
        venue_symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        tick_size=d("0.01"),
        quantity_step=d("0.00001"),
        quantity_min=d("0.00001"),
        quantity_max=d("9000"),
        notional_min=d("5"),
        maker_fee=d("0.001"),
        taker_fee=d("0.001"),
    ),
    InstrumentRules(
        venue="binance",
        symbol=PERP,
        market=Market.PERP,
        venue_symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        tick_size=d("0.1"),
        quantity_step=d("0.001"),
        quantity_min=d("0.001"),
        quantity_max=d("1000"),
        notional_min=d("100"),
        maker_fee=d("0.0002"),
        taker_fee=d("0.0005"),
    ),
)


class TestClock:
    """Market time that runs with the wall from a chosen origin and can be set forward."""

    __test__ = False

    def __init__(self, origin_ms: int = 1_800_000_000_000) -> None:
        self._offset_ms = origin_ms - time.time_ns() // 1_000_000

    def market_ms(self) -> int:
        """Market time."""
        return self.wall_ms() + self._offset_ms

    def wall_ms(self) -> int:
        """Wall time."""
        return time.time_ns() // 1_000_000

    def skip(self, span_ms: int) -> None:
        """Set market time forward."""
        self._offset_ms += span_ms


class ScriptedFlow:
    """Books of 20 levels around 60000 with 1.0 at each level, then silence: tests play frames by hand."""

    def __init__(self) -> None:
        self._time_ms = 0

    @property
    def origin_ms(self) -> int | None:
        """No beginning of its own."""
        return None

    @property
    def instruments(self) -> tuple[InstrumentRules, ...]:
        """One spot and one perp instrument."""
        return RULES

    def start(self, time_ms: int) -> None:
        """Begin here."""
        self._time_ms = time_ms

    def frames(self) -> Iterator[Frame]:
        """Snapshots, then nothing before the far future."""
        for rules in RULES:
            tick = Decimal(1)
            bids = tuple((d("60000") - tick * n, d("1")) for n in range(1, 21))
            asks = tuple((d("60000") + tick * n, d("1")) for n in range(1, 21))
            yield BookSnapshot(symbol=rules.symbol, time_ms=self._time_ms, bids=bids, asks=asks)
        while True:
            yield BookDelta(symbol=SPOT, time_ms=self._time_ms + FAR_MS, bids=(), asks=())

    def state(self) -> bytes:
        """The time of the beginning."""
        return str(self._time_ms).encode()

    def restore(self, state: bytes) -> None:
        """Go on from there."""
        self._time_ms = int(state)


def trade(symbol: str, price: str, quantity: str, taker: Side) -> MarketTrade:
    """A trade between other people, due at once."""
    return MarketTrade(symbol=symbol, time_ms=0, price=d(price), quantity=d(quantity), taker=taker)


def book(symbol: str, bids: dict[str, str], asks: dict[str, str]) -> BookDelta:
    """A change of the book, due at once."""
    return BookDelta(
        symbol=symbol,
        time_ms=0,
        bids=tuple((d(p), d(q)) for p, q in bids.items()),
        asks=tuple((d(p), d(q)) for p, q in asks.items()),
    )


def setup(folder: Path, port: int = 0, venue: str = "binance") -> VenueSetup:
    """A venue with two accounts."""
    funding = {PERP: FundingTerms(rate=d("0.0003"))}
    return VenueSetup(
        venue=venue, folder=folder, balances=BALANCES, keys=KEYS, funding=funding, port=port
    )


def play(venue: PaperVenue, *frames: Frame) -> None:
    """Let frames happen now and commit what they do."""
    for frame in frames:
        venue.exchange.play(frame)
    venue.exchange.commit()
    venue.server.streams.flush()


class Loopback(AbstractResolver):
    """Every host name is the venue's port on loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002  the port is always the venue's
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  as is the family
    ) -> list[ResolveResult]:
        """Answer with loopback."""
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        """Nothing to close."""


def session(venue: PaperVenue) -> aiohttp.ClientSession:
    """An HTTP session that can only reach the venue."""
    context = ssl.create_default_context(cafile=str(venue.ca_path))
    connector = aiohttp.TCPConnector(resolver=Loopback(venue.port), ssl=context)
    return aiohttp.ClientSession(connector=connector)


class Client:
    """An unmodified ccxt.pro client of one market and its session."""

    def __init__(
        self, venue: PaperVenue, kind: str, clock: TestClock, account: str = "main"
    ) -> None:
        self.session = session(venue)
        options: dict[str, Any] = {
            "session": self.session,
            "apiKey": KEYS[account].api_key,
            "secret": KEYS[account].secret,
            "options": {"defaultType": kind},
            "enableRateLimit": False,
        }
        self.ccxt = ccxt.pro.binance(options)
        self.ccxt.number = Decimal
        self.ccxt.milliseconds = clock.market_ms

    async def close(self) -> None:
        """Close client and session."""
        await self.ccxt.close()
        await self.session.close()

    async def listening(self, topic: str) -> None:
        """Wait until a watcher of this topic is subscribed and will not miss an event."""
        async with asyncio.timeout(5):
            while not any(
                key.startswith(topic) and not future.done()
                for connection in self.ccxt.clients.values()
                for key, future in connection.futures.items()
            ):
                await asyncio.sleep(0)


async def subscribed(venue: PaperVenue, count: int) -> None:
    """Wait until that many public streams are subscribed at the venue."""
    async with asyncio.timeout(20):
        while sum(len(wire.streams) for wire in venue.server.wires) < count:
            await asyncio.sleep(0)


async def attached(venue: PaperVenue, count: int) -> None:
    """Wait until that many private streams are attached at the venue."""
    async with asyncio.timeout(5):
        while venue.server.streams.attached < count:
            await asyncio.sleep(0)


async def within(seconds: float, awaitable: Any) -> Any:
    """Wait, but not for ever."""
    return await asyncio.wait_for(awaitable, seconds)
