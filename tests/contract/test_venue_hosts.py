"""Profile paper reaches the paper venue and nothing else: the host of every request, the address of every socket."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from opensqt.desk.config_default import derive
from opensqt.domain.instruments import market_of
from opensqt.domain.market import FeedState, FeedStatus
from opensqt.domain.venue import Held, StreamUp
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import parse_config
from opensqt.simulation.server import paper
from opensqt.venues.feed_opening import open_feed
from opensqt.venues.opening import PAPER_KEYS, open_venue
from opensqt.venues.session import PAPER_CA, PAPER_VENUE
from tests.contract.venues import PATIENCE_S, PERP, SPOT, House
from tests.simulation.venue import scripted

# What Binance documents as its hosts of spot and USDⓈ-M, REST and streams.
HOSTS = {
    "api.binance.com",
    "fapi.binance.com",
    "stream.binance.com",
    "ws-api.binance.com",
    "fstream.binance.com",
}


class Traffic:
    """Every URL that a session asks for, and every address that this process connects to or looks up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.urls: list[Any] = []
        self.addresses: list[Any] = []
        self.looked_up: list[Any] = []
        connect, lookup, request = (
            socket.socket.connect,
            socket.getaddrinfo,
            aiohttp.ClientSession._request,
        )

        def connected(sock: socket.socket, address: Any) -> None:
            self.addresses.append(address)
            connect(sock, address)

        def looked_up(host: Any, *words: Any, **named: Any) -> Any:
            self.looked_up.append(host)
            return lookup(host, *words, **named)

        async def requested(session: Any, method: str, url: Any, **named: Any) -> Any:
            self.urls.append(str(url))
            return await request(session, method, url, **named)

        monkeypatch.setattr(socket.socket, "connect", connected)
        monkeypatch.setattr(socket, "getaddrinfo", looked_up)
        monkeypatch.setattr(aiohttp.ClientSession, "_request", requested)


@pytest_asyncio.fixture
async def ends() -> AsyncIterator[AsyncExitStack]:
    """Close everything at the end, whatever happened."""
    async with AsyncExitStack() as stack:
        yield stack


async def trade_everything(house: House) -> None:
    """Use each call of the venue's port once, on both markets, and the private streams."""
    venue = house.venue
    await venue.rules((SPOT, PERP))
    since_ms = house.clock.market_ms()
    await venue.account()
    async with asyncio.timeout(PATIENCE_S), aclosing(venue.private()) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, StreamUp):
                break
    for symbol in (SPOT, PERP):
        cid = f"qhosts{market_of(symbol)}"
        assert isinstance(await venue.place(house.request(cid, symbol)), Held)
        assert isinstance(await venue.look(symbol, cid), Held)
        await venue.open_orders(symbol)
        await venue.trades(symbol, after="", since_ms=since_ms)
        assert isinstance(await venue.cancel(symbol, cid), Held)
    batch = [house.request(f"qhostsbatch{number}", PERP) for number in range(5)]
    await venue.place_batch(batch)
    await venue.cancel_batch(PERP, [one.client_order_id for one in batch])
    await venue.funding_paid(PERP, since_ms=since_ms)


@pytest.mark.row("G09")
async def test_every_request_of_profile_paper_goes_to_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: AsyncExitStack
) -> None:
    """Each call of venue and feed asks for a documented main host, and only the paper venue's port is ever dialled."""
    monkeypatch.setenv(
        "HTTPS_PROXY", "http://192.0.2.1:3128"
    )  # a proxy of the machine is no way out
    traffic = Traffic(monkeypatch)
    clock = RunClock()
    real = paper.PaperVenue(scripted.setup(tmp_path), scripted.ScriptedFlow(), clock)
    await real.start()
    ends.push_async_callback(real.stop)
    environ = {PAPER_VENUE: f"127.0.0.1:{real.port}", PAPER_CA: str(real.ca_path)}
    keys = {name: {"api_key": k.api_key, "secret": k.secret} for name, k in scripted.KEYS.items()}
    (tmp_path / PAPER_KEYS).parent.mkdir(exist_ok=True)
    (tmp_path / PAPER_KEYS).write_text(json.dumps(keys))
    config = parse_config(derive((SPOT, PERP), market="synthetic:7"), {})
    jitter = random.Random(1)
    venue = open_venue(config, "main", clock=clock, environ=environ, data=tmp_path, jitter=jitter)
    feed = open_feed(config, "binance", (SPOT, PERP), clock=clock, environ=environ, jitter=jitter)
    ends.push_async_callback(feed.close)
    ends.push_async_callback(venue.close)
    await trade_everything(House(clock=clock, venue=venue, trade=lambda *_: None, real=real))
    wanted = {SPOT, PERP}
    async with asyncio.timeout(PATIENCE_S), aclosing(feed.watch((SPOT, PERP))) as seen:  # type: ignore[type-var]
        async for each in seen:
            if isinstance(each, FeedStatus) and each.state is FeedState.LIVE:
                wanted.discard(each.symbol)
            if not wanted:
                break
    asked = {URL(url).host for url in traffic.urls}
    assert asked == HOSTS
    assert set(traffic.addresses) == {("127.0.0.1", real.port)}
    assert [host for host in traffic.looked_up if host not in (None, "127.0.0.1")] == []
