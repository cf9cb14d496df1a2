"""The tickets of a strategy: which intents live, what came of them, whose each trade is.

Pure; it decides nothing.
"""

from collections.abc import Iterator

import msgspec

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.order_events import Fill, IntentPlaced, OrderEvent
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.strategies import tracked_intent as one
from opensqt.strategies.tracked_intent import RetryPolicy, TrackedIntent

FINISHED_MAX = 256
PARKED_MAX = 64


class IntentTracker(msgspec.Struct, frozen=True, kw_only=True):
    """All tickets of one strategy."""

    living: dict[str, TrackedIntent] = {}  # by intent id: something may still come of them
    finished: dict[str, TrackedIntent] = {}  # the latest that are done, oldest first
    parked: tuple[Fill, ...] = ()  # trades of the account that nobody has claimed yet
    strays: tuple[Fill, ...] = ()  # trades of ours that were handed out without a ticket


class IntentChange(msgspec.Struct, frozen=True, kw_only=True):
    """What one event did to one ticket. `fill` is a trade to be booked now; without a ticket it is a stray."""

    before: TrackedIntent | None
    after: TrackedIntent | None
    fill: Fill | None = None

    @property
    def ended(self) -> bool:
        """True when the ticket was done by this event."""
        was_done = self.before is not None and self.before.done
        return self.after is not None and self.after.done and not was_done


Outcome = tuple[IntentTracker, tuple[IntentChange, ...]]


def ticket_of(tickets: IntentTracker, intent_id: str) -> TrackedIntent | None:
    """Return the ticket of an intent, living or finished."""
    return tickets.living.get(intent_id) or tickets.finished.get(intent_id)


def begun(tickets: IntentTracker, intent: PlaceIntent, now_ms: int) -> Outcome:
    """Fold our own place intent; said again it only notes the time."""
    known = ticket_of(tickets, intent.intent_id)
    if known is not None:
        return _changed(tickets, known, msgspec.structs.replace(known, emitted_ms=now_ms))
    return _changed(tickets, None, one.issued(intent, now_ms))


def wished_away(tickets: IntentTracker, intent: CancelIntent, now_ms: int) -> Outcome:
    """Fold our own cancel intent."""
    known = ticket_of(tickets, intent.target_intent_id)
    if known is None:
        return tickets, ()
    return _changed(tickets, known, one.wished_away(known, intent, now_ms))


def judged(tickets: IntentTracker, verdict: RiskApproved | RiskRefused) -> Outcome:
    """Fold risk's verdict on one of our intents."""
    cancel = verdict.cancel
    target = verdict.intent_id if cancel is None else cancel.target_intent_id
    known = ticket_of(tickets, target)
    if known is None:
        return tickets, ()
    if isinstance(verdict, RiskRefused):
        return _changed(tickets, known, one.refused(known, verdict))
    if cancel is not None:
        return _changed(tickets, known, msgspec.structs.replace(known, cancel_heard=True))
    return _changed(tickets, known, msgspec.structs.replace(known, approved=True))


def ordered(tickets: IntentTracker, event: OrderEvent) -> Outcome:
    """Fold evidence about one of our orders; each trade is handed out once."""
    known = ticket_of(tickets, event.ref.intent_id)
    base = known
    if base is None and isinstance(event, IntentPlaced):
        base = _recalled(tickets, event)
    if base is None:
        return _stray(tickets, event) if isinstance(event, Fill) else (tickets, ())
    fill = event if isinstance(event, Fill) and one.is_news(base, event) else None
    after = one.informed(base, event)
    change = IntentChange(before=known, after=after, fill=fill)
    tickets, claimed = _claimed(_put(tickets, after), after)
    return tickets, (change, *claimed)


def attributed(tickets: IntentTracker, fill: Fill) -> Outcome:
    """Fold a trade of the account of which the venue did not say whose it is: find its order, or park it."""
    for ticket in (*tickets.living.values(), *tickets.finished.values()):
        if (named := _named(ticket, fill)) is not None:
            return ordered(tickets, named)
    others = tuple(known for known in tickets.parked if not _same(known, fill))
    return msgspec.structs.replace(tickets, parked=(*others, fill)[-PARKED_MAX:]), ()


def aged(tickets: IntentTracker, now_ms: int, timing: RetryPolicy) -> Outcome:
    """Let time pass: declare dead what nobody answered."""
    changes: tuple[IntentChange, ...] = ()
    for ticket in tickets.living.values():
        older = one.aged(ticket, now_ms, timing)
        if older is not ticket:
            tickets, changed = _changed(tickets, ticket, older)
            changes += changed
    return tickets, changes


def due(
    tickets: IntentTracker, now_ms: int, timing: RetryPolicy, *, placing: bool
) -> Iterator[PlaceIntent | CancelIntent]:
    """Yield the unanswered intents that it is time to say again, unchanged; places only while `placing`."""
    for ticket in tickets.living.values():
        cancel = one.cancel_due(ticket, now_ms, timing)
        place = one.place_due(ticket, now_ms, timing) if placing else None
        if cancel is not None:
            yield cancel
        elif place is not None and ticket.cancel is None:
            yield place


def _claimed(tickets: IntentTracker, ticket: TrackedIntent) -> Outcome:
    """Give a ticket the parked trades whose order its evidence names now."""
    named = [(fill, _named(ticket, fill)) for fill in tickets.parked]
    if not any(mine for _, mine in named):
        return tickets, ()
    rest = tuple(fill for fill, mine in named if mine is None)
    tickets = msgspec.structs.replace(tickets, parked=rest)
    changes: tuple[IntentChange, ...] = ()
    for mine in (mine for _, mine in named if mine is not None):
        tickets, changed = ordered(tickets, mine)
        changes += changed
    return tickets, changes


def _named(ticket: TrackedIntent, fill: Fill) -> Fill | None:
    """Return a trade under the name of the ticket's order that it is of, by our id or by the venue's."""
    for order in ticket.orders if fill.ref.symbol == ticket.ref.symbol else ():
        by_venue = fill.venue_order_id != "" and fill.venue_order_id == order.venue_order_id
        if by_venue or order.client_order_id == fill.ref.client_order_id:
            ref = msgspec.structs.replace(ticket.ref, client_order_id=order.client_order_id)
            return msgspec.structs.replace(fill, ref=ref)
    return None


def _stray(tickets: IntentTracker, fill: Fill) -> Outcome:
    """Hand out a trade of ours whose intent is not known, once."""
    if any(_same(known, fill) for known in tickets.strays):
        return tickets, ()
    strays = (*tickets.strays, fill)[-PARKED_MAX:]
    change = IntentChange(before=None, after=None, fill=fill)
    return msgspec.structs.replace(tickets, strays=strays), (change,)


def _recalled(tickets: IntentTracker, event: IntentPlaced) -> TrackedIntent:
    """Return the ticket of an order that another run placed, with the trades of it that were handed out already."""
    ticket = one.recalled(event)
    for fill in tickets.strays:
        if fill.ref.client_order_id == event.ref.client_order_id:
            ticket = one.informed(ticket, fill)
    return ticket


def _same(one_fill: Fill, other: Fill) -> bool:
    names = [(fill.ref.symbol, fill.trade_id) for fill in (one_fill, other)]
    return names[0] == names[1]


def _changed(tickets: IntentTracker, before: TrackedIntent | None, after: TrackedIntent) -> Outcome:
    return _put(tickets, after), (IntentChange(before=before, after=after),)


def _put(tickets: IntentTracker, ticket: TrackedIntent) -> IntentTracker:
    living, finished = tickets.living, tickets.finished
    if ticket.done:
        living = {key: known for key, known in living.items() if key != ticket.intent_id}
        finished = {**finished, ticket.intent_id: ticket}
        if len(finished) > FINISHED_MAX:
            del finished[next(iter(finished))]
    else:
        living = {**living, ticket.intent_id: ticket}
        if ticket.intent_id in finished:
            finished = {key: old for key, old in finished.items() if key != ticket.intent_id}
    return msgspec.structs.replace(tickets, living=living, finished=finished)
