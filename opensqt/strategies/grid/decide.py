"""What a grid wants now: anchor and adoption first, then the target set of orders against what is there. Pure."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.dust import named
from opensqt.domain.ids import intent_id
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import CancelIntent, OrderType, PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event
from opensqt.domain.strategy_events import AnchorSet, PositionAdopted
from opensqt.domain.trading_controls import HALTED
from opensqt.strategies import tracked_intent as one
from opensqt.strategies.decision import Decision, JournalledChoice, SkippedSlot
from opensqt.strategies.filter_words import filter_words
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.levels import (
    GridLevels,
    lattice_at,
    level_of,
    opening_quantity,
    spread_over,
)
from opensqt.strategies.grid.state import STALE, GridState, unowned, watched
from opensqt.strategies.grid.target_orders import Permission, TargetOrders, target_of
from opensqt.strategies.idleness import commonest, missed
from opensqt.strategies.intent_tracker import due, ticket_of
from opensqt.strategies.planner import Plan, TargetOrder, WorkingOrder, plan
from opensqt.strategies.tracked_intent import CYCLES_PER_RUN, UNSTAMPED, TrackedIntent

ASK_AGAIN_MS = 1_000


def decide(grid: GridState, event: Event) -> Decision:
    """Return what to do after `event`, which `grid` has folded already."""
    del event  # every message is a reason to look again; the state holds all it said
    now_ms = grid.market.now_ms
    choices, waiting = _choices(grid)
    if choices or waiting:
        return Decision(choices=choices, reason="kill latched" if grid.killed else waiting)
    tick, rules, lattice = grid.market.tick, grid.market.rules, grid.books.lattice
    if tick is None or rules is None or lattice is None:
        return Decision(reason="waiting for first tick")
    mid = (tick.bid_price + tick.ask_price) / 2
    reason, opening, closing = _permission(grid)
    target = target_of(grid, lattice, tick, rules, opening=opening, closing=closing)
    lives = [_live(ticket) for ticket in grid.books.tickets.living.values()]
    planned = plan(target.wants, lives, orders_max=grid.setup.orders_max, mid_price=mid)
    intents = (
        *due(grid.books.tickets, now_ms, grid.setup.timing, placing=not grid.killed),
        *_cancels(grid, planned, now_ms, target),
        *_places(grid, planned, now_ms),
    )
    gaps = (*target.gaps, *(SkippedSlot(slot=gap.slot, why=gap.why) for gap in planned.missing))
    dust = named(rules, slots.quantity(grid.books), mid)
    decision = Decision(intents=intents, reason=reason, gaps=gaps, dust=dust)
    return decision if reason else _or_idle(grid, decision, lattice, rules)


def openings_cancelled(grid: GridState) -> Decision:
    """Return the cancels of every order that adds risk: what a stopped grid still owes."""
    now_ms = grid.market.now_ms
    found = (
        one.cancel_of(ticket, now_ms, grid.setup.timing, "strategy stopped")
        for ticket in grid.books.tickets.living.values()
        if ticket.purpose == "open"
    )
    return Decision(intents=tuple(intent for intent in found if intent is not None))


def _choices(grid: GridState) -> tuple[tuple[JournalledChoice, ...], str]:
    """Return what must be written into the journal before anything can be traded, or why we wait."""
    market, books, setup = grid.market, grid.books, grid.setup
    if books.run == 0:
        return (), "starting"
    if market.rules is None:
        return (), "waiting for instrument rules"
    if market.tick is None:
        return (), "waiting for first tick"
    if books.lattice is None:
        fresh = market.anchor_asked_ms < 0 or market.now_ms >= market.anchor_asked_ms + ASK_AGAIN_MS
        return (_anchor(grid, market.tick, market.rules),) if fresh else (), "fixing the anchor"
    if setup.adopt and setup.perpetual and not books.adopted and not books.traded:
        if market.others_trade:
            return _trading_from(grid)
        if market.snapshot is None:
            return (), "waiting for the venue's snapshot"
        asked = market.adoption_asked_ms
        fresh = asked < 0 or market.now_ms >= asked + ASK_AGAIN_MS
        return (_adoption(grid, market.rules),) if fresh else (), "taking over the position"
    return _trading_from(grid)


def _trading_from(grid: GridState) -> tuple[tuple[JournalledChoice, ...], str]:
    """A later run waits until no intent of the one before can become an order unseen."""
    timing, resumed_ms = grid.setup.timing, grid.books.resumed_ms
    if resumed_ms and grid.market.now_ms <= resumed_ms + timing.valid_for_ms + timing.dead_after_ms:
        return (), "waiting until earlier intents have lapsed"
    return (), ""


def _anchor(grid: GridState, tick: Tick, rules: InstrumentRules) -> JournalledChoice:
    setup = grid.setup
    price = setup.anchor_price or (tick.bid_price + tick.ask_price) / 2
    lattice = lattice_at(price, setup.step_bps, rules)
    message = AnchorSet(
        strategy=setup.strategy,
        symbol=setup.symbol,
        anchor_price=lattice.anchor_price,
        step_price=lattice.step_price,
        reason="configured" if setup.anchor_price else "first price",
        time_ms=grid.market.now_ms,
    )
    return JournalledChoice(cause=("anchor", setup.strategy, setup.symbol), message=message)


def _adoption(grid: GridState, rules: InstrumentRules) -> JournalledChoice:
    setup = grid.setup
    quantity, entry_price = unowned(grid) or (Decimal(0), Decimal(0))
    message = PositionAdopted(
        strategy=setup.strategy,
        venue=setup.venue,
        account=setup.account,
        symbol=setup.symbol,
        quantity=quantity,
        entry_price=entry_price,
        slots=spread_over(quantity, entry_price, setup.order_notional_quote, rules),
        time_ms=grid.market.now_ms,
    )
    # One cause for all strategies of the symbol: a position can be taken over once only.
    return JournalledChoice(
        cause=("adopted", setup.venue, setup.account, setup.symbol), message=message
    )


def _permission(grid: GridState) -> tuple[str, Permission, Permission]:
    """Return why not all is allowed, then what openings and what closings may do."""
    if grid.killed:
        return "kill latched", Permission.NONE, Permission.KEEP
    halt = grid.halt
    if halt is not None:
        closing = Permission.KEEP if halt.mode == HALTED else Permission.PLACE
        return f"{halt.mode.lower()}: {halt.reason}", Permission.NONE, closing
    if grid.stale:
        return STALE, Permission.KEEP, Permission.PLACE
    return "", Permission.PLACE, Permission.PLACE


def _or_idle(
    grid: GridState, decision: Decision, lattice: GridLevels, rules: InstrumentRules
) -> Decision:
    """Give the decision its reason where what it wants has come to nothing for a while already."""
    setup, lacking = grid.setup, slots.lacks(grid.books, decision)
    seen = watched(grid, grid.books, lacking)
    what, found = missed(seen, lacking, grid.market.now_ms, setup.timing)
    if not what:
        return decision
    first, count = commonest(found)
    price = rules.fit_price(lattice.price(level_of(first.slot) or 0), Side.BUY)
    quantity = opening_quantity(setup.order_notional_quote, price, rules)
    why = filter_words(rules, first.why, price, quantity)
    share = "" if count == len(found) else f" ({count} of {len(found)} orders)"
    return msgspec.structs.replace(decision, reason=f"{what}: {why}{share}", idle=True)


def _live(ticket: TrackedIntent) -> WorkingOrder:
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
    grid: GridState, planned: Plan, now_ms: int, target: TargetOrders
) -> Iterator[CancelIntent]:
    for wanted in planned.cancels:
        ticket = ticket_of(grid.books.tickets, wanted)
        # An intent without an answer lapses by itself; its order, if one comes, is cancelled then.
        if ticket is None or ticket.pending:
            continue
        why = target.leaving.get(ticket.slot, "not wanted any more")
        intent = one.cancel_of(ticket, now_ms, grid.setup.timing, why)
        if intent is not None:
            yield intent


def _places(grid: GridState, planned: Plan, now_ms: int) -> Iterator[PlaceIntent]:
    for number, want in enumerate(planned.places, start=1):
        yield _place(grid, want, now_ms, grid.books.issued + number)


def _place(grid: GridState, want: TargetOrder, now_ms: int, number: int) -> PlaceIntent:
    setup = grid.setup
    cycle = grid.books.run * CYCLES_PER_RUN + number
    return PlaceIntent(
        intent_id=intent_id(strategy=setup.strategy, slot=want.slot, cycle=cycle, action="place"),
        strategy=setup.strategy,
        slot=want.slot,
        cycle=cycle,
        venue=setup.venue,
        account=setup.account,
        symbol=setup.symbol,
        side=want.side,
        type=OrderType.LIMIT,
        time_in_force=want.time_in_force,
        price=want.price,
        quantity=want.quantity,
        purpose=want.purpose,
        created_ms=now_ms,
        valid_until_ms=now_ms + setup.timing.valid_for_ms,
        basis=UNSTAMPED,
        reason=f"level {level_of(want.slot)}",
    )
