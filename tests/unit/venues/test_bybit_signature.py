"""What we sign for Bybit, against the signature that the venue's own SDK makes of the same bytes."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from pybit._http_manager import generate_signature  # type: ignore[import-untyped]

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest
from opensqt.runtime.clock import RunClock
from opensqt.venues.bybit.orders import BybitOrderEndpoints
from opensqt.venues.bybit.user_stream import BybitUserStreamFormat
from opensqt.venues.engine.client import VenueClient, client_class
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import RestRequest, SigningWindow

KEY, SECRET = "main-key", "main-secret"
AT = Instrument(symbol="BTC/USDT:USDT", market=Market.PERP, venue_symbol="BTCUSDT")
WINDOW = SigningWindow(signed_ms=1_800_000_000_123, deadline_ms=1_800_000_001_623)
ORDER = OrderRequest(
    client_order_id="q400brcfm21fa0kcyhregnvffd7",
    symbol=AT.symbol,
    side=Side.SELL,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.POST_ONLY,
    price=Decimal("61744.90"),
    quantity=Decimal("0.0080"),
    reduce_only=True,
    signed_ms=WINDOW.signed_ms,
    deadline_ms=WINDOW.deadline_ms,
)
WORDS = BybitOrderEndpoints()
REQUESTS = {
    "place": WORDS.timed(WORDS.place(AT, (ORDER,)), WINDOW),
    "batch": WORDS.timed(WORDS.place(AT, (ORDER, ORDER)), WINDOW),
    "cancel": WORDS.cancel(AT, ("qone",)),
    "look": WORDS.looks(AT, "qone")[0],
}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[VenueClient]:
    """Our client with made up keys."""
    session = aiohttp.ClientSession()
    made = client_class("bybit")(
        session=session,
        clock=RunClock(),
        timeout_ms=1000,
        tap=lambda _url, _text: False,
        keys={"apiKey": KEY, "secret": SECRET},
        options={"recvWindow": 2000},
        throttle_statuses=frozenset(),
    )
    yield made
    await made.close()
    await session.close()


async def sent(client: VenueClient, request: RestRequest, patch: pytest.MonkeyPatch) -> Any:
    """Return what of a request would leave: URL, headers and body."""
    found: list[Any] = []

    async def fetch(url: str, _method: str, headers: Any = None, body: Any = None) -> object:
        found.append((url, headers, body))
        return {}

    patch.setattr(client, "fetch", fetch)
    await client.call(request, WINDOW.signed_ms)
    return found[0]


@pytest.mark.row("D03")
@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_is_signed_as_the_sdk_signs_the_same_bytes(
    client: VenueClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time of the lease check, key, window, and the body or the query exactly as they leave."""
    url, headers, body = await sent(client, REQUESTS[name], monkeypatch)
    told = body if body is not None else url.partition("?")[2]
    window = headers["X-BAPI-RECV-WINDOW"]
    payload = f"{WINDOW.signed_ms}{KEY}{window}{told}"
    assert headers["X-BAPI-TIMESTAMP"] == str(WINDOW.signed_ms)
    assert headers["X-BAPI-SIGN"] == generate_signature(False, SECRET, payload)
    assert window == ("1500" if name in ("place", "batch") else "2000")


@pytest.mark.row("D06")
async def test_terms_stand_on_the_wire_as_they_were_decided(
    client: VenueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Post-only, reduce-only, one-way mode, self-trade mode, numbers as texts without an end of zeros."""
    _, _, body = await sent(client, REQUESTS["place"], monkeypatch)
    assert body == (
        '{"category":"linear","symbol":"BTCUSDT","side":"Sell","qty":"0.008",'
        '"orderLinkId":"q400brcfm21fa0kcyhregnvffd7","smpType":"CancelTaker","orderType":"Limit",'
        '"price":"61744.9","timeInForce":"PostOnly","positionIdx":0,"reduceOnly":true}'
    )


@pytest.mark.row("D03")
async def test_the_login_of_the_private_stream_is_signed_as_the_sdk_does(
    client: VenueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Path and expiry."""
    asked: list[Any] = []

    def watch(_url: str, _hash: str, message: Any, *_: Any) -> None:
        asked.append(message)

    answered = asyncio.get_running_loop().create_future()
    answered.set_result(True)
    sock = SimpleNamespace(subscriptions={}, reusableFuture=lambda _name: answered)
    monkeypatch.setattr(client, "watch", watch)
    monkeypatch.setattr(client, "client", lambda _url: sock)
    stream = BybitUserStreamFormat()
    (connection,) = stream.connections(frozenset(Market))
    await stream.login(connection, client)
    key, expires, signature = asked[0]["args"]
    assert (asked[0]["op"], key) == ("auth", KEY)
    assert signature == generate_signature(False, SECRET, f"GET/realtime{expires}")
