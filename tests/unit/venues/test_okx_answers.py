"""What OKX's answers mean, against recorded bodies and what public clients know; the expectation is never the table."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import (
    CancelOutcome,
    Held,
    InDoubt,
    LookOutcome,
    NotFound,
    PlaceOutcome,
    Refusal,
    Refused,
    Throttled,
)
from opensqt.venues.engine import classify
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.response import VenueResponse
from opensqt.venues.okx import refusals as table
from opensqt.venues.okx.dialect import DIALECT, ERRORS

SYMBOLS = {
    Market.SPOT: {"BTC-USDT": "BTC/USDT"},
    Market.PERP: {"BTC-USDT-SWAP": "BTC/USDT:USDT"},
}
AT = Instrument(symbol="BTC/USDT", market=Market.SPOT, venue_symbol="BTC-USDT")
# What public clients call the same thing; what they know of other requests than ours is left out.
CATEGORIES = {
    "InvalidTimestamp": {Refusal.CLOCK},
    "InsufficientBalance": {Refusal.FUNDS},
    "DuplicateClientOrderId": {Refusal.DUPLICATE},
    "UnknownSymbol": {Refusal.SYMBOL},
    "UnavailableSymbol": {Refusal.MARKET_CLOSED},
    "InvalidPrice": {Refusal.FILTER, Refusal.PARAMETER},
    "InvalidQuantity": {Refusal.FILTER, Refusal.REDUCE_ONLY},
    "Unauthorized": {Refusal.AUTH, Refusal.ACCOUNT},
    "InvalidParameter": {Refusal.PARAMETER, Refusal.CLOCK, Refusal.FILTER},
    "MissingParameter": {Refusal.PARAMETER},
    "RateLimitOrder": {Refusal.OPEN_ORDERS},
}
# Categories of what proves nothing: a client that calls it an error may not call it a refusal.
DOUBTFUL = ("SystemError", "Timeout", "RateLimitRequest", "UnknownOrder")


def judged(judge: Any, response: VenueResponse, names: Sequence[str] = ("qone",)) -> Any:
    """Judge an answer as the engine does."""
    return classify.judge_each(judge, DIALECT, AT, response, names, SYMBOLS)


def place(body: Any, status: int = 200) -> PlaceOutcome:
    """Judge the answer to a place of `qone`."""
    (outcome,) = judged(classify.judge_place, _answer(body, status))
    return outcome  # type: ignore[no-any-return]


def cancel(body: Any) -> CancelOutcome:
    """Judge the answer to a cancel of `qone`."""
    (outcome,) = judged(classify.judge_cancel, _answer(body, 200))
    return outcome  # type: ignore[no-any-return]


def look(body: Any) -> LookOutcome:
    """Judge the answer to a look for `qone`."""
    (outcome,) = judged(classify.judge_look, _answer(body, 200))
    return outcome  # type: ignore[no-any-return]


def _answer(body: Any, status: int) -> VenueResponse:
    text = body if isinstance(body, str) else json.dumps(body)
    return VenueResponse(status=status, body=text)


def row(code: str, name: str = "qone", order_id: str = "") -> dict[str, str]:
    """Return a row of an answer about orders."""
    return {"clOrdId": name, "ordId": order_id, "sCode": code, "sMsg": "told", "tag": ""}


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_the_table_agrees_with_what_public_clients_know(recordings: Path) -> None:
    """Each of our rows that they know, too, means the same; what they call a failure of the system is no refusal."""
    seen = 0
    for code, category in _known(recordings):
        ours = ERRORS.refusals.get(code)
        if category in DOUBTFUL:
            assert ours is None, (code, category)
        elif ours is not None and category in CATEGORIES:
            assert ours in CATEGORIES[category], (code, category, ours)
            seen += 1
    assert seen > 40


def _known(recordings: Path) -> Iterator[tuple[str, str]]:
    with (recordings / "errors" / "jkorf_error_categories.csv").open(encoding="utf-8") as rows:
        for exchange, _, code, category, *_ in csv.reader(rows):
            if exchange == "okx":
                yield code, category


@pytest.mark.row("C04")
def test_every_row_has_a_source_and_stands_once() -> None:
    """No refusal rests on nobody's word, and no code is both a refusal and a doubt."""
    codes = [str(one.code) for one in table.ROWS]
    assert len(codes) == len(set(codes))
    assert all(one.source.split(":")[0] in SOURCES for one in table.ROWS), [
        one for one in table.ROWS if one.source.split(":")[0] not in SOURCES
    ]
    refused = set(codes)
    assert not refused & (table.IN_DOUBT.keys() | table.THROTTLES | table.UNKNOWN_TO_CANCEL)


SOURCES = {"docs", "ccxt", "jkorf", "body", "docs, ccxt", "docs, jkorf"}


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_recorded_error_bodies_refuse_only_what_they_refuse(recordings: Path) -> None:
    """A row or an envelope with a listed code refuses; a server's own error, and one nobody lists, prove nothing."""
    outcomes = {}
    path = recordings / "errors" / "raw_error_bodies_from_ccxt_comments.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if told["exchange"] != "okx":
            continue
        body = told["text"].replace("e847xxx", "qone").replace('"clOrdId":""', '"clOrdId":"qone"')
        outcome = place(body)
        kind = outcome.kind if isinstance(outcome, Refused) else type(outcome)
        outcomes[told["src"].rpartition(":")[2]] = kind
    assert outcomes == {
        "770": InDoubt,  # 4088: verify your identity, which stands in no table
        outcomes_of_compliance(outcomes): Refusal.ACCOUNT,
        "1180": InDoubt,
        "1181": InDoubt,
        "2038": Refusal.AUTH,
        "3343": Refusal.PARAMETER,
        "3743": Held,
    }


def outcomes_of_compliance(outcomes: dict[str, Any]) -> str:
    """Return which line holds the body about local compliance."""
    (line,) = outcomes.keys() - {"770", "1180", "1181", "2038", "3343", "3743"}
    return line


@pytest.mark.row("C07")
@pytest.mark.parametrize(
    "rows,outcomes",
    [
        ([row("0", "qone", "1"), row("51008", "qtwo")], [Held, Refused]),
        ([row("51149", "qone"), row("0", "qtwo", "2")], [InDoubt, Held]),
        ([row("50011", "qone"), row("0", "qtwo", "2")], [Throttled, Held]),
        ([row("51016", "qone"), row("51008", "qtwo")], [Held, Refused]),
        # Rows that speak of other orders, in another order or too few of them, prove nothing.
        ([row("51008", "qtwo"), row("51008", "qone")], [InDoubt, InDoubt]),
        ([row("51008", "qone")], [InDoubt, InDoubt]),
        ([row("0", "qtwo", "2"), row("0", "qone", "1")], [InDoubt, InDoubt]),
    ],
)
def test_each_row_of_a_batch_proves_for_itself(
    rows: list[dict[str, str]], outcomes: list[type[Any]]
) -> None:
    """Code 2 is some of them failed, 1 all: what became of each order its own row says."""
    body = {"code": "2", "msg": "Bulk operation partially succeeded.", "data": rows}
    judged_rows = judged(classify.judge_place, _answer(body, 200), ("qone", "qtwo"))
    assert [type(outcome) for outcome in judged_rows] == outcomes


@pytest.mark.row("C06")
@pytest.mark.parametrize(
    "body,status",
    [
        ({"code": "50004", "msg": "timeout", "data": []}, 400),
        ({"code": "50013", "msg": "busy", "data": []}, 503),
        ({"code": "1", "msg": "", "data": []}, 200),
        ({"code": "0", "msg": "", "data": []}, 200),
        ({"code": "0", "msg": "", "data": [{}]}, 200),
        ({"code": "1", "msg": "", "data": [row("51149")]}, 200),
        ({"code": "1", "msg": "", "data": [row("99999")]}, 200),
        ({"code": "51008", "msg": "funds", "data": []}, 502),
        ("<html>502</html>", 502),
        ("{}", 200),
        ("null", 200),
        ("", 200),
    ],
)
def test_what_proves_nothing_leaves_an_order_in_doubt(body: Any, status: int) -> None:
    """Timeouts, empty lists, unknown codes, other servers' pages: the order may be there."""
    assert isinstance(place(body, status), InDoubt)


@pytest.mark.row("C04")
def test_too_fast_is_told_from_refused() -> None:
    """A 429, the code for it in an envelope or in a row: nothing was placed, come back later."""
    for answer in (
        place({"code": "50011", "msg": "Too Many Requests", "data": []}, 429),
        place({"code": "50061", "msg": "too many", "data": []}),
        place({"code": "1", "msg": "", "data": [row("50011")]}),
    ):
        assert isinstance(answer, Throttled), answer


def test_a_cancel_or_a_look_finds_nothing_only_by_its_own_codes() -> None:
    """51400 to 51402 to a cancel, 51603 to either; an order that is being cancelled is none of them."""
    for code in ("51400", "51401", "51402", "51603"):
        assert isinstance(cancel({"code": "1", "msg": "", "data": [row(code)]}), NotFound)
    assert isinstance(cancel({"code": "1", "msg": "", "data": [row("51410")]}), InDoubt)
    assert isinstance(look({"code": "51603", "msg": "Order does not exist", "data": []}), NotFound)
    assert isinstance(look({"code": "0", "msg": "", "data": []}), InDoubt)
