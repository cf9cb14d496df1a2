"""What an account must have before an order and keep after it: balance, leverage, health, distance. Pure."""

from opensqt.domain.decimals import BPS
from opensqt.domain.instruments import Side, base_asset, quote_asset
from opensqt.risk.case import Case, is_perp
from opensqt.risk.margin import liquidation_distance


def funds_unknown(case: Case) -> str:
    """Nothing is opened on money that nobody knows."""
    funds, limits = case.grounds.funds, case.grounds.limits
    if funds is None or limits.leverage_max is None:
        return ""
    if case.pays_in_coins:
        return "" if funds.spendable is not None else "the account's balances are not known yet"
    return (
        "" if funds.equity is not None else "the account's equity is not known: no balance or price"
    )


def balance(case: Case) -> str:
    """A spot order gives what its account has, less what other orders of ours would give."""
    funds, intent = case.grounds.funds, case.intent
    if funds is None or funds.spendable is None or not case.pays_in_coins:
        return ""
    buys = intent.side is Side.BUY
    needed = intent.quantity * case.price if buys else intent.quantity
    if case.grounds.limits.leverage_max is None or needed <= funds.spendable:
        return ""
    asset = quote_asset(intent.symbol) if buys else base_asset(intent.symbol)
    return f"needs {needed} {asset}, free are {funds.spendable}"


def leverage(case: Case) -> str:
    """The perpetuals of an account are worth so many times its equity at most, if everything fills."""
    most, funds = case.grounds.limits.leverage_max, case.grounds.funds
    if most is None or funds is None or funds.equity is None or not is_perp(case.intent):
        return ""
    worst = funds.perps_elsewhere + case.units_here * case.unit_value
    if worst <= most * funds.equity:
        return ""
    return f"perpetuals of {worst} at worst on {funds.equity}, allowed {most} times"


def margin_health(case: Case) -> str:
    """After the order, simulated at worst, the margin of the account is sound."""
    least, after = case.grounds.limits.margin_health_min, case.margin_after
    if least is None or after is None or after.health >= least:
        return ""
    return f"health {after.health:.4f} after it, at least {least}"


def liquidation_distance_kept(case: Case) -> str:
    """After the order the price may move so far against the position before the venue takes it."""
    limits, after = case.grounds.limits, case.margin_after
    least = limits.liquidation_distance_bps_min
    if least is None or after is None or not is_perp(case.intent):
        return ""
    notional, sign = case.units_here * case.unit_value, case.intent.side.sign
    share = liquidation_distance(after, notional, limits.maintenance_rate, sign)
    if share >= least * BPS:
        return ""
    return f"liquidated {share / BPS:.0f} bps away after it, at least {least}"
