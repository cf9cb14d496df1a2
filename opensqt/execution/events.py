"""The events an executor writes, with identities computed from their cause.

Pure: the same cause always makes the same event, so an append whose answer was lost can simply be repeated.
"""

from decimal import Decimal

import msgspec

from opensqt.domain import ids, order_state
from opensqt.domain.intent import Basis, PlaceIntent
from opensqt.domain.journal import NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    CancelRequested,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    OrderEvent,
    OrderRef,
    Rejected,
    Submitting,
    Unresolved,
)
from opensqt.domain.recon_events import OrderContradicted
from opensqt.domain.subjects import subject_of
from opensqt.domain.venue import TradeView
from opensqt.domain.verdict import RiskApproved

NO_BASIS = Basis(generation=0, sequence=0)
VANISHED = "vanished"  # how the reason of an end begins that the venue did not tell


class EventSource(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, for which account, and the desk generation that is part of every order id."""

    actor: str
    venue: str
    account: str
    generation: str


def fact(author: EventSource, said: Event, stream: str, cause: tuple[str | int, ...]) -> NewEvent:
    """Return the one event that this cause makes."""
    return NewEvent(
        event_id=ids.event_id(*cause),
        stream=stream,
        message=said,
        subject=subject_of(said),
        actor=author.actor,
        occurred_at_ms=said.time_ms,
    )


def verdict(author: EventSource, approval: RiskApproved) -> NewEvent:
    """Record risk's approval as the one verdict on its intent: version 1 of the intent's stream."""
    name = approval.intent_id
    event = fact(author, approval, f"intent/{name}", ("verdict", name))
    return msgspec.structs.replace(event, version=1, correlation_id=name, causation_id=name)


def ref_of(author: EventSource, intent: PlaceIntent, attempt: int) -> OrderRef:
    """Name the order that an attempt of a place intent makes."""
    return OrderRef(
        client_order_id=ids.client_order_id(
            generation=author.generation,
            account=author.account,
            strategy=intent.strategy,
            slot=intent.slot,
            cycle=intent.cycle,
            attempt=attempt,
        ),
        intent_id=intent.intent_id,
        attempt=attempt,
        strategy=intent.strategy,
        venue=intent.venue,
        account=intent.account,
        symbol=intent.symbol,
    )


def placed(
    author: EventSource, intent: PlaceIntent, ref: OrderRef, *, reduce_only: bool, now_ms: int
) -> NewEvent:
    """Record that an approved intent became an order of ours: version 1 of the order's stream."""
    message = IntentPlaced(
        ref=ref,
        slot=intent.slot,
        cycle=intent.cycle,
        side=intent.side,
        type=intent.type,
        time_in_force=intent.time_in_force,
        price=intent.price,
        quantity=intent.quantity,
        purpose=intent.purpose,
        reduce_only=reduce_only,
        valid_until_ms=intent.valid_until_ms,
        time_ms=now_ms,
    )
    event = _of_order(author, message, "placed", parent=ids.event_id("verdict", ref.intent_id))
    return msgspec.structs.replace(event, version=1)


def submitting(
    author: EventSource, ref: OrderRef, *, epoch: int, deadline_ms: int, now_ms: int
) -> NewEvent:
    """Record that the request may leave from now on: version 2 of the order's stream."""
    message = Submitting(ref=ref, epoch=epoch, deadline_ms=deadline_ms, time_ms=now_ms)
    event = _of_order(author, message, "submitting", parent=_event_of(ref, "placed"))
    return msgspec.structs.replace(event, version=2)


def accepted(
    author: EventSource, ref: OrderRef, venue_order_id: str, evidence_hash: str, now_ms: int
) -> NewEvent:
    """Record that the venue holds the order."""
    message = Accepted(
        ref=ref, venue_order_id=venue_order_id, evidence_hash=evidence_hash, time_ms=now_ms
    )
    return _of_order(author, message, "accepted")


def rejected(
    author: EventSource, ref: OrderRef, code: str, reason: str, evidence_hash: str, now_ms: int
) -> NewEvent:
    """Record a definite refusal, or that the request never left."""
    message = Rejected(
        ref=ref, code=code, reason=reason, evidence_hash=evidence_hash, time_ms=now_ms
    )
    return _of_order(author, message, "rejected")


def unresolved(
    author: EventSource, ref: OrderRef, cause: str, fence_ms: int, evidence_hash: str, now_ms: int
) -> NewEvent:
    """Record that a request ended without an answer that proves anything."""
    message = Unresolved(
        ref=ref, cause=cause, fence_ms=fence_ms, evidence_hash=evidence_hash, time_ms=now_ms
    )
    return _of_order(author, message, "unresolved")


def never_placed(author: EventSource, ref: OrderRef, proof: str, now_ms: int) -> NewEvent:
    """Record the proof that the venue never held the order."""
    message = NeverPlaced(ref=ref, proof=proof, evidence_hash="", time_ms=now_ms)
    return _of_order(author, message, "never-placed")


def cancel_requested(
    author: EventSource, ref: OrderRef, cancel_intent_id: str, reason: str, now_ms: int
) -> NewEvent:
    """Record the wish to cancel an order."""
    message = CancelRequested(
        ref=ref, cancel_intent_id=cancel_intent_id, reason=reason, time_ms=now_ms
    )
    return _of_order(author, message, "cancel-requested", cancel_intent_id, parent=cancel_intent_id)


def canceled(
    author: EventSource,
    ref: OrderRef,
    reason: str,
    now_ms: int,
    *,
    venue_order_id: str,
    filled_quantity: Decimal,
    evidence_hash: str,
) -> NewEvent:
    """Record that the venue cancelled the order with this much of it filled (base units)."""
    message = Canceled(
        ref=ref,
        venue_order_id=venue_order_id,
        filled_quantity=filled_quantity,
        reason=reason,
        evidence_hash=evidence_hash,
        time_ms=now_ms,
    )
    return _of_order(author, message, "canceled")


def expired(
    author: EventSource,
    ref: OrderRef,
    reason: str,
    now_ms: int,
    *,
    venue_order_id: str = "",
    filled_quantity: Decimal = Decimal(0),
    evidence_hash: str = "",
) -> NewEvent:
    """Record that the order ended by itself, at the venue or before it was sent."""
    message = Expired(
        ref=ref,
        venue_order_id=venue_order_id,
        filled_quantity=filled_quantity,
        reason=reason,
        evidence_hash=evidence_hash,
        time_ms=now_ms,
    )
    # Without a word of the venue it ended before it was sent.
    parent = "" if venue_order_id else _event_of(ref, "placed")
    return _of_order(author, message, "expired", parent=parent)


def fill(author: EventSource, ref: OrderRef, trade: TradeView, evidence_hash: str) -> NewEvent:
    """Record a trade of ours; the same trade from stream and REST is one event."""
    message = Fill(
        ref=ref,
        trade_id=trade.trade_id,
        venue_order_id=trade.venue_order_id,
        side=trade.side,
        price=trade.price,
        quantity=trade.quantity,
        fee=trade.fee,
        fee_asset=trade.fee_asset,
        liquidity=trade.liquidity,
        realized_pnl=trade.realized_pnl or Decimal(0),
        realized_untold=trade.realized_pnl is None,
        evidence_hash=evidence_hash,
        time_ms=trade.time_ms,
        wallet=trade.wallet,
    )
    cause = ("fill", author.venue, author.account, trade.symbol, trade.trade_id)
    nobodys = f"stray/{author.venue}/{author.account}/{trade.symbol}"
    stream = f"order/{ref.client_order_id}" if ref.client_order_id else nobodys
    event = fact(author, message, stream, cause)
    return msgspec.structs.replace(
        event,
        venue_time_ms=trade.time_ms,
        correlation_id=ref.intent_id,
        causation_id=_event_of(ref, "submitting") if ref.intent_id else "",
    )


def contradicted(
    author: EventSource, order: order_state.Order, symbol: str, now_ms: int
) -> NewEvent:
    """Record that the venue's evidence denies a terminal state that we had recorded."""
    return denied(author, order, symbol, "; ".join(order.contradictions), now_ms)


def denied(
    author: EventSource, order: order_state.Order, symbol: str, evidence: str, now_ms: int
) -> NewEvent:
    """Record evidence of the venue against what is recorded of an order: its symbol is halted by it."""
    message = OrderContradicted(
        client_order_id=order.client_order_id,
        venue=author.venue,
        account=author.account,
        symbol=symbol,
        state=order.phase,
        evidence=evidence,
        time_ms=now_ms,
    )
    stream = f"recon/{author.venue}/{author.account}"
    return fact(author, message, stream, ("contradicted", order.client_order_id, evidence))


def vanished(
    author: EventSource, order: order_state.Order, proof: str, now_ms: int
) -> tuple[NewEvent, NewEvent]:
    """Record that the venue held an order and knows it no more: an alarm that halts its symbol, and an end.

    How it ended is not invented: it takes up nothing any more, and what was filled is what our trades show.
    """
    shown = [event for event in (order.accepted, *order.fills) if event is not None]
    ref, name = shown[0].ref, shown[0].venue_order_id
    reason, filled = f"{VANISHED}: {proof}", order.filled
    alarm = denied(author, order, ref.symbol, f"held as {name}, {reason}", now_ms)
    end = expired(author, ref, reason, now_ms, venue_order_id=name, filled_quantity=filled)
    return alarm, end


def stray_ref(author: EventSource, symbol: str, client_order_id: str) -> OrderRef:
    """Name an order that the venue speaks of and we do not know."""
    return OrderRef(
        client_order_id=client_order_id,
        intent_id="",
        attempt=0,
        strategy="",
        venue=author.venue,
        account=author.account,
        symbol=symbol,
    )


def _of_order(author: EventSource, message: OrderEvent, *cause: str, parent: str = "") -> NewEvent:
    """Make an event of an order; what no other event caused was caused by sending the request."""
    ref = message.ref
    stream = f"order/{ref.client_order_id}"
    event = fact(author, message, stream, (ref.client_order_id, *cause))
    causation_id = parent or _event_of(ref, "submitting")
    return msgspec.structs.replace(event, correlation_id=ref.intent_id, causation_id=causation_id)


def _event_of(ref: OrderRef, name: str) -> str:
    return ids.event_id(ref.client_order_id, name)
