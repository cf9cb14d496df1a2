"""The books of a grid: slots by integer level, their positions, and the tickets that work for them.

Folded from the journal and from the strategy's own intents. A step of ours that the slot machine does not know raises
`IllegalTransition`; evidence of the venue never does, it walks the machine.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain import level_positions
from opensqt.domain import position as positions
from opensqt.domain.account import AssetAmount
from opensqt.domain.decimals import ZERO
from opensqt.domain.intent import Purpose
from opensqt.domain.level_positions import Levels, traded
from opensqt.domain.order_events import Fill
from opensqt.domain.position import FLAT, Position
from opensqt.domain.received import received
from opensqt.domain.strategy_events import AdoptedSlot
from opensqt.strategies.folding import Changes
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.planner import level_of
from opensqt.strategies.state import Books
from opensqt.strategies.tracked_intent import TrackedIntent, lacks_funds


class SlotStatus(StrEnum):
    """Where a slot stands."""

    FREE = "free"  # holds nothing, nothing under way
    PENDING = "pending"  # an intent is under way
    LOCKED = "locked"  # an order is there or not yet settled
    FILLED = "filled"  # holds a position, nothing under way


_NEXT: dict[SlotStatus, frozenset[SlotStatus]] = {
    SlotStatus.FREE: frozenset({SlotStatus.PENDING}),
    SlotStatus.PENDING: frozenset({SlotStatus.LOCKED, SlotStatus.FREE, SlotStatus.FILLED}),
    SlotStatus.LOCKED: frozenset({SlotStatus.FREE, SlotStatus.FILLED}),
    SlotStatus.FILLED: frozenset({SlotStatus.PENDING}),
}


class IllegalTransition(ValueError):
    """A step of ours that the slot's status does not allow."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One level: where it stands, and its position with its own cost basis."""

    level: int
    status: SlotStatus = SlotStatus.FREE
    position: Position = FLAT


class GridBooks(Books, frozen=True, kw_only=True):
    """Everything of a grid that the journal can tell."""

    lattice: GridLevels | None = None
    adopted: bool = False
    slots: dict[int, Slot] = msgspec.field(default_factory=dict)
    strays: Position = FLAT  # fills of ours that belong to no level
    traded_price: Decimal | None = None  # of our last trade
    broke_ms: int = 0  # market time at which the venue last refused an opening for want of funds


def moved(slot: Slot, to: SlotStatus) -> Slot:
    """Return the slot one step further; raise `IllegalTransition` if there is no such step."""
    if to not in _NEXT[slot.status]:
        raise IllegalTransition(
            f"slot {slot.level}: {slot.status} cannot become {to}"
            f" (only {', '.join(sorted(_NEXT[slot.status]))})"
        )
    return msgspec.structs.replace(slot, status=to)


def slot_at(books: GridBooks, level: int) -> Slot:
    """Return the slot of a level, free if nothing ever happened there."""
    return books.slots.get(level) or Slot(level=level)


def quantity(books: GridBooks) -> Decimal:
    """Return the signed base units that the grid holds."""
    return sum((slot.position.quantity for slot in books.slots.values()), books.strays.quantity)


def total(books: GridBooks) -> Position:
    """Return the sum over all slots and strays: quantity, cost, realised profit, fees."""
    parts = [books.strays, *(slot.position for slot in books.slots.values())]
    fees: tuple[AssetAmount, ...] = ()
    for part in parts:
        for paid in part.fees:
            fees = positions.charged(fees, paid.asset, paid.amount)
    return Position(
        quantity=quantity(books),
        cost=sum((part.cost for part in parts), ZERO),
        realized_pnl=sum((part.realized_pnl for part in parts), ZERO),
        venue_realized_pnl=sum((part.venue_realized_pnl for part in parts), ZERO),
        fees=fees,
        fills=sum(part.fills for part in parts),
    )


def begun(books: GridBooks, changes: Changes) -> GridBooks:
    """Fold our own place intents; one that is said again changes nothing."""
    for change in changes:
        level = level_of(change.after.slot) if change.after is not None else None
        if change.before is None and level is not None:
            books = _with_slot(books, moved(slot_at(books, level), SlotStatus.PENDING))
    return books


def booked(books: GridBooks, changes: Changes) -> GridBooks:
    """Take over what happened to our intents: book their trades and let their slots follow."""
    for change in changes:
        level = level_of(change.after.slot) if change.after is not None else None
        if change.fill is not None:
            books = _book(books, level, change.fill)
            books = msgspec.structs.replace(books, traded_price=change.fill.price)
        if change.ended and change.after is not None:
            books = _broke(books, change.after)
        if level is not None:
            slot = slot_at(books, level)
            books = _with_slot(books, _walked(slot, _due_status(books, slot)))
    return books


def _broke(books: GridBooks, ended: TrackedIntent) -> GridBooks:
    """Remember when the venue, by its own time, refused an opening for want of funds."""
    if ended.purpose is not Purpose.OPEN or not ended.orders or not lacks_funds(ended):
        return books
    last = ended.orders[-1]
    end = last.rejected or last.expired or last.canceled
    time_ms = end.time_ms if end is not None else 0
    return msgspec.structs.replace(books, broke_ms=max(books.broke_ms, time_ms))


def taken_over(books: GridBooks, shares: Sequence[AdoptedSlot]) -> GridBooks:
    """Fold the adoption of a position that was there before; once."""
    if books.adopted:
        return books
    for share in shares:
        slot = slot_at(books, share.level)
        held = level_positions.adopted(slot.position, share)
        slot = msgspec.structs.replace(slot, position=held)
        books = _with_slot(books, _walked(slot, SlotStatus.FILLED))
    return msgspec.structs.replace(books, adopted=True)


def corrected(books: GridBooks, quantity: Decimal) -> GridBooks:
    """Fold a correction of what we hold: taken from the slots farthest from the anchor, at their own cost.

    What no slot can give up, and whatever was found beyond our trades, is kept aside: it belongs to no level.
    """
    held = {level: slot.position for level, slot in books.slots.items()}
    changed, left = level_positions.corrected(held, quantity)
    books = _holding(books, changed)
    aside = positions.trade(books.strays, left, books.strays.entry_price)
    return msgspec.structs.replace(books, strays=aside)


def _book(books: GridBooks, level: int | None, fill: Fill) -> GridBooks:
    if level is None and not fill.ref.client_order_id:
        return _closed_aside(books, fill)
    if level is None:
        return msgspec.structs.replace(books, strays=positions.fill(books.strays, fill))
    held = {at: slot.position for at, slot in books.slots.items()}
    changed = traded(held, level, fill)
    own = msgspec.structs.replace(slot_at(books, level), position=changed.pop(level))
    return _holding(_with_slot(books, own), changed)


def _closed_aside(books: GridBooks, fill: Fill) -> GridBooks:
    """Book what the venue traded by itself: what it closes leaves its levels first, each at its own cost."""
    held = {at: slot.position for at, slot in books.slots.items()}
    changed, _ = level_positions.corrected(held, received(fill))
    aside = books.strays
    for level, after in changed.items():
        before = held[level]
        aside = msgspec.structs.replace(
            aside,
            quantity=aside.quantity + before.quantity - after.quantity,
            cost=aside.cost + before.cost - after.cost,
        )
    books = _holding(books, changed)
    return msgspec.structs.replace(books, strays=positions.fill(aside, fill))


def _holding(books: GridBooks, changed: Levels) -> GridBooks:
    """Take over what other levels hold now; their status follows."""
    for level, held in changed.items():
        slot = msgspec.structs.replace(slot_at(books, level), position=held)
        books = _with_slot(books, _walked(slot, _due_status(books, slot)))
    return books


def _due_status(books: GridBooks, slot: Slot) -> SlotStatus:
    mine = [
        ticket for ticket in books.tickets.living.values() if level_of(ticket.slot) == slot.level
    ]
    if any(ticket.orders for ticket in mine):
        return SlotStatus.LOCKED
    if mine:
        return SlotStatus.PENDING
    return SlotStatus.FILLED if slot.position.quantity != 0 else SlotStatus.FREE


def _walked(slot: Slot, to: SlotStatus) -> Slot:
    """Follow the evidence through legal steps only."""
    if slot.status is to:
        return slot
    if to in _NEXT[slot.status]:
        return moved(slot, to)
    if slot.status is SlotStatus.LOCKED:
        return _walked(moved(slot, SlotStatus.FREE), to)
    if slot.status is SlotStatus.PENDING or to is SlotStatus.LOCKED:
        return _walked(moved(slot, SlotStatus.PENDING), to)
    return _walked(moved(moved(slot, SlotStatus.PENDING), SlotStatus.LOCKED), to)


def _with_slot(books: GridBooks, slot: Slot) -> GridBooks:
    return msgspec.structs.replace(books, slots={**books.slots, slot.level: slot})
