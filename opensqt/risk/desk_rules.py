"""The part of the catalogue that bounds the whole desk and an account's money. Pure."""

from opensqt.risk import aggregate_caps, margin_rules
from opensqt.risk.rule import QUOTE, WORTH, Rule

_OWN = (
    "grounds.exposure.own",
    "grounds.exposure.own_closing",
    "grounds.exposure.own_opening",
    "grounds.aggregate.others_here",
    *QUOTE,
    *WORTH,
)
_HERE = (*_OWN, "grounds.aggregate.against_here")
DESK_CAPS = (
    Rule(
        code="exposure_unknown",
        scope="desk",
        words="something is held that has no price",
        broken=aggregate_caps.exposure_unknown,
        inputs=("grounds.aggregate.unvalued",),
        limit="grounds.limits.currency",
    ),
    Rule(
        code="exposure_notional",
        scope="desk",
        words="all accounts and strategies together could hold too much",
        broken=aggregate_caps.exposure_notional,
        inputs=(*_HERE, "grounds.aggregate.elsewhere_notional"),
        limit="grounds.limits.exposure_notional_quote_max",
    ),
    Rule(
        code="asset_notional",
        scope="desk and asset",
        words="all accounts and strategies together could be too long, or too short, in its asset",
        broken=aggregate_caps.asset_notional,
        inputs=(*_OWN, "grounds.aggregate.asset_elsewhere"),
        limit="grounds.limits.asset_notional_quote_max",
    ),
)

_MARGIN_INPUTS = (
    *_HERE,
    "grounds.funds.equity",
    "grounds.funds.perps_elsewhere",
    "grounds.funds.joint",
    "grounds.limits.maintenance_rate",
)
FUNDS = (
    Rule(
        code="funds_unknown",
        scope="account",
        words="nobody knows what the account has",
        broken=margin_rules.funds_unknown,
        inputs=("grounds.funds.equity", "grounds.funds.spendable", "grounds.funds.joint"),
        limit="grounds.limits.leverage_max",
    ),
    Rule(
        code="balance",
        scope="account and asset",
        words="a spot order wants more than is free",
        broken=margin_rules.balance,
        inputs=(*QUOTE, "grounds.funds.joint", "grounds.limits.leverage_max"),
        limit="grounds.funds.spendable",
    ),
    Rule(
        code="leverage",
        scope="account",
        words="its perpetuals could be worth too many times its equity",
        broken=margin_rules.leverage,
        inputs=(*_HERE, "grounds.funds.equity", "grounds.funds.perps_elsewhere"),
        limit="grounds.limits.leverage_max",
    ),
    Rule(
        code="margin_health",
        scope="account",
        words="its margin would not be sound after the order",
        broken=margin_rules.margin_health,
        inputs=(*_MARGIN_INPUTS, "grounds.funds.coins", "grounds.limits.collateral_share"),
        limit="grounds.limits.margin_health_min",
    ),
    Rule(
        code="liquidation_distance",
        scope="account and symbol",
        words="its price would be too near to a liquidation after the order",
        broken=margin_rules.liquidation_distance_kept,
        inputs=(*_MARGIN_INPUTS, "grounds.funds.coins", "grounds.limits.collateral_share"),
        limit="grounds.limits.liquidation_distance_bps_min",
    ),
)
