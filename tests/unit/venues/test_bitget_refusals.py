"""Bitget's table of definite refusals against two other clients' readings of the venue's codes, and recorded bodies."""

import csv
import json
from pathlib import Path

import ccxt
import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Held, InDoubt, NotFound, Refusal, Refused, Throttled
from opensqt.venues.bitget import refusals as table
from opensqt.venues.bitget.dialect import DIALECT
from opensqt.venues.engine.classify import judge_cancel, judge_each, judge_look, judge_place
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.response import VenueResponse

# What JKorf's client calls a code, and what we may call it.
KINDS = {
    "DuplicateClientOrderId": {Refusal.DUPLICATE},
    "InsufficientBalance": {Refusal.FUNDS},
    "InvalidParameter": {Refusal.PARAMETER, Refusal.FILTER},
    "MissingParameter": {Refusal.PARAMETER},
    "InvalidPrice": {Refusal.FILTER},
    "InvalidQuantity": {Refusal.FILTER, Refusal.FUNDS},
    "InvalidTimestamp": {Refusal.CLOCK},
    "MaxPosition": {Refusal.ACCOUNT},
    "NoPosition": {Refusal.REDUCE_ONLY},
    "RateLimitOrder": {Refusal.OPEN_ORDERS},
    "Unauthorized": {Refusal.AUTH, Refusal.ACCOUNT},
    "UnknownSymbol": {Refusal.SYMBOL},
    "UnknownAsset": {Refusal.SYMBOL},
    "UnavailableSymbol": {Refusal.MARKET_CLOSED, Refusal.SYMBOL},
}
NEVER_REFUSED = {"Timeout", "SystemError", "RateLimitRequest", "UnknownOrder"}
AT = Instrument(symbol="BTC/USDT:USDT", market=Market.PERP, venue_symbol="BTCUSDT")
OF_DOCS = {22002, 25227, 40085}  # of which ccxt knows no class, or keeps it elsewhere
SYMBOLS = {Market.PERP: {"BTCUSDT": AT.symbol}, Market.SPOT: {"BTCUSDT": "BTC/USDT"}}


def judged(body: str, status: int = 400) -> object:
    """Judge the answer to a place."""
    response = VenueResponse(status=status, body=body)
    return judge_each(judge_place, DIALECT, AT, response, ("qone",), SYMBOLS)[0]


def told(code: str, text: str = "told") -> str:
    """An error as the venue answers it."""
    return json.dumps({"code": code, "msg": text, "requestTime": 1, "data": None})


def categories(recordings: Path, section: str) -> dict[int, str]:
    """How JKorf's client reads the codes of a section."""
    with (recordings / "errors" / "jkorf_error_categories.csv").open() as file:
        found = [row for row in csv.reader(file) if row[:2] == ["bitget", section]]
    return {int(row[2]): row[3] for row in found}


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_every_refusal_of_the_unified_account_is_in_its_list_of_codes(recordings: Path) -> None:
    """No row is invented: each stands in the list that another client read, and means the same there."""
    unified = categories(recordings, "UnifiedErrors")
    assert set(table.UNIFIED) - set(unified) == set()
    wrong = {
        code: (kind, unified[code])
        for code, kind in table.UNIFIED.items()
        if kind not in KINDS.get(unified[code], set())
    }
    assert wrong == {}
    others = {
        *map(int, table.DOUBTS),
        *map(int, table.THROTTLES),
        *map(int, table.UNKNOWN_TO_CANCEL),
    }
    refused = {code for code, kind in unified.items() if kind in NEVER_REFUSED}
    assert not {*table.UNIFIED, *table.GATEWAY, *table.RECORDED} & (others | refused)


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_what_stands_before_every_version_is_known_to_two_clients(recordings: Path) -> None:
    """The gateway's codes and those of recorded bodies: ccxt has them, and JKorf's client calls none a timeout."""
    exact = ccxt.bitget().exceptions["exact"]
    listed = {*table.GATEWAY, *table.RECORDED} - OF_DOCS
    assert {code for code in listed if str(code) not in exact} == set()
    rest = categories(recordings, "RestErrors")
    never = {code for code in {*table.GATEWAY, *table.RECORDED} if rest.get(code) in NEVER_REFUSED}
    assert never == set()


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_recorded_errors_are_judged_by_the_table_alone(recordings: Path) -> None:
    """Bodies that were seen in the wild: what the table lists refuses, everything else is in doubt."""
    path = recordings / "errors" / "raw_error_bodies_from_ccxt_comments.jsonl"
    seen: dict[str, int] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        code = (row.get("json") or {}).get("code")
        if row["exchange"] != "bitget" or code is None:
            continue
        outcome = judged(row["text"])
        seen[type(outcome).__name__] = seen.get(type(outcome).__name__, 0) + 1
        if isinstance(outcome, Refused):
            assert table.REFUSALS[code] is outcome.kind
        else:
            assert str(code) not in table.REFUSALS or not isinstance(code, str)
    assert seen["Refused"] >= 10
    assert seen["InDoubt"] >= 10


@pytest.mark.row("C06")
@pytest.mark.parametrize(
    "body,status",
    [
        (told("40010", "Request timed out"), 400),
        (told("40725", "service return an error"), 400),
        (told("45001", "Unknown error"), 400),
        (told("25003"), 400),
        (told("99999"), 400),
        (told("25202"), 503),
        ('{"code":"00000","msg":"success","data":null}', 200),
        ('{"code":"00000","msg":"success","data":{}}', 200),
        ('{"code":"00000","msg":"success","data":{"orderId":"1","clientOid":"qother"}}', 200),
        ('{"code":"00000","msg":"success","data":{"orderId":"1","clientOid":"qone"}}', 404),
        ("<html>", 404),
    ],
)
def test_what_does_not_prove_a_refusal_leaves_the_order_in_doubt(body: str, status: int) -> None:
    """What the documentation says to look for, unknown codes, a bad status, half answers, another order."""
    assert isinstance(judged(body, status), InDoubt)


@pytest.mark.row("I10")
def test_a_refused_duplicate_proves_that_the_order_is_there() -> None:
    """It is held, and looked for."""
    outcome = judged(told("25212"))
    assert isinstance(outcome, Held)
    assert outcome.duplicate


@pytest.mark.row("C07")
def test_a_row_of_a_batch_that_names_another_order_proves_nothing() -> None:
    """One is acknowledged, one refused by its own row; a row that speaks of a stranger leaves its order in doubt."""
    rows = [
        {"orderId": "1", "clientOid": "qone", "code": "00000", "msg": "success"},
        {"orderId": None, "clientOid": "qtwo", "code": "25202", "msg": "Insufficient balance"},
        {"orderId": None, "clientOid": "qstranger", "code": "25202", "msg": "Insufficient balance"},
    ]
    body = json.dumps({"code": "00000", "msg": "success", "requestTime": 1, "data": rows})
    response = VenueResponse(status=200, body=body)
    names = ("qone", "qtwo", "qthree")
    one, two, three = judge_each(judge_place, DIALECT, AT, response, names, SYMBOLS)
    assert [type(one).__name__, type(two).__name__, type(three).__name__] == [
        "Acknowledged",
        "Refused",
        "InDoubt",
    ]
    short = VenueResponse(status=200, body=json.dumps({"code": "00000", "data": rows[:2]}))
    lost = judge_each(judge_place, DIALECT, AT, short, names, SYMBOLS)
    assert {type(outcome).__name__ for outcome in lost} == {"InDoubt"}


@pytest.mark.row("C08")
def test_no_such_order_ends_a_cancel_and_proves_nothing_to_a_look() -> None:
    """Already gone is told as such; "nothing to cancel" is an answer to a cancel alone."""
    gone = VenueResponse(status=400, body=told("25204"))
    nothing = VenueResponse(status=400, body=told("22001"))
    for judge in (judge_cancel, judge_look):
        (outcome,) = judge_each(judge, DIALECT, AT, gone, ("qone",), SYMBOLS)
        assert isinstance(outcome, NotFound)
    (cancelled,) = judge_each(judge_cancel, DIALECT, AT, nothing, ("qone",), SYMBOLS)
    (looked,) = judge_each(judge_look, DIALECT, AT, nothing, ("qone",), SYMBOLS)
    assert isinstance(cancelled, NotFound)
    assert isinstance(looked, InDoubt)


@pytest.mark.row("C01")
def test_too_many_requests_wait() -> None:
    """By status and by code."""
    assert isinstance(judged("<html>", 429), Throttled)
    assert isinstance(judged(told("429", "Too Many Requests"), 429), Throttled)
    assert isinstance(judged(told("25004")), Throttled)
