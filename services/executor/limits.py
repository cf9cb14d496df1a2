"""The executor's own hard cap, a second and independent line behind risk: what keeps an approved order from being sent.

Pure. It counts everything that may still fill, at worst; it never stands in the way of an exit.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.intent import PlaceIntent
from services.executor.state import State


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Under what the executor acts now. All times are market ms; `fence_ms` is behind the deadline."""

    now_ms: int
    epoch: int
    deadline_ms: int
    fence_ms: int
    valid_until_wall_ms: int
    orders_max: int
    notional_max: Decimal


def obstacle(state: State, intent: PlaceIntent, terms: Terms, *, reduce_only: bool) -> str:
    """Say in words what keeps an approved intent from being sent now, or return an empty text."""
    latch = state.killed_for(intent.strategy)
    if latch is not None:
        return f"killed by {latch.actor}: {latch.reason}"
    if intent.intent_id in state.tombstones:
        return "canceled before it was sent"
    if terms.now_ms >= intent.valid_until_ms:
        return f"valid until {intent.valid_until_ms}, now {terms.now_ms}"
    # What the venue itself lets only reduce is an exit, however many others of its side wait.
    return "" if reduce_only else _over_cap(state, intent, terms)


def _over_cap(state: State, intent: PlaceIntent, terms: Terms) -> str:
    net = state.net.get(intent.symbol, Decimal(0)) * intent.side.sign
    queued = state.queued(intent.symbol, intent.side) + intent.quantity
    if net < 0 and queued <= -net:
        return ""  # whatever fills, it only takes off what is held
    count = len(state.living()) + len(state.admitted)
    if count >= terms.orders_max:
        return f"executor cap: {count} orders living, allowed {terms.orders_max}"
    price = intent.price or state.prices.get(intent.symbol, Decimal(0))
    if price <= 0:
        return f"executor cap: no price of {intent.symbol} is known"
    worst = (net + queued) * price
    if worst > terms.notional_max:
        return f"executor cap: worst case {worst} above {terms.notional_max}"
    return ""
