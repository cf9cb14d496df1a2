"""What of an account can keep it from being traded, and markets that no strategy trades any more, over the wire."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Held, Refusal, Refused, VenueDown
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.binance.account import HEDGING
from opensqt.venues.engine.request import RestRequest
from opensqt.venues.engine.response import VenueResponse
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from tests.contract.venues import PERP, SPOT, TAKEN, House, gate_to, open_house


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire."""
    opened = await open_house("binance", tmp_path)
    yield opened
    await opened.close()


@pytest.mark.row("I08")
async def test_an_account_in_hedge_mode_is_refused_until_it_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read of it, so nothing is traded; the reason names the fix; set right, it goes on by itself."""
    modes = [True, True, False]
    send = house.gate.clients.client.call

    async def told(request: RestRequest, *rest: Any) -> VenueResponse:
        if request.path != "positionSide/dual":
            return await send(request, *rest)
        hedging = str(modes.pop(0)).lower()
        return VenueResponse(status=200, body=f'{{"dualSidePosition": {hedging}}}')

    monkeypatch.setattr(house.gate.clients.client, "call", told)
    for _ in range(2):
        with pytest.raises(VenueDown, match="Position Mode to One-way"):
            await house.venue.account()
        assert house.venue.trouble() == HEDGING
    assert (await house.venue.account()).balances
    assert house.venue.trouble() == ""
    await house.venue.account()
    assert modes == [], "asked until it was right, and not again"


@pytest.mark.row("I08")
@pytest.mark.parametrize(
    "venue,wrong,fix",
    [
        ("okx", [{"posMode": "long_short_mode", "acctLv": "2"}], "Position mode to Net"),
        ("okx", [{"posMode": "net_mode", "acctLv": "1"}], "Account mode to Futures"),
        (
            "bitget",
            {"accountMode": "unified", "holdMode": "hedge_mode"},
            "Position Mode to One-way",
        ),
        (
            "bitget",
            {"accountMode": "hybrid", "holdMode": "one_way_mode"},
            "Unified Trading Account",
        ),
    ],
)
async def test_an_account_in_another_mode_is_refused_until_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str, wrong: object, fix: str
) -> None:
    """Positions must net and perpetuals be allowed, or nothing of it is read; set right, it goes on by itself."""
    house = await open_house(venue, tmp_path)
    modes = [wrong]
    path = {"bitget": "v3/account/settings", "okx": "account/config"}[venue]
    good = {"bitget": "00000", "okx": "0"}[venue]
    send = house.gate.clients.client.call

    async def told(request: RestRequest, *rest: Any) -> VenueResponse:
        if request.path != path or not modes:
            return await send(request, *rest)
        body = {"code": good, "msg": "", "data": modes.pop()}
        return VenueResponse(status=200, body=json.dumps(body))

    monkeypatch.setattr(house.gate.clients.client, "call", told)
    with pytest.raises(VenueDown, match=fix):
        await house.venue.account()
    assert fix in house.venue.trouble()
    assert (await house.venue.account()).balances
    assert house.venue.trouble() == ""
    await house.close()


@pytest.mark.row("I08")
@pytest.mark.parametrize(
    "path,wrong,fix",
    [
        ("unified_mode", {"mode": "multi_currency"}, "sub-account in Classic mode"),
        (
            "usdt/accounts",
            {"total": "1", "available": "1", "currency": "USDT", "in_dual_mode": True},
            "Position Mode to One-way",
        ),
    ],
)
async def test_a_gate_account_in_another_mode_is_refused_until_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, wrong: dict[str, Any], fix: str
) -> None:
    """A unified account and one in hedge mode are not read; set right, either goes on by itself."""
    house = await open_house("gate", tmp_path)
    told_wrong = [wrong]
    send = house.gate.clients.client.call

    async def told(request: RestRequest, *rest: Any) -> VenueResponse:
        if request.path != path or not told_wrong:
            return await send(request, *rest)
        return VenueResponse(status=200, body=json.dumps(told_wrong.pop()))

    monkeypatch.setattr(house.gate.clients.client, "call", told)
    with pytest.raises(VenueDown, match=fix):
        await house.venue.account()
    assert fix in house.venue.trouble()
    assert (await house.venue.account()).balances
    assert house.venue.trouble() == ""
    await house.close()


@pytest.mark.row("D12")
@pytest.mark.parametrize(
    "venue,field,code",
    [
        ("bitget", "secret", "40009"),
        ("bitget", "password", "40012"),
        ("gate", "apiKey", "INVALID_KEY"),
        ("gate", "secret", "INVALID_SIGNATURE"),
        ("okx", "secret", "50113"),
        ("okx", "password", "50105"),
    ],
)
async def test_a_wrong_key_fails_at_the_first_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str, field: str, code: str
) -> None:
    """A secret or passphrase that is not the venue's is told by its own code; nothing is placed with it."""
    house = await open_house(venue, tmp_path)
    monkeypatch.setattr(house.gate.clients.client, field, "wrong")
    with pytest.raises(VenueDown, match=code):
        await house.venue.account()
    refused = await house.venue.place(house.request("qone"))
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.AUTH
    await house.close()


@pytest.mark.row("E10")
@pytest.mark.parametrize("traded, living", [(Market.SPOT, PERP), (Market.PERP, SPOT)])
async def test_orders_of_a_market_that_no_strategy_trades_any_more_are_reached(
    house: House, traded: Market, living: str
) -> None:
    """The configuration names one market, an order lives in the other: it is listed, looked for and cancelled."""
    price = "59000"
    assert isinstance(await house.venue.place(house.request("qold", living, price=price)), TAKEN)
    assert house.real is not None
    gate = gate_to(
        house.real.port, house.real.ca_path, house.clock, frozenset({traded}), VenueConfig()
    )
    venue = VenueAccount(gate, account="main", policy=policy_of("binance", VenueConfig()))
    (shown,) = await venue.open_orders(living)
    assert shown.client_order_id == "qold"
    assert shown.symbol == living
    assert isinstance(await venue.look(living, "qold"), Held)
    assert isinstance(await venue.cancel(living, "qold"), Held)
    with pytest.raises(LookupError, match="is not traded"):
        await venue.open_orders("NONE/USDT" if living == SPOT else "NONE/USDT:USDT")
    await venue.close()
