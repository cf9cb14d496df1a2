"""What a look at a venue comes to: who is ranked, who is left out and why, and whose past is read again."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.portfolio.scan import PerpPast, carriable, scanned, to_read
from opensqt.portfolio.universe import ListedLeg, PairLeg, UniverseTerms

HOUR_MS = 3_600_000
NOW_MS = 10 * HOUR_MS
TERMS = UniverseTerms()
PERP = "BTC/USDT:USDT"
PAST = PerpPast(
    read_at_ms=NOW_MS,
    rates=(Decimal("0.0002"),) * 90,
    closes=tuple(Decimal(100 + day % 2) for day in range(30)),
    open_interest_quote=Decimal(1_000_000),
)


def _listed(symbol: str, **values: Any) -> ListedLeg:
    told: dict[str, Any] = {
        "leg": PairLeg(venue="okx", symbol=symbol),
        "base": symbol.partition("/")[0],
        "quote": "USDT",
        "volume_quote": Decimal(50_000_000),
        "price": Decimal(100),
        "funding_rate": Decimal("0.0002") if ":" in symbol else Decimal(0),
    }
    return ListedLeg(**told | values)


PAIR = carriable([_listed("BTC/USDT"), _listed(PERP)])


@pytest.mark.row("F16")
def test_only_spot_and_perpetual_of_one_asset_can_be_carried() -> None:
    """Two perpetuals are no carry of this house, nor is a perpetual without a spot market."""
    listed = [_listed("BTC/USDT"), _listed(PERP), _listed("ETH/USDT:USDT"), _listed("SOL/USDT")]
    assert [pair.key for pair in carriable(listed)] == ["okx:BTC/USDT okx:BTC/USDT:USDT"]


@pytest.mark.row("F16")
@pytest.mark.parametrize(
    "change, unknown",
    [
        ({}, ("predicted funding",)),
        ({"closes": None}, ("daily prices", "predicted funding")),
        ({"closes": (Decimal(1),) * 2}, ("daily prices", "predicted funding")),
        ({"open_interest_quote": None}, ("open interest", "predicted funding")),
        (
            {"rates": PAST.rates[:40] if PAST.rates else ()},
            ("40 of 90 fundings", "predicted funding"),
        ),
    ],
)
def test_what_a_venue_does_not_tell_is_said_and_never_an_advantage(
    change: dict[str, Any], unknown: tuple[str, ...]
) -> None:
    """The pair is ranked, with what is unknown of it, and scores no better for it."""
    (whole,) = scanned("okx", PAIR, {PERP: PAST}, NOW_MS, TERMS).ranking
    (one,) = scanned(
        "okx", PAIR, {PERP: msgspec.structs.replace(PAST, **change)}, NOW_MS, TERMS
    ).ranking
    assert one.unknown == unknown
    assert one.score.value <= whole.score.value


@pytest.mark.row("F16")
@pytest.mark.parametrize(
    "rates, why",
    [
        (None, "its venue did not tell which fundings it paid"),
        ((Decimal("0.01"),) * 20, "its venue tells 20 fundings that it paid, expected at least 21"),
        ((Decimal(0),) * 90, "over the last day, week and month it paid nothing"),
    ],
)
def test_a_pair_without_a_past_that_pays_is_left_out(
    rates: tuple[Decimal, ...] | None, why: str
) -> None:
    """However much it pays now: a new listing shows its best days only."""
    past = msgspec.structs.replace(PAST, rates=rates)
    scan = scanned("okx", PAIR, {PERP: past}, NOW_MS, TERMS)
    assert (scan.ranking, [out.why for out in scan.left_out]) == ((), [why])


@pytest.mark.row("F16")
def test_a_volume_that_is_not_told_is_none() -> None:
    """Nobody knows whether such a leg can be left again."""
    dark = carriable([_listed("BTC/USDT", volume_quote=None), _listed(PERP)])
    (out,) = scanned("okx", dark, {PERP: PAST}, NOW_MS, TERMS).left_out
    assert out.why == "okx does not say how much BTC/USDT traded in 24 h"


@pytest.mark.row("F16")
def test_a_past_is_read_once_in_four_hours_and_only_where_it_is_worth_it() -> None:
    """Fresh pasts are not read again, old and missing ones are, and never those of a thin pair."""
    for age_ms, read in ((0, 0), (4 * HOUR_MS - 1, 0), (4 * HOUR_MS, 1)):
        assert len(to_read(PAIR, {PERP: PAST}, NOW_MS + age_ms, TERMS)) == read
    assert len(to_read(PAIR, {}, NOW_MS, TERMS)) == 1
    failed = {PERP: PerpPast(read_at_ms=NOW_MS)}
    assert len(to_read(PAIR, failed, NOW_MS, TERMS)) == 1
    thin = carriable([_listed("BTC/USDT", volume_quote=Decimal(1)), _listed(PERP)])
    assert to_read(thin, {}, NOW_MS, TERMS) == ()
