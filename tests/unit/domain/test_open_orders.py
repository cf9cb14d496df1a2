"""Which orders still count: the living, and the ended ones whose fills have not all been seen."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.open_orders import OpenOrders
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import Adjustment, reversed_by
from tests.unit.domain.test_order_state import (
    ACCEPTED,
    CID,
    PLACED,
    SUBMITTING,
    canceled,
    filled,
    live_through,
)


@pytest.mark.row("E10")
def test_an_order_counts_until_every_fill_that_the_venue_reported_was_seen() -> None:
    """It lives to its cancel, is owed until its trade comes, and then counts no more."""
    register = OpenOrders()
    story = (PLACED, SUBMITTING, ACCEPTED)
    register.file(live_through(*story))
    assert [one.client_order_id for one in register.living()] == [CID]
    assert (len(register), register.owed()) == (1, [])
    register.file(live_through(*story, canceled("0.002")))
    assert (len(register), [one.client_order_id for one in register.owed()]) == (0, [CID])
    register.file(live_through(*story, canceled("0.002"), filled("1", "0.002")))
    assert (register.living(), register.owed()) == ([], [])


def test_the_newest_evidence_stands_in_the_register() -> None:
    """What may still fill shrinks with each fill; the order keeps its place among the others."""
    register = OpenOrders()
    register.file(live_through(PLACED, SUBMITTING, ACCEPTED))
    fill: Fill = filled("1", "0.002")
    register.file(live_through(PLACED, SUBMITTING, ACCEPTED, fill))
    (order,) = register.living()
    assert order.remaining == PLACED.quantity - fill.quantity


def test_an_order_of_nobody_counts_nowhere() -> None:
    """Evidence without a plan of ours is a stray: somebody else's, or one that was forgotten."""
    register = OpenOrders()
    register.file(live_through(ACCEPTED))
    assert (register.living(), register.owed()) == ([], [])


def test_what_ended_in_the_window_of_an_adjustment_is_owed_no_more_until_that_is_taken_back() -> (
    None
):
    """Of that account and symbol alone, and nothing that ended after it: the venue's position did not show it."""
    register = OpenOrders()
    end = canceled("0.002")
    ended = live_through(PLACED, SUBMITTING, ACCEPTED, end)
    register.file(ended)
    right = _adjustment(end.time_ms)
    for other in (
        msgspec.structs.replace(right, symbol="ETH/USDT"),
        msgspec.structs.replace(right, account="another"),
        msgspec.structs.replace(right, time_ms=right.time_ms - 1),
    ):
        register.set_right(other)
        assert register.owed() == [ended]
    register.set_right(right)
    assert register.owed() == []
    register.file(ended)
    assert register.owed() == [], "the same evidence once more is none"
    register.set_right(reversed_by(right, "an event", "7"))
    assert register.owed() == [ended]


def test_an_end_after_the_adjustment_is_owed_in_whatever_order_they_are_heard() -> None:
    """Who hears an adjustment late writes nothing off that ended after it."""
    end = canceled("0.002")
    ended = live_through(PLACED, SUBMITTING, ACCEPTED, end)
    for made_ms, owed in ((end.time_ms - 1, [ended]), (end.time_ms, [])):
        late, early = OpenOrders(), OpenOrders()
        late.file(ended)
        late.set_right(_adjustment(made_ms))
        early.set_right(_adjustment(made_ms))
        early.file(ended)
        assert late.owed() == early.owed() == owed


def _adjustment(time_ms: int) -> Adjustment:
    return Adjustment(
        venue=PLACED.ref.venue,
        account=PLACED.ref.account,
        symbol=PLACED.ref.symbol,
        strategy="",
        quantity=Decimal("0.002"),
        evidence_hash="aa",
        detail="no trade explains it",
        time_ms=time_ms,
    )
