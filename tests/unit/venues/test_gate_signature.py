"""What we sign for Gate, against the digests that its documentation publishes, and what stands on the wire."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest
from opensqt.runtime.clock import RunClock
from opensqt.simulation.dialects.gate.signature import GateKeyring
from opensqt.simulation.server.call import HttpRequest, VenueError
from opensqt.simulation.server.dialect import ApiKey
from opensqt.venues.engine.client import VenueClient, client_class
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import Inexpressible, RestRequest, SigningWindow
from opensqt.venues.gate.orders import GateOrderEndpoints
from opensqt.venues.gate.user_stream import GateUserStreamFormat

KEY, SECRET = "key", "secret"
ID = "q400brcfm21fa0kcyhregnvffd7"
PERP = Instrument(
    symbol="BTC/USDT:USDT",
    market=Market.PERP,
    venue_symbol="BTC_USDT",
    contract_size=Decimal("0.0001"),
)
SPOT = Instrument(symbol="BTC/USDT", market=Market.SPOT, venue_symbol="BTC_USDT")
WINDOW = SigningWindow(signed_ms=1_541_993_715_123, deadline_ms=1_541_993_716_623)
WORDS = GateOrderEndpoints()


def order(at: Instrument, **terms: Any) -> OrderRequest:
    """An order in the venue's units."""
    usual = {
        "client_order_id": ID,
        "symbol": at.symbol,
        "side": Side.SELL,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.POST_ONLY,
        "price": Decimal("61744.90"),
        "quantity": Decimal("80.00"),
        "reduce_only": at is PERP,
        "signed_ms": WINDOW.signed_ms,
        "deadline_ms": WINDOW.deadline_ms,
    }
    return OrderRequest(**{**usual, **terms})


REQUESTS = {
    "place": WORDS.timed(WORDS.place(PERP, (order(PERP),)), WINDOW),
    "batch": WORDS.timed(WORDS.place(SPOT, (order(SPOT), order(SPOT))), WINDOW),
    "cancel": WORDS.cancel(SPOT, ("qone",)),
    "look": WORDS.looks(PERP, "qone")[0],
}


@pytest_asyncio.fixture
async def client() -> AsyncIterator[VenueClient]:
    """Our client with the keys of the documentation."""
    session = aiohttp.ClientSession()
    made = client_class("gate")(
        session=session,
        clock=RunClock(),
        timeout_ms=1000,
        tap=lambda _url, _text: False,
        keys={"apiKey": KEY, "secret": SECRET},
        options={},
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
@pytest.mark.recordings
async def test_the_published_digests_are_ours_and_are_what_the_simulated_venue_expects(
    client: VenueClient, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Method, path, query, the digest of the body and the second: HMAC-SHA512, as the documentation has it."""
    cases = json.loads((recordings.parent / "oracles" / "signature_vectors.json").read_text())
    published = {case["what"]: case for case in cases if case["venue"] == "gate"}
    note = published["POST futures order"]["note"].removeprefix("body ")
    asked: dict[str, tuple[str, str, str, object]] = {
        "GET futures orders": (
            "GET",
            "contract=BTC_USD&status=finished&limit=50",
            "",
            {"contract": "BTC_USD", "status": "finished", "limit": "50"},
        ),
        "POST futures order": ("POST", "", note, json.loads(note)),
    }
    keyring = GateKeyring({"main": ApiKey(api_key=KEY, secret=SECRET)})
    for what, (verb, query, body, params) in asked.items():
        request = RestRequest(
            section=("private", "futures"),
            verb=verb,
            path="orders",
            market=Market.PERP,
            params=params,
            cost={},
        )
        _, headers, _ = await sent(client, request, monkeypatch)
        assert headers["SIGN"] == published[what]["expected"]
        assert headers["Timestamp"] == "1541993715"
        arrived = HttpRequest(
            method=verb, path="/api/v4/futures/orders", query=query, body=body, headers=headers
        )
        keyring.verify(arrived, WINDOW.signed_ms)
        with pytest.raises(VenueError, match="INVALID_SIGNATURE"):
            keyring.verify(msgspec.structs.replace(arrived, query="limit=51"), WINDOW.signed_ms)


@pytest.mark.row("D03")
@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_is_signed_over_the_bytes_that_leave(
    client: VenueClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the lease check in whole seconds; places name their deadline in a header."""
    request = REQUESTS[name]
    url, headers, body = await sent(client, request, monkeypatch)
    path, _, query = url.removeprefix("https://api.gateio.ws").partition("?")
    digest = hashlib.sha512((body or "").encode()).hexdigest()
    payload = f"{request.verb}\n{path}\n{query}\n{digest}\n1541993715"
    assert (
        headers["SIGN"] == hmac.new(SECRET.encode(), payload.encode(), hashlib.sha512).hexdigest()
    )
    timed = {"x-gate-exptime": "1541993716623"} if name in ("place", "batch") else {}
    assert request.headers == timed


@pytest.mark.row("C05")
@pytest.mark.row("D06")
async def test_terms_stand_on_the_wire_as_they_were_decided(
    client: VenueClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our id behind `t-`, post-only, reduce-only, a side as a sign of contracts, numbers without an end of zeros."""
    url, _, body = await sent(client, REQUESTS["place"], monkeypatch)
    assert url == "https://api.gateio.ws/api/v4/futures/usdt/orders"
    assert json.loads(body) == {
        "text": f"t-{ID}",
        "contract": "BTC_USDT",
        "size": -80,
        "price": "61744.9",
        "tif": "poc",
        "reduce_only": True,
    }
    url, _, body = await sent(client, REQUESTS["batch"], monkeypatch)
    assert url == "https://api.gateio.ws/api/v4/spot/batch_orders"
    assert json.loads(body)[0] == {
        "text": f"t-{ID}",
        "currency_pair": "BTC_USDT",
        "account": "spot",
        "side": "sell",
        "amount": "80",
        "type": "limit",
        "price": "61744.9",
        "time_in_force": "poc",
    }
    url, _, _ = await sent(client, REQUESTS["cancel"], monkeypatch)
    assert url == "https://api.gateio.ws/api/v4/spot/orders/t-qone?currency_pair=BTC_USDT"
    url, _, _ = await sent(client, REQUESTS["look"], monkeypatch)
    assert url == "https://api.gateio.ws/api/v4/futures/usdt/orders/t-qone"


@pytest.mark.row("D06")
def test_market_orders_and_parts_of_contracts_are_written_as_gate_counts_them() -> None:
    """A price of 0 is the market's; a spot sell names base units, a spot buy cannot be said; parts are texts."""
    market = {"type": OrderType.MARKET, "time_in_force": TimeInForce.IOC}
    perp = WORDS.place(PERP, (order(PERP, **market),)).params
    assert (perp["price"], perp["tif"], perp["size"]) == ("0", "ioc", -80)
    part = WORDS.place(PERP, (order(PERP, quantity=Decimal("0.50"), side=Side.BUY),)).params
    assert part["size"] == "0.5"
    spot = WORDS.place(SPOT, (order(SPOT, **market),)).params
    assert (spot["type"], spot["amount"], spot.get("price")) == ("market", "80", None)
    with pytest.raises(Inexpressible, match="counts a market buy in USDT"):
        WORDS.place(SPOT, (order(SPOT, side=Side.BUY, **market),))


@pytest.mark.row("D03")
def test_every_subscription_is_signed_and_perpetuals_are_asked_for_by_the_account(
    client: VenueClient,
) -> None:
    """Channel, event and second, by the key of the account; its number stands first where Gate wants it."""
    stream = GateUserStreamFormat()
    perp, spot = stream.connections(frozenset(Market))
    assert (perp.subscriptions, spot.subscriptions, spot.key) == (3, 3, None)
    asked = {
        one["channel"]: one
        for connection, key in ((perp, "4711"), (spot, ""))
        for one in stream.messages(connection, client, key)
    }
    assert {channel: one["payload"] for channel, one in asked.items()} == {
        "futures.orders": ["4711", "!all"],
        "futures.usertrades": ["4711", "!all"],
        "futures.balances": ["4711"],
        "spot.orders": ["!all"],
        "spot.usertrades": ["!all"],
        "spot.balances": [],
    }
    for channel, one in asked.items():
        signed = f"channel={channel}&event=subscribe&time={one['time']}"
        expected = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha512).hexdigest()
        assert one["auth"] == {"method": "api_key", "KEY": KEY, "SIGN": expected}
