"""The figures of a verdict that lie beyond the intent's own symbol: the rest of the desk, the account's money. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.grounds import Aggregate, Funds
from opensqt.domain.instruments import Market, Side, base_asset, market_of, quote_asset
from opensqt.domain.intent import PlaceIntent
from opensqt.risk.state import RiskState


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """In what is counted: what one unit of an asset is stated to be worth, and what a coin counts for as collateral."""

    currency: str
    rates: dict[str, Decimal] = {}
    collateral_shares: dict[str, Decimal] = {}


def aggregate(state: RiskState, intent: PlaceIntent, terms: Terms) -> Aggregate:
    """Return what all accounts and strategies hold beside the one that asks, at worst, if everything fills."""
    place, side = (intent.account, intent.symbol), intent.side
    here, base = state.stakes_at(place), base_asset(intent.symbol)
    whole, same_asset, unvalued = ZERO, ZERO, ""
    for other in state.stakes.places:
        stakes = state.stakes_at(other)
        if other == place or stakes.worst == 0:
            continue
        value = state.prices.value(other, terms.currency, terms.rates)
        if value is None:
            unvalued = other[1]
            continue
        whole += stakes.worst * value
        if base_asset(other[1]) == base:
            same_asset += stakes.sides[side].worst_of_all
    mine = here.sides[side]
    return Aggregate(
        others_here=mine.worst_of_all - mine.worst.get(intent.strategy, ZERO),
        against_here=here.sides[side.opposite].worst_of_all,
        elsewhere_notional=whole,
        asset_elsewhere=same_asset,
        unvalued=unvalued,
    )


def funds(state: RiskState, intent: PlaceIntent, terms: Terms) -> Funds:
    """Return what the account has behind the order; of a spot order what it gives, unless one wallet serves both."""
    account, spot = intent.account, market_of(intent.symbol) is Market.SPOT
    if spot and not state.funds.joint(account):
        return Funds(spendable=_spendable(state, intent))
    perps, unvalued = ZERO, False
    for place in state.stakes.places:
        stakes = state.stakes_at(place)
        ours = place[0] == account and market_of(place[1]) is Market.PERP
        if not ours or place[1] == intent.symbol or stakes.worst == 0:
            continue
        value = state.prices.value(place, terms.currency, terms.rates)
        unvalued = unvalued or value is None
        perps += stakes.worst * (value or ZERO)
    equity = state.funds.equity(
        account,
        state.index.positions,
        state.prices,
        terms.currency,
        terms.rates,
        terms.collateral_shares,
    )
    return Funds(
        equity=None if unvalued else equity,
        perps_elsewhere=perps,
        coins=(state.funds.free(account, base_asset(intent.symbol)) or ZERO) if spot else ZERO,
        joint=spot,
    )


def _spendable(state: RiskState, intent: PlaceIntent) -> Decimal | None:
    """Return what the spot wallet has of what the order gives, less what resting orders of ours will give."""
    buys = intent.side is Side.BUY
    asset = quote_asset(intent.symbol) if buys else base_asset(intent.symbol)
    held = state.funds.free(intent.account, asset)
    if held is None:
        return None
    for place in state.stakes.places:
        if place[0] != intent.account or market_of(place[1]) is not Market.SPOT:
            continue
        sides = state.stakes_at(place).sides
        if quote_asset(place[1]) == asset:
            held -= sides[Side.BUY].notional
        if base_asset(place[1]) == asset:
            held -= sides[Side.SELL].open
    return held
