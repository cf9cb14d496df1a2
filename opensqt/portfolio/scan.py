"""A look at a whole venue: which pairs can be carried there, how good each is, and why others are left out. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, market_of
from opensqt.portfolio.score import metrics_of
from opensqt.portfolio.universe import (
    Candidate,
    ListedLeg,
    Pair,
    UniverseTerms,
    candidate,
    is_fresh,
    pairs,
    ranked,
    refusal,
    wanted,
)

CLOSES_MIN = 3  # two returns: of one nobody can tell how much it differs


class PerpPast(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue told of the past of a perpetual, oldest first; None is what it does not tell."""

    read_at_ms: int  # wall
    rates: tuple[Decimal, ...] | None = None  # settled, a fraction per interval
    closes: tuple[Decimal, ...] | None = None  # daily
    open_interest_quote: Decimal | None = None


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that is not ranked."""

    pair: str
    why: str


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at a venue showed: the pairs in the order of their score, and those left out, by name."""

    venue: str
    scanned_at_ms: int  # wall
    ranking: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]


def carriable(listed: Iterable[ListedLeg]) -> tuple[Pair, ...]:
    """Return each spot market with its perpetual: a carry buys the one and sells the other, at one venue."""
    legs: dict[Market, list[ListedLeg]] = {market: [] for market in Market}
    for one in listed:
        legs[market_of(one.leg.symbol)].append(one)
    return pairs(legs[Market.SPOT], legs[Market.PERP])


def to_read(
    found: Iterable[Pair], pasts: Mapping[str, PerpPast], now_ms: int, terms: UniverseTerms
) -> tuple[ListedLeg, ...]:
    """Return the perpetuals whose past is worth reading and is not known freshly enough."""
    worth = (pair.short for pair in wanted(found, terms))
    return tuple(
        one
        for one in worth
        if (past := pasts.get(one.leg.symbol)) is None
        or past.rates is None
        or not is_fresh(past.read_at_ms, now_ms, terms)
    )


def scanned(
    venue: str,
    found: Iterable[Pair],
    pasts: Mapping[str, PerpPast],
    now_ms: int,
    terms: UniverseTerms,
) -> Scan:
    """Return the ranking, and why each pair that is not in it was left out."""
    left: list[LeftOut] = []
    rated: list[Candidate] = []
    for pair in found:
        past = pasts.get(pair.short.leg.symbol, PerpPast(read_at_ms=0))
        why = refusal(pair, terms) or _unproved(past, terms)
        if not why:
            one = _rated(pair, past, terms)
            if one.score.value > ZERO:
                rated.append(one)
                continue
            why = _worthless(one)
        left.append(LeftOut(pair=pair.key, why=why))
    return Scan(venue=venue, scanned_at_ms=now_ms, ranking=ranked(rated), left_out=tuple(left))


def _unproved(past: PerpPast, terms: UniverseTerms) -> str:
    if past.rates is None:
        return "its venue did not tell which fundings it paid"
    if len(past.rates) < terms.intervals_min:
        return f"its venue tells {len(past.rates)} fundings that it paid, expected at least {terms.intervals_min}"
    return ""


def _worthless(one: Candidate) -> str:
    score = one.score
    if score.yielded <= ZERO:
        return "over the last day, week and month it paid nothing"
    return (
        "its next funding is predicted to fade"
        if score.maturity <= ZERO
        else "its risk counts as all of it"
    )


def _rated(pair: Pair, past: PerpPast, terms: UniverseTerms) -> Candidate:
    rates = (past.rates or ())[-terms.intervals :]
    closes = past.closes if past.closes is not None and len(past.closes) >= CLOSES_MIN else None
    interest = past.open_interest_quote
    unknown = (
        f"{len(rates)} of {terms.intervals} fundings" if len(rates) < terms.intervals else "",
        "daily prices" if closes is None else "",
        "open interest" if interest is None else "",
        "predicted funding" if pair.short.predicted_rate is None else "",
    )
    metrics = metrics_of(
        rates,
        closes,
        interval_hours=pair.short.interval_hours,
        open_interest_quote=interest or ZERO,
        volume_quote=pair.short.volume_quote or ZERO,
    )
    return candidate(pair, metrics, terms, tuple(filter(None, unknown)))
