"""The refusal tables against what was recorded and documented: the expectation is never taken from the tables."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import (
    CancelOutcome,
    Held,
    InDoubt,
    NotFound,
    PlaceOutcome,
    Refusal,
    Refused,
    Throttled,
)
from opensqt.venues.engine.response import VenueResponse
from tests.unit.venues.binance_answers import documented_doubt, judge_cancel, judge_place

PARAMETER, FILTER, FUNDS = Refusal.PARAMETER, Refusal.FILTER, Refusal.FUNDS
AUTH, ACCOUNT, CLOCK = Refusal.AUTH, Refusal.ACCOUNT, Refusal.CLOCK

# What a recorded body of this code means when it answers a place, on both markets; no other code proves anything there.
BOTH = {
    **dict.fromkeys((-1002, -1011, -1022, -2014, -2015), AUTH),
    **dict.fromkeys((-1021, -1131), CLOCK),
    **dict.fromkeys((-1013, -1111), FILTER),
    **dict.fromkeys((-1014, -1020, *range(-1106, -1099), -1108, -1128, -1130, -1136), PARAMETER),
    **dict.fromkeys((*range(-1120, -1113),), PARAMETER),
    -1112: Refusal.NOT_FILLABLE,
    -1121: Refusal.SYMBOL,
}
PERP_ONLY = {
    **dict.fromkeys((-2018, -2019, -2024, -2027, -2028), FUNDS),
    **dict.fromkeys((-1109, -2023), ACCOUNT),
    **dict.fromkeys((-2022, -2026), Refusal.REDUCE_ONLY),
    **dict.fromkeys((-1110, -2021), PARAMETER),
    -2020: Refusal.NOT_FILLABLE,
    -2025: Refusal.OPEN_ORDERS,
}
# One code with many meanings: by its text, on both markets.
TEXTS = {
    "Order would immediately match and take.": Refusal.POST_ONLY,
    "This symbol is not permitted for this account.": ACCOUNT,
    "Filter failure: MAX_POSITION": FILTER,
}
# Recorded of withdrawals, whose numbers USDⓈ-M uses for filters of orders: the body of another service.
WITHDRAWALS = range(-4032, -4000)

# The page of USDⓈ-M, by code: what a place or a cancel of ours may be answered, in the page's own words.
USDM_PAGE = {
    -1122: ("Invalid symbol status.", Refusal.MARKET_CLOSED),
    -1126: ("This asset is not supported.", PARAMETER),
    -2017: ("API Keys are locked on this account.", AUTH),
    -4001: ("Price less than 0.", FILTER),
    -4002: ("Price greater than max price.", FILTER),
    -4003: ("Quantity less than zero.", FILTER),
    -4004: ("Quantity less than min quantity.", FILTER),
    -4005: ("Quantity greater than max quantity.", FILTER),
    -4013: ("Price less than min price.", FILTER),
    -4014: ("Price not increased by tick size.", FILTER),
    -4015: ("Client order id is not valid.", PARAMETER),
    -4016: ("Price is higher than mark price multiplier cap.", FILTER),
    -4020: ("Target strategy invalid for orderType 'LIMIT',reduceOnly 'true'.", PARAMETER),
    -4023: ("Qty not increased by step size.", FILTER),
    -4024: ("Price is lower than mark price multiplier floor.", FILTER),
    -4032: ("Exceed maximum cancel order size.", PARAMETER),
    -4050: ("Cross balance insufficient.", FUNDS),
    -4051: ("Isolated balance insufficient.", FUNDS),
    -4055: ("Amount must be positive.", FILTER),
    -4060: ("Invalid position side.", Refusal.POSITION_MODE),
    -4061: ("Order's position side does not match user's setting.", Refusal.POSITION_MODE),
    -4062: ("Invalid or improper reduceOnly value.", Refusal.REDUCE_ONLY),
    -4082: ("Invalid number of batch place orders.", PARAMETER),
    -4084: ("Method is not allowed currently. Upcoming soon.", PARAMETER),
    -4087: ("User can only place reduce only order", ACCOUNT),
    -4088: ("User can not place order currently", ACCOUNT),
    -4109: ("Inactive account", ACCOUNT),
    -4118: ("ReduceOnly Order Failed. Please check your existing position", Refusal.REDUCE_ONLY),
    -4131: ("The counterparty's best price does not meet the PERCENT_PRICE filter limit", FILTER),
    -4140: ("Invalid symbol status for opening position", Refusal.MARKET_CLOSED),
    -4141: ("Symbol is closed", Refusal.MARKET_CLOSED),
    -4144: ("Invalid pair", Refusal.SYMBOL),
    -4164: ("Order's notional must be no smaller than 5.0 (unless you choose reduce only)", FILTER),
    -4183: ("Price is higher than stop price multiplier cap.", FILTER),
    -4184: ("Price is lower than stop price multiplier floor.", FILTER),
    -4192: ("Trade forbidden due to Cooling-off Period.", ACCOUNT),
    -4400: ("Futures Trading Quantitative Rules violated, only reduceOnly order", ACCOUNT),
    -4401: ("Futures Trading Risk Control Rules of large position holding violated", ACCOUNT),
    -4402: ("this feature is currently not available in your region.", ACCOUNT),
    -5021: ("the FOK order has been rejected.", Refusal.NOT_FILLABLE),
    -5022: ("the Post Only order will be rejected.", Refusal.POST_ONLY),
    -5024: ("Symbol is not in trading status.", Refusal.MARKET_CLOSED),
    -5025: ("Only limit order is supported.", PARAMETER),
    -5028: ("Timestamp for this request is outside of the ME recvWindow.", CLOCK),
    -5029: ("Order's notional must be no smaller than 100", FILTER),
    -5039: ("Invalid self trade prevention mode", PARAMETER),
}
# Every code of that page, and of the page of spot's first part, ends included.
USDM_CODES = (
    *((-1000, -1008), -1010, -1011, -1013, -1014, -1015, -1016, (-1020, -1023), -1099),
    *((-1100, -1106), (-1108, -1122), (-1125, -1128), -1130, -1136, (-2010, -2028)),
    *((-4000, -4033), (-4044, -4088), -4104, -4109, (-4114, -4118), -4131, -4135),
    *((-4137, -4142), -4144, -4161, -4164, -4165, (-4167, -4172), -4183, -4184, -4192),
    *(-4202, -4203, -4205, -4206, (-4208, -4211), (-4400, -4403), -5021, -5022),
    *((-5024, -5029), (-5037, -5041), -5043),
)


def placed(market: Market, code: int, text: str) -> PlaceOutcome:
    """Judge an error answer to a place."""
    body = json.dumps({"code": code, "msg": text})
    return judge_place(market, VenueResponse(status=400, body=body), "qone", {})


def canceled(market: Market, code: int, text: str) -> CancelOutcome:
    """Judge an error answer to a cancel."""
    body = json.dumps({"code": code, "msg": text})
    return judge_cancel(market, VenueResponse(status=400, body=body), "qone", {})


def recorded(recordings: Path) -> Iterator[tuple[int, str]]:
    """Yield code and text of each error body of Binance that was recorded."""
    path = recordings / "errors" / "raw_error_bodies_from_ccxt_comments.jsonl"
    for line in path.read_text().splitlines():
        row = json.loads(line)
        found = row.get("json")
        ours = row["exchange"] == "binance" and isinstance(found, dict) and "code" in found
        if ours and " -> " not in str(found.get("msg")):  # a client's remark, not the venue's text
            yield int(found["code"]), str(found.get("msg", ""))


def expected(market: Market, code: int, text: str) -> Refusal | None:
    """Return what a recorded body means by the words above."""
    if code in {-2010, -2011}:
        return TEXTS.get(text)
    of_market = PERP_ONLY.get(code) if market is Market.PERP else None
    return of_market or BOTH.get(code)


@pytest.mark.row("C04")
@pytest.mark.recordings
@pytest.mark.parametrize("market", list(Market))
def test_each_recorded_body_means_what_is_written_here(recordings: Path, market: Market) -> None:
    """A refusal of that kind, or nothing that is proven: over all bodies that were ever seen."""
    refused = 0
    for code, text in recorded(recordings):
        if code in {-1003, -1015}:
            assert isinstance(placed(market, code, text), Throttled)
            continue
        if code in WITHDRAWALS and market is Market.PERP:
            continue
        if code == -2011:
            assert isinstance(canceled(market, code, text), NotFound | Refused), text
            continue
        outcome, kind = placed(market, code, text), expected(market, code, text)
        found = outcome.kind if isinstance(outcome, Refused) else None
        assert found is kind, (code, text, outcome)
        assert isinstance(outcome, Refused | InDoubt)
        refused += kind is not None
    assert refused > 30


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_the_answers_of_the_official_connector_are_judged(recordings: Path) -> None:
    """Its example errors: a cancel of nothing known, and a reduce-only order that would not reduce."""
    path = recordings.parent / "oracles" / "binance_official_responses.json"
    said = set(_errors(json.loads(path.read_text())["cases"]))
    assert {(-2011, "Unknown order sent."), (-2022, "ReduceOnly Order is rejected.")} <= said
    assert isinstance(canceled(Market.PERP, -2011, "Unknown order sent."), NotFound)
    refused = placed(Market.PERP, -2022, "ReduceOnly Order is rejected.")
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.REDUCE_ONLY


def _errors(value: object) -> Iterator[tuple[int, str]]:
    parts: list[object] = []
    if isinstance(value, dict):
        if isinstance(value.get("code"), int) and value["code"] < 0:
            yield value["code"], str(value.get("msg"))
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value
    for part in parts:
        yield from _errors(part)


@pytest.mark.row("C04")
@pytest.mark.parametrize("code", USDM_PAGE)
def test_a_documented_refusal_of_usdm_is_definite(code: int) -> None:
    """Nothing waits in doubt for an order that the venue documents as refused; on spot the same code proves nothing."""
    text, kind = USDM_PAGE[code]
    outcome = placed(Market.PERP, code, text)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind
    if code < -2010:
        assert isinstance(placed(Market.SPOT, code, text), InDoubt)


@pytest.mark.row("C04")
def test_every_code_of_the_usdm_page_is_classified() -> None:
    """A refusal, presence, a limit, or doubt with its documented reason: none is unknown to us."""
    spans = [one if isinstance(one, tuple) else (one, one) for one in USDM_CODES]
    codes = [code for first, last in spans for code in range(last, first + 1)]
    assert len(codes) > 180
    for code in codes:
        _assert_classified(Market.PERP, code, "")


@pytest.mark.row("C04")
@pytest.mark.recordings
def test_every_code_of_the_recorded_lists_is_classified(recordings: Path) -> None:
    """Spot's errors.md, and what a public client knows of both markets."""
    with (recordings / "errors" / "binance_spot_error_codes.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            for code in row["code"].split("/"):
                _assert_classified(Market.SPOT, int(code), row["message"].partition("  ||  ")[0])
    with (recordings / "errors" / "jkorf_error_categories.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["exchange"] == "binance":
                market = Market.SPOT if row["section"] == "SpotErrors" else Market.PERP
                _assert_classified(market, int(row["code"]), row["description"])


def _assert_classified(market: Market, code: int, text: str) -> None:
    if code in {-2010, -2011, -2013} or (market is Market.SPOT and code == -2026):
        return  # by their texts, or the answer to a question: other tests
    outcome = placed(market, code, text)
    assert isinstance(outcome, Refused | Held | Throttled) or documented_doubt(market, code), code


def test_doubt_says_whether_the_venue_documents_it() -> None:
    """A person who reads the log knows whether the code is documented as unknown or was never heard of."""
    unknown = placed(Market.PERP, -1007, "Timeout waiting for response from backend server.")
    assert isinstance(unknown, InDoubt)
    assert "execution status unknown" in unknown.cause
    strange = placed(Market.PERP, -7777, "?")
    assert isinstance(strange, InDoubt)
    assert strange.cause == "-7777 ? (not documented)"
