"""What an order says on the wire of each venue: its terms, our id, its deadline and self-trade mode, nothing else."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import Acknowledged, Held, NotSent, OrderRequest
from opensqt.venues.engine.request import RestRequest
from tests.contract.broken_venue import broken_venue, finish
from tests.contract.venues import PERP, SPOT, House, open_house


async def placed(
    house: House, folder: Path, symbol: str, time_in_force: TimeInForce, reduce_only: bool
) -> tuple[OrderRequest, str]:
    """Place an order at a venue that says nothing; return it, and what was sent."""
    calls: list[str] = []
    request = house.request(
        "qone",
        symbol,
        price="59000.10",
        time_in_force=time_in_force,
        reduce_only=reduce_only,
    )
    async with broken_venue(house, finish, folder, calls) as venue:
        await venue.place(request)
    (sent,) = calls
    return request, sent


@pytest.mark.row("D06")
@pytest.mark.parametrize(
    "symbol,time_in_force,wire",
    [
        (SPOT, TimeInForce.POST_ONLY, {"type": "LIMIT_MAKER"}),
        (PERP, TimeInForce.POST_ONLY, {"type": "LIMIT", "timeInForce": "GTX"}),
        (SPOT, TimeInForce.IOC, {"type": "LIMIT", "timeInForce": "IOC"}),
        (PERP, TimeInForce.GTC, {"type": "LIMIT", "timeInForce": "GTC", "reduceOnly": "true"}),
    ],
)
async def test_every_order_names_its_deadline_and_self_trade_mode(
    tmp_path: Path, symbol: str, time_in_force: TimeInForce, wire: dict[str, str]
) -> None:
    """Signed with our time and window, our id, and an explicit self-trade mode; nothing is added or rounded."""
    house = await open_house("binance", tmp_path)
    request, sent = await placed(house, tmp_path, symbol, time_in_force, "reduceOnly" in wire)
    params = dict(parse_qsl(sent.partition("\n")[2]))
    assert len(params.pop("signature")) == 64
    assert params == {
        "timestamp": str(request.signed_ms),
        "recvWindow": "2000",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "newClientOrderId": "qone",
        "newOrderRespType": "RESULT",
        "selfTradePreventionMode": "EXPIRE_TAKER",
        "quantity": "0.01",
        "price": "59000.1",
        **wire,
    }
    await house.close()


@pytest.mark.row("D06")
@pytest.mark.row("C05")
@pytest.mark.parametrize(
    "symbol,time_in_force,wire",
    [
        (SPOT, TimeInForce.POST_ONLY, {"ordType": "post_only", "sz": "0.01"}),
        (SPOT, TimeInForce.IOC, {"ordType": "ioc", "sz": "0.01"}),
        (PERP, TimeInForce.FOK, {"ordType": "fok", "sz": "1"}),
        (PERP, TimeInForce.GTC, {"ordType": "limit", "sz": "1", "reduceOnly": True}),
    ],
)
async def test_every_order_of_okx_names_its_terms(
    tmp_path: Path, symbol: str, time_in_force: TimeInForce, wire: dict[str, object]
) -> None:
    """Base units of spot, contracts of a perpetual; mode, our id and an explicit self-trade mode."""
    house = await open_house("okx", tmp_path)
    _, sent = await placed(house, tmp_path, symbol, time_in_force, "reduceOnly" in wire)
    assert sent.startswith("POST /api/v5/trade/order ")
    of_market: dict[str, object] = {"instId": "BTC-USDT-SWAP", "tdMode": "cross"}
    if symbol == SPOT:
        of_market = {"instId": "BTC-USDT", "tdMode": "cash", "tgtCcy": "base_ccy"}
    assert json.loads(sent.partition("\n")[2]) == {
        "side": "buy",
        "clOrdId": "qone",
        "px": "59000.1",
        "stpMode": "cancel_taker",
        **of_market,
        **wire,
    }
    await house.close()


@pytest.mark.row("D06")
@pytest.mark.row("C05")
@pytest.mark.parametrize(
    "symbol,time_in_force,wire",
    [
        (SPOT, TimeInForce.POST_ONLY, {"timeInForce": "post_only"}),
        (SPOT, TimeInForce.IOC, {"timeInForce": "ioc"}),
        (PERP, TimeInForce.FOK, {"timeInForce": "fok", "reduceOnly": "no"}),
        (PERP, TimeInForce.GTC, {"timeInForce": "gtc", "reduceOnly": "yes"}),
    ],
)
async def test_every_order_of_bitget_names_its_terms(
    tmp_path: Path, symbol: str, time_in_force: TimeInForce, wire: dict[str, str]
) -> None:
    """Category by settlement coin, our id, margin and self-trade mode each time; no window, for none is documented."""
    house = await open_house("bitget", tmp_path)
    _, sent = await placed(house, tmp_path, symbol, time_in_force, wire.get("reduceOnly") == "yes")
    assert sent.startswith("POST /api/v3/trade/place-order ")
    of_market = {"category": "USDT-FUTURES", "marginMode": "crossed"}
    assert json.loads(sent.partition("\n")[2]) == {
        "symbol": "BTCUSDT",
        "side": "buy",
        "orderType": "limit",
        "clientOid": "qone",
        "qty": "0.01",
        "price": "59000.1",
        "stpMode": "cancel_taker",
        **({"category": "SPOT"} if symbol == SPOT else of_market),
        **wire,
    }
    await house.close()


async def test_an_order_that_bitget_has_no_words_for_is_not_sent(tmp_path: Path) -> None:
    """A market buy of spot counts money there: it stays here and says why; other market orders are taken."""
    house = await open_house("bitget", tmp_path)
    wanted = {"type": OrderType.MARKET, "price": Decimal(0)}
    outcome = await house.venue.place(msgspec.structs.replace(house.request("qb", SPOT), **wanted))
    assert isinstance(outcome, NotSent)
    assert "counts money" in outcome.cause
    for name, symbol, side in (("qs", SPOT, Side.SELL), ("qp", PERP, Side.BUY)):
        request = msgspec.structs.replace(house.request(name, symbol, side=side), **wanted)
        assert isinstance(await house.venue.place(request), Acknowledged)
        looked = await house.venue.look(symbol, name)
        assert isinstance(looked, Held)
        assert looked.order is not None
        assert (looked.order.status, looked.order.filled_quantity) == ("filled", Decimal("0.01"))
    await house.close()


@pytest.mark.row("C07")
async def test_a_batch_of_okx_names_every_order_and_one_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline stands in a header, that of the oldest order; sizes are contracts, each order has its id."""
    okx = await open_house("okx", tmp_path)
    await okx.venue.open_orders(PERP)
    sent: list[tuple[RestRequest, int]] = []
    call = okx.gate.clients.client.call

    async def noted(request: RestRequest, signed_ms: int = 0) -> Any:
        sent.append((request, signed_ms))
        return await call(request, signed_ms)

    monkeypatch.setattr(okx.gate.clients.client, "call", noted)
    first_ms = okx.clock.market_ms()
    late, early = (
        okx.request(name, signed_ms=first_ms + ms) for name, ms in (("qone", 50), ("qtwo", 0))
    )
    await okx.venue.place_batch([late, early])
    ((request, signed_ms),) = [each for each in sent if each[0].verb == "POST"]
    assert request.path == "trade/batch-orders"
    ahead_ms = okx.gate.time.ahead_ms
    assert request.headers == {"expTime": str(first_ms + 2000 + ahead_ms)}
    assert signed_ms == first_ms + ahead_ms
    assert [(row["clOrdId"], row["sz"], row["stpMode"]) for row in request.params] == [
        ("qone", "1", "cancel_taker"),
        ("qtwo", "1", "cancel_taker"),
    ]
    await okx.close()
