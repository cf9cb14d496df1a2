"""How much of the capital each pair gets: by score, under caps, in whatever sequence they come. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from opensqt.domain.decimals import ONE, ZERO
from opensqt.domain.ranges import ConfigTable, Range, Share

PRECISION = Decimal(
    "0.00000001"
)  # of a weight; rounded down, so that no sum comes to more than all
UNNAMED = "unnamed:"


class Leftover(StrEnum):
    """What becomes of the capital that the caps leave over."""

    CASH = "cash"  # it stays where it is
    SPREAD = "spread"  # the pairs that have room get more, by their scores


class AllocationTerms(ConfigTable, frozen=True, kw_only=True):
    """The caps of a portfolio: shares of its capital, which is equity times leverage, of one leg's notional.

    Of two pairs that move together more than `correlation_max` only the better one is taken; at 1, both are.
    """

    pair_share_max: Share = Decimal("0.25")
    sector_share_max: Share = Decimal("0.30")
    pairs_max: Annotated[int, Range(least="1", most="100")] = 10
    leverage: Annotated[Decimal, Range(above="0", most="3")] = ONE
    leftover: Leftover = Leftover.CASH
    correlation_max: Share = ONE


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """A pair as the allocator sees it. A pair without a sector is one of its own: it shares its cap with nobody."""

    pair: str
    score: Decimal
    apr: Decimal = ZERO
    sector: str = ""

    @property
    def bucket(self) -> str:
        """What the cap of sectors counts it under."""
        return self.sector or UNNAMED + self.pair


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a pair should hold; `notional_quote` is that of one leg."""

    pair: str
    weight: Decimal
    notional_quote: Decimal
    score: Decimal = ZERO


def chosen(
    pairs: Iterable[Rated],
    terms: AllocationTerms,
    correlations: Mapping[frozenset[str], Decimal] = {},
) -> tuple[Rated, ...]:
    """Return the best pairs, the best first, as many as may be held; an unknown correlation keeps nobody out."""
    found: list[Rated] = []
    for one in sorted(pairs, key=lambda pair: (-pair.score, pair.pair)):
        if len(found) == terms.pairs_max or one.score <= ZERO:
            break
        alike = (correlations.get(frozenset({one.pair, held.pair}), ZERO) for held in found)
        if all(each <= terms.correlation_max for each in alike):
            found.append(one)
    return tuple(found)


def allocate(
    pairs: Sequence[Rated], equity_quote: Decimal, terms: AllocationTerms
) -> tuple[Target, ...]:
    """Return what each pair should hold, the best first; whom the caps leave nothing is not named.

    `pairs` are those chosen. Their weights are shares of the capital and come to at most one.
    """
    weights = _capped(pairs, ONE, {}, terms)
    while terms.leftover is Leftover.SPREAD:
        more = _capped(pairs, ONE - sum(weights.values(), ZERO), weights, terms)
        if more == weights:
            break
        weights = more
    capital = max(equity_quote, ZERO) * terms.leverage
    return tuple(
        Target(pair=one.pair, weight=weight, notional_quote=capital * weight, score=one.score)
        for one in _in_order(pairs)
        if (weight := weights[one.pair]) > ZERO
    )


def _capped(
    pairs: Sequence[Rated], share: Decimal, before: Mapping[str, Decimal], terms: AllocationTerms
) -> dict[str, Decimal]:
    """Return the weights once a share is divided, by score, among the pairs that have room; the best come first."""
    weights = {one.pair: before.get(one.pair, ZERO) for one in pairs}
    room = {one.pair: _room(one, pairs, weights, terms) for one in pairs}
    total = sum((one.score for one in pairs if room[one.pair] > ZERO), ZERO)
    if total <= ZERO:
        return weights
    for one in _in_order(pairs):
        wish = (share * one.score / total).quantize(PRECISION, ROUND_FLOOR)
        weights[one.pair] += max(min(wish, _room(one, pairs, weights, terms)), ZERO)
    return weights


def _room(
    one: Rated, pairs: Sequence[Rated], weights: Mapping[str, Decimal], terms: AllocationTerms
) -> Decimal:
    sector = sum((weights[each.pair] for each in pairs if each.bucket == one.bucket), ZERO)
    return min(terms.pair_share_max - weights[one.pair], terms.sector_share_max - sector)


def _in_order(pairs: Sequence[Rated]) -> list[Rated]:
    return sorted(pairs, key=lambda one: (-one.score, one.pair))
