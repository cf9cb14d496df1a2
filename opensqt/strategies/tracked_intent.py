"""A ticket: one place intent of a strategy with everything that came of it. Pure; it never decides what is wanted.

An intent may see several attempts of the executor, each an order of its own. A ticket is done when nothing can come of
it any more; evidence that comes later still counts and opens it again.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.cached import cached
from opensqt.domain.decimals import ZERO
from opensqt.domain.ids import intent_id
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent, Purpose, TimeInForce
from opensqt.domain.order_events import CancelRequested, Fill, IntentPlaced, OrderEvent, OrderRef
from opensqt.domain.order_state import AT_VENUE, Order, OrderStatus, begin, fold
from opensqt.domain.venue import EndReason
from opensqt.domain.verdict import RiskRefused

CYCLES_PER_RUN = 1_000_000
UNSTAMPED = Basis(generation=0, sequence=0)  # the shell puts what it had seen of FEED in its place


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How long intents live and how often they are said again; all in ms of market time."""

    valid_for_ms: int = 2_000
    emit_every_ms: int = 500
    dead_after_ms: int = 3_000  # beyond valid_until, without any answer
    retry_wait_ms: int = 1_000  # after a refusal
    retry_wait_ms_max: int = 60_000
    idle_after_ms: int = (
        3_000  # with orders wanted and none at the venue; shown within 5 s of wall time
    )

    def scaled(self, speed: Decimal) -> "RetryPolicy":
        """Return the spans for a run in which market time passes `speed` times as fast."""
        spans = {name: int(getattr(self, name) * speed) for name in self.__struct_fields__}
        return RetryPolicy(**spans)


class TrackedIntent(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One wish for an order and what is known of it."""

    intent_id: str
    slot: str
    cycle: int
    side: Side
    price: Decimal
    quantity: Decimal
    purpose: Purpose
    time_in_force: TimeInForce
    valid_until_ms: int
    ref: OrderRef  # of the first attempt; client_order_id is empty before
    intent: PlaceIntent | None = None  # to be said again; None when only its order is known
    emitted_ms: int = 0
    approved: bool = False
    refusal: str = ""  # risk's code and words
    dead: bool = False  # nobody answered in time, and nobody may any more
    orders: tuple[Order, ...] = ()  # by attempt
    cancel: CancelIntent | None = None
    cancel_emitted_ms: int = 0
    cancel_heard: bool = False
    cancels: int = 0

    @cached
    def done(self) -> bool:
        """True when no fill can come any more and all reported fills have been seen."""
        if self.orders:
            return all(order.settled for order in self.orders)
        return self.dead or self.refusal != ""

    @property
    def pending(self) -> bool:
        """True while the intent has no order and may still get one."""
        return not self.orders and not self.done

    @cached
    def at_venue(self) -> bool:
        """True when the venue is known to hold the order."""
        return any(order.phase in AT_VENUE for order in self.orders)

    @cached
    def filled(self) -> Decimal:
        """Base units filled over all attempts."""
        return sum((order.filled for order in self.orders), ZERO)

    @cached
    def remaining(self) -> Decimal:
        """Base units that may still come as fills."""
        if self.pending:
            return self.quantity
        return sum((order.remaining for order in self.orders), ZERO)

    @property
    def ended_as(self) -> OrderStatus:
        """How the last attempt stands; UNKNOWN without one."""
        return self.orders[-1].phase if self.orders else OrderStatus.UNKNOWN

    @property
    def end_reason(self) -> str:
        """Why the last attempt ended, in the venue's or risk's words."""
        if not self.orders:
            return self.refusal
        last = self.orders[-1]
        for end in (last.rejected, last.expired, last.canceled):
            if end is not None:
                return end.reason
        return ""


def issued(intent: PlaceIntent, now_ms: int) -> TrackedIntent:
    """Return the ticket of an intent that was said for the first time at `now_ms` (market)."""
    return TrackedIntent(
        intent_id=intent.intent_id,
        slot=intent.slot,
        cycle=intent.cycle,
        side=intent.side,
        price=intent.price,
        quantity=intent.quantity,
        purpose=intent.purpose,
        time_in_force=intent.time_in_force,
        valid_until_ms=intent.valid_until_ms,
        ref=OrderRef(
            client_order_id="",
            intent_id=intent.intent_id,
            attempt=0,
            strategy=intent.strategy,
            venue=intent.venue,
            account=intent.account,
            symbol=intent.symbol,
        ),
        intent=intent,
        emitted_ms=now_ms,
    )


def recalled(event: IntentPlaced) -> TrackedIntent:
    """Return the ticket of an order whose intent was said by an earlier run."""
    return TrackedIntent(
        intent_id=event.ref.intent_id,
        slot=event.slot,
        cycle=event.cycle,
        side=event.side,
        price=event.price,
        quantity=event.quantity,
        purpose=event.purpose,
        time_in_force=event.time_in_force,
        valid_until_ms=event.valid_until_ms,
        ref=event.ref,
    )


def informed(ticket: TrackedIntent, event: OrderEvent) -> TrackedIntent:
    """Add evidence about one of the ticket's orders."""
    orders = {order.client_order_id: order for order in ticket.orders}
    cid = event.ref.client_order_id
    orders[cid] = fold(orders.get(cid, begin(cid)), event)
    heard = ticket.cancel_heard or isinstance(event, CancelRequested)
    return msgspec.structs.replace(ticket, orders=tuple(orders.values()), cancel_heard=heard)


def is_news(ticket: TrackedIntent, fill: Fill) -> bool:
    """Tell whether this trade has not been folded into the ticket yet."""
    return not any(
        known.trade_id == fill.trade_id for order in ticket.orders for known in order.fills
    )


def refused(ticket: TrackedIntent, verdict: RiskRefused) -> TrackedIntent:
    """Fold a refusal of the place, or of its cancel (which may then be wished again)."""
    if verdict.cancel is None:
        said = ": ".join(filter(None, (verdict.reason, verdict.detail)))
        return msgspec.structs.replace(ticket, refusal=said or "refused")
    if ticket.cancel is None or ticket.cancel.intent_id != verdict.intent_id:
        return ticket
    return msgspec.structs.replace(ticket, cancel=None)


def wished_away(ticket: TrackedIntent, intent: CancelIntent, now_ms: int) -> TrackedIntent:
    """Fold our own cancel intent, said for the first time or again."""
    first = ticket.cancel is None or ticket.cancel.intent_id != intent.intent_id
    return msgspec.structs.replace(
        ticket,
        cancel=intent,
        cancel_emitted_ms=now_ms,
        cancels=ticket.cancels + (1 if first else 0),
    )


def lapsed(ticket: TrackedIntent, now_ms: int, timing: RetryPolicy) -> bool:
    """Tell whether the intent went unanswered so long that by contract no order can come of it."""
    silent = not ticket.orders and not ticket.approved and ticket.refusal == "" and not ticket.dead
    return silent and now_ms > ticket.valid_until_ms + timing.dead_after_ms


def aged(ticket: TrackedIntent, now_ms: int, timing: RetryPolicy) -> TrackedIntent:
    """Declare a lapsed intent dead and forget a cancel that nobody heard in time."""
    if lapsed(ticket, now_ms, timing):
        return msgspec.structs.replace(ticket, dead=True)
    unheard = ticket.cancel is not None and not ticket.cancel_heard and not ticket.done
    if ticket.cancel is not None and unheard and now_ms > ticket.cancel.valid_until_ms:
        return msgspec.structs.replace(ticket, cancel=None)
    return ticket


def was_maker_refusal(ticket: TrackedIntent) -> bool:
    """Tell whether a post-only order ended because it would have taken."""
    if ticket.time_in_force is not TimeInForce.POST_ONLY or not ticket.orders or ticket.filled > 0:
        return False
    last = ticket.orders[-1]
    # Some venues take the order and end it at once, one of them without a word.
    unasked = last.phase is OrderStatus.EXPIRED and last.accepted is not None
    return unasked or ticket.end_reason.partition(":")[0] == EndReason.POST_ONLY


def lacks_funds(ticket: TrackedIntent) -> bool:
    """Tell whether the venue ended an order because the account could not pay for it."""
    return ticket.end_reason.partition(":")[0] == EndReason.FUNDS


def vain_words(ticket: TrackedIntent) -> str:
    """Say who ended a ticket that traded nothing, and why, in the words of risk or venue."""
    if not ticket.orders:
        return f"risk refuses: {ticket.refusal}" if ticket.refusal else "risk has not answered"
    ended, why = ticket.ended_as, ticket.end_reason
    if ended is OrderStatus.REJECTED:
        return f"the venue refuses: {why}"
    return f"the order ended as {ended.replace('_', ' ')}: {why}".removesuffix(": ")


def was_in_vain(ticket: TrackedIntent) -> bool:
    """Tell whether a done ticket bought or sold nothing although nobody of ours cancelled it."""
    return ticket.done and ticket.filled == 0 and ticket.cancels == 0 and not ticket.cancel_heard


def place_due(ticket: TrackedIntent, now_ms: int, timing: RetryPolicy) -> PlaceIntent | None:
    """Return the unanswered place intent if it is time to say it again, unchanged."""
    intent = ticket.intent
    if intent is None or not ticket.pending or ticket.approved or now_ms > ticket.valid_until_ms:
        return None
    return intent if now_ms >= ticket.emitted_ms + timing.emit_every_ms else None


def cancel_due(ticket: TrackedIntent, now_ms: int, timing: RetryPolicy) -> CancelIntent | None:
    """Return the unanswered cancel intent if it is time to say it again, unchanged."""
    intent = ticket.cancel
    if intent is None or ticket.cancel_heard or ticket.done or now_ms > intent.valid_until_ms:
        return None
    return intent if now_ms >= ticket.cancel_emitted_ms + timing.emit_every_ms else None


def cancel_of(
    ticket: TrackedIntent, now_ms: int, timing: RetryPolicy, reason: str
) -> CancelIntent | None:
    """Return a new cancel intent, or None while one is on its way or the last try is too fresh."""
    waiting = ticket.cancels > 0 and now_ms < ticket.cancel_emitted_ms + timing.retry_wait_ms
    if ticket.done or ticket.cancel is not None or ticket.cancel_heard or waiting:
        return None
    action = f"cancel-{now_ms}"
    return CancelIntent(
        intent_id=intent_id(
            strategy=ticket.ref.strategy, slot=ticket.slot, cycle=ticket.cycle, action=action
        ),
        strategy=ticket.ref.strategy,
        venue=ticket.ref.venue,
        account=ticket.ref.account,
        symbol=ticket.ref.symbol,
        target_intent_id=ticket.intent_id,
        created_ms=now_ms,
        valid_until_ms=now_ms + timing.valid_for_ms,
        basis=UNSTAMPED,
        reason=reason,
    )
