"""A portfolio as it is proposed: what each pair should hold, and what to do about what is held. Pure."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.portfolio.allocator import AllocationTerms, Rated, Target, allocate, chosen
from opensqt.portfolio.rebalancer import PortfolioAction, RebalanceTerms, actions, with_holders
from opensqt.portfolio.universe import Candidate

CENT = Decimal("0.01")  # of a quote asset; finer notionals say nothing


class PortfolioPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is proposed; a pair that is not a target is held no longer."""

    targets: tuple[Target, ...]
    actions: tuple[PortfolioAction, ...]


def proposed(
    ranking: Sequence[Candidate],
    held: Mapping[str, Decimal],
    equity_quote: Decimal,
    *,
    allocation: AllocationTerms,
    rebalance: RebalanceTerms,
    currency: str,
    notional_quote_max: Decimal,
    sectors: Mapping[str, str] = {},
) -> PortfolioPlan:
    """Return what to hold and what to do; `held` are notionals of one leg by pair, `sectors` go by base asset.

    Equity is in `currency`: pairs that are counted in another asset are not held. No pair gets more than
    `notional_quote_max`, which risk allows of one position.
    """
    offered = [
        Rated(
            pair=one.pair.key,
            score=one.score.value,
            apr=one.pair.apr,
            sector=sectors.get(one.pair.long.base, ""),
        )
        for one in ranking
        if one.pair.short.quote == currency
    ]
    best = with_holders(chosen(offered, allocation), offered, held, rebalance)
    wished = (
        msgspec.structs.replace(one, notional_quote=_sized(one, notional_quote_max))
        for one in allocate(best, equity_quote, allocation)
    )
    targets = tuple(one for one in wished if one.notional_quote > ZERO)
    return PortfolioPlan(targets=targets, actions=actions(held, targets, equity_quote, rebalance))


def _sized(target: Target, most: Decimal) -> Decimal:
    return min(target.notional_quote, most).quantize(CENT, ROUND_FLOOR)
