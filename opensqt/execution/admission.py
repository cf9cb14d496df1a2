"""What the executor does next, pure: admit a command, read an outcome, read the venue's evidence.

It never changes a price or a size, never sends twice, and calls nothing failed that is merely unknown.
"""

from collections.abc import Callable
from typing import assert_never

import msgspec

from opensqt.domain import order_state
from opensqt.domain.instruments import reduce_only_binds
from opensqt.domain.intent import OrderType, PlaceIntent, Purpose, TimeInForce
from opensqt.domain.journal import Entry, Fence, NewEvent
from opensqt.domain.order_events import OrderRef
from opensqt.domain.venue import (
    Held,
    InDoubt,
    NotSent,
    OrderRequest,
    OrderView,
    PlaceOutcome,
    Refused,
    Throttled,
    TradeView,
)
from opensqt.domain.verdict import RiskApproved
from opensqt.execution import events as facts
from opensqt.execution.caps import SubmissionTerms, obstacle
from opensqt.execution.events import EventSource
from opensqt.execution.state import ExecutionState

ATTEMPTS_MAX = 5


class SendOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Commit the entry, then send the request."""

    entry: Entry
    request: OrderRequest
    ref: OrderRef
    created_ms: int  # market time of the intent


class EndIntent(msgspec.Struct, frozen=True, kw_only=True):
    """Commit the entry and send nothing: the intent ends here, with its reason in the journal."""

    entry: Entry
    reason: str


class IgnoreCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to do: the intent has its verdict in the journal already."""

    reason: str


Admission = SendOrder | EndIntent | IgnoreCommand


def admit_place(
    state: ExecutionState,
    author: EventSource,
    approval: RiskApproved,
    fence: Fence,
    terms: SubmissionTerms,
) -> Admission:
    """Decide whether an approved place intent becomes an order."""
    intent = approval.place
    if intent is None:
        raise ValueError(f"approval {approval.intent_id} is not a place")
    if intent.intent_id in state.judged:
        return IgnoreCommand(reason="already in the journal")
    reduce_only = approval.reduce_only and reduce_only_binds(intent.symbol)
    reason = obstacle(state, intent, terms, reduce_only=reduce_only)
    if reason:
        return refuse_place(author, approval, fence, terms, reason)
    ref = facts.ref_of(author, intent, 1)
    events = (
        facts.verdict(author, approval),
        *_attempt(author, intent, ref, terms, reduce_only=reduce_only),
    )
    entry = Entry(
        events=events,
        fence=fence,
        guards=(Fence(name="risk", epoch=approval.risk_epoch),),
        not_after_ms=terms.valid_until_wall_ms,
    )
    request = request_of(intent, ref, terms, reduce_only=reduce_only)
    return SendOrder(entry=entry, request=request, ref=ref, created_ms=intent.created_ms)


def refuse_place(
    author: EventSource, approval: RiskApproved, fence: Fence, terms: SubmissionTerms, reason: str
) -> EndIntent:
    """End an approved intent that a cap, a latch or the journal (too late, an old risk epoch) does not admit."""
    return EndIntent(entry=_ended(author, approval, fence, terms, reason), reason=reason)


def admit_retry(
    state: ExecutionState,
    author: EventSource,
    order: order_state.Order,
    rejection: NewEvent,
    fence: Fence,
    terms: SubmissionTerms,
) -> SendOrder | None:
    """Decide whether an order that provably never reached the venue is sent again, under a new id.

    The new attempt is committed before the `rejection` of the old one, so that nobody who folds the log ever
    sees the intent without an order and believes it ended.
    """
    placed = order.placed
    if placed is None or order.phase is not order_state.OrderStatus.SUBMITTING:
        return None
    attempt = placed.ref.attempt + 1
    spent = attempt > ATTEMPTS_MAX or terms.now_ms >= placed.valid_until_ms
    killed = state.killed_for(placed.ref.strategy) is not None
    unwanted = order.cancel_requested is not None or placed.ref.intent_id in state.tombstones
    if spent or killed or unwanted:
        return None
    intent = _intent_again(order)
    ref = facts.ref_of(author, intent, attempt)
    events = (*_attempt(author, intent, ref, terms, reduce_only=placed.reduce_only), rejection)
    entry = Entry(events=events, fence=fence, not_after_ms=terms.valid_until_wall_ms)
    request = request_of(intent, ref, terms, reduce_only=placed.reduce_only)
    return SendOrder(entry=entry, request=request, ref=ref, created_ms=intent.created_ms)


def request_of(
    intent: PlaceIntent, ref: OrderRef, terms: SubmissionTerms, *, reduce_only: bool
) -> OrderRequest:
    """Return the request of an intent, unchanged in price and size."""
    return OrderRequest(
        client_order_id=ref.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        type=intent.type,
        time_in_force=intent.time_in_force,
        price=intent.price,
        quantity=intent.quantity,
        reduce_only=reduce_only,
        signed_ms=terms.now_ms,
        deadline_ms=terms.deadline_ms,
    )


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


def _attempt(
    author: EventSource,
    intent: PlaceIntent,
    ref: OrderRef,
    terms: SubmissionTerms,
    *,
    reduce_only: bool,
) -> tuple[NewEvent, ...]:
    return (
        facts.placed(author, intent, ref, reduce_only=reduce_only, now_ms=terms.now_ms),
        facts.submitting(
            author, ref, epoch=terms.epoch, deadline_ms=terms.deadline_ms, now_ms=terms.now_ms
        ),
    )


def _ended(
    author: EventSource, approval: RiskApproved, fence: Fence, terms: SubmissionTerms, reason: str
) -> Entry:
    intent = approval.place
    if intent is None:
        raise ValueError(f"approval {approval.intent_id} is not a place")
    ref = facts.ref_of(author, intent, 1)
    events = (
        facts.verdict(author, approval),
        facts.placed(author, intent, ref, reduce_only=approval.reduce_only, now_ms=terms.now_ms),
        facts.expired(author, ref, reason, terms.now_ms),
    )
    return Entry(events=events, fence=fence)


def _intent_again(order: order_state.Order) -> PlaceIntent:
    placed = order.placed
    if placed is None:
        raise ValueError(f"order {order.client_order_id} was never planned")
    ref = placed.ref
    return PlaceIntent(
        intent_id=ref.intent_id,
        strategy=ref.strategy,
        slot=placed.slot,
        cycle=placed.cycle,
        venue=ref.venue,
        account=ref.account,
        symbol=ref.symbol,
        side=placed.side,
        type=placed.type,
        time_in_force=placed.time_in_force,
        price=placed.price,
        quantity=placed.quantity,
        purpose=placed.purpose,
        created_ms=placed.time_ms,
        valid_until_ms=placed.valid_until_ms,
        basis=facts.NO_BASIS,
        reason="again, it never reached the venue",
    )
