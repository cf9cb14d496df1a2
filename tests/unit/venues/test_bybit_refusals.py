"""Bybit's table of definite refusals against the venue's own list of codes and another client's reading of them."""

import csv
import json
from pathlib import Path

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import InDoubt, Refusal, Refused, Throttled
from opensqt.venues.bybit import refusals as table
from opensqt.venues.bybit.dialect import DIALECT
from opensqt.venues.engine.classify import judge_each, judge_place
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.response import VenueResponse

SECTIONS = ("UTA", "Spot Trade")
# What JKorf's client calls a code, and what we may call it; the codes of one category differ finer here.
KINDS = {
    "DuplicateClientOrderId": {Refusal.DUPLICATE},
    "InsufficientBalance": {Refusal.FUNDS},
    "InvalidParameter": {Refusal.PARAMETER, Refusal.FILTER},
    "MissingParameter": {Refusal.PARAMETER},
    "InvalidPrice": {Refusal.FILTER, Refusal.POST_ONLY},
    "InvalidQuantity": {Refusal.FILTER},
    "InvalidTimestamp": {Refusal.CLOCK},
    "Unauthorized": {Refusal.AUTH, Refusal.ACCOUNT},
    "UnknownSymbol": {Refusal.SYMBOL},
    "UnknownAsset": {Refusal.SYMBOL},
    "UnavailableSymbol": {Refusal.MARKET_CLOSED, Refusal.SYMBOL},
}
NEVER_REFUSED = {"Timeout", "SystemError", "RateLimitRequest", "UnknownOrder"}
CODES = {**table.GENERAL, **table.PERP, **table.SPOT}
PERP = Instrument(symbol="BTC/USDT:USDT", market=Market.PERP, venue_symbol="BTCUSDT")
SPOT = Instrument(symbol="BTC/USDT", market=Market.SPOT, venue_symbol="BTCUSDT")
SYMBOLS = {Market.PERP: {"BTCUSDT": PERP.symbol}, Market.SPOT: {"BTCUSDT": SPOT.symbol}}


def judged(body: str, at: Instrument = PERP, status: int = 200) -> object:
    """Judge the answer to a place."""
    response = VenueResponse(status=status, body=body)
    return judge_each(judge_place, DIALECT, at, response, ("qone",), SYMBOLS)[0]


def told(code: int, text: str = "told") -> str:
    """An error as the venue answers it."""
    return json.dumps({"retCode": code, "retMsg": text, "result": {}, "retExtInfo": {}, "time": 1})


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_every_refusal_is_documented_by_the_venue(recordings: Path) -> None:
    """No row is invented: each code stands in the venue's list, in a section that a place can meet."""
    with (recordings / "errors" / "bybit_v5_error_codes.csv").open() as file:
        known = {int(row["code"]) for row in csv.DictReader(file) if row["section"] in SECTIONS}
    listed = {*CODES, *table.DOUBTS, *table.THROTTLES, *table.NOT_FOUND_CANCEL}
    assert listed - known == set()
    assert not set(CODES) & {*table.DOUBTS, *table.THROTTLES, *table.NOT_FOUND_CANCEL}


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_the_table_agrees_with_another_client(recordings: Path) -> None:
    """What is a timeout, an error of theirs or a limit there is no refusal here; the kinds of the others agree."""
    wrong = []
    with (recordings / "errors" / "jkorf_error_categories.csv").open() as file:
        for row in csv.reader(file):
            if row[0] != "bybit" or not row[2].lstrip("-").isdigit():
                continue
            code, category = int(row[2]), row[3]
            kind = CODES.get(code)
            if kind is None:
                continue
            if category in NEVER_REFUSED or kind not in KINDS.get(category, set(Refusal)):
                wrong.append((code, category, kind))
    assert wrong == []


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_recorded_errors_are_judged_by_the_table_alone(recordings: Path) -> None:
    """Bodies that were seen in the wild: what the table lists refuses, everything else is in doubt or throttled."""
    path = recordings / "errors" / "raw_error_bodies_from_ccxt_comments.jsonl"
    seen: dict[str, int] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if row["exchange"] != "bybit" or "retCode" not in row.get("json", {}):
            continue
        code = int(row["json"]["retCode"])
        outcome = judged(row["text"], SPOT if code >= 170000 else PERP)
        seen[type(outcome).__name__] = seen.get(type(outcome).__name__, 0) + 1
        if isinstance(outcome, Refused):
            assert CODES[code] is outcome.kind
        else:
            assert code not in CODES
    assert seen["Refused"] >= 5
    assert seen["InDoubt"] >= 5


@pytest.mark.row("C04")
def test_a_code_of_one_market_proves_nothing_in_the_other() -> None:
    """Funds of spot and of perpetuals have codes of their own."""
    for code, own, other in ((170131, SPOT, PERP), (110007, PERP, SPOT)):
        refused = judged(told(code), own)
        assert isinstance(refused, Refused)
        assert refused.kind is Refusal.FUNDS
        assert isinstance(judged(told(code), other), InDoubt)


@pytest.mark.row("C04")
@pytest.mark.parametrize(
    "body, status",
    [
        (told(10000), 200),
        (told(170146), 200),
        (told(10016), 200),
        (told(999999), 200),
        (told(10001), 404),
        (told(10001), 503),
        ("<html>", 404),
        ("{}", 200),
        ('{"retCode": 0, "result": {}}', 200),
    ],
)
def test_what_does_not_prove_a_refusal_leaves_the_order_in_doubt(body: str, status: int) -> None:
    """Timeouts, errors of theirs, unknown codes, a refusal under a bad status, answers of the edge, half answers."""
    assert isinstance(judged(body, status=status), InDoubt)


@pytest.mark.row("C04")
def test_the_mode_of_the_account_is_told_by_one_text() -> None:
    """The code for any wrong parameter names hedge mode by exactly this text."""
    hedging = judged(told(10001, "position idx not match position mode"))
    other = judged(told(10001, "params error: position idx not match position mode, or so"))
    assert isinstance(hedging, Refused)
    assert isinstance(other, Refused)
    assert (hedging.kind, other.kind) == (Refusal.POSITION_MODE, Refusal.PARAMETER)


@pytest.mark.row("C01")
def test_limits_of_account_and_address_are_throttles() -> None:
    """The account's stands in a good answer, the address's is a status and lasts for minutes."""
    account, address = judged(told(10006)), judged("access too frequent", status=403)
    assert isinstance(account, Throttled)
    assert isinstance(address, Throttled)
    assert (account.retry_after_ms, address.retry_after_ms) == (1000, 600_000)
