"""What a request sets on ccxt's client holds for its own signature and for no other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.runtime.clock import RunClock
from opensqt.venues.engine.client import VenueClient, client_class
from opensqt.venues.engine.request import RestRequest


@pytest_asyncio.fixture
async def client() -> AsyncIterator[VenueClient]:
    """A client of Bybit, which signs how long a request lives from an option."""
    session = aiohttp.ClientSession()
    made = client_class("bybit")(
        session=session,
        clock=RunClock(),
        timeout_ms=1000,
        tap=lambda _url, _text: False,
        keys={"apiKey": "key", "secret": "secret"},
        options={"recvWindow": 2000},
        throttle_statuses=frozenset(),
    )
    yield made
    await made.close()
    await session.close()


@pytest.mark.row("C06")
async def test_an_option_of_a_request_is_signed_with_it_alone(
    client: VenueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that may live for 300 ms more does not shorten the reads that leave beside and behind it."""
    windows: list[str] = []

    async def sent(_url: str, _method: str, headers: Any = None, _body: Any = None) -> object:
        windows.append(headers["X-BAPI-RECV-WINDOW"])
        await asyncio.sleep(0)
        return {}

    monkeypatch.setattr(client, "fetch", sent)
    read = RestRequest(
        section=("private",), verb="GET", path="v5/order/realtime", market=Market.PERP, cost={}
    )
    place = RestRequest(
        section=("private",),
        verb="POST",
        path="v5/order/create",
        market=Market.PERP,
        cost={},
        client_options={"recvWindow": 300},
    )
    await asyncio.gather(client.call(place), client.call(read))
    await client.call(read)
    assert windows == ["300", "2000", "2000"]
