"""What an answer or a frame of the venue proves about an order, as events. Pure.

It calls nothing failed that is merely unknown.
"""

from collections.abc import Callable
from typing import assert_never

import msgspec

from opensqt.domain.intent import OrderType, PlaceIntent, Purpose, TimeInForce
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.order_events import OrderRef
from opensqt.domain.venue import (
    Acknowledged,
    Held,
    InDoubt,
    NotSent,
    OrderView,
    PlaceOutcome,
    Refused,
    Throttled,
    TradeView,
)
from opensqt.execution import events as facts
from opensqt.execution.caps import SubmissionTerms
from opensqt.execution.events import EventSource
from opensqt.execution.state import ExecutionState

ACKNOWLEDGED = "acknowledged, which promises nothing"


def after_place(
    author: EventSource,
    ref: OrderRef,
    outcome: PlaceOutcome,
    evidence_hash: str,
    terms: SubmissionTerms,
) -> tuple[NewEvent, ...]:
    """Return what the answer to a place request proves."""
    now_ms = terms.now_ms
    if isinstance(outcome, Held) and outcome.order is not None:
        return after_view(author, ref, outcome.order, evidence_hash)
    match outcome:
        case Held(venue_order_id=""):
            cause = "the venue already holds an order of this id"
            fence_ms = terms.fence_ms
            event = facts.unresolved(author, ref, cause, fence_ms, evidence_hash, now_ms)
        case Acknowledged():
            cause = ACKNOWLEDGED
            event = facts.unresolved(author, ref, cause, terms.fence_ms, evidence_hash, now_ms)
        case Held():
            event = facts.accepted(author, ref, outcome.venue_order_id, evidence_hash, now_ms)
        case Refused():
            event = facts.rejected(author, ref, outcome.code, outcome.reason, evidence_hash, now_ms)
        case Throttled():
            reason = f"retry after {outcome.retry_after_ms} ms"
            event = facts.rejected(author, ref, "throttled", reason, evidence_hash, now_ms)
        case NotSent():
            event = facts.rejected(author, ref, "not_sent", outcome.cause, "", now_ms)
        case InDoubt():
            event = facts.unresolved(
                author, ref, outcome.cause, terms.fence_ms, evidence_hash, now_ms
            )
        case _:
            assert_never(outcome)
    return (event,)


def after_view(
    author: EventSource, ref: OrderRef, view: OrderView, evidence_hash: str
) -> tuple[NewEvent, ...]:
    """Return what an order as the venue shows it proves; its fills come as trades."""
    held = facts.accepted(author, ref, view.venue_order_id, evidence_hash, view.time_ms)
    if view.status == "rejected":
        return (facts.rejected(author, ref, "venue", view.reason, evidence_hash, view.time_ms),)
    ends: dict[str, Callable[..., NewEvent]] = {
        "canceled": facts.canceled,
        "expired": facts.expired,
    }
    if view.status not in ends:
        return (held,)
    end = ends[view.status](
        author,
        ref,
        view.reason,
        view.time_ms,
        venue_order_id=view.venue_order_id,
        filled_quantity=view.filled_quantity,
        evidence_hash=evidence_hash,
    )
    return (held, end)


def adopt(author: EventSource, view: OrderView, evidence_hash: str, now_ms: int) -> Entry:
    """Make an open order of our form that the journal does not know one of ours: counted, killed, owned by nobody.

    It has no verdict and never gets one: `verify` goes on to name it.
    """
    intent = PlaceIntent(
        intent_id=f"orphan-{view.client_order_id}",
        strategy="",
        slot="",
        cycle=0,
        venue=author.venue,
        account=author.account,
        symbol=view.symbol,
        side=view.side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=view.price,
        quantity=view.quantity,
        purpose=Purpose.OPEN,
        created_ms=view.time_ms,
        valid_until_ms=view.time_ms,
        basis=facts.NO_BASIS,
        reason="found open at the venue",
    )
    stray = facts.stray_ref(author, view.symbol, view.client_order_id)
    ref = msgspec.structs.replace(stray, intent_id=intent.intent_id)
    found = facts.placed(author, intent, ref, reduce_only=False, now_ms=now_ms)
    # Its trades may have come before it: then it is not the first of its stream.
    found = msgspec.structs.replace(found, version=None)
    held = facts.accepted(author, ref, view.venue_order_id, evidence_hash, now_ms)
    return Entry(events=(found, held))


def after_trade(
    state: ExecutionState, author: EventSource, trade: TradeView, evidence_hash: str
) -> tuple[NewEvent, ...]:
    """Return the fill of a trade, attributed to our order where the venue or we know which."""
    if state.knows_trade(trade.symbol, trade.trade_id):
        return ()
    order = state.find(trade.symbol, trade.client_order_id, trade.venue_order_id)
    if order is not None and order.placed is not None:
        ref = order.placed.ref
    else:
        ref = facts.stray_ref(author, trade.symbol, trade.client_order_id)
    return (facts.fill(author, ref, trade, evidence_hash),)
