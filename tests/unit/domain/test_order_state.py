"""The fold of an order: evidence in any order, any number of times, ends in the same state."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, Purpose, TimeInForce
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    CancelRequested,
    Expired,
    Fill,
    IntentPlaced,
    Liquidity,
    NeverPlaced,
    OrderEvent,
    OrderRef,
    Rejected,
    Submitting,
    Unresolved,
)
from opensqt.domain.order_state import TERMINAL, Order, OrderStatus, begin, fold
from opensqt.execution.order_actions import IllegalCommand, OrderAction, permit, table

CID = "q" + "0" * 26
REF = OrderRef(
    client_order_id=CID,
    intent_id="i1",
    attempt=1,
    strategy="grid-perp",
    venue="binance",
    account="main",
    symbol="BTC/USDT:USDT",
)

PLACED = IntentPlaced(
    ref=REF,
    slot="b-1",
    cycle=1_000_001,
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.POST_ONLY,
    price=Decimal(60000),
    quantity=Decimal("1.0"),
    purpose=Purpose.OPEN,
    reduce_only=False,
    valid_until_ms=2_000,
    time_ms=1,
)
SUBMITTING = Submitting(ref=REF, epoch=1, deadline_ms=3_000, time_ms=2)
ACCEPTED = Accepted(ref=REF, venue_order_id="7", evidence_hash="", time_ms=3)
UNRESOLVED = Unresolved(ref=REF, cause="timeout", fence_ms=3_000, evidence_hash="", time_ms=4)
REJECTED = Rejected(ref=REF, code="-2010", reason="post_only", evidence_hash="", time_ms=4)
CANCEL = CancelRequested(ref=REF, cancel_intent_id="c1", reason="window", time_ms=5)
NEVER = NeverPlaced(ref=REF, proof="two looks", evidence_hash="", time_ms=9)


def filled(trade_id: str, quantity: str, price: str = "60000") -> Fill:
    """Return a fill of the order."""
    return Fill(
        ref=REF,
        trade_id=trade_id,
        venue_order_id="7",
        side=Side.BUY,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal("0.01"),
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal(0),
        evidence_hash="",
        time_ms=6,
    )


def canceled(quantity: str) -> Canceled:
    """Return a cancel with what the venue says was filled."""
    return Canceled(
        ref=REF,
        venue_order_id="7",
        filled_quantity=Decimal(quantity),
        reason="",
        evidence_hash="",
        time_ms=7,
    )


def expired(quantity: str, venue_order_id: str = "7") -> Expired:
    """Return an end by expiry with what the venue says was filled."""
    return Expired(
        ref=REF,
        venue_order_id=venue_order_id,
        filled_quantity=Decimal(quantity),
        reason="",
        evidence_hash="",
        time_ms=7,
    )


def live_through(*events: OrderEvent) -> Order:
    """Fold a story from its beginning."""
    order = begin(CID)
    for event in events:
        order = fold(order, event)
    return order


EVIDENCE: list[OrderEvent] = [
    PLACED,
    SUBMITTING,
    ACCEPTED,
    UNRESOLVED,
    REJECTED,
    CANCEL,
    NEVER,
    filled("1", "0.4"),
    filled("2", "0.6"),
    filled("2", "0.5"),
    filled("3", "0.2"),
    canceled("0.4"),
    canceled("0.2"),
    expired("0"),
    expired("0", ""),
]


@pytest.mark.row("A10", "B11")
@given(st.lists(st.sampled_from(EVIDENCE)), st.randoms(use_true_random=False))
def test_any_permutation_and_repetition_gives_the_same_state(
    events: list[OrderEvent], shuffle: random.Random
) -> None:
    """Shuffled and doubled evidence folds to the equal order."""
    again = [*events, *events[: len(events) // 2]]
    shuffle.shuffle(again)
    assert live_through(*again) == live_through(*events)


@pytest.mark.row("A10")
@given(st.lists(st.sampled_from(EVIDENCE)))
def test_evidence_never_raises_and_the_derived_state_holds_together(
    events: list[OrderEvent],
) -> None:
    """Whatever comes, phase, remaining and settled can be read and agree."""
    order = live_through(*events)
    assert order.remaining >= 0
    assert order.terminal == (order.phase in TERMINAL)
    assert not order.settled or order.remaining == 0
    if order.placed is not None and not order.contradicted:
        assert order.filled + order.remaining <= order.quantity


@pytest.mark.row("B10")
def test_fill_before_ack_equals_ack_before_fill() -> None:
    """The two races end in the same state."""
    early = live_through(PLACED, SUBMITTING, filled("1", "1.0"), ACCEPTED)
    late = live_through(PLACED, SUBMITTING, ACCEPTED, filled("1", "1.0"))
    assert early == late
    assert early.phase is OrderStatus.FILLED
    assert early.settled


@pytest.mark.parametrize(
    "events, phase, remaining, settled",
    [
        ((), OrderStatus.UNKNOWN, "0", False),
        ((PLACED,), OrderStatus.PLANNED, "1.0", False),
        ((PLACED, SUBMITTING), OrderStatus.SUBMITTING, "1.0", False),
        ((PLACED, SUBMITTING, UNRESOLVED), OrderStatus.UNRESOLVED, "1.0", False),
        ((PLACED, SUBMITTING, UNRESOLVED, ACCEPTED), OrderStatus.LIVE, "1.0", False),
        ((PLACED, SUBMITTING, UNRESOLVED, NEVER), OrderStatus.NEVER_PLACED, "0", True),
        ((PLACED, SUBMITTING, REJECTED), OrderStatus.REJECTED, "0", True),
        ((PLACED, SUBMITTING, ACCEPTED, REJECTED), OrderStatus.REJECTED, "0", True),
        ((PLACED, ACCEPTED, filled("1", "0.4")), OrderStatus.PARTIALLY_FILLED, "0.6", False),
        ((PLACED, ACCEPTED, canceled("0.4")), OrderStatus.CANCELED, "0.4", False),
        ((PLACED, filled("1", "0.4"), canceled("0.4")), OrderStatus.CANCELED, "0.0", True),
        ((PLACED, expired("0", "")), OrderStatus.EXPIRED, "0", True),
    ],
)
def test_phase_and_what_may_still_fill(
    events: tuple[OrderEvent, ...], phase: OrderStatus, remaining: str, settled: bool
) -> None:
    """Each story has its phase, its worst case and its end."""
    order = live_through(*events)
    assert (order.phase, order.remaining, order.settled) == (phase, Decimal(remaining), settled)
    assert not order.contradicted


@pytest.mark.parametrize(
    "events, phase",
    [
        ((PLACED, NEVER, ACCEPTED), OrderStatus.LIVE),
        ((PLACED, NEVER, filled("1", "0.4")), OrderStatus.PARTIALLY_FILLED),
        ((PLACED, REJECTED, filled("1", "0.4")), OrderStatus.PARTIALLY_FILLED),
        ((PLACED, canceled("0.2"), filled("1", "0.4")), OrderStatus.CANCELED),
        ((PLACED, filled("1", "0.8"), filled("2", "0.4")), OrderStatus.FILLED),
        ((PLACED, canceled("1.5")), OrderStatus.CANCELED),
    ],
)
def test_evidence_against_an_end_is_named_and_booked(
    events: tuple[OrderEvent, ...], phase: OrderStatus
) -> None:
    """A contradiction is a fact with a name; the fills are kept."""
    order = live_through(*events)
    assert order.contradicted
    assert order.contradictions[0]
    assert order.phase is phase


@pytest.mark.parametrize(
    "events, legal",
    [
        ((), {OrderAction.PLACE}),
        ((PLACED,), {OrderAction.SUBMIT, OrderAction.CANCEL, OrderAction.GIVE_UP}),
        ((PLACED, SUBMITTING), {OrderAction.DOUBT, OrderAction.CANCEL, OrderAction.DISPROVE}),
        (
            (PLACED, SUBMITTING, UNRESOLVED),
            {OrderAction.DOUBT, OrderAction.CANCEL, OrderAction.DISPROVE},
        ),
        ((PLACED, SUBMITTING, ACCEPTED), {OrderAction.CANCEL}),
        ((PLACED, SUBMITTING, ACCEPTED, filled("1", "1.0")), set()),
        ((PLACED, SUBMITTING, REJECTED), set()),
    ],
)
def test_our_illegal_commands_raise(
    events: tuple[OrderEvent, ...], legal: set[OrderAction]
) -> None:
    """Exactly the steps of the table pass; all others raise with a clear text."""
    order = live_through(*events)
    for step in OrderAction:
        if step in legal:
            permit(order, step)
            assert order.phase in table()[step]
        else:
            with pytest.raises(IllegalCommand, match=f"cannot {step} while {order.phase}"):
                permit(order, step)


def test_evidence_of_another_order_is_refused() -> None:
    """Folding a stranger's event is a mistake of ours and says so."""
    with pytest.raises(ValueError, match="cannot be folded"):
        fold(begin("q" + "1" * 26), ACCEPTED)
