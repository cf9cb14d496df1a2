"""The books of a grid: slots by integer level, their positions, and the tickets that work for them.

Folded from the journal and from the strategy's own intents. A step of ours that the slot machine does not know raises
`IllegalTransition`; evidence of the venue never does, it walks the machine.
"""

from enum import StrEnum

import msgspec

from opensqt.domain import position as positions
from opensqt.domain import ticket as tickets
from opensqt.domain.account import AssetAmount
from opensqt.domain.decimals import ZERO
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.lattice import Lattice, level_of
from opensqt.domain.life import OrderEvent
from opensqt.domain.order import Accepted, Fill, IntentPlaced
from opensqt.domain.position import FLAT, Position
from opensqt.domain.strategy import PositionAdopted
from opensqt.domain.ticket import Ticket, Timing
from opensqt.domain.verdict import RiskApproved, RiskRefused

FINISHED_MAX = 256
PARKED_MAX = 64
DOUBLINGS_MAX = 6


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
    ticks_away: int = 0  # how often in a row an order of it would have taken
    retry_ms: int = 0  # market time before which it is left alone


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a grid that the journal can tell."""

    run: int = 0
    started_ms: int = 0
    issued: int = 0  # intents of this run
    lattice: Lattice | None = None
    adopted: bool = False
    traded: bool = False  # an order of ours is known
    slots: dict[int, Slot] = {}
    living: dict[str, Ticket] = {}  # by intent id: something may still come of them
    finished: dict[str, Ticket] = {}  # the latest that are done, oldest first
    strays: Position = FLAT  # fills of ours that belong to no level
    parked: tuple[Fill, ...] = ()  # fills of which the venue did not say whose they are


def moved(slot: Slot, to: SlotStatus) -> Slot:
    """Return the slot one step further; raise `IllegalTransition` if there is no such step."""
    if to not in _NEXT[slot.status]:
        raise IllegalTransition(
            f"slot {slot.level}: {slot.status} cannot become {to}"
            f" (only {', '.join(sorted(_NEXT[slot.status]))})"
        )
    return msgspec.structs.replace(slot, status=to)


def slot_at(books: Books, level: int) -> Slot:
    """Return the slot of a level, free if nothing ever happened there."""
    return books.slots.get(level) or Slot(level=level)


def ticket_of(books: Books, intent_id: str) -> Ticket | None:
    """Return the ticket of an intent, living or finished."""
    return books.living.get(intent_id) or books.finished.get(intent_id)


def total(books: Books) -> Position:
    """Return the sum over all slots and strays: quantity, cost, realised profit, fees."""
    parts = [books.strays, *(slot.position for slot in books.slots.values())]
    fees: tuple[AssetAmount, ...] = ()
    for part in parts:
        for paid in part.fees:
            fees = positions.charged(fees, paid.asset, paid.amount)
    return Position(
        quantity=sum((part.quantity for part in parts), ZERO),
        cost=sum((part.cost for part in parts), ZERO),
        realized_pnl=sum((part.realized_pnl for part in parts), ZERO),
        venue_realized_pnl=sum((part.venue_realized_pnl for part in parts), ZERO),
        fees=fees,
        fills=sum(part.fills for part in parts),
    )


def begun(books: Books, intent: PlaceIntent, now_ms: int) -> Books:
    """Fold our own place intent; said again it only notes the time."""
    known = ticket_of(books, intent.intent_id)
    if known is not None:
        return _put(books, msgspec.structs.replace(known, emitted_ms=now_ms))
    books = msgspec.structs.replace(books, issued=books.issued + 1)
    level = level_of(intent.slot)
    if level is not None:
        books = _with_slot(books, moved(slot_at(books, level), SlotStatus.PENDING))
    return _put(books, tickets.issued(intent, now_ms))


def wished_away(books: Books, intent: CancelIntent, now_ms: int) -> Books:
    """Fold our own cancel intent."""
    known = ticket_of(books, intent.target_intent_id)
    return books if known is None else _put(books, tickets.wished_away(known, intent, now_ms))


def judged(books: Books, verdict: RiskApproved | RiskRefused, now_ms: int, timing: Timing) -> Books:
    """Fold risk's verdict on one of our intents."""
    cancel = verdict.cancel
    target = verdict.intent_id if cancel is None else cancel.target_intent_id
    known = ticket_of(books, target)
    if known is None:
        return books
    if isinstance(verdict, RiskRefused):
        return _settle(books, known, tickets.refused(known, verdict), now_ms, timing)
    if cancel is not None:
        return _put(books, msgspec.structs.replace(known, cancel_heard=True))
    return _put(books, msgspec.structs.replace(known, approved=True))


def ordered(books: Books, event: OrderEvent, now_ms: int, timing: Timing) -> Books:
    """Fold evidence about one of our orders; a trade is booked once."""
    known = ticket_of(books, event.ref.intent_id)
    if known is None and isinstance(event, IntentPlaced):
        known = tickets.recalled(event)
        books = msgspec.structs.replace(books, traded=True)
    if known is None:
        return _book_stray(books, event) if isinstance(event, Fill) else books
    if isinstance(event, Fill) and tickets.is_news(known, event):
        books = _book(books, known, event)
    books = _settle(books, known, tickets.informed(known, event), now_ms, timing)
    if isinstance(event, Accepted) and books.parked:
        return _claim(books, event, now_ms, timing)
    return books


def attributed(books: Books, fill: Fill, now_ms: int, timing: Timing) -> Books:
    """Fold a trade of the account of which the venue did not say whose it is: find its order, or park it."""
    for ticket in (*books.living.values(), *books.finished.values()):
        for order in ticket.orders:
            ours = order.accepted is not None and fill.venue_order_id != ""
            named = order.client_order_id == fill.ref.client_order_id
            if named or (ours and order.accepted.venue_order_id == fill.venue_order_id):  # type: ignore[union-attr]
                ref = msgspec.structs.replace(ticket.ref, client_order_id=order.client_order_id)
                return ordered(books, msgspec.structs.replace(fill, ref=ref), now_ms, timing)
    return msgspec.structs.replace(books, parked=(*books.parked, fill)[-PARKED_MAX:])


def aged(books: Books, now_ms: int, timing: Timing) -> Books:
    """Let time pass: declare dead what nobody answered."""
    for ticket in books.living.values():
        older = tickets.aged(ticket, now_ms, timing)
        if older is not ticket:
            books = _settle(books, ticket, older, now_ms, timing)
    return books


def taken_over(books: Books, event: PositionAdopted) -> Books:
    """Fold the adoption of a position that was there before; once."""
    if books.adopted:
        return books
    for share in event.slots:
        slot = slot_at(books, share.level)
        held = positions.opened(share.quantity, share.cost_price)
        held = msgspec.structs.replace(slot.position, quantity=held.quantity, cost=held.cost)
        slot = msgspec.structs.replace(slot, position=held)
        books = _with_slot(books, _walked(slot, SlotStatus.FILLED))
    return msgspec.structs.replace(books, adopted=True)


def _book(books: Books, ticket: Ticket, fill: Fill) -> Books:
    level = level_of(ticket.slot)
    if level is None:
        return _book_stray(books, fill)
    slot = slot_at(books, level)
    held = positions.fill(slot.position, fill)
    return _with_slot(books, msgspec.structs.replace(slot, position=held))


def _book_stray(books: Books, fill: Fill) -> Books:
    return msgspec.structs.replace(books, strays=positions.fill(books.strays, fill))


def _claim(books: Books, event: Accepted, now_ms: int, timing: Timing) -> Books:
    mine = [fill for fill in books.parked if fill.venue_order_id == event.venue_order_id]
    rest = tuple(fill for fill in books.parked if fill not in mine)
    books = msgspec.structs.replace(books, parked=rest)
    for fill in mine:
        books = ordered(books, msgspec.structs.replace(fill, ref=event.ref), now_ms, timing)
    return books


def _settle(books: Books, before: Ticket, after: Ticket, now_ms: int, timing: Timing) -> Books:
    """Store a changed ticket and let its slot follow."""
    books = _put(books, after)
    level = level_of(after.slot)
    if level is None:
        return books
    slot = slot_at(books, level)
    if after.done and not before.done:
        slot = _learned(slot, after, now_ms, timing)
    elif after.at_venue:
        slot = msgspec.structs.replace(slot, failures=0, ticks_away=0)
    return _with_slot(books, _walked(slot, _due_status(books, slot)))


def _learned(slot: Slot, ticket: Ticket, now_ms: int, timing: Timing) -> Slot:
    """Note how a ticket ended, so that what failed is not tried again at once."""
    if tickets.was_maker_refusal(ticket):
        return msgspec.structs.replace(
            slot, ticks_away=slot.ticks_away + 1, retry_ms=now_ms + timing.retry_wait_ms
        )
    if not tickets.was_in_vain(ticket):
        return msgspec.structs.replace(slot, failures=0, ticks_away=0)
    wait_ms = timing.retry_wait_ms << min(slot.failures, DOUBLINGS_MAX)
    return msgspec.structs.replace(
        slot,
        failures=slot.failures + 1,
        retry_ms=now_ms + min(wait_ms, timing.retry_wait_ms_max),
    )


def _due_status(books: Books, slot: Slot) -> SlotStatus:
    mine = [ticket for ticket in books.living.values() if level_of(ticket.slot) == slot.level]
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


def _with_slot(books: Books, slot: Slot) -> Books:
    return msgspec.structs.replace(books, slots={**books.slots, slot.level: slot})


def _put(books: Books, ticket: Ticket) -> Books:
    living, finished = books.living, books.finished
    if ticket.done:
        living = {key: known for key, known in living.items() if key != ticket.intent_id}
        finished = {**finished, ticket.intent_id: ticket}
        if len(finished) > FINISHED_MAX:
            del finished[next(iter(finished))]
    else:
        living = {**living, ticket.intent_id: ticket}
        if ticket.intent_id in finished:
            finished = {key: old for key, old in finished.items() if key != ticket.intent_id}
    return msgspec.structs.replace(books, living=living, finished=finished)
