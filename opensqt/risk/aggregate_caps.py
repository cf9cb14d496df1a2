"""The caps on the whole desk: what all strategies, accounts and venues hold together. Pure.

They count at worst, and so that nobody's closing can break them: whoever holds against another may leave first.
"""

from opensqt.domain.instruments import base_asset
from opensqt.risk.case import Case


def exposure_unknown(case: Case) -> str:
    """What has no value cannot be added up."""
    whole = case.grounds.aggregate
    if whole is None or not whole.unvalued:
        return ""
    return f"{whole.unvalued} is held and has no price or no rate in {case.grounds.limits.currency}"


def exposure_notional(case: Case) -> str:
    """The desk holds so much at most, longs and shorts alike, if everything fills."""
    most, whole = case.grounds.limits.exposure_notional_quote_max, case.grounds.aggregate
    if most is None or whole is None:
        return ""
    worst = whole.elsewhere_notional + case.units_here * case.unit_value
    if worst <= most:
        return ""
    return f"the desk at worst {worst} above {most} {case.grounds.limits.currency}"


def asset_notional(case: Case) -> str:
    """The desk is so much long, and so much short, in one asset at most, if everything fills."""
    most, whole = case.grounds.limits.asset_notional_quote_max, case.grounds.aggregate
    if most is None or whole is None:
        return ""
    units = whole.asset_elsewhere + whole.others_here + case.inventory
    worst = units * case.unit_value
    if worst <= most:
        return ""
    side = "long" if case.intent.side.sign > 0 else "short"
    asset = base_asset(case.intent.symbol)
    return f"{side} {units} {asset} at worst, {worst} above {most} {case.grounds.limits.currency}"
