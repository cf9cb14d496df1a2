"""The ledger of a strategy's tickets: which intents live, what came of them, whose each trade is.

Pure; it decides nothing.
"""

from collections.abc import Iterator

import msgspec

from opensqt.domain import ticket as tickets
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.life import OrderEvent
from opensqt.domain.order import Accepted, Fill, IntentPlaced
from opensqt.domain.ticket import Ticket, Timing
from opensqt.domain.verdict import RiskApproved, RiskRefused

FINISHED_MAX = 256
PARKED_MAX = 64


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """All tickets of one strategy."""

    living: dict[str, Ticket] = {}  # by intent id: something may still come of them
    finished: dict[str, Ticket] = {}  # the latest that are done, oldest first
    parked: tuple[Fill, ...] = ()  # trades of the account that nobody has claimed yet


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one event did to one ticket. `fill` is a trade to be booked now; without a ticket it is a stray."""

    before: Ticket | None
    after: Ticket | None
    fill: Fill | None = None

    @property
    def ended(self) -> bool:
        """True when the ticket was done by this event."""
        was_done = self.before is not None and self.before.done
        return self.after is not None and self.after.done and not was_done


Outcome = tuple[Ledger, tuple[Change, ...]]


def ticket_of(ledger: Ledger, intent_id: str) -> Ticket | None:
    """Return the ticket of an intent, living or finished."""
    return ledger.living.get(intent_id) or ledger.finished.get(intent_id)


def begun(ledger: Ledger, intent: PlaceIntent, now_ms: int) -> Outcome:
    """Fold our own place intent; said again it only notes the time."""
    known = ticket_of(ledger, intent.intent_id)
    if known is not None:
        return _changed(ledger, known, msgspec.structs.replace(known, emitted_ms=now_ms))
    return _changed(ledger, None, tickets.issued(intent, now_ms))


def wished_away(ledger: Ledger, intent: CancelIntent, now_ms: int) -> Outcome:
    """Fold our own cancel intent."""
    known = ticket_of(ledger, intent.target_intent_id)
    if known is None:
        return ledger, ()
    return _changed(ledger, known, tickets.wished_away(known, intent, now_ms))


def judged(ledger: Ledger, verdict: RiskApproved | RiskRefused) -> Outcome:
    """Fold risk's verdict on one of our intents."""
    cancel = verdict.cancel
    target = verdict.intent_id if cancel is None else cancel.target_intent_id
    known = ticket_of(ledger, target)
    if known is None:
        return ledger, ()
    if isinstance(verdict, RiskRefused):
        return _changed(ledger, known, tickets.refused(known, verdict))
    if cancel is not None:
        return _changed(ledger, known, msgspec.structs.replace(known, cancel_heard=True))
    return _changed(ledger, known, msgspec.structs.replace(known, approved=True))


def ordered(ledger: Ledger, event: OrderEvent) -> Outcome:
    """Fold evidence about one of our orders; each trade is handed out once."""
    known = ticket_of(ledger, event.ref.intent_id)
    base = known
    if base is None and isinstance(event, IntentPlaced):
        base = tickets.recalled(event)
    if base is None:
        stray = event if isinstance(event, Fill) else None
        return ledger, (Change(before=None, after=None, fill=stray),) if stray else ()
    fill = event if isinstance(event, Fill) and tickets.is_news(base, event) else None
    after = tickets.informed(base, event)
    ledger = _put(ledger, after)
    changes: tuple[Change, ...] = (Change(before=known, after=after, fill=fill),)
    if isinstance(event, Accepted) and ledger.parked:
        ledger, claimed = _claimed(ledger, event)
        changes += claimed
    return ledger, changes


def attributed(ledger: Ledger, fill: Fill) -> Outcome:
    """Fold a trade of the account of which the venue did not say whose it is: find its order, or park it."""
    for ticket in (*ledger.living.values(), *ledger.finished.values()):
        for order in ticket.orders:
            shown = order.accepted.venue_order_id if order.accepted is not None else ""
            by_id = order.client_order_id == fill.ref.client_order_id
            if by_id or (shown and shown == fill.venue_order_id):
                ref = msgspec.structs.replace(ticket.ref, client_order_id=order.client_order_id)
                return ordered(ledger, msgspec.structs.replace(fill, ref=ref))
    parked = (*ledger.parked, fill)[-PARKED_MAX:]
    return msgspec.structs.replace(ledger, parked=parked), ()


def aged(ledger: Ledger, now_ms: int, timing: Timing) -> Outcome:
    """Let time pass: declare dead what nobody answered."""
    changes: tuple[Change, ...] = ()
    for ticket in ledger.living.values():
        older = tickets.aged(ticket, now_ms, timing)
        if older is not ticket:
            ledger, changed = _changed(ledger, ticket, older)
            changes += changed
    return ledger, changes


def due(
    ledger: Ledger, now_ms: int, timing: Timing, *, placing: bool
) -> Iterator[PlaceIntent | CancelIntent]:
    """Yield the unanswered intents that it is time to say again, unchanged; places only while `placing`."""
    for ticket in ledger.living.values():
        cancel = tickets.cancel_due(ticket, now_ms, timing)
        place = tickets.place_due(ticket, now_ms, timing) if placing else None
        if cancel is not None:
            yield cancel
        elif place is not None and ticket.cancel is None:
            yield place


def _claimed(ledger: Ledger, event: Accepted) -> Outcome:
    mine = [fill for fill in ledger.parked if fill.venue_order_id == event.venue_order_id]
    rest = tuple(fill for fill in ledger.parked if fill not in mine)
    ledger = msgspec.structs.replace(ledger, parked=rest)
    changes: tuple[Change, ...] = ()
    for fill in mine:
        ledger, changed = ordered(ledger, msgspec.structs.replace(fill, ref=event.ref))
        changes += changed
    return ledger, changes


def _changed(ledger: Ledger, before: Ticket | None, after: Ticket) -> Outcome:
    return _put(ledger, after), (Change(before=before, after=after),)


def _put(ledger: Ledger, ticket: Ticket) -> Ledger:
    living, finished = ledger.living, ledger.finished
    if ticket.done:
        living = {key: known for key, known in living.items() if key != ticket.intent_id}
        finished = {**finished, ticket.intent_id: ticket}
        if len(finished) > FINISHED_MAX:
            del finished[next(iter(finished))]
    else:
        living = {**living, ticket.intent_id: ticket}
        if ticket.intent_id in finished:
            finished = {key: old for key, old in finished.items() if key != ticket.intent_id}
    return msgspec.structs.replace(ledger, living=living, finished=finished)
