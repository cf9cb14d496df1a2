"""From what is held to what should be: which changes are worth their cost, and in which sequence. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.ranges import ConfigTable, NotNegative, Range, Share
from opensqt.portfolio.allocator import Rated, Target

DAYS_A_YEAR = Decimal(365)


class RebalanceTerms(ConfigTable, frozen=True, kw_only=True):
    """When a change is made; shares are fractions, a health of 1 is an account without any risk.

    A pair gives its place to a better one only if what that earns more within `switch_days` exceeds `switch_factor`
    times `switch_cost`, a fraction of the notional.
    """

    relative_min: NotNegative = Decimal("0.05")
    equity_share_min: NotNegative = Decimal("0.0075")
    switch_days: Annotated[Decimal, Range(above="0", most="365")] = Decimal(7)
    switch_cost: NotNegative = Decimal("0.003")
    switch_factor: NotNegative = Decimal("1.5")
    health_min: Share = Decimal("0.7")
    health_wait_ms_max: Annotated[int, Range(least="0", most="3600000")] = 30_000


class ActionKind(StrEnum):
    """What is done to a pair, in the sequence in which it is done: what frees capital comes first."""

    REMOVE = "remove"
    REDUCE = "reduce"
    INCREASE = "increase"
    ADD = "add"


SEQUENCE = tuple(ActionKind)
FREEING = frozenset({ActionKind.REMOVE, ActionKind.REDUCE})


class PortfolioAction(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a portfolio; notionals are of one leg, in quote units."""

    kind: ActionKind
    pair: str
    before_quote: Decimal
    after_quote: Decimal


class Turn(StrEnum):
    """Whether an action may be made now."""

    NOW = "now"
    WAIT = "wait"
    SKIP = "skip"  # it is left out, and somebody is told


def is_due(before: Decimal, after: Decimal, equity: Decimal, terms: RebalanceTerms) -> bool:
    """Tell whether a change from one notional to another is large enough, by itself or for the account."""
    change = abs(after - before)
    if change == ZERO:
        return False
    return change > before * terms.relative_min or change > equity * terms.equity_share_min


def is_worth(apr_held: Decimal, apr_offered: Decimal, terms: RebalanceTerms) -> bool:
    """Tell whether a pair earns so much more than one that is held that changing over pays."""
    gain = (apr_offered - apr_held) * terms.switch_days / DAYS_A_YEAR
    return gain > terms.switch_cost * terms.switch_factor


def with_holders(
    best: Sequence[Rated],
    ranked: Sequence[Rated],
    held: Mapping[str, Decimal],
    terms: RebalanceTerms,
) -> tuple[Rated, ...]:
    """Return the chosen pairs, with each held one in its place whose successor is not worth the change.

    Of the held pairs that are still on offer the best defends its place first, against the weakest newcomer.
    Who is no longer in `ranked` has no place to defend.
    """
    staying = list(best)
    names = {one.pair for one in best}
    newcomers = [one for one in best if one.pair not in held]
    for holder in ranked:
        if holder.pair not in held or holder.pair in names or not newcomers:
            continue
        weakest = newcomers[-1]
        if not is_worth(holder.apr, weakest.apr, terms):
            staying[staying.index(weakest)] = holder
            newcomers.pop()
    return tuple(staying)


def actions(
    held: Mapping[str, Decimal], targets: Sequence[Target], equity: Decimal, terms: RebalanceTerms
) -> tuple[PortfolioAction, ...]:
    """Return what to do, in the sequence in which it is to be done; the largest of a kind first."""
    wanted = {target.pair: target.notional_quote for target in targets}
    found = []
    for pair in {*held, *wanted}:
        before, after = held.get(pair, ZERO), wanted.get(pair, ZERO)
        if pair not in held:
            kind = ActionKind.ADD
        elif pair not in wanted:
            kind = ActionKind.REMOVE
        else:
            kind = ActionKind.REDUCE if after < before else ActionKind.INCREASE
        if kind is ActionKind.REMOVE or is_due(before, after, equity, terms):
            found.append(
                PortfolioAction(kind=kind, pair=pair, before_quote=before, after_quote=after)
            )
    return tuple(sorted(found, key=_place))


def turn(kind: ActionKind, health: Decimal | None, waited_ms: int, terms: RebalanceTerms) -> Turn:
    """Tell whether an action of a kind may be made: what frees capital always, all else in a healthy account only.

    `health` is None while nobody knows it, which is no good health.
    """
    if kind in FREEING or (health is not None and health >= terms.health_min):
        return Turn.NOW
    return Turn.WAIT if waited_ms < terms.health_wait_ms_max else Turn.SKIP


def _place(action: PortfolioAction) -> tuple[int, Decimal, str]:
    size = abs(action.after_quote - action.before_quote)
    return SEQUENCE.index(action.kind), -size, action.pair
