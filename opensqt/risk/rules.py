"""The catalogue of the gate: every reason to refuse a place intent, in the order in which it is judged. Pure.

A new limit begins here. Verdict, refusal codes, page and documentation are made of this one tuple.
"""

from opensqt.risk import limits, venue_caps
from opensqt.risk.case import Case
from opensqt.risk.desk_rules import DESK_CAPS, FUNDS
from opensqt.risk.limits import Predicate
from opensqt.risk.rule import QUOTE, WORTH, Rule


def _filter(code: str, words: str, limit: str) -> Rule:
    return Rule(
        code=code,
        scope="order",
        words=words,
        broken=limits.breaks_filter(code),
        inputs=("intent.quantity", "intent.price"),
        limit=f"grounds.rules.{limit}",
        exits=True,
    )


def _halting(code: str, words: str, broken: Predicate, figure: str, *, exits: bool = False) -> Rule:
    return Rule(
        code=code,
        scope="desk, account, symbol, strategy",
        words=words,
        broken=broken,
        inputs=(f"moment.{figure}", "moment.halt_reason"),
        exits=exits,
    )


_DESK = (
    Rule(
        code="expired",
        scope="order",
        words="the intent outlived its time",
        broken=limits.expired,
        inputs=("moment.now_ms",),
        limit="intent.valid_until_ms",
        exits=True,
    ),
    Rule(
        code="killed",
        scope="desk, strategy",
        words="a kill is in force",
        broken=limits.killed,
        inputs=("moment.kill",),
        exits=True,
    ),
    _halting("halted", "a halt is in force", limits.halted, "halt_mode", exits=True),
    Rule(
        code="not_reducing",
        scope="order by hand",
        words="it says that it only closes, and there is not so much to close",
        broken=limits.not_reducing,
        inputs=("grounds.exposure.own", "grounds.exposure.own_closing"),
    ),
    _halting("breaker_open", "a breaker is open", limits.breaker_open, "breaker"),
    _halting("reducing", "only what reduces may pass", limits.only_reducing, "halt_mode"),
    Rule(
        code="warming_up",
        scope="desk",
        words="verdicts of the gate before this one may still be under way",
        broken=limits.warming_up,
        inputs=("moment.now_ms",),
        limit="moment.opens_from_ms",
    ),
)

_VENUE = (
    Rule(
        code="rules_unknown",
        scope="symbol",
        words="the venue's filters are not known yet",
        broken=limits.rules_unknown,
        inputs=("grounds.rules",),
        exits=True,
    ),
    Rule(
        code="price_unknown",
        scope="symbol",
        words="no price is known yet",
        broken=limits.price_unknown,
        inputs=QUOTE,
        exits=True,
    ),
    _filter("below_quantity_min", "smaller than the venue takes", "quantity_min"),
    _filter("above_quantity_max", "larger than the venue takes", "quantity_max"),
    _filter("off_quantity_step", "no multiple of the venue's quantity step", "quantity_step"),
    _filter("off_tick_size", "no multiple of the venue's price step", "tick_size"),
    _filter("below_price_min", "priced below what the venue takes", "price_min"),
    _filter("above_price_max", "priced above what the venue takes", "price_max"),
    _filter("above_notional_max", "worth more than the venue takes", "notional_max"),
    _filter("below_notional_min", "worth less than the venue takes", "notional_min"),
    Rule(
        code="self_trade",
        scope="account and symbol",
        words="it would trade with an order of ours",
        broken=limits.self_trade,
        inputs=("grounds.exposure.own_bid", "grounds.exposure.own_ask"),
        exits=True,
    ),
    Rule(
        code="venue_open_orders",
        scope="account and symbol",
        words="the venue rests no more orders",
        broken=venue_caps.venue_open_orders,
        inputs=("grounds.exposure.orders_here",),
        limit="grounds.rules.orders_max",
        exits=True,
    ),
    Rule(
        code="venue_position",
        scope="account and symbol",
        words="the venue lets nobody hold more",
        broken=venue_caps.venue_position,
        inputs=("grounds.exposure.net", "grounds.exposure.buys_open"),
        limit="grounds.rules.position_max",
        exits=True,
    ),
)

_LIMITS = (
    Rule(
        code="tick_missing",
        scope="symbol",
        words="no tick has come yet",
        broken=limits.tick_missing,
        inputs=("grounds.quote",),
    ),
    Rule(
        code="tick_stale",
        scope="symbol",
        words="the newest tick is too old",
        broken=limits.tick_stale,
        inputs=("moment.now_ms", "grounds.quote.tick_ms"),
        limit="grounds.limits.tick_age_ms_max",
    ),
    Rule(
        code="price_collar",
        scope="order",
        words="priced too far from the market",
        broken=limits.price_collar,
        inputs=QUOTE,
        limit="grounds.limits.price_collar_bps",
        exits=True,
    ),
    Rule(
        code="rate_unknown",
        scope="symbol",
        words="nobody knows what its quote asset is worth",
        broken=limits.rate_unknown,
        inputs=WORTH,
        limit="grounds.limits.currency",
    ),
    Rule(
        code="order_notional",
        scope="order",
        words="worth more than one order may be",
        broken=limits.order_notional,
        inputs=(*QUOTE, *WORTH),
        limit="grounds.limits.order_notional_quote_max",
    ),
    Rule(
        code="open_orders",
        scope="account",
        words="too many orders are open",
        broken=limits.open_orders,
        inputs=("grounds.exposure.orders_open",),
        limit="grounds.limits.open_orders_max",
    ),
    Rule(
        code="position_notional",
        scope="account and symbol",
        words="the position could grow beyond its limit",
        broken=limits.position_notional,
        inputs=(
            "grounds.exposure.net",
            "grounds.exposure.buys_open",
            "grounds.exposure.sells_open",
            "grounds.exposure.own_opening",
            *QUOTE,
            *WORTH,
        ),
        limit="grounds.limits.position_notional_quote_max",
    ),
    Rule(
        code="inventory_notional",
        scope="strategy and symbol",
        words="the strategy could hold more than its settings say",
        broken=limits.inventory_notional,
        inputs=(
            "grounds.exposure.own",
            "grounds.exposure.own_closing",
            "grounds.exposure.own_opening",
            *QUOTE,
        ),
        limit="grounds.limits.inventory_notional_quote_max",
    ),
)

_GATE = (
    Rule(
        code="basis_late",
        scope="gate",
        words="the gate has not seen what the strategy saw",
        broken=limits.basis_late,
        inputs=("moment.basis_reached",),
        limit="intent.basis",
        exits=True,
    ),
    Rule(
        code="queue_full",
        scope="gate",
        words="the queue of commands is full",
        broken=limits.queue_full,
        inputs=("moment.queue",),
        exits=True,
    ),
)

RULES = (*_DESK, *_VENUE, *_LIMITS, *DESK_CAPS, *FUNDS, *_GATE)
WORDS = {rule.code: rule.words for rule in RULES}


def first_broken(case: Case) -> tuple[str, str]:
    """Return code and detail of the first rule that the intent breaks; both are empty where it may pass."""
    for rule in RULES:
        if case.reducing and not rule.exits:
            continue
        if detail := rule.broken(case):
            return rule.code, detail
    return "", ""
