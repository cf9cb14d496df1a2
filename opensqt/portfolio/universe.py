"""Which pairs may be carried at all, and in which order of their score. Pure.

A pair is bought on one leg and sold on the other: spot and perpetual, or two perpetuals. Its rate is what holding it
earns in one funding interval, a fraction of the notional of one leg.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.ranges import ConfigTable, NotNegative, Range, Share
from opensqt.portfolio.score import FundingMetrics, Score, score

HOURS_A_YEAR = 24 * 365


class UniverseTerms(ConfigTable, frozen=True, kw_only=True):
    """What a pair must have to be looked at; volumes are of 24 hours in quote units, an APR of 0.01 is 1 % a year.

    Of the `intervals` that are asked for its venue must tell `intervals_min`: a new listing shows its best days only.
    """

    volume_quote_min: NotNegative = Decimal(10_000_000)
    apr_min: NotNegative = Decimal("0.01")
    intervals: Annotated[int, Range(least="1", most="1000")] = 90
    intervals_min: Annotated[int, Range(least="1", most="1000")] = 21
    history_age_ms_max: Annotated[int, Range(least="0", most="604800000")] = 4 * 3_600_000
    reads_at_once_max: Annotated[int, Range(least="1", most="10")] = 10
    predicted_share_min: Share = Decimal("0.5")


class PairLeg(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One side of a pair."""

    venue: str
    symbol: str


class ListedLeg(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says of one instrument now; the funding fields are 0 on spot, which neither pays nor earns it."""

    leg: PairLeg
    base: str
    quote: str
    volume_quote: Decimal | None  # traded in 24 hours; None where the venue does not say it
    price: Decimal
    funding_rate: Decimal = ZERO  # a fraction per interval, positive = longs pay
    predicted_rate: Decimal | None = None  # of the interval after this one, where the venue says it
    interval_hours: int = 8


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two listings of one asset, of which the first is bought and the second, a perpetual, is sold."""

    long: ListedLeg
    short: ListedLeg

    @property
    def key(self) -> str:
        """Its name, one for each pair and direction."""
        return pair_key(self.long.leg, self.short.leg)

    @property
    def rate(self) -> Decimal:
        """What it earns in one interval of the sold leg; the bought leg's rate is taken over as many hours."""
        hours = Decimal(self.short.interval_hours) / self.long.interval_hours
        return self.short.funding_rate - self.long.funding_rate * hours

    @property
    def apr(self) -> Decimal:
        """What it earns in a year at the rate of now, as a fraction."""
        return self.rate * HOURS_A_YEAR / self.short.interval_hours

    @property
    def basis(self) -> Decimal:
        """How far the sold leg stands above the bought one, as a fraction."""
        return (self.short.price - self.long.price) / self.long.price if self.long.price else ZERO


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A pair with what its past says of it, and what its venue does not tell."""

    pair: Pair
    metrics: FundingMetrics
    score: Score
    unknown: tuple[str, ...] = ()


def pair_key(*legs: PairLeg) -> str:
    """Return the name of a pair: the leg that is bought, then the one that is sold."""
    return " ".join(f"{leg.venue}:{leg.symbol}" for leg in legs)


def pairs(longs: Iterable[ListedLeg], shorts: Iterable[ListedLeg]) -> tuple[Pair, ...]:
    """Return every pair of two listings of the same asset and money, by key; nothing is paired with itself."""
    by_asset: dict[tuple[str, str], list[ListedLeg]] = {}
    for one in longs:
        by_asset.setdefault((one.base, one.quote), []).append(one)
    found = (
        Pair(long=long, short=short)
        for short in shorts
        for long in by_asset.get((short.base, short.quote), ())
        if long.leg != short.leg
    )
    return tuple(sorted(found, key=lambda pair: pair.key))


def refusal(pair: Pair, terms: UniverseTerms) -> str:
    """Say why a pair is not looked at, or nothing."""
    for one in (pair.long, pair.short):
        if one.volume_quote is None:
            return f"{one.leg.venue} does not say how much {one.leg.symbol} traded in 24 h"
        if one.volume_quote < terms.volume_quote_min:
            return (
                f"{one.leg.symbol} at {one.leg.venue} traded {one.volume_quote:f} in 24 h,"
                f" expected at least {terms.volume_quote_min:f}"
            )
    if pair.apr < terms.apr_min:
        return f"earns {pair.apr:.4f} a year, expected at least {terms.apr_min:f}"
    return ""


def wanted(found: Iterable[Pair], terms: UniverseTerms) -> tuple[Pair, ...]:
    """Return the pairs whose past is worth reading."""
    return tuple(pair for pair in found if not refusal(pair, terms))


def candidate(
    pair: Pair, metrics: FundingMetrics, terms: UniverseTerms, unknown: tuple[str, ...] = ()
) -> Candidate:
    """Return a pair with its score."""
    predicted, now = pair.short.predicted_rate, pair.short.funding_rate
    share = predicted / now if predicted is not None and now else None
    fades = share is not None and share < terms.predicted_share_min
    rated = score(metrics, pair.basis, fades=fades)
    return Candidate(pair=pair, metrics=metrics, score=rated, unknown=unknown)


def ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return those that score above nothing, the best first; equal ones by key, so that no sequence decides."""
    good = (one for one in candidates if one.score.value > ZERO)
    return tuple(sorted(good, key=lambda one: (-one.score.value, one.pair.key)))


def is_fresh(read_at_ms: int, now_ms: int, terms: UniverseTerms) -> bool:
    """Tell whether a past that was read then needs no other reading now."""
    return 0 <= now_ms - read_at_ms < terms.history_age_ms_max
