"""The books of a grid: slots by integer level, their positions, and the tickets that work for them.

Folded from the journal and from the strategy's own intents. A step of ours that the slot machine does not know raises
`IllegalTransition`; evidence of the venue never does, it walks the machine.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain import level_positions
from opensqt.domain import position as positions
from opensqt.domain.account import AssetAmount
from opensqt.domain.decimals import ZERO
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.domain.level_positions import Levels, traded
from opensqt.domain.order_events import Fill
from opensqt.domain.position import FLAT, Position
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.strategies import intent_tracker as desk
from opensqt.strategies import tracked_intent as one
from opensqt.strategies.decision import Decision
from opensqt.strategies.grid.levels import GridLevels, level_of
from opensqt.strategies.idleness import UNHEARD, Lack, awaited
from opensqt.strategies.intent_tracker import IntentTracker, Outcome
from opensqt.strategies.planner import SkipReason
from opensqt.strategies.tracked_intent import RetryPolicy, TrackedIntent

# Why a level has no order, as `status` counts it; beside these stand the codes of venue filters.
FULL = "inventory at its limit"
RESTING = "resting after a refusal"
OUTSIDE = "outside the price band"
STOPPED = "stopped"
DUST = "dust: "  # with the filter that a close of it would break
# What does not keep a grid from trading as long as other orders of it work.
BOUNDS = frozenset(
    {(Purpose.OPEN, FULL), (Purpose.OPEN, SkipReason.CAP.value), (Purpose.CLOSE, OUTSIDE)}
)
DOUBLINGS_MAX = 6
TICKS_AWAY_MAX = 5


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
    """One level: its position with its own cost basis, and how its last tries went."""

    level: int
    status: SlotStatus = SlotStatus.FREE
    position: Position = FLAT
    failures: int = 0  # in a row
    vain_why: str = ""  # of the last try, while none since has reached the venue
    ticks_away: int = 0  # how often in a row an order of it would have taken
    retry_ms: int = 0  # market time before which it is left alone


class GridBooks(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a grid that the journal can tell."""

    run: int = 0
    resumed_ms: int = 0  # market time of a start after a run that may have said intents
    issued: int = 0  # intents of this run
    lattice: GridLevels | None = None
    traded: bool = False  # an order of ours is known
    adopted: bool = False
    slots: dict[int, Slot] = {}
    tickets: IntentTracker = IntentTracker()
    strays: Position = FLAT  # fills of ours that belong to no level


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


def begun(books: GridBooks, intent: PlaceIntent, now_ms: int) -> GridBooks:
    """Fold our own place intent; said again it only notes the time."""
    level = level_of(intent.slot)
    if desk.ticket_of(books.tickets, intent.intent_id) is None:
        books = msgspec.structs.replace(books, issued=books.issued + 1)
        if level is not None:
            books = _with_slot(books, moved(slot_at(books, level), SlotStatus.PENDING))
    tickets, _ = desk.begun(books.tickets, intent, now_ms)
    return msgspec.structs.replace(books, tickets=tickets)


def booked(books: GridBooks, outcome: Outcome, now_ms: int, timing: RetryPolicy) -> GridBooks:
    """Take over what happened to tickets: book their trades and let their slots follow."""
    tickets, changes = outcome
    if tickets is not books.tickets:
        books = msgspec.structs.replace(books, tickets=tickets)
    for change in changes:
        level = level_of(change.after.slot) if change.after is not None else None
        if change.fill is not None:
            books = _book(books, level, change.fill)
        if change.after is None or level is None:
            continue
        slot = slot_at(books, level)
        if change.ended:
            slot = _learned(slot, change.after, now_ms, timing)
        elif change.after.at_venue:
            slot = msgspec.structs.replace(slot, failures=0, ticks_away=0, vain_why="")
        books = _with_slot(books, _walked(slot, _due_status(books, slot)))
    return books


def taken_over(books: GridBooks, event: PositionAdopted) -> GridBooks:
    """Fold the adoption of a position that was there before; once."""
    if books.adopted:
        return books
    for share in event.slots:
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


def lacks(books: GridBooks, decision: Decision) -> tuple[Lack, ...]:
    """Return each order that is wanted and not at the venue; dust is not wanted, nobody could sell it."""
    found, under_way = [], set()
    for ticket in books.tickets.living.values():
        under_way.add(ticket.slot)
        if not ticket.at_venue and (level := level_of(ticket.slot)) is not None:
            why = slot_at(books, level).vain_why or awaited(ticket)
            found.append(Lack(slot=ticket.slot, purpose=ticket.purpose, why=why))
    for intent in decision.intents:
        if isinstance(intent, PlaceIntent) and intent.slot not in under_way:
            why = slot_at(books, level_of(intent.slot) or 0).vain_why or UNHEARD
            found.append(Lack(slot=intent.slot, purpose=intent.purpose, why=why))
    for gap in decision.gaps:
        if gap.slot in under_way or gap.why.startswith(DUST):
            continue
        slot = slot_at(books, level_of(gap.slot) or 0)
        purpose = Purpose.CLOSE if slot.position.quantity != 0 else Purpose.OPEN
        why = slot.vain_why if gap.why == RESTING else gap.why
        bound = (purpose, gap.why) in BOUNDS
        found.append(Lack(slot=gap.slot, purpose=purpose, why=why, bound=bound))
    return tuple(found)


def _book(books: GridBooks, level: int | None, fill: Fill) -> GridBooks:
    if level is None:
        return msgspec.structs.replace(books, strays=positions.fill(books.strays, fill))
    held = {at: slot.position for at, slot in books.slots.items()}
    changed = traded(held, level, fill)
    own = msgspec.structs.replace(slot_at(books, level), position=changed.pop(level))
    return _holding(_with_slot(books, own), changed)


def _holding(books: GridBooks, changed: Levels) -> GridBooks:
    """Take over what other levels hold now; their status follows."""
    for level, held in changed.items():
        slot = msgspec.structs.replace(slot_at(books, level), position=held)
        books = _with_slot(books, _walked(slot, _due_status(books, slot)))
    return books


def _learned(slot: Slot, ticket: TrackedIntent, now_ms: int, timing: RetryPolicy) -> Slot:
    """Note how a ticket ended, so that what failed is not tried again at once."""
    if one.was_maker_refusal(ticket):
        return msgspec.structs.replace(
            slot,
            ticks_away=min(slot.ticks_away + 1, TICKS_AWAY_MAX),
            vain_why=one.vain_words(ticket),
            retry_ms=now_ms + timing.retry_wait_ms,
        )
    if not one.was_in_vain(ticket):
        return msgspec.structs.replace(slot, failures=0, ticks_away=0, vain_why="")
    wait_ms = timing.retry_wait_ms << min(slot.failures, DOUBLINGS_MAX)
    return msgspec.structs.replace(
        slot,
        failures=slot.failures + 1,
        vain_why=one.vain_words(ticket),
        retry_ms=now_ms + min(wait_ms, timing.retry_wait_ms_max),
    )


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
