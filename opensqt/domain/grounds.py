"""The grounds of a verdict: all figures that a place intent is judged by. Values only, as they travel and are recorded.

A recorded verdict can be judged again from its record alone: what is not in here must not decide.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.instruments import InstrumentRules


class StrategyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits for one strategy and symbol; notionals in `currency`, `tick_age_ms_max` in market ms.

    `rate_stated` is what the configuration says that one unit of the symbol's quote asset is worth.
    """

    currency: str
    order_notional_quote_max: Decimal
    position_notional_quote_max: Decimal
    inventory_notional_quote_max: Decimal | None = None  # of this strategy, in the quote asset
    rate_stated: Decimal | None = None
    open_orders_max: int
    price_collar_bps: Decimal
    tick_age_ms_max: int
    # None below, or 0 of a rate: it was judged without that limit.
    exposure_notional_quote_max: Decimal | None = None  # of the desk
    asset_notional_quote_max: Decimal | None = None  # of an asset on the desk, long or short
    leverage_max: Decimal | None = None  # notional of an account's perpetuals over its equity
    margin_health_min: Decimal | None = None
    liquidation_distance_bps_min: Decimal | None = None
    maintenance_rate: Decimal = Decimal(0)  # of a perpetual's notional
    collateral_share: Decimal | None = (
        None  # of the base asset's worth, in a wallet of both markets
    )


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has at stake in one symbol if every live and unresolved order fills (base units).

    `nobodys` is the part of `net` that unknown orders filled: by hand, or ours that a restored journal has lost. `own`
    is the asking strategy's position; of its live orders on the intent's side `own_closing` take off a position and
    `own_opening` do not. `own_bid` and `own_ask` are the best prices of any live order of the account in the symbol,
    `orders_here` counts them.
    """

    net: Decimal
    buys_open: Decimal
    sells_open: Decimal
    orders_open: int
    orders_here: int
    nobodys: Decimal
    own: Decimal
    own_closing: Decimal
    own_opening: Decimal
    own_bid: Decimal | None = None
    own_ask: Decimal | None = None


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole desk holds beside the asking strategy if everything fills and everybody may close.

    In the symbol itself: base units of other owners on the order's side, and of all on the other. Elsewhere, whatever
    account and venue: all in the currency of the limits, and base units of the same asset on the order's side.
    `unvalued` names a symbol in which something is held that has no price or rate.
    """

    others_here: Decimal
    against_here: Decimal
    elsewhere_notional: Decimal
    asset_elsewhere: Decimal
    unvalued: str = ""


class Funds(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has behind the order: in the currency of the limits where nothing else is said.

    `equity` stands behind its perpetuals, gains and losses of now included, None where it is not known;
    `perps_elsewhere` is their notional at worst, but for the symbol's own. Of a spot order: `spendable` units of what
    it gives, less what our orders will give; or, where one wallet serves both markets (`joint`), `coins` of its base.
    """

    equity: Decimal | None = None
    perps_elsewhere: Decimal = Decimal(0)
    spendable: Decimal | None = None
    coins: Decimal = Decimal(0)
    joint: bool = False


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The best prices of the symbol and how old they are (market ms)."""

    bid: Decimal
    ask: Decimal
    tick_ms: int


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit of the quote asset is worth in the currency of the limits by a price of ours, and when it was."""

    rate: Decimal
    rate_ms: int


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When it was judged (market ms), what was switched off then, and what the gate itself could not do."""

    now_ms: int
    opens_from_ms: int = 0
    kill: str = ""
    halt_mode: str = ""
    halt_reason: str = ""
    breaker: str = ""  # the breaker that halts, if one does
    basis_reached: bool = True
    queue: str = ""  # why the command could not be queued


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a place intent is judged by beside its moment. Without rules or prices nothing is approved."""

    limits: StrategyLimits
    exposure: Exposure
    rules: InstrumentRules | None = None
    quote: Quote | None = None
    worth: Worth | None = None
    aggregate: Aggregate | None = None  # None in what was judged without one
    funds: Funds | None = None  # likewise


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """What followed from the grounds: the worst price at which the order may trade, and whether it only reduces."""

    price: Decimal = Decimal(0)
    reducing: bool = False
