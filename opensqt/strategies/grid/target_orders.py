"""The target set of a grid: which orders should be there now, and by name why others are not. Pure, never sends."""

from decimal import Decimal

import msgspec

from opensqt.domain.cached import cached
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.market import Tick
from opensqt.strategies.aiming import as_it_is
from opensqt.strategies.decision import SkippedSlot
from opensqt.strategies.filter_words import filter_words
from opensqt.strategies.grid.inventory import beyond
from opensqt.strategies.grid.level_dust import NOTHING, LevelDust, spare_of, spent
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.opening_terms import OpeningTerms, terms_at
from opensqt.strategies.grid.slots import Slot, slot_at
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.idling import DUST, FULL, OUTSIDE, RESTING, STOPPED
from opensqt.strategies.permissions import Permission, Permissions
from opensqt.strategies.planner import TargetOrder, level_of, slot_name
from opensqt.strategies.pricing import passive_price, quantity_of
from opensqt.strategies.tracked_intent import TrackedIntent


class TargetOrders(msgspec.Struct, frozen=True, kw_only=True):
    """Orders that should be there, slots without one and why, and why orders that are there should go."""

    wants: tuple[TargetOrder, ...]
    gaps: tuple[SkippedSlot, ...]
    leaving: dict[str, str]  # by slot


class TargetContext(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that the target depends on."""

    grid: GridState
    lattice: GridLevels
    tick: Tick
    rules: InstrumentRules
    allowed: Permissions
    terms: OpeningTerms
    busy: dict[int, TrackedIntent]  # living tickets by level
    spare: LevelDust

    @cached
    def mid_price(self) -> Decimal:
        """Half way between bid and ask."""
        return (self.tick.bid_price + self.tick.ask_price) / 2


def target_of(grid: GridState, lattice: GridLevels, allowed: Permissions) -> TargetOrders:
    """Return the target set at this price, on a lattice with the interval in force, given what is allowed."""
    rules = grid.market.rules[grid.symbol]
    view = TargetContext(
        grid=grid,
        lattice=lattice,
        tick=grid.market.ticks[grid.symbol],
        rules=rules,
        allowed=allowed,
        terms=terms_at(grid.terms, grid.settings, grid.books, grid.mid_price()),
        busy=_busy(grid),
        spare=NOTHING,
    )
    busy, window = view.busy, _window(view)
    levels = frozenset(level for level, _ in window)
    held = {level: slot.position.quantity for level, slot in grid.books.slots.items()}
    spare = spare_of(held, busy, lattice, rules, levels)
    view = msgspec.structs.replace(view, spare=spare)
    wants: dict[str, TargetOrder] = {}
    gaps: dict[str, SkippedSlot] = {}
    leaving: dict[str, str] = {}
    for level, ticket in busy.items():
        why = _unwanted(view, level, ticket) if ticket.purpose is Purpose.OPEN else ""
        if why:
            leaving[ticket.slot] = why
        elif ticket.purpose is Purpose.OPEN:
            wants[ticket.slot] = as_it_is(ticket)
    for slot in grid.books.slots.values():
        live = busy.get(slot.level)
        if slot.position.quantity != 0 and (live is None or live.purpose is Purpose.CLOSE):
            found = _closing(view, slot, live)
            _note(found, wants, gaps)
            if live is None and isinstance(found, TargetOrder):
                view = msgspec.structs.replace(view, spare=spent(view.spare))
    for level, side in window:
        if level not in busy and slot_name(level) not in wants:
            _note(_opening(view, slot_at(grid.books, level), side), wants, gaps)
    if allowed.opening is Permission.PLACE:
        _make_room(view, wants, gaps, leaving)
    return TargetOrders(
        wants=tuple(wants.values()),
        gaps=tuple(gaps.values()),
        leaving=leaving,
    )


def _make_room(
    view: TargetContext,
    wants: dict[str, TargetOrder],
    gaps: dict[str, SkippedSlot],
    leaving: dict[str, str],
) -> None:
    """Take out the openings that the bound of the inventory has no room for."""
    there = {ticket.slot for ticket in view.busy.values()}
    for slot in beyond(view.grid, wants.values(), view.mid_price):
        del wants[slot]
        gaps[slot] = SkippedSlot(slot=slot, why=FULL)
        if slot in there:
            leaving[slot] = FULL


def _busy(grid: GridState) -> dict[int, TrackedIntent]:
    return {
        level: ticket
        for ticket in grid.books.tickets.living.values()
        if (level := level_of(ticket.slot)) is not None
    }


def _note(
    found: TargetOrder | SkippedSlot | None,
    wants: dict[str, TargetOrder],
    gaps: dict[str, SkippedSlot],
) -> None:
    if isinstance(found, TargetOrder):
        wants[found.slot] = found
        gaps.pop(found.slot, None)
    elif found is not None:
        gaps.setdefault(found.slot, found)


def _window(view: TargetContext) -> list[tuple[int, Side]]:
    settings, terms = view.grid.settings, view.terms
    below = view.lattice.below(terms.start(Side.BUY, view.mid_price), settings.levels_below)
    found = [(level, Side.BUY) for level in below]
    if settings.neutral:
        start = terms.start(Side.SELL, view.mid_price)
        above = view.lattice.above(start, settings.levels_above)
        found += [(level, Side.SELL) for level in above]
    return found


def _unwanted(view: TargetContext, level: int, ticket: TrackedIntent) -> str:
    """Say why an opening order should go, or nothing."""
    settings, terms, price = view.grid.settings, view.terms, view.lattice.price(level)
    if view.allowed.opening is Permission.NONE:
        return "openings stopped"
    if why := terms.unwanted(ticket.side, price):
        return why
    if level % view.lattice.stride:
        return "between the levels of a wider interval"
    count = settings.levels_below if ticket.side is Side.BUY else settings.levels_above
    start = terms.start(ticket.side, view.mid_price)
    if not terms.kept and not view.lattice.reaches(level, start, count):
        return "out of the window"
    held = slot_at(view.grid.books, level).position.quantity
    if held != 0 and not _dust(view, level, held):
        exit_price = view.lattice.price(view.lattice.close_level(level, held))
        if (view.mid_price - exit_price) * (1 if held > 0 else -1) >= 0:
            return "its part can be closed"
    return ""


def _dust(view: TargetContext, level: int, held: Decimal) -> str:
    """Say why the venue would refuse a close of what a level holds, or nothing."""
    side = Side.SELL if held > 0 else Side.BUY
    price = view.rules.fit_price(view.lattice.price(view.lattice.close_level(level, held)), side)
    return view.rules.refusal(price, view.rules.fit_quantity(abs(held)), reduce_only=True)


def _closing(
    view: TargetContext, slot: Slot, live: TrackedIntent | None
) -> TargetOrder | SkippedSlot:
    """Return the order that closes what the slot holds and can sell, or why there is none."""
    held = slot.position.quantity
    side = Side.SELL if held > 0 else Side.BUY
    level_price = view.lattice.price(view.lattice.close_level(slot.level, held))
    most = view.rules.fit_quantity(abs(held) + _taken_along(view, slot, live))
    price = _price(view, level_price, side, slot)
    if live is not None and live.side is side and _still_good(view, slot, live, price, most):
        return as_it_is(live)
    broken = view.rules.refusal(price, most, reduce_only=True)
    if broken:
        return _skipped(slot, f"{DUST}{broken}", Purpose.CLOSE)
    why = _held_back(view, slot, side, price, view.allowed.closing)
    if why:
        return _skipped(slot, why, Purpose.CLOSE)
    return _want(slot, side, price, most, Purpose.CLOSE)


def _taken_along(view: TargetContext, slot: Slot, live: TrackedIntent | None) -> Decimal:
    """Return the dust of other levels that this sale may hold, or that a new one takes along."""
    spare, held = view.spare, slot.position.quantity
    if live is not None:
        return spare.whole
    if slot.level == spare.seller:
        return spare.free - held
    return ZERO if slot.level in spare.levels else spare.free


def _still_good(
    view: TargetContext, slot: Slot, live: TrackedIntent, price: Decimal, most: Decimal
) -> bool:
    """Tell whether a closing order may stay: right size, and less than a step from where it would go now."""
    if view.allowed.closing is Permission.KEEP:
        return True
    held = slot.position.quantity
    in_parts = 0 < view.rules.quantity_max < abs(held)
    near = abs(live.price - price) < view.lattice.gap(slot.level)
    return near and (view.rules.fit_quantity(abs(held)) <= live.remaining <= most or in_parts)


def _opening(view: TargetContext, slot: Slot, side: Side) -> TargetOrder | SkippedSlot | None:
    """Return the order that opens a level, or why there is none; dust of the same side is topped up."""
    held = slot.position.quantity
    if held != 0:
        same_side = (held > 0) == (side is Side.BUY)
        if not same_side or not _dust(view, slot.level, held):
            return None
    if why := view.terms.why_not(side) or view.terms.unwanted(side, view.lattice.price(slot.level)):
        return SkippedSlot(slot=slot_name(slot.level), why=why, bound=True)
    price = _price(view, view.lattice.price(slot.level), side, slot)
    quantity = quantity_of(view.terms.notional_quote, price, view.rules)
    if broken := view.rules.refusal(price, quantity):
        words = filter_words(view.rules, broken, price, quantity)
        return _skipped(slot, broken, Purpose.OPEN, words)
    why = _held_back(view, slot, side, price, view.allowed.opening)
    return (
        _skipped(slot, why, Purpose.OPEN)
        if why
        else _want(slot, side, price, quantity, Purpose.OPEN)
    )


def _price(view: TargetContext, level_price: Decimal, side: Side, slot: Slot) -> Decimal:
    """Return where an order of a level does not take."""
    return passive_price(
        level_price,
        side,
        bid_price=view.tick.bid_price,
        ask_price=view.tick.ask_price,
        ticks_away=view.grid.books.retry(slot_name(slot.level)).ticks_away,
        rules=view.rules,
    )


def _held_back(
    view: TargetContext, slot: Slot, side: Side, price: Decimal, leave: Permission
) -> str:
    if leave is not Permission.PLACE:
        return STOPPED
    if view.grid.market.now_ms < view.grid.books.retry(slot_name(slot.level)).retry_ms:
        return RESTING
    outside = view.rules.outside_band(side, price, view.mid_price)
    return OUTSIDE if outside else ""


def _want(
    slot: Slot, side: Side, price: Decimal, quantity: Decimal, purpose: Purpose
) -> TargetOrder:
    return TargetOrder(
        slot=slot_name(slot.level),
        side=side,
        price=price,
        quantity=quantity,
        purpose=purpose,
    )


def _skipped(slot: Slot, why: str, purpose: Purpose, words: str = "") -> SkippedSlot:
    return SkippedSlot(slot=slot_name(slot.level), why=why, purpose=purpose, words=words)
