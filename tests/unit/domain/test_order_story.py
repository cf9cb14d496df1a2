"""The story of an order: every fact of it is told once, with who, when, and the time between."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import CancelIntent
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Accepted, Canceled, CancelRequested, Fill, Submitting
from opensqt.domain.order_story import StoryFact, StoryStep, story
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.risk.verdict import judge
from tests.unit.risk.risk_books import (
    LIMITS,
    NOW_MS,
    SEAT,
    cancel,
    fill,
    intent,
    live,
    ref,
    state,
)


def _told(*events: tuple[int, Event]) -> list[StoryStep]:
    return story(
        StoryFact(
            position=number,
            event_id=f"e{number}",
            causation_id=f"e{number - 1}",
            actor="executor-main",
            traceparent="",
            occurred_ms=NOW_MS + after_ms,
            recorded_ms=NOW_MS + after_ms,
            event=event,
        )
        for number, (after_ms, event) in enumerate(events, 1)
    )


def _verdict(now_ms: int, **changes: object) -> RiskApproved | RiskRefused:
    verdict = judge(state(), intent(**changes), LIMITS, SEAT, now_ms).verdict
    assert isinstance(verdict, RiskApproved | RiskRefused)
    return verdict


def _spot_trade() -> Fill:
    spot = msgspec.structs.replace(ref("a"), symbol="BTC/USDT")
    fee = {"fee": Decimal("0.00001"), "fee_asset": "BTC"}
    return msgspec.structs.replace(fill("a", Side.BUY, "0.010"), ref=spot, **fee)


@pytest.mark.row("J07")
def test_an_order_is_told_from_its_decision_to_its_ledger_lines() -> None:
    """Who decided what and why, what risk saw and allowed, what left, what the venue said, and what was booked."""
    trade = _spot_trade()
    steps = _told(
        (5, _verdict(NOW_MS + 5)),
        (7, live("a", Side.BUY, "49950.0")),
        (7, Submitting(ref=ref("a"), epoch=4, deadline_ms=NOW_MS + 2007, time_ms=NOW_MS + 7)),
        (19, Accepted(ref=ref("a"), venue_order_id="77", evidence_hash="", time_ms=NOW_MS + 19)),
        (30, trade),
    )
    assert [step.stage.value for step in steps] == (
        [
            "tick",
            "decision",
            "verdict",
            "submit",
            "submit",
            "ack",
            "fill",
            "ledger",
            "ledger",
            "ledger",
        ]
    )
    assert [(step.what, step.who, step.after_ms) for step in steps] == [
        ("price", "market", 0),
        ("decided", "grid-perp", 0),
        ("approved", "risk", 5),
        ("planned", "executor-main", 2),
        ("about to send", "executor-main", 0),
        ("the venue holds it", "executor-main", 12),
        ("traded", "executor-main", 11),
        ("booked", "executor-main", 0),
        ("booked", "executor-main", 0),
        ("booked", "executor-main", 0),
    ]
    price, decided, approved, *_ = (dict(step.told) for step in steps)
    assert price["bid"] == approved["bid"]
    assert decided["reason"] == "grid level"
    assert decided["feed"] == "1/10"
    assert approved["bid"] == Decimal("49999.9")
    assert approved["position_notional_quote_max"] == 5000
    assert approved["configuration"] == "c0ffee"
    lines = [dict(step.told) for step in steps if step.what == "booked"]
    assert [(line["asset"], line["kind"], line["amount"]) for line in lines] == [
        ("BTC", "traded", Decimal("0.010")),
        ("USDT", "traded", -Decimal("0.010") * trade.price),
        ("BTC", "fees", -Decimal("0.00001")),
    ]


@pytest.mark.row("J07")
def test_a_refusal_tells_the_limit_that_was_broken() -> None:
    """The story of what never became an order ends with the reason."""
    refused = _told((9, _verdict(NOW_MS + 9, quantity=Decimal(1))))[-1]
    told = dict(refused.told)
    assert refused.what == "refused"
    assert told["limit"] == "order_notional"
    assert str(told["detail"]).endswith("above 2000 USDT")


@pytest.mark.row("J07")
def test_who_wanted_a_cancel_and_why_is_part_of_the_story() -> None:
    """The wish, its approval, the request and its end stand in their order."""
    wish: CancelIntent = cancel(created_ms=NOW_MS + 100)
    approval = judge(state(), wish, LIMITS, SEAT, NOW_MS + 101).verdict
    asked = CancelRequested(
        ref=ref("a"), cancel_intent_id="c-1", reason=wish.reason, time_ms=NOW_MS + 102
    )
    end = Canceled(
        ref=ref("a"),
        venue_order_id="77",
        filled_quantity=Decimal(0),
        reason="",
        evidence_hash="",
        time_ms=NOW_MS + 110,
    )
    steps = _told((101, approval), (102, asked), (110, end))
    assert [step.what for step in steps] == [
        "wanted to cancel",
        "approved",
        "cancel asked for",
        "cancelled",
    ]
    assert dict(steps[0].told)["reason"] == "out of window"
    assert sum(step.after_ms for step in steps) == 10
