"""What the reconciler concludes from the orders that a venue shows: alerts only, once, and never a cancel."""

import pytest

from opensqt.domain.recon_events import Discrepancy, DiscrepancyKind
from opensqt.domain.reconciliation import missing_orders
from tests.ledgers import (
    canceled,
    fill,
    opened,
    ref_of,
    snapshot,
)
from tests.reconciling import kinds, shown, trading
from tests.support.any_journal import unnamed


@pytest.mark.row("E12")
@pytest.mark.parametrize(
    "client_order_id, kind",
    [("q" + "0" * 26, DiscrepancyKind.ORPHAN_ORDER), ("web_1", DiscrepancyKind.UNKNOWN_ORDER)],
)
def test_a_strange_order_is_told_and_left_alone(
    client_order_id: str, kind: DiscrepancyKind
) -> None:
    """Ours by its form or not: one alert, never a cancel, and silence while it stays."""
    desk = trading()
    for number in range(3):
        desk.look("1", f"e{number}", orders=(shown(client_order_id),))
    assert kinds(desk) == [kind]
    assert all(isinstance(event.message, Discrepancy) for event in desk.said)
    desk.look("1", "e7")
    desk.look("1", "e8", orders=(shown(client_order_id),))
    assert kinds(desk) == [kind, kind]


@pytest.mark.row("E11")
def test_an_order_that_is_missing_at_the_venue_is_told() -> None:
    """Open in the journal, not shown although asked for: told once, and over when its end is known."""
    desk = trading()
    ref = ref_of(2)
    desk.write(*opened(ref))
    desk.look("1", "e1")
    assert kinds(desk) == [DiscrepancyKind.MISSING_ORDER]
    assert desk.told(Discrepancy)[0].subject == ref.client_order_id
    desk.look("1", "e2")
    assert len(desk.said) == 1
    desk.write(canceled(ref))
    desk.look("1", "e3")
    assert desk.judge.standing() == []


def test_an_order_of_a_symbol_that_was_not_asked_for_is_not_missing() -> None:
    """Absence proves nothing where nobody looked."""
    desk = trading()
    desk.write(*opened(ref_of(2)))
    desk.look("1", "e1", symbols=())
    assert kinds(desk) == []


def test_an_order_that_was_accepted_after_the_question_is_not_missing() -> None:
    """Evidence after the venue was asked voids the comparison."""
    desk = trading()
    asked = desk.head
    desk.write(*opened(ref_of(2)))
    desk.write(snapshot(asked, "1"))
    desk.wait()
    assert desk.said == []


def test_a_trade_that_names_no_order_of_ours_is_evidence_about_its_order() -> None:
    """A venue may name a trade by its own id of the order: a look that was asked before it proves nothing either."""
    desk = trading()
    ref = ref_of(2)
    desk.write(*opened(ref))
    asked = desk.head
    desk.write(unnamed(fill(ref, "77", "0.25")))
    desk.write(snapshot(asked, "1", orders=(shown(ref.client_order_id),)))
    desk.wait()
    assert kinds(desk) == []


@pytest.mark.parametrize("young_ms, missed", [(2500, 0), (500, 1)])
def test_an_order_that_the_venue_may_not_show_yet_is_not_missing(
    young_ms: int, missed: int
) -> None:
    """An order that was taken within the visibility lag of the venue proves nothing by its absence."""
    desk = trading()
    ref = ref_of(2)
    desk.write(*opened(ref))
    taken = snapshot(desk.head, "1", time_ms=1000)
    found, void = missing_orders(desk.books, taken, {}, young_ms=young_ms)
    assert (len(found), len(void)) == (missed, 1 - missed)


def test_an_order_that_ended_and_is_still_open_is_told() -> None:
    """The journal has its end, the venue still shows it."""
    desk = trading()
    ref = ref_of(2)
    desk.write(*opened(ref), canceled(ref))
    desk.look("1", "e1", orders=(shown(ref.client_order_id),))
    assert kinds(desk) == [DiscrepancyKind.ORPHAN_ORDER]


def test_a_fill_that_no_trade_shows_is_told() -> None:
    """The venue says that more was filled than our trades make."""
    desk = trading()
    ref = ref_of(2)
    desk.write(*opened(ref))
    desk.look("1", "e1", orders=(shown(ref.client_order_id, filled="0.25"),))
    assert kinds(desk) == [DiscrepancyKind.FILLED_QUANTITY]
    told = desk.said[0].message
    assert isinstance(told, Discrepancy)
    assert (told.expected, told.observed) == ("0", "0.25")
