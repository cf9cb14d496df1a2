"""What Binance's answers mean: every recorded error body, and that unknown is never a refusal."""

import csv
import json
from pathlib import Path

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Held, InDoubt, NotFound, NotSent, Refusal, Refused, Throttled
from opensqt.venues.binance import refusals as table
from opensqt.venues.binance.errors import errors_of
from opensqt.venues.binance.refusals import GENERAL, PERP, TEXTS
from opensqt.venues.engine.response import Transmitted, VenueResponse
from tests.unit.venues.binance_answers import judge_cancel, judge_look, judge_place, retry_after_ms

SYMBOLS = {"BTCUSDT": "BTC/USDT"}
# What public clients call the same thing (recordings/errors/jkorf_error_categories.csv).
CATEGORIES = {
    "Unauthorized": {Refusal.AUTH, Refusal.ACCOUNT},
    "InvalidTimestamp": {Refusal.CLOCK},
    "UnknownSymbol": {Refusal.SYMBOL},
    "InsufficientBalance": {Refusal.FUNDS},
    "DuplicateClientOrderId": {Refusal.DUPLICATE},
    "InvalidPrice": {Refusal.FILTER},
    "InvalidQuantity": {Refusal.FILTER},
    "MissingParameter": {Refusal.PARAMETER},
    "RateLimitOrder": {Refusal.OPEN_ORDERS},
    "RejectedOrderConfiguration": {
        Refusal.POST_ONLY,
        Refusal.NOT_FILLABLE,
        Refusal.PARAMETER,
    },
}


def reply(code: int, message: str, status: int = 400) -> VenueResponse:
    """Return an error answer."""
    return VenueResponse(status=status, body=json.dumps({"code": code, "msg": message}))


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_table_agrees_with_what_public_clients_know(recordings: Path) -> None:
    """Margin, symbol, clock, authority, duplicate, price and quantity codes have the same meaning everywhere."""
    seen = 0
    with (recordings / "errors" / "jkorf_error_categories.csv").open(encoding="utf-8") as rows:
        for exchange, group, code, category, *_ in csv.reader(rows):
            if exchange != "binance" or category not in CATEGORIES:
                continue
            market = Market.SPOT if group == "SpotErrors" else Market.PERP
            known = errors_of(market).refusals.get(code)
            if known is not None:
                assert known in CATEGORIES[category], (code, category, known)
                seen += 1
    assert seen > 30


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_every_recorded_error_body_is_judged_without_a_guess(recordings: Path) -> None:
    """A recorded body is a refusal only if its code stands in the table, and never an acceptance."""
    bodies = (recordings / "errors" / "raw_error_bodies_from_ccxt_comments.jsonl").read_text()
    judged = 0
    for line in bodies.splitlines():
        row = json.loads(line)
        if row["exchange"] != "binance":
            continue
        for market in Market:
            answer = VenueResponse(status=400, body=row["text"])
            outcome = judge_place(market, answer, "qone", SYMBOLS)
            code = (row.get("json") or {}).get("code")
            listed = code in GENERAL or code in TEXTS or (market is Market.PERP and code in PERP)
            assert not isinstance(outcome, NotFound | NotSent)
            if isinstance(outcome, Refused):
                assert listed
            judged += 1
    assert judged > 100


def recorded_bodies(recordings: Path, code: int) -> list[str]:
    """Return what Binance was seen to answer with this code: bodies, and the documented text of each code."""
    bodies: set[str] = set()
    raw = (recordings / "errors" / "raw_error_bodies_from_ccxt_comments.jsonl").read_text()
    for line in raw.splitlines():
        row = json.loads(line)
        if row["exchange"] == "binance" and (row.get("json") or {}).get("code") == code:
            bodies.add(row["text"])
    with (recordings / "errors" / "binance_spot_error_codes.csv").open(encoding="utf-8") as rows:
        for codes, _, text in csv.reader(rows):
            if str(code) in codes.split("/"):
                bodies.add(json.dumps({"code": code, "msg": text.partition("  ||  ")[0]}))
    with (recordings / "errors" / "ccxt_exception_map.csv").open(encoding="utf-8") as rows:
        for exchange, key, _, comment, *_ in csv.reader(rows):
            if exchange == "binance" and key == str(code) and comment and "override" not in comment:
                plain = comment if not comment.startswith("{") else json.loads(comment)["msg"]
                bodies.add(json.dumps({"code": code, "msg": plain}))
    return sorted(bodies)


@pytest.mark.row("C04")
@pytest.mark.recordings
@pytest.mark.parametrize(
    "market,code,kind,text",
    [
        (Market.PERP, -2018, Refusal.FUNDS, ""),
        (Market.PERP, -2019, Refusal.FUNDS, ""),
        (
            Market.SPOT,
            -2010,
            Refusal.FUNDS,
            "Account has insufficient balance for requested action.",
        ),
        (Market.SPOT, -1121, Refusal.SYMBOL, ""),
        (Market.PERP, -1121, Refusal.SYMBOL, ""),
        (Market.SPOT, -1021, Refusal.CLOCK, ""),
        (Market.PERP, -1021, Refusal.CLOCK, ""),
        (Market.PERP, -4061, Refusal.POSITION_MODE, ""),
        (Market.PERP, -4116, Refusal.DUPLICATE, ""),
        (Market.SPOT, -2010, Refusal.DUPLICATE, "Duplicate order sent."),
    ],
)
def test_recorded_answers_are_classified(
    recordings: Path, market: Market, code: int, kind: Refusal, text: str
) -> None:
    """Margin, symbol, clock, position mode and duplicate: every body that was ever recorded means the same."""
    bodies = [body for body in recorded_bodies(recordings, code) if text in body]
    assert bodies, f"nothing is recorded for {code}"
    for body in bodies:
        outcome = judge_place(market, VenueResponse(status=400, body=body), "qone", SYMBOLS)
        if kind is Refusal.DUPLICATE:
            assert isinstance(outcome, Held), body
            assert outcome.duplicate
        else:
            assert isinstance(outcome, Refused), body
            assert outcome.kind is kind


@pytest.mark.row("C04")
@pytest.mark.parametrize(
    "market,code,message,refusal",
    [
        (Market.SPOT, -2010, "Account has insufficient balance for requested action.", "funds"),
        (Market.PERP, -2019, "Margin is insufficient.", "funds"),
        (Market.SPOT, -1121, "Invalid symbol.", "symbol"),
        (Market.SPOT, -1021, "Timestamp for this request is outside of the recvWindow.", "clock"),
        (
            Market.PERP,
            -5028,
            "Timestamp for this request is outside of the ME recvWindow.",
            "clock",
        ),
        (
            Market.PERP,
            -4061,
            "Order's position side does not match user's setting.",
            "position_mode",
        ),
        (Market.SPOT, -2010, "Order would immediately match and take.", "post_only"),
        (Market.PERP, -5022, "Due to the order could not be executed as maker.", "post_only"),
        (Market.PERP, -2022, "ReduceOnly Order is rejected.", "reduce_only"),
        (Market.SPOT, -1013, "Filter failure: LOT_SIZE", "filter"),
    ],
)
def test_refusals_are_classified(market: Market, code: int, message: str, refusal: str) -> None:
    """The word before the colon tells the executor what it was, the rest tells the trader."""
    outcome = judge_place(market, reply(code, message), "qone", SYMBOLS)
    assert isinstance(outcome, Refused)
    assert outcome.code == str(code)
    assert outcome.reason == f"{refusal}: {message}"


@pytest.mark.row("C04")
@pytest.mark.parametrize(
    "market,code,message",
    [
        (Market.SPOT, -2010, "Duplicate order sent."),
        (Market.PERP, -4116, "ClientOrderId is duplicated."),
    ],
)
def test_duplicate_is_evidence_of_presence(market: Market, code: int, message: str) -> None:
    """A duplicate id is the venue saying that it holds the order."""
    outcome = judge_place(market, reply(code, message), "qone", SYMBOLS)
    assert isinstance(outcome, Held)
    assert outcome.duplicate


@pytest.mark.row("C04")
@pytest.mark.parametrize(
    "message",
    ["Duplicate order sent", "duplicate order sent.", "A Duplicate order sent. indeed", ""],
)
def test_texts_are_compared_whole(message: str) -> None:
    """No substring matching: another text of the same code proves nothing."""
    outcome = judge_place(Market.SPOT, reply(-2010, message), "qone", SYMBOLS)
    assert isinstance(outcome, InDoubt)


@pytest.mark.parametrize("code", [-1000, -1001, -1006, -1007, -1008, -1016, -4116, -2019, -7777])
def test_codes_that_are_not_in_the_spot_table_are_in_doubt(code: int) -> None:
    """Unknown and unknown-outcome codes, and codes of the other market, prove nothing."""
    assert isinstance(judge_place(Market.SPOT, reply(code, "?"), "qone", SYMBOLS), InDoubt)


@pytest.mark.row("C04", "C06")
@pytest.mark.parametrize("market", list(Market))
def test_every_code_that_is_not_listed_leaves_the_order_in_doubt(market: Market) -> None:
    """A refusal is one of the table, a duplicate is presence, a limit waits, and all other codes are doubt."""
    listed = set(table.GENERAL) | (set(table.PERP) if market is Market.PERP else set())
    duplicates = {table.DUPLICATE_PERP} if market is Market.PERP else set()
    for code in range(-10_000, 0):
        outcome = judge_place(market, reply(code, "a text of nobody"), "qone", SYMBOLS)
        if code in table.THROTTLE_CODES:
            expected: type = Throttled
        elif code in duplicates:
            expected = Held
        else:
            expected = Refused if code in listed else InDoubt
        assert isinstance(outcome, expected), (code, outcome)


def test_refusal_needs_an_error_status() -> None:
    """A code in a 200 or a 5xx is not the refusal that the documentation promises."""
    for status in (200, 500, 503):
        answer = reply(-2019, "Margin is insufficient.", status)
        assert isinstance(judge_place(Market.PERP, answer, "qone", SYMBOLS), InDoubt)


@pytest.mark.parametrize(
    "status,code,headers,wait_ms",
    [
        (429, -1003, {"retry-after": "5"}, 5000),
        (429, -1015, {}, 1000),
        (400, -1015, {}, 1000),
        (418, -1003, {}, 120_000),
    ],
)
def test_throttling_is_a_definite_answer(
    status: int, code: int, headers: dict[str, str], wait_ms: int
) -> None:
    """Nothing was placed, and the wait is the venue's or the documented least."""
    answer = VenueResponse(
        status=status, body=json.dumps({"code": code, "msg": "x"}), headers=headers
    )
    assert retry_after_ms(answer) == wait_ms
    for judge in (judge_place, judge_cancel, judge_look):
        outcome = judge(Market.SPOT, answer, "qone", SYMBOLS)
        assert isinstance(outcome, Throttled)
        assert outcome.retry_after_ms == wait_ms


def test_only_the_failed_connect_is_not_sent() -> None:
    """No answer is in doubt unless the transport proves that nothing left."""
    maybe = judge_place(Market.SPOT, VenueResponse(cause="TimeoutError"), "qone", SYMBOLS)
    never = judge_place(
        Market.SPOT, VenueResponse(sent=Transmitted.NEVER, cause="refused"), "qone", SYMBOLS
    )
    assert isinstance(maybe, InDoubt)
    assert isinstance(never, NotSent)


def test_not_found_is_its_own_answer() -> None:
    """-2011 answers a cancel, -2013 a look; neither is a refusal, and each only for its own question."""
    gone = judge_cancel(Market.PERP, reply(-2011, "Unknown order sent."), "qone", SYMBOLS)
    missing = judge_look(Market.PERP, reply(-2013, "Order does not exist."), "qone", SYMBOLS)
    assert isinstance(gone, NotFound)
    assert isinstance(missing, NotFound)
    other = judge_look(Market.PERP, reply(-2011, "Unknown order sent."), "qone", SYMBOLS)
    assert isinstance(other, InDoubt)


def test_answer_about_another_order_is_in_doubt() -> None:
    """An order with a different id of ours proves nothing about the one that was asked for."""
    body = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "clientOrderId": "qother",
        "price": "1",
        "origQty": "1",
        "executedQty": "0",
        "status": "NEW",
        "side": "BUY",
    }
    answer = VenueResponse(status=200, body=json.dumps(body))
    assert isinstance(judge_place(Market.SPOT, answer, "qone", SYMBOLS), InDoubt)
    assert isinstance(judge_place(Market.SPOT, answer, "qother", SYMBOLS), Held)
    strange = VenueResponse(status=200, body=json.dumps({**body, "status": "LIMBO"}))
    assert isinstance(judge_place(Market.SPOT, strange, "qother", SYMBOLS), InDoubt)
