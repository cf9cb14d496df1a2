"""What the answer to a batch means: row by row where there is a row an order, else for all of them alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Held, InDoubt, NotFound, NotSent, Refusal, Refused, Throttled
from opensqt.venues.engine.classify import judge_cancel, judge_place
from opensqt.venues.engine.response import Transmitted, VenueResponse
from tests.unit.venues.binance_answers import judge_batch

SYMBOLS = {"BTCUSDT": "BTC/USDT:USDT"}


@pytest.mark.row("C07")
@pytest.mark.recordings
def test_recorded_batches_are_judged_row_by_row(recordings: Path) -> None:
    """The published answers of a batch place and a batch cancel: one order lives, one row is an error."""
    found: dict[str, list[Any]] = {}
    rest = (recordings / "conformance" / "jkorf" / "binance_rest.jsonl").read_text()
    for line in rest.splitlines():
        row = json.loads(line)
        if row["path"] == "/fapi/v1/batchOrders":
            found[row["method"]] = row["response"]
    placed = VenueResponse(status=200, body=json.dumps(found["POST"]))
    held, refused = judge_batch(
        judge_place, Market.PERP, placed, ("testOrder", "qtwo"), {"BTCUSDT": "BTC/USDT:USDT"}
    )
    assert isinstance(held, Held)
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.REDUCE_ONLY
    canceled = VenueResponse(status=200, body=json.dumps(found["DELETE"]))
    ended, gone = judge_batch(
        judge_cancel, Market.PERP, canceled, ("myOrder1", "qtwo"), {"BTCUSDT": "BTC/USDT:USDT"}
    )
    assert isinstance(ended, Held)
    assert isinstance(gone, NotFound)


ROW = {
    "symbol": "BTCUSDT",
    "orderId": 1,
    "clientOrderId": "qone",
    "price": "1",
    "origQty": "1",
    "executedQty": "0",
    "status": "NEW",
    "side": "BUY",
}


@pytest.mark.row("C07")
@pytest.mark.parametrize(
    "rows,outcomes",
    [
        ([ROW, {"code": -7777, "msg": "?"}], [Held, InDoubt]),
        ([ROW, {**ROW, "clientOrderId": "qother"}], [Held, InDoubt]),
        ([ROW, {**ROW, "clientOrderId": "qtwo", "orderId": None}], [Held, InDoubt]),
        ([ROW, {}], [Held, InDoubt]),
        ([ROW, {"code": -1015, "msg": "Too many new orders"}], [Held, Throttled]),
        ([{"code": -4116, "msg": "ClientOrderId is duplicated."}, ROW], [Held, InDoubt]),
        ([ROW], [InDoubt, InDoubt]),
        ([ROW, ROW, ROW], [InDoubt, InDoubt]),
        ({"code": -7777, "msg": "?"}, [InDoubt, InDoubt]),
    ],
)
def test_each_row_of_a_batch_proves_for_itself(rows: Any, outcomes: list[type[Any]]) -> None:
    """An unlisted code, another id or no id is in doubt for its order only; missing rows are for all."""
    answer = VenueResponse(status=200, body=json.dumps(rows))
    judged = judge_batch(judge_place, Market.PERP, answer, ("qone", "qtwo"), SYMBOLS)
    assert [type(outcome) for outcome in judged] == outcomes


@pytest.mark.row("C07")
@pytest.mark.parametrize(
    "answer,outcome",
    [
        (VenueResponse(cause="TimeoutError"), InDoubt),
        (VenueResponse(sent=Transmitted.NEVER, cause="refused"), NotSent),
        (VenueResponse(status=503, body=""), InDoubt),
        (VenueResponse(status=429, body=""), Throttled),
        (VenueResponse(status=400, body='{"code":-1021,"msg":"late"}'), Refused),
        (
            VenueResponse(status=400, body='{"code":-4083,"msg":"Fail to place batch orders."}'),
            InDoubt,
        ),
    ],
)
def test_an_answer_about_the_whole_batch_is_about_each_order(
    answer: VenueResponse, outcome: type[Any]
) -> None:
    """Nothing came back, or one error for all: every order of the batch shares it."""
    judged = judge_batch(judge_place, Market.PERP, answer, ("qone", "qtwo"), SYMBOLS)
    assert [type(one) for one in judged] == [outcome] * 2
