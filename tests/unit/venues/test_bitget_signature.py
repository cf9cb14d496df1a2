"""What we sign for Bitget: the payloads of its documentation, with digests that other clients published."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest
from opensqt.runtime.clock import RunClock
from opensqt.venues.bitget.dialect import DIALECT
from opensqt.venues.engine.client import VenueClient, client_class
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import RestRequest, SigningWindow

SECRET, PHRASE = "secret", "main-phrase"
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
WORDS, ACCOUNT = DIALECT.orders, DIALECT.account
REQUESTS = {
    "place": WORDS.timed(WORDS.place(AT, (ORDER,)), WINDOW),
    "batch": WORDS.timed(WORDS.place(AT, (ORDER, ORDER)), WINDOW),
    "cancel": WORDS.cancel(AT, ("qone",)),
    "cancel batch": WORDS.cancel(AT, ("qone", "qtwo")),
    "look": WORDS.looks(AT, "qone")[0],
    "trades": ACCOUNT.trades(AT, after="", since_ms=1, now_ms=2).request,
    "wallet": ACCOUNT.balances(frozenset(Market))["wallet"].request,
}


def digest(payload: str) -> str:
    """Sign as the documentation says: HMAC-SHA256 in base64."""
    return base64.b64encode(
        hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).digest()
    ).decode()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[VenueClient]:
    """Our client with made up keys."""
    session = aiohttp.ClientSession()
    made = client_class("bitget")(
        session=session,
        clock=RunClock(),
        timeout_ms=1000,
        tap=lambda _url, _text: False,
        keys={"apiKey": "main-key", "secret": SECRET, "password": PHRASE},
        options=DIALECT.metadata.client_options(frozenset(Market), 2000),
        throttle_statuses=frozenset(),
    )
    yield made
    await made.close()
    await session.close()


async def sent(client: VenueClient, request: RestRequest, patch: pytest.MonkeyPatch) -> Any:
    """Return what of a request would leave: URL, method, headers and body."""
    found: list[Any] = []

    async def fetch(url: str, method: str, headers: Any = None, body: Any = None) -> object:
        found.append((url, method, headers, body))
        return {}

    patch.setattr(client, "fetch", fetch)
    await client.call(request, WINDOW.signed_ms)
    return found[0]


@pytest.mark.row("D03")
@pytest.mark.recordings
def test_the_digests_that_others_published_are_ours(recordings: Path) -> None:
    """The payloads are those of the venue's documentation, which publishes no digest of its own."""
    rows = json.loads((recordings.parent / "oracles" / "signature_vectors.json").read_text())
    known = [row for row in rows if row["venue"] == "bitget" and row["expected"]]
    assert len(known) == 2
    for row in known:
        assert row["secret"] == SECRET
        assert digest(row["payload"]) == row["expected"]


@pytest.mark.row("D03")
@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_is_signed_over_what_leaves(
    client: VenueClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time of the lease check, method, path with its query, body; the passphrase stands beside."""
    url, method, headers, body = await sent(client, REQUESTS[name], monkeypatch)
    path = url.removeprefix("https://api.bitget.com")
    assert path.startswith("/api/v3/")
    assert headers["ACCESS-TIMESTAMP"] == str(WINDOW.signed_ms)
    assert headers["ACCESS-PASSPHRASE"] == PHRASE
    assert headers["ACCESS-SIGN"] == digest(f"{WINDOW.signed_ms}{method}{path}{body or ''}")


@pytest.mark.row("D06")
async def test_terms_stand_on_the_wire_as_they_were_decided(
    client: VenueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Post-only, reduce-only, cross margin, self-trade mode, numbers as texts without an end of zeros."""
    *_, body = await sent(client, REQUESTS["place"], monkeypatch)
    assert json.loads(body) == {
        "category": "USDT-FUTURES",
        "symbol": "BTCUSDT",
        "qty": "0.008",
        "side": "sell",
        "clientOid": "q400brcfm21fa0kcyhregnvffd7",
        "stpMode": "cancel_taker",
        "orderType": "limit",
        "price": "61744.9",
        "timeInForce": "post_only",
        "marginMode": "crossed",
        "reduceOnly": "yes",
    }


@pytest.mark.row("D03")
async def test_the_login_of_the_private_stream_is_signed(
    client: VenueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time in seconds, verb and path."""
    asked: list[Any] = []

    def watch(_url: str, _hash: str, message: Any, *_: Any) -> None:
        asked.append(message)

    answered = asyncio.get_running_loop().create_future()
    answered.set_result(True)
    sock = SimpleNamespace(subscriptions={}, reusableFuture=lambda _name: answered)
    monkeypatch.setattr(client, "watch", watch)
    monkeypatch.setattr(client, "client", lambda _url: sock)
    (connection,) = DIALECT.stream.connections(frozenset(Market))
    await DIALECT.stream.login(connection, client)
    (told,) = asked[0]["args"]
    assert (asked[0]["op"], told["apiKey"], told["passphrase"]) == ("login", "main-key", PHRASE)
    assert len(told["timestamp"]) == 10
    assert told["sign"] == digest(f"{told['timestamp']}GET/user/verify")
