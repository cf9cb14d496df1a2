"""Which orders still count: the living, and the ended ones whose fills have not all been seen."""

import pytest

from opensqt.domain.order import Fill
from opensqt.domain.register import Register
from tests.unit.test_life import ACCEPTED, CID, PLACED, SUBMITTING, canceled, filled, live_through


@pytest.mark.row("E10")
def test_an_order_counts_until_every_fill_that_the_venue_reported_was_seen() -> None:
    """It lives to its cancel, is owed until its trade comes, and then counts no more."""
    register = Register()
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
    register = Register()
    register.file(live_through(PLACED, SUBMITTING, ACCEPTED))
    fill: Fill = filled("1", "0.002")
    register.file(live_through(PLACED, SUBMITTING, ACCEPTED, fill))
    (order,) = register.living()
    assert order.remaining == PLACED.quantity - fill.quantity


def test_an_order_of_nobody_counts_nowhere() -> None:
    """Evidence without a plan of ours is a stray: somebody else's, or one that was forgotten."""
    register = Register()
    register.file(live_through(ACCEPTED))
    assert (register.living(), register.owed()) == ([], [])


def test_what_a_position_was_set_right_without_is_owed_again_when_new_evidence_comes() -> None:
    """Nothing is expected of the ended orders of that symbol until the venue says more about one."""
    register = Register()
    ended = live_through(PLACED, SUBMITTING, ACCEPTED, canceled("0.002"))
    register.file(ended)
    ref = PLACED.ref
    register.set_right(ref.account, "ETH/USDT")
    register.set_right("another", ref.symbol)
    assert register.owed() == [ended]
    register.set_right(ref.account, ref.symbol)
    assert register.owed() == []
    register.file(ended)
    assert register.owed() == [ended]
