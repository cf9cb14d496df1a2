"""Whether an approved command is sent, and with which request. Pure; it never changes a price or a size."""

import msgspec

from opensqt.domain import order_state
from opensqt.domain.instruments import reduce_only_binds
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.journal import Entry, Fence, NewEvent
from opensqt.domain.order_events import OrderRef
from opensqt.domain.venue import (
    OrderRequest,
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
