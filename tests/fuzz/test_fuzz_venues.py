"""Whatever a venue sends: a public frame is read or nothing, and an answer to an order proves something or nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Market
from opensqt.venues.bitget import frames as bitget_frames
from opensqt.venues.bitget.orders import BitgetOrderEndpoints
from opensqt.venues.bybit import frames as bybit_frames
from opensqt.venues.bybit.orders import BybitOrderEndpoints
from opensqt.venues.engine.dialect import OrderEndpoints
from opensqt.venues.engine.response import VenueResponse
from opensqt.venues.gate import frames as gate_frames
from opensqt.venues.gate.orders import GateOrderEndpoints
from opensqt.venues.okx import frames as okx_frames
from opensqt.venues.okx.orders import OkxOrderEndpoints
from tests.fuzz.mangled import at_length, mangled

SYMBOLS = {
    "BTCUSDT": "BTC/USDT:USDT",
    "BTC-USDT-SWAP": "BTC/USDT:USDT",
    "BTC_USDT": "BTC/USDT:USDT",
}
OKX = tuple(
    json.dumps(frame).encode()
    for frame in (
        {
            "arg": {"channel": "books", "instId": "BTC-USDT-SWAP"},
            "action": "update",
            "data": [
                {
                    "asks": [["1", "2", "0", "1"]],
                    "bids": [],
                    "ts": "1",
                    "checksum": 1,
                    "seqId": 2,
                    "prevSeqId": 1,
                }
            ],
        },
        {
            "arg": {"channel": "trades", "instId": "BTC-USDT-SWAP"},
            "data": [
                {
                    "instId": "BTC-USDT-SWAP",
                    "tradeId": "1",
                    "px": "1",
                    "sz": "2",
                    "side": "buy",
                    "ts": "1",
                }
            ],
        },
        {"event": "subscribe", "arg": {"channel": "books", "instId": "BTC-USDT-SWAP"}},
    )
)
BYBIT = tuple(
    json.dumps(frame).encode()
    for frame in (
        {
            "topic": "orderbook.50.BTCUSDT",
            "type": "delta",
            "ts": 1,
            "cts": 1,
            "data": {"s": "BTCUSDT", "b": [["1", "2"]], "a": [], "u": 2, "seq": 3},
        },
        {
            "topic": "publicTrade.BTCUSDT",
            "type": "snapshot",
            "ts": 1,
            "data": [{"T": 1, "s": "BTCUSDT", "S": "Buy", "v": "1", "p": "2", "i": "x"}],
        },
        {"topic": "tickers.BTCUSDT", "type": "delta", "ts": 1, "data": {"markPrice": "1"}},
    )
)
BITGET = tuple(
    json.dumps(
        {
            "action": "update",
            "arg": {"instType": "usdt-futures", "topic": topic, "symbol": "BTCUSDT"},
            "data": [row],
            "ts": 1,
        }
    ).encode()
    for topic, row in (
        ("books", {"a": [["1", "2"]], "b": [], "seq": "2", "pseq": 1, "ts": "1"}),
        ("publicTrade", {"i": "1", "p": "1", "v": "2", "S": "buy", "T": "1"}),
        ("ticker", {"markPrice": "1", "nextFundingTime": "2"}),
    )
)
ANSWERS = tuple(
    json.dumps(answer).encode()
    for answer in (
        {"code": "0", "msg": "", "data": [{"ordId": "1", "sCode": "51008", "sMsg": "no"}]},
        {"code": "1", "msg": "", "data": []},
        {"code": "00000", "msg": "", "data": [{"orderId": "1", "clientOid": "q", "code": "25202"}]},
        {"code": "00000", "msg": "", "requestTime": 1, "data": {"orderId": "1", "clientOid": "q"}},
        {"retCode": 110007, "retMsg": "no", "result": {}, "retExtInfo": {}, "time": 1},
        {
            "retCode": 0,
            "retMsg": "OK",
            "result": {"list": [{"orderId": "1"}]},
            "retExtInfo": {"list": [{"code": 1, "msg": "x"}]},
            "time": 1,
        },
    )
)


GATE = tuple(
    json.dumps({"time": 1, "channel": f"futures.{channel}", **rest}).encode()
    for channel, rest in (
        (
            "order_book_update",
            {
                "event": "update",
                "result": {
                    "s": "BTC_USDT",
                    "t": 1,
                    "U": 1,
                    "u": 2,
                    "b": [{"p": "1", "s": 2}],
                    "a": [],
                },
            },
        ),
        (
            "trades",
            {
                "event": "update",
                "result": [
                    {
                        "id": 1,
                        "contract": "BTC_USDT",
                        "size": -2,
                        "price": "1",
                        "create_time": 1.5,
                    }
                ],
            },
        ),
        ("trades", {"event": "subscribe", "error": {"code": 2, "message": "?"}}),
    )
)


def gate_frame(text: str, symbols: dict[str, str]) -> object:
    """Read a frame of Gate's perpetuals."""
    return gate_frames.read_frame(text, symbols, Market.PERP)


@pytest.mark.row("K04", "G12")
@pytest.mark.parametrize(
    "read, frames",
    [
        (okx_frames.read_frame, OKX),
        (bybit_frames.read_frame, BYBIT),
        (bitget_frames.read_frame, BITGET),
        (gate_frame, GATE),
    ],
)
def test_public_frames_of_other_venues(read: object, frames: tuple[bytes, ...]) -> None:
    """Each is a frame, or nothing; what is nested without end is nothing."""
    assert callable(read)

    @at_length
    @given(mangled(*frames))
    def any_bytes(data: bytes) -> None:
        read(data.decode(errors="replace"), SYMBOLS)

    any_bytes()
    assert read("[" * 100_000, SYMBOLS) is None


@pytest.mark.row("K04", "G12", "C06")
@pytest.mark.parametrize(
    "venue",
    [
        OkxOrderEndpoints(),
        BybitOrderEndpoints(),
        BitgetOrderEndpoints(),
        GateOrderEndpoints(),
    ],
)
def test_answers_to_orders_of_other_venues(venue: OrderEndpoints) -> None:
    """What cannot be read says nothing: an order stays in doubt, and nothing is raised after it may have arrived."""

    @at_length
    @given(mangled(*ANSWERS), st.sampled_from([200, 400, 500]), st.integers(1, 3))
    def any_bytes(body: bytes, status: int, count: int) -> None:
        response = VenueResponse(status=status, body=body.decode(errors="replace"))
        venue.said(response)
        venue.rows(response, count)

    any_bytes()
