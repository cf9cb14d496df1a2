"""The caps that a venue itself sets on what an account has open or holds in a symbol. Pure.

An order beyond them would be refused by the venue after waiting for its turn there: it is refused here, by name.
"""

from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, PlaceIntent, TimeInForce
from opensqt.risk.refusal import Broken, RefusalCode

EXITS_SHARE = 10  # one in so many of a venue's places is kept for orders that reduce

_RESTING = frozenset({TimeInForce.GTC, TimeInForce.POST_ONLY})


def cap_broken(
    intent: PlaceIntent,
    rules: InstrumentRules,
    *,
    orders_here: int,
    held_worst: Decimal,
    reducing: bool,
) -> Broken | None:
    """Return code and detail of the venue's cap that this order would break, or None.

    `orders_here` counts the account's open orders in the symbol, `held_worst` is what it holds if all buys fill.
    """
    return _orders(intent, rules, orders_here, reducing=reducing) or _held(
        intent, rules, held_worst
    )


def _orders(
    intent: PlaceIntent, rules: InstrumentRules, orders_here: int, *, reducing: bool
) -> Broken | None:
    rests = intent.type is OrderType.LIMIT and intent.time_in_force in _RESTING
    if rules.orders_max == 0 or not rests:
        return None
    kept = 0 if reducing else -(-rules.orders_max // EXITS_SHARE)
    allowed = rules.orders_max - kept
    if orders_here < allowed:
        return None
    words = f"{orders_here} open in {intent.symbol}, the venue allows {rules.orders_max}"
    return RefusalCode.VENUE_OPEN_ORDERS, words + (
        f" and {kept} are kept for exits" if kept else ""
    )


def _held(intent: PlaceIntent, rules: InstrumentRules, held_worst: Decimal) -> Broken | None:
    if rules.position_max == 0 or rules.market is not Market.SPOT or intent.side is not Side.BUY:
        return None
    worst = held_worst + intent.quantity
    if worst <= rules.position_max:
        return None
    detail = f"worst case {worst} {rules.base}, the venue allows {rules.position_max}"
    return RefusalCode.VENUE_POSITION, detail
