"""Which pairs are looked at, and in which order they come out."""

import csv
import math
import statistics
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.portfolio.score import metrics_of
from opensqt.portfolio.universe import (
    Candidate,
    ListedLeg,
    Pair,
    PairLeg,
    UniverseTerms,
    candidate,
    is_fresh,
    pairs,
    ranked,
    refusal,
    wanted,
)

TERMS = UniverseTerms()
HOUR_MS = 3_600_000


def _spot(base: str, **values: Any) -> ListedLeg:
    return _listing(base, f"{base}/USDT", **values)


def _perp(base: str, rate: str = "0.0001", **values: Any) -> ListedLeg:
    return _listing(base, f"{base}/USDT:USDT", **{"funding_rate": Decimal(rate), **values})


def _listing(base: str, symbol: str, **values: Any) -> ListedLeg:
    told: dict[str, Any] = {
        "leg": PairLeg(venue=values.pop("venue", "binance"), symbol=symbol),
        "base": base,
        "quote": "USDT",
        "volume_quote": Decimal(50_000_000),
        "price": Decimal(100),
    }
    return ListedLeg(**told | values)


def _pair(base: str = "BTC", **values: Any) -> Pair:
    return Pair(long=_spot(base), short=_perp(base, **values))


def _rated(pair: Pair, rates: list[Decimal]) -> Candidate:
    return candidate(pair, metrics_of(rates, [], interval_hours=8), TERMS)


@pytest.mark.row("F16")
def test_only_what_both_sides_list_is_a_pair() -> None:
    """ETH has no perpetual and SOL no spot: BTC alone is left."""
    found = pairs([_spot("BTC"), _spot("ETH")], [_perp("BTC"), _perp("SOL")])
    assert [pair.key for pair in found] == ["binance:BTC/USDT binance:BTC/USDT:USDT"]


@pytest.mark.row("F16")
def test_two_perpetuals_pay_the_difference_and_none_is_its_own_pair() -> None:
    """Bought at one venue and sold at the other, once in each direction; the intervals may differ."""
    here, there = _perp("BTC", "0.0004"), _perp("BTC", "0.0001", venue="okx", interval_hours=4)
    both = pairs([here, there], [here, there])
    assert [pair.key.split()[0] for pair in both] == ["binance:BTC/USDT:USDT", "okx:BTC/USDT:USDT"]
    rates = {pair.long.leg.venue: pair.rate for pair in both}
    assert rates["okx"] == Decimal("0.0002")  # 4 bps in 8 h, less twice 1 bp in 4 h
    assert rates["binance"] == Decimal("-0.0001")


@pytest.mark.row("F16")
@pytest.mark.parametrize("side", ["long", "short"])
def test_either_leg_alone_can_be_too_thin(side: str) -> None:
    """A market that cannot be left again is no leg, however much the other one trades."""
    pair = _pair()
    thin = msgspec.structs.replace(getattr(pair, side), volume_quote=Decimal(9_999_999))
    told = refusal(msgspec.structs.replace(pair, **{side: thin}), TERMS)
    assert told.startswith(f"{thin.leg.symbol} at binance traded 9999999 in 24 h")
    assert refusal(pair, TERMS) == ""


@pytest.mark.row("F16")
@pytest.mark.parametrize("rate, good", [("0.0000092", True), ("0.0000091", False), ("-1", False)])
def test_less_than_one_percent_a_year_is_not_looked_at(rate: str, good: bool) -> None:
    """1095 intervals of 8 hours are a year."""
    assert bool(wanted([_pair(rate=rate)], TERMS)) is good


@pytest.mark.row("F16")
def test_the_ranking_is_the_same_in_whatever_sequence_pairs_come() -> None:
    """Steady before erratic at the same average, more before less, and equal ones by their names."""
    steady = [Decimal("0.0001")] * 90
    erratic = [Decimal("0.0001"), Decimal("0.0003"), Decimal("-0.0001")] * 30
    more = [Decimal("0.0002")] * 90
    found = [
        _rated(_pair("BTC"), steady),
        _rated(_pair("ETH"), steady),
        _rated(_pair("DOGE"), erratic),
        _rated(_pair("SOL"), more),
    ]
    names = {
        tuple(one.pair.long.base for one in ranked(sequence)) for sequence in permutations(found)
    }
    assert names == {("SOL", "BTC", "ETH", "DOGE")}


@pytest.mark.row("F16")
@pytest.mark.parametrize("predicted, good", [("0.00005", True), ("0.000049", False)])
def test_a_rate_that_is_about_to_fade_is_left_out(predicted: str, good: bool) -> None:
    """What is predicted to pay less than half of now is no candidate."""
    pair = _pair(predicted_rate=Decimal(predicted))
    assert bool(ranked([_rated(pair, [Decimal("0.0001")] * 90)])) is good


@pytest.mark.row("F16")
def test_a_past_is_read_again_after_four_hours() -> None:
    """Just under four hours is fresh; a reading from the future, after a clock was set back, is not."""
    assert is_fresh(0, 4 * HOUR_MS - 1, TERMS)
    assert not is_fresh(0, 4 * HOUR_MS, TERMS)
    assert not is_fresh(1, 0, TERMS)
    assert (TERMS.intervals, TERMS.reads_at_once_max) == (90, 10)


def _by_hand(rates: list[float]) -> float:
    """Return the score of a past as the statistics module counts it: no price moved, no basis, no open interest."""
    day, week, month = (statistics.fmean(rates[-3 * days :]) for days in (1, 7, 30))
    signs = "".join("+" if rate > 0 else "-" if rate < 0 else "" for rate in rates)
    flips = signs.count("+-") + signs.count("-+")
    against = -math.copysign(1, next(rate for rate in rates[::-1] if rate))
    same = next((n for n, rate in enumerate(rates[::-1]) if rate * against > 0), len(rates))
    steady = min(1.0, abs(statistics.fmean(rates)) / statistics.pstdev(rates) / 10)
    risk = steady / (1 + flips) * sum(rate > 0 for rate in rates) / len(rates)
    momentum = min(max(1 + 1000 * (day - week), 0.5), 1.5)
    yielded = 1095 * (0.5 * day + 0.3 * week + 0.2 * month)
    return max(yielded, 0.0) * risk * (1 + math.log10(same + 1)) * momentum


@pytest.mark.row("F16")
@pytest.mark.recordings
def test_the_recorded_fundings_of_six_venues_rank_as_counted_by_hand(recordings: Path) -> None:
    """The last 90 recorded intervals of each venue and asset; all that pays at their end is ranked."""
    found, counted = [], {}
    for path in sorted((recordings / "funding").glob("*_perp_funding_to_*.csv")):
        with path.open() as file:
            rates = [Decimal(row["funding_rate"]) for row in csv.DictReader(file)][-90:]
        venue, symbol = path.name.split("_")[:2]
        base = symbol.removesuffix("USDT")
        pair = Pair(long=_spot(base, venue=venue), short=_perp(base, str(rates[-1]), venue=venue))
        if wanted([pair], TERMS):
            found.append(_rated(pair, rates))
            counted[pair.key] = _by_hand([float(rate) for rate in rates])
    told = {one.pair.key: float(one.score.value) for one in ranked(found)}
    assert len(told) >= 8
    assert list(told) == sorted(told, key=lambda key: -counted[key])
    assert told == pytest.approx({key: counted[key] for key in told})
