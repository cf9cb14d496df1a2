"""Streams: sequences without a hole, subscriptions, combined frames, listen keys and the WebSocket API's answers."""

import random
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from opensqt.domain.instruments import Side
from opensqt.simulation.dialects.binance.listen_keys import LIFE_MS, ListenKeys
from opensqt.simulation.server.paper import PaperVenue
from tests.conditions import until
from tests.simulation.venue.scripted import (
    PERP,
    SPOT,
    Client,
    TestClock,
    book,
    d,
    play,
    session,
    subscribed,
    within,
)


@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_a_watched_book_becomes_the_venues_book(
    venue: PaperVenue, spot: Client, perp: Client, symbol: str
) -> None:
    """After three hundred changes of others and some of ours, every level the client holds is the venue's."""
    client, draw = (spot if symbol == SPOT else perp), random.Random(4)
    await within(5, client.ccxt.watch_order_book(symbol))
    for number in range(300):
        below, above = 60000 - draw.randint(1, 30), 60000 + draw.randint(1, 30)
        quantity = str(draw.randint(0, 5))
        play(venue, book(symbol, {str(below): quantity}, {str(above): quantity}))
        if number % 60 == 0:
            price = d(str(59900 - number))
            await client.ccxt.create_order(symbol, "limit", "buy", d("0.01"), price)
    wanted = venue.exchange.matchers[symbol].book

    async def same() -> bool:
        seen = await client.ccxt.watch_order_book(symbol)
        return bool(seen["nonce"] == wanted.update_id)

    await until(same)
    seen = client.ccxt.orderbooks[symbol]
    for side, rows in ((Side.BUY, seen["bids"]), (Side.SELL, seen["asks"])):
        ours = [(price, quantity) for price, quantity in wanted.levels(side)]
        assert [(Decimal(str(p)), Decimal(str(q))) for p, q in rows] == ours


async def test_subscriptions_are_listed_and_ended(venue: PaperVenue) -> None:
    """SUBSCRIBE, LIST_SUBSCRIPTIONS, UNSUBSCRIBE and nonsense are answered as the venue does."""
    async with (
        session(venue) as http,
        http.ws_connect("wss://stream.binance.com:9443/ws/0") as socket,
    ):
        await socket.send_json({"method": "SUBSCRIBE", "params": ["btcusdt@trade"], "id": 1})
        assert await socket.receive_json() == {"result": None, "id": 1}
        await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 2})
        assert await socket.receive_json() == {"result": ["btcusdt@trade"], "id": 2}
        await socket.send_json({"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 3})
        assert await socket.receive_json() == {"result": None, "id": 3}
        await socket.send_json({"method": "DANCE", "id": 4})
        assert (await socket.receive_json())["error"]["code"] == 2
        await socket.send_str("nonsense")
        assert (await socket.receive_json())["error"]["code"] == 2


async def test_a_combined_stream_wraps_its_frames(venue: PaperVenue) -> None:
    """Streams named in the address are subscribed at once; /stream wraps, /ws does not."""
    async with session(venue) as http:
        combined = await http.ws_connect(
            "wss://fstream.binance.com/stream?streams=btcusdt@bookTicker"
        )
        single = await http.ws_connect("wss://fstream.binance.com/ws/btcusdt@bookTicker")
        await subscribed(venue, 2)
        play(venue, book(PERP, {"60000": "3"}, {}))
        wrapped, plain = await combined.receive_json(), await single.receive_json()
        assert (wrapped["stream"], wrapped["data"]) == ("btcusdt@bookTicker", plain)
        assert (plain["b"], plain["B"]) == ("60000.0", "3.000")
        await combined.close()
        await single.close()


async def test_an_unknown_listen_key_gets_no_stream(venue: PaperVenue) -> None:
    """The socket of a listen key that does not exist is closed at once."""
    async with session(venue) as http:
        socket = await http.ws_connect("wss://fstream.binance.com/private/ws?listenKey=nobody")
        message = await within(5, socket.receive())
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert venue.server.streams.attached == 0


def test_a_listen_key_lives_an_hour_and_is_extended() -> None:
    """One key per account; PUT extends it, silence ends it, the state survives a restart."""
    keys = ListenKeys(None)
    key = keys.open("main", 0)
    assert keys.open("main", 1) == key
    keys.extend("main", LIFE_MS)
    assert ListenKeys(keys.state()).account(key, 2 * LIFE_MS) == "main"
    assert keys.expired(2 * LIFE_MS) == []
    assert [expired.key for expired in keys.expired(2 * LIFE_MS + 1)] == [key]
    assert keys.account(key, 2 * LIFE_MS + 1) is None


@pytest.mark.parametrize(
    "change,code",
    [({"signature": "0" * 64}, -1022), ({"apiKey": "nobody"}, -2015), ({"timestamp": 1}, -1021)],
)
async def test_the_websocket_api_checks_who_asks(
    venue: PaperVenue, spot: Client, change: dict[str, Any], code: int
) -> None:
    """A wrong signature, an unknown key or an old timestamp gets no private stream."""
    params = {**spot.ccxt.sign_params({}), **change}
    method = "userDataStream.subscribe.signature"
    async with spot.session.ws_connect("wss://ws-api.binance.com:443/ws-api/v3") as socket:
        await socket.send_json({"id": "1", "method": method, "params": params})
        answer = await socket.receive_json()
    assert (answer["error"]["code"], venue.server.streams.attached) == (code, 0)


async def test_a_client_that_does_not_read_loses_its_connection(
    venue: PaperVenue, clock: TestClock
) -> None:
    """The queue in front of a socket is bounded: it ends, frames are never lost in the middle."""
    from opensqt.simulation.server.client_socket import QUEUE_MAX, ClientSocket

    wire = ClientSocket(venue.faults, None)
    for number in range(QUEUE_MAX + 1):
        wire.answer({"n": number, "at": clock.market_ms()})
    assert wire._queue.qsize() == 1
    assert wire._queue.get_nowait() is None
