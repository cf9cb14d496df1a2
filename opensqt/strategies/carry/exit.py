"""Whether an open carry should be left: funding, liquidation, a toxic basis and margin ask first, then the basis. Pure.

Those before it ask for good. The basis of one moment may be gone in the next: it counts only where the prices
of both legs are of one moment, and what only it asked for is judged again before each clip.
"""

from decimal import Decimal

from opensqt.domain.decimals import ZERO, canonical, floor_to
from opensqt.domain.instruments import Market
from opensqt.domain.wallets import serves
from opensqt.strategies.carry import carry as worth
from opensqt.strategies.carry.carry import FundingWish, shown
from opensqt.strategies.carry.outlook import exit_outlook, parts_of
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.view import Leaving


def leaving(carry: CarryState) -> Leaving:
    """Say why an open carry should be left, or that nothing asks for it; old funding and halts never keep it in."""
    lasting = _funding(carry) or _liquidation(carry) or _toxic(carry) or _margin(carry)
    return Leaving(reason=lasting) if lasting else _relief(carry) or _basis(carry)


def _funding(carry: CarryState) -> str:
    settings, funding = carry.settings, carry.funding
    if funding is None:
        return ""
    apr = worth.apr(funding.rate, funding.interval_hours)
    if worth.wish(apr, 1, settings.entry_apr_min, settings.exit_apr_max) is not FundingWish.EXIT:
        return ""
    return f"carry {shown(apr * 100)} % a year below {shown(settings.exit_apr_max * 100)} %"


def _liquidation(carry: CarryState) -> str:
    settings, market = carry.settings, carry.market
    margin = _perp_margin(carry, market.rules[settings.perp].settles_in)
    if margin is None:
        return ""
    perp, mark = carry.books.perp, market.marks.get(settings.perp)
    price = worth.liquidation_price(perp.quantity, perp.cost, margin)
    mark_price = mark.mark_price if mark is not None else carry.mid_price(settings.perp)
    if not worth.near_liquidation(mark_price, price):
        return ""
    return f"liquidation at {shown(price)} is near the mark {shown(mark_price)}"


def _toxic(carry: CarryState) -> str:
    settings, toxic = carry.settings, carry.toxic
    if not 0 < settings.toxic_basis_looks <= toxic.looks:
        return ""
    return (
        f"toxic basis: {shown(toxic.basis_bps)} bps, below {canonical(settings.toxic_basis_bps)}"
        f" at {toxic.looks} looks in a row"
    )


def _margin(carry: CarryState) -> str:
    health, least = carry.margin_health, carry.settings.margin_health_exit
    if health is None or health >= least:
        return ""
    return f"margin health {shown(health * 100)} % below {shown(least * 100)} %"


def _relief(carry: CarryState) -> Leaving | None:
    """Return half of an exit, once until the margin is clear again; None where it is not needed."""
    settings, rules, health = carry.settings, carry.market.rules, carry.margin_health
    if health is None or health >= settings.margin_health_reduce or carry.books.relieved:
        return None
    step = worth.common_step(*(rules[symbol].quantity_step for symbol in settings.symbols))
    kept = floor_to(carry.books.spot.quantity / 2, step)
    limit = shown(settings.margin_health_reduce * 100)
    reason = f"margin health {shown(health * 100)} % below {limit} %: half is left"
    return Leaving(reason=reason, keep_base=kept)


def _basis(carry: CarryState) -> Leaving:
    unknown = _unknown(carry)
    if unknown:
        return Leaving(unknown=unknown)
    outlook = exit_outlook(carry)
    if outlook is None or outlook.return_bps <= 0:
        return Leaving()
    return Leaving(reason=f"leaving earns more than staying: {parts_of(outlook)}", by_basis=True)


def _unknown(carry: CarryState) -> str:
    """Say why nobody knows the basis of this moment, or nothing."""
    if carry.funding is None:
        return "no funding rate is known"
    if carry.unseen:
        return carry.unseen
    return carry.apart


def _perp_margin(carry: CarryState, quote: str) -> Decimal | None:
    """Return the balance of the wallet that serves perpetuals in quote units as last seen, or None while unknown."""
    snapshot = carry.market.snapshot
    if snapshot is None:
        return None
    for held in snapshot.balances:
        if serves(held.wallet, Market.PERP) and held.asset == quote:
            return held.total
    return ZERO
