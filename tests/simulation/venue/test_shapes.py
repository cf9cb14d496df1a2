"""Answers and frames of the paper venue have the keys of the recorded ones."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.simulation.server.paper import PaperVenue
from tests.conftest import recordings_folder
from tests.simulation.venue.scripted import (
    PERP,
    SPOT,
    Client,
    TestClock,
    attached,
    d,
    play,
    session,
    subscribed,
    trade,
)

pytestmark = pytest.mark.recordings
EIGHT_HOURS_MS = 8 * 3_600_000
# Keys of orders that the venue has only for types which the paper venue does not take.
TYPED = {"activatePrice", "priceRate"}
REST = {
    "/api/v3/account": "privateGetAccount",
    "/api/v3/account/commission": "privateGetAccountCommission",
    "/api/v3/aggTrades": "publicGetAggTrades",
    "/api/v3/trades": "publicGetTrades",
    "/api/v3/ticker/24hr": "publicGetTicker24hr",
    "/api/v3/ticker/bookTicker": "publicGetTickerBookTicker",
    "/api/v3/order": "privateGetOrder",
    "/api/v3/openOrders": "privateGetOpenOrders",
    "/api/v3/myTrades": "privateGetMyTrades",
    "/fapi/v3/account": "fapiPrivateV3GetAccount",
    "/fapi/v3/balance": "fapiPrivateV3GetBalance",
    "/fapi/v3/positionRisk": "fapiPrivateV3GetPositionRisk",
    "/fapi/v1/leverageBracket": "fapiPrivateGetLeverageBracket",
    "/fapi/v1/income": "fapiPrivateGetIncome",
    "/fapi/v1/commissionRate": "fapiPrivateGetCommissionRate",
    "/fapi/v1/aggTrades": "fapiPublicGetAggTrades",
    "/fapi/v1/ticker/bookTicker": "fapiPublicGetTickerBookTicker",
    "/fapi/v1/ticker/24hr": "fapiPublicGetTicker24hr",
    "/fapi/v1/fundingInfo": "fapiPublicGetFundingInfo",
    "/fapi/v1/fundingRate": "fapiPublicGetFundingRate",
    "/fapi/v1/premiumIndex": "fapiPublicGetPremiumIndex",
    "/fapi/v1/depth": "fapiPublicGetDepth",
    "/fapi/v1/order": "fapiPrivateGetOrder",
    "/fapi/v1/openOrders": "fapiPrivateGetOpenOrders",
    "/fapi/v1/userTrades": "fapiPrivateGetUserTrades",
}


def recorded_answers() -> dict[str, Any]:
    """The documented answer of each GET endpoint."""
    path = recordings_folder() / "conformance" / "jkorf" / "binance_rest.jsonl"
    found: dict[str, Any] = {}
    for line in path.read_text().splitlines():
        step = json.loads(line)
        if step["method"] == "GET":
            found.setdefault(step["path"], step["response"])
    return found


def recorded_frames() -> dict[tuple[bool, str], dict[str, Any]]:
    """The documented frame of each event, by (spot, event)."""
    path = recordings_folder() / "conformance" / "jkorf" / "binance_ws.jsonl"
    found: dict[tuple[bool, str], dict[str, Any]] = {}
    for line in path.read_text().splitlines():
        dialogue = json.loads(line)
        for step in dialogue["steps"]:
            frame = step.get("frame", {})
            inner = frame.get("event") or frame.get("data")
            if step["dir"] == "server_update" and isinstance(inner, dict) and "e" in inner:
                found.setdefault((dialogue["name"].startswith("Spot/"), inner["e"]), inner)
    return found


def keys(answer: Any, prefix: str = "") -> set[str]:
    """All keys of an answer, lists by their first element."""
    if isinstance(answer, list):
        return keys(answer[0], prefix) if answer else set()
    if not isinstance(answer, dict):
        return set()
    found = {f"{prefix}{name}" for name in answer}
    return found.union(*(keys(value, f"{prefix}{name}.") for name, value in answer.items()), set())


@pytest.fixture
async def busy(venue: PaperVenue, spot: Client, perp: Client, clock: TestClock) -> Client:
    """A venue with orders, fills, a position, income and a settled funding on both markets."""
    await spot.ccxt.create_order(SPOT, "market", "buy", d("0.01"))
    await spot.ccxt.create_order(
        SPOT, "limit", "buy", d("0.01"), d("59000"), {"clientOrderId": "s"}
    )
    await perp.ccxt.create_order(PERP, "market", "buy", d("0.01"))
    await perp.ccxt.create_order(
        PERP, "limit", "buy", d("0.01"), d("59000"), {"clientOrderId": "p"}
    )
    clock.skip(EIGHT_HOURS_MS)
    venue.server._context.chores.tick()
    return spot


@pytest.mark.parametrize("path", sorted(REST))
async def test_a_rest_answer_has_the_documented_keys(busy: Client, path: str) -> None:
    """Nothing that the venue documents is missing from our answer."""
    recorded = recorded_answers()[path]
    params = {} if path.endswith(("account", "balance")) else {"symbol": "BTCUSDT"}
    if path.endswith("/order"):
        params["origClientOrderId"] = "s" if path.startswith("/api") else "p"
    ours = await getattr(busy.ccxt, REST[path])(params)
    assert keys(recorded) - keys(ours) - TYPED == set()


async def test_frames_have_the_documented_keys(
    venue: PaperVenue, spot: Client, perp: Client
) -> None:
    """Each public and private event we send has the keys of the recorded one of its market."""
    recorded = recorded_frames()
    ours: dict[tuple[bool, str], dict[str, Any]] = {}
    wanted = {(s, e) for s, e in recorded if e in EVENTS and not (s and e == "markPriceUpdate")}
    async with session(venue) as http:
        sockets = await listen(http, spot, perp)
        await subscribed(venue, 2 * len(STREAMS))
        await attached(venue, 2)
        for client, symbol in ((spot, SPOT), (perp, PERP)):
            await client.ccxt.create_order(symbol, "limit", "buy", d("0.01"), d("60001"))
            play(venue, trade(symbol, "60002", "1", Side.BUY))
        async with asyncio.timeout(10):
            while wanted - ours.keys():
                for is_spot, socket in sockets:
                    frame = await next_frame(socket)
                    inner = {} if frame is None else frame.get("event", frame)
                    if inner.get("e") != "executionReport" or inner["x"] == "TRADE":
                        ours.setdefault((is_spot, inner.get("e", "")), inner)
        for _, socket in sockets:
            await socket.close()
    for event in wanted:
        assert keys(recorded[event]) - keys(ours[event]) - KEYS_OF_OTHER_ORDERS == set(), event


async def listen(http: aiohttp.ClientSession, spot: Client, perp: Client) -> list[tuple[bool, Any]]:
    """Open every stream of both markets: public, listen key, WebSocket API."""
    key = (await perp.ccxt.fapiPrivatePostListenKey())["listenKey"]
    names = [f"btcusdt@{stream}" for stream in STREAMS]
    sockets = []
    for is_spot, address in PUBLIC:
        socket = await http.ws_connect(address)
        await socket.send_json({"method": "SUBSCRIBE", "params": names, "id": 1})
        sockets.append((is_spot, socket))
    private = f"wss://fstream.binance.com/private/ws?listenKey={key}"
    sockets.append((False, await http.ws_connect(private)))
    api = await http.ws_connect("wss://ws-api.binance.com/ws-api/v3")
    signed = spot.ccxt.sign_params({})
    method = "userDataStream.subscribe.signature"
    await api.send_json({"id": "1", "method": method, "params": signed})
    return [*sockets, (True, api)]


STREAMS = (
    "trade",
    "aggTrade",
    "depth@100ms",
    "bookTicker",
    "kline_1m",
    "miniTicker",
    "ticker",
    "markPrice",
)
PUBLIC = ((True, "wss://stream.binance.com:9443/ws"), (False, "wss://fstream.binance.com/ws"))
EVENTS = {
    "trade",
    "aggTrade",
    "depthUpdate",
    "bookTicker",
    "kline",
    "24hrMiniTicker",
    "24hrTicker",
    "markPriceUpdate",
    "executionReport",
    "outboundAccountPosition",
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
}
# Trailing-stop fields, the fee that comes only with fills, and order ids that recorded trades no longer carry.
KEYS_OF_OTHER_ORDERS = {"o.AP", "o.cr", "o.n", "o.N", "a", "b"}


async def next_frame(socket: Any) -> dict[str, Any] | None:
    """A frame that is there already, or None."""
    try:
        message = await asyncio.wait_for(socket.receive(), 0.05)
    except TimeoutError:
        return None
    return msgspec.json.decode(message.data) if isinstance(message.data, str) else None


def test_recorded_answers_are_there() -> None:
    """Every endpoint of the table is in the recording."""
    assert set(REST) <= set(recorded_answers())
    assert isinstance(recordings_folder(), Path)
