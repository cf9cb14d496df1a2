"""The carries of an account as a portfolio: which pair each is on, how much it holds and how much it should. Pure."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from opensqt.domain.decimals import ZERO
from opensqt.portfolio.plan import PortfolioPlan, proposed
from opensqt.portfolio.scan import Scan
from opensqt.portfolio.universe import PairLeg, pair_key
from opensqt.runtime.config.schema import Config, RiskConfig
from opensqt.strategies.carry.settings import CarrySettings


def plan_for(
    config: Config,
    risk: RiskConfig,
    account: str,
    scan: Scan,
    equity_quote: Decimal,
    leaving: Collection[str] = (),
) -> PortfolioPlan:
    """Return what the last scan of an account's venue proposes to hold and to do, under the limits of now.

    `leaving` are strategies that close already: what they hold is held no longer.
    """
    terms, venue = config.portfolio, config.accounts[account].venue
    staying = (one for name, one in carries_of(config, account).items() if name not in leaving)
    return proposed(
        scan.ranking,
        held_of(staying, venue),
        equity_quote,
        allocation=terms.allocation,
        rebalance=terms.rebalance,
        currency=risk.currency,
        notional_quote_max=risk.position_notional_quote_max,
        sectors=terms.sectors,
    )


def carries_of(config: Config, account: str) -> dict[str, CarrySettings]:
    """Return the carries of an account, by name."""
    return {
        name: one
        for name, one in config.strategies.items()
        if isinstance(one, CarrySettings) and one.account == account
    }


def pair_of(carry: CarrySettings, venue: str) -> str:
    """Return the key of the pair that a carry is on."""
    return pair_key(*(PairLeg(venue=venue, symbol=one) for one in carry.symbols))


def held_of(carries: Iterable[CarrySettings], venue: str) -> dict[str, Decimal]:
    """Return what carries are to hold of each pair, in quote units of one leg."""
    found: dict[str, Decimal] = {}
    for one in carries:
        key = pair_of(one, venue)
        found[key] = found.get(key, ZERO) + one.notional_quote_max
    return found
