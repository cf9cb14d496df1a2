"""The caps that a venue itself sets on what an account has open or holds in a symbol. Pure.

An order beyond them would be refused by the venue after waiting for its turn there: it is refused here, by name.
"""

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.risk.case import Case

EXITS_SHARE = 10  # one in so many of a venue's places is kept for orders that reduce

_RESTING = frozenset({TimeInForce.GTC, TimeInForce.POST_ONLY})


def kept_for_exits(rules: InstrumentRules) -> int:
    """Return how many of the venue's places in a symbol no opening takes."""
    return -(-rules.orders_max // EXITS_SHARE)


def venue_open_orders(case: Case) -> str:
    """A venue rests so many orders of an account in a symbol at most."""
    intent, rules, here = case.intent, case.grounds.rules, case.grounds.exposure.orders_here
    rests = intent.type is OrderType.LIMIT and intent.time_in_force in _RESTING
    if rules is None or rules.orders_max == 0 or not rests:
        return ""
    kept = 0 if case.reducing else kept_for_exits(rules)
    if here < rules.orders_max - kept:
        return ""
    words = f"{here} open in {intent.symbol}, the venue allows {rules.orders_max}"
    return words + (f" and {kept} are kept for exits" if kept else "")


def venue_position(case: Case) -> str:
    """A venue lets an account hold so much of an asset at most, if all buys fill."""
    intent, rules, exposure = case.intent, case.grounds.rules, case.grounds.exposure
    if rules is None or rules.position_max == 0:
        return ""
    if rules.market is not Market.SPOT or intent.side is not Side.BUY:
        return ""
    worst = exposure.net + exposure.buys_open + intent.quantity
    if worst <= rules.position_max:
        return ""
    return f"worst case {worst} {rules.base}, the venue allows {rules.position_max}"
