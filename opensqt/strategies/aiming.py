"""From the orders that a strategy wants to what it says: places, cancels, and why it does not trade. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import AssetAmount
from opensqt.domain.dust import named
from opensqt.domain.ids import intent_id
from opensqt.domain.intent import CancelIntent, OrderType, PlaceIntent, Purpose, TimeInForce
from opensqt.strategies import tracked_intent as one
from opensqt.strategies.decision import Decision, SkippedSlot, WakeCondition
from opensqt.strategies.filter_words import filter_words
from opensqt.strategies.idling import FULL, OUTSIDE, RESTING, STOPPED, or_idle
from opensqt.strategies.intent_tracker import due, ticket_of
from opensqt.strategies.permissions import Permission, Permissions, permissions
from opensqt.strategies.planner import Plan, TargetOrder, WorkingOrder, level_of, plan
from opensqt.strategies.pricing import passive_price
from opensqt.strategies.state import StrategyState
from opensqt.strategies.tracked_intent import CYCLES_PER_RUN, UNSTAMPED, TrackedIntent


def aim(
    state: StrategyState,
    orders: Iterable[TargetOrder],
    *,
    reason: str = "",
    note: str = "",
    wake: WakeCondition | None = None,
) -> Decision:
    """Return what to say so that these orders, and no others, come to be at the venue.

    Prices and sizes are fitted to the venue's filters; what may not or cannot be placed now is left out, with a reason.
    """
    allowed = permissions(state)
    wants: list[TargetOrder] = []
    gaps: list[SkippedSlot] = []
    busy = {ticket.slot: ticket for ticket in state.books.tickets.living.values()}
    for order in orders:
        fit = _fitted(state, order, busy.get(order.slot), allowed)
        (wants if isinstance(fit, TargetOrder) else gaps).append(fit)  # type: ignore[arg-type]
    decision = steer(state, wants, gaps=gaps, reason=allowed.reason or reason)
    return msgspec.structs.replace(decision, note=note, wake=wake)


def steer(
    state: StrategyState,
    wants: Sequence[TargetOrder],
    *,
    gaps: Sequence[SkippedSlot] = (),
    leaving: Mapping[str, str] = {},
    reason: str = "",
) -> Decision:
    """Return what to say for a target set that is fitted and allowed; `leaving` says by slot why an order should go."""
    tickets, now_ms, setup = state.books.tickets, state.market.now_ms, state.setup
    intents: list[PlaceIntent | CancelIntent] = list(
        due(tickets, now_ms, setup.timing, placing=not state.killed)
    )
    places: list[TargetOrder] = []
    missing: list[SkippedSlot] = []
    for symbol, orders_max in _shares(state):
        planned = _plan(state, symbol, wants, orders_max)
        intents += _cancels(state, planned, leaving)
        places += planned.places
        missing += (
            SkippedSlot(slot=gap.slot, why=gap.why, purpose=gap.purpose) for gap in planned.missing
        )
    intents += (place_of(state, want, number) for number, want in enumerate(places, start=1))
    dust = (held for symbol in setup.symbols for held in _dust(state, symbol))
    decision = Decision(
        intents=tuple(intents), reason=reason, gaps=(*gaps, *missing), dust=tuple(dust)
    )
    return decision if reason else or_idle(state, decision)


def as_it_is(ticket: TrackedIntent) -> TargetOrder:
    """Return the order of an intent that lives, as one that is wanted: it stays."""
    return TargetOrder(
        slot=ticket.slot,
        side=ticket.side,
        price=ticket.price,
        quantity=ticket.remaining,
        purpose=ticket.purpose,
        time_in_force=ticket.time_in_force,
        symbol=ticket.ref.symbol,
    )


def place_of(state: StrategyState, want: TargetOrder, number: int = 1) -> PlaceIntent:
    """Return the intent for a wanted order, the so manyth of this decision."""
    setup, now_ms = state.setup, state.market.now_ms
    cycle = state.books.run * CYCLES_PER_RUN + state.books.issued + number
    return PlaceIntent(
        intent_id=intent_id(strategy=setup.strategy, slot=want.slot, cycle=cycle, action="place"),
        strategy=setup.strategy,
        slot=want.slot,
        cycle=cycle,
        venue=setup.venue,
        account=setup.account,
        symbol=want.symbol or setup.symbols[0],
        side=want.side,
        type=OrderType.LIMIT,
        time_in_force=want.time_in_force,
        price=want.price,
        quantity=want.quantity,
        purpose=want.purpose,
        created_ms=now_ms,
        valid_until_ms=now_ms + setup.timing.valid_for_ms,
        basis=UNSTAMPED,
        reason=want.reason or f"level {level_of(want.slot)}",
    )


def openings_cancelled(state: StrategyState) -> Decision:
    """Return the cancels of every order that adds risk: what a stopped strategy still owes."""
    found = (
        one.cancel_of(ticket, state.market.now_ms, state.setup.timing, "strategy stopped")
        for ticket in state.books.tickets.living.values()
        if ticket.purpose is Purpose.OPEN
    )
    return Decision(intents=tuple(intent for intent in found if intent is not None))


def _fitted(
    state: StrategyState, order: TargetOrder, live: TrackedIntent | None, allowed: Permissions
) -> TargetOrder | SkippedSlot:
    """Return an order as the venue takes it, or why it may not or cannot be there now."""
    permission = allowed.of(order.purpose)
    if live is not None and permission is not Permission.NONE and _stays(order, live, permission):
        return as_it_is(live)
    if permission is not Permission.PLACE:
        return SkippedSlot(slot=order.slot, why=STOPPED, purpose=order.purpose)
    symbol = order.symbol or state.setup.symbols[0]
    rules, tick = state.market.rules[symbol], state.market.ticks[symbol]
    retry, price = state.books.retry(order.slot), rules.fit_price(order.price, order.side)
    if order.time_in_force is TimeInForce.POST_ONLY:
        price = passive_price(
            order.price,
            order.side,
            bid_price=tick.bid_price,
            ask_price=tick.ask_price,
            ticks_away=retry.ticks_away,
            rules=rules,
        )
    quantity = rules.fit_quantity(order.quantity)
    why = words = ""
    if broken := rules.refusal(price, quantity, reduce_only=order.purpose is Purpose.CLOSE):
        why, words = broken, filter_words(rules, broken, price, quantity)
    elif state.market.now_ms < retry.retry_ms:
        why = RESTING
    elif rules.outside_band(order.side, price, state.mid_price(symbol)):
        why = OUTSIDE
    elif order.purpose is Purpose.OPEN and _is_full(state, order, symbol, price * quantity):
        why = FULL
    if why:
        return SkippedSlot(slot=order.slot, why=why, purpose=order.purpose, words=words)
    return msgspec.structs.replace(order, price=price, quantity=quantity, symbol=symbol)


def _stays(order: TargetOrder, live: TrackedIntent, permission: Permission) -> bool:
    """Tell whether the order that lives in a slot is as good as the one that is wanted."""
    same = (live.side, live.purpose) == (order.side, order.purpose)
    near = abs(live.price - order.price) <= order.price_slack and live.remaining <= order.quantity
    return same and (permission is Permission.KEEP or (order.price_slack > 0 and near))


def _is_full(state: StrategyState, order: TargetOrder, symbol: str, notional: Decimal) -> bool:
    most = state.settings.held_quote_max
    held = order.side.sign * state.position(symbol).quantity * state.mid_price(symbol)
    return most is not None and held + notional > most


def _dust(state: StrategyState, symbol: str) -> tuple[AssetAmount, ...]:
    held = state.position(symbol).quantity
    return named(state.market.rules[symbol], held, state.mid_price(symbol))


def _shares(state: StrategyState) -> Iterator[tuple[str, int]]:
    symbols = state.setup.symbols
    for symbol in symbols:
        yield symbol, max(state.setup.orders_max // len(symbols), 1)


def _plan(state: StrategyState, symbol: str, wants: Sequence[TargetOrder], orders_max: int) -> Plan:
    if len(state.setup.symbols) > 1:
        wants = [want for want in wants if (want.symbol or state.setup.symbols[0]) == symbol]
    lives = [
        _working(ticket)
        for ticket in state.books.tickets.living.values()
        if ticket.ref.symbol == symbol
    ]
    return plan(wants, lives, orders_max=orders_max, mid_price=state.mid_price(symbol))


def _working(ticket: TrackedIntent) -> WorkingOrder:
    return WorkingOrder(
        intent_id=ticket.intent_id,
        slot=ticket.slot,
        side=ticket.side,
        price=ticket.price,
        quantity=ticket.remaining,
        purpose=ticket.purpose,
        leaving=ticket.cancel is not None or ticket.cancel_heard,
    )


def _cancels(
    state: StrategyState, planned: Plan, leaving: Mapping[str, str]
) -> Iterator[CancelIntent]:
    for wanted in planned.cancels:
        ticket = ticket_of(state.books.tickets, wanted)
        # An intent without an answer lapses by itself; its order, if one comes, is cancelled then.
        if ticket is None or ticket.pending:
            continue
        why = leaving.get(ticket.slot, "not wanted any more")
        intent = one.cancel_of(ticket, state.market.now_ms, state.setup.timing, why)
        if intent is not None:
            yield intent
