"""What the reconciler concludes from a journal: alerts after one look, deeds after two, nothing twice."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from opensqt.domain.account import PositionStated
from opensqt.domain.control import KillReleased
from opensqt.domain.instruments import Market, Side
from opensqt.domain.order_events import Submitting
from opensqt.domain.recon_events import Adjustment, Discrepancy, DiscrepancyKind, Halted, Resumed
from opensqt.domain.reconciliation import Track, drift
from tests.ledgers import (
    ACCOUNT,
    PERP,
    VENUE,
    balance,
    canceled,
    deposit,
    fill,
    opened,
    placed,
    ref_of,
    snapshot,
)
from tests.reconciling import GRACE_MS, LATER_MS, Desk, kinds, shown, trading


def test_agreement_says_nothing() -> None:
    """Where venue and journal agree, no event is written."""
    desk = trading()
    desk.look("1", "e1")
    desk.look("1", "e2")
    assert desk.said == []


@pytest.mark.row("E13")
@pytest.mark.parametrize(
    "observed, halts",
    [("0.9501", False), ("0.95", True), ("1.0525", False), ("1.053", True), ("0", True)],
)
def test_drift_below_five_percent_is_adjusted_and_from_there_halts(
    observed: str, *, halts: bool
) -> None:
    """4.99 % is corrected by an event that cites its evidence; 5.00 % stops openings and corrects nothing."""
    desk = trading()
    desk.look(observed, "e1")
    assert kinds(desk) == [DiscrepancyKind.POSITION]
    assert desk.told(Adjustment) == []
    assert desk.told(Halted) == []
    desk.look(observed, "e2")
    adjustments = desk.told(Adjustment)
    if halts:
        (halt,) = desk.told(Halted)
        assert (halt.scope, halt.mode) == (f"{VENUE}/{ACCOUNT}/{PERP}", "REDUCING")
        assert adjustments == []
    else:
        assert desk.told(Halted) == []
        assert [one.quantity for one in adjustments] == [Decimal(observed) - 1]
        assert adjustments[0].evidence_hash == "e2"
        assert adjustments[0].strategy == "grid"
        assert desk.books.nets[VENUE, ACCOUNT, PERP].position.quantity == Decimal(observed)
        desk.look(observed, "e3")
        assert len(desk.told(Adjustment)) == 1


@pytest.mark.row("E13", "J15")
def test_looks_in_quick_succession_adjust_a_gap_once() -> None:
    """A third look is judged before the adjustment of the second is in the books: it makes no other one."""
    desk = trading()
    desk.look("0.9501", "e1")
    for evidence in ("e2", "e3"):
        desk.write(snapshot(desk.head, "0.9501", evidence=evidence, time_ms=desk.now_ms + 10))
    desk.wait()
    assert [one.quantity for one in desk.told(Adjustment)] == [Decimal("-0.0499")]
    desk.look("0.9501", "e4")
    assert len(desk.told(Adjustment)) == 1


@pytest.mark.row("E13", "J15")
def test_a_look_of_before_an_adjustment_adjusts_nothing_again() -> None:
    """A look waits while its gap is adjusted and a trade comes: it fits no figure then, and is left alone."""
    desk = trading()
    desk.look("0.9501", "e1")
    desk.write(snapshot(desk.head, "0.9501", evidence="e2", time_ms=desk.now_ms + 10))
    desk.now_ms += GRACE_MS // 2
    desk.write(snapshot(desk.head, "0.9501", evidence="e3", time_ms=desk.now_ms + 10))
    desk.write(*opened(ref_of(2)), fill(ref_of(2), "t2", "1"))
    desk.settle(GRACE_MS - GRACE_MS // 2)
    assert [one.quantity for one in desk.told(Adjustment)] == [Decimal("-0.0499")]
    desk.wait()
    desk.look("1.9501", "e4")
    assert [one.quantity for one in desk.told(Adjustment)] == [Decimal("-0.0499")]
    assert desk.told(Halted) == []
    assert desk.judge.standing() == []


@pytest.mark.row("E13")
def test_the_measure_of_drift() -> None:
    """The difference is measured by the larger side, at least by one lot."""
    assert drift(Decimal("0.9501"), Decimal(1), Decimal("0.01")) == Decimal("0.0499")
    assert drift(Decimal(0), Decimal("0.001"), Decimal("0.1")) == Decimal("0.01")
    assert drift(Decimal(0), Decimal(0), Decimal(0)) == 0


@pytest.mark.row("E13")
def test_adjustments_that_sum_up_halt() -> None:
    """Twice 3 % within a day is no noise any more."""
    desk = trading()
    desk.look("0.97", "e1")
    desk.look("0.97", "e2")
    assert len(desk.told(Adjustment)) == 1
    desk.look("0.94", "e3")
    desk.look("0.94", "e4")
    assert len(desk.told(Adjustment)) == 1
    assert len(desk.told(Halted)) == 1


@pytest.mark.row("E13")
def test_nothing_is_adjusted_while_an_order_is_unresolved() -> None:
    """A request whose outcome is unknown may explain the difference."""
    desk = trading()
    ref = ref_of(2)
    desk.write(placed(ref), Submitting(ref=ref, epoch=1, deadline_ms=9, time_ms=1))
    for number in range(3):
        desk.look("0.97", f"e{number}")
    assert desk.told(Adjustment) == []
    desk.write(canceled(ref))
    desk.look("0.97", "e9")
    assert len(desk.told(Adjustment)) == 1


@pytest.mark.row("E13")
def test_a_trade_found_later_takes_the_adjustment_back() -> None:
    """Σ trades + Σ adjustments stays the position."""
    desk = trading()
    desk.look("0.97", "e1")
    desk.look("0.97", "e2")
    late = fill(ref_of(1), "t2", "0.03", side=Side.SELL, time_ms=5)
    desk.write(late)
    desk.wait()
    assert [one.quantity for one in desk.told(Adjustment)] == [Decimal("-0.03"), Decimal("0.03")]
    assert desk.books.nets[VENUE, ACCOUNT, PERP].position.quantity == Decimal("0.97")
    desk.look("0.97", "e3")
    assert len(desk.told(Adjustment)) == 2


def test_two_looks_must_agree() -> None:
    """Two different differences are an alert each time, but no reason to act."""
    desk = trading()
    desk.look("0.97", "e1")
    desk.look("0.98", "e2")
    assert desk.told(Adjustment) == []
    assert desk.told(Halted) == []


@pytest.mark.row("E12")
def test_a_trade_under_way_is_no_disagreement() -> None:
    """The venue shows a trade before the journal has it; it comes within the grace."""
    desk = trading()
    ref = ref_of(2)
    desk.write(*opened(ref))
    desk.write(snapshot(desk.head, "1.5", evidence="e1", orders=(shown(ref.client_order_id),)))
    desk.write(fill(ref, "t2", "0.5"))
    desk.wait()
    assert desk.said == []


def test_a_drift_is_seen_while_trades_come_in() -> None:
    """Each look has trades around it; the difference that stays is told and acted on."""
    desk = trading()
    held = Decimal(1)
    for number in range(2, 5):
        ref = ref_of(number)
        desk.write(*opened(ref))
        asked = desk.head
        desk.write(fill(ref, f"t{number}", "1", time_ms=10**9))
        held += 1
        desk.write(snapshot(asked, str(held - Decimal("0.04")), evidence=f"e{number}"))
        desk.wait()
    assert kinds(desk) == [DiscrepancyKind.POSITION]
    assert [one.quantity for one in desk.told(Adjustment)] == [Decimal("-0.04")]


def test_a_position_that_one_side_does_not_know_is_a_disagreement() -> None:
    """The union of both sides is compared: a symbol that the venue leaves out is flat there."""
    desk = trading()
    desk.look(None, "e1")
    desk.look(None, "e2")
    assert kinds(desk) == [DiscrepancyKind.POSITION]
    assert len(desk.told(Halted)) == 1


@pytest.mark.row("J09")
def test_a_balance_that_differs_is_told_and_never_corrected() -> None:
    """A wallet is compared to the last digit; a difference is an alert, once."""
    desk = Desk()
    desk.write(deposit(Market.PERP, "USDT", "100"))
    desk.look(None, "e1", balances=(balance("USDT", "100.00"),))
    assert desk.said == []
    for number in range(2, 5):
        desk.look(None, f"e{number}", balances=(balance("USDT", "99.99999999"),))
    assert kinds(desk) == [DiscrepancyKind.BALANCE]
    assert [type(event.message) for event in desk.said] == [Discrepancy]


def restless(desk: Desk) -> None:
    """Let everything disagree for a while."""
    ref = ref_of(2)
    desk.write(*opened(ref), deposit(Market.PERP, "USDT", "100"))
    for number in range(4):
        told = (shown("web_1"), shown("q" + "1" * 26, "v8"))
        balances = (balance("USDT", "90"),)
        desk.look("0.96", f"e{number}", orders=told, balances=balances)
    desk.look("0.5", "e8")
    desk.look("0.5", "e9")


@pytest.mark.row("A05")
def test_judging_again_says_nothing_new() -> None:
    """A judge that reads the journal of another, however often it dies on the way, adds no event to it.

    Where it dies before an append, it says just what the other said, under the same ids.
    """
    desk = trading()
    restless(desk)
    said = {event.event_id for event in desk.said}
    assert len(said) > 3
    owed, found = 0, said
    for end in range(1, desk.head + 1):
        again = Desk()
        for row, message in desk.rows[:end]:
            again.fold(row, message)
        at_ms = desk.rows[end][0].recorded_at_ms if end < desk.head else desk.now_ms + LATER_MS
        again.judge.pass_time(again.books, at_ms)
        found = {event.event_id for group in again.judge.take_outbox() for event in group}
        there = {row.event_id for row, _ in desk.rows[:end]}
        assert found <= said - there
        owed += len(found)
    assert owed >= len(said)
    assert found == set()


def test_positions_are_stated_when_they_changed_and_not_twice() -> None:
    """One statement a holding and change; a restart does not repeat it."""
    desk = trading()
    desk.judge.state_positions(desk.books, 50)
    desk.wait()
    (stated,) = desk.told(PositionStated)
    assert (stated.strategy, stated.quantity, stated.entry_price) == (
        "grid",
        Decimal(1),
        Decimal(100),
    )
    again = Desk()
    for row, message in desk.rows:
        again.fold(row, message)
    again.judge.state_positions(again.books, 60)
    assert again.judge.take_outbox() == []


@pytest.mark.parametrize("call", [lambda track: track.since(3), lambda track: track.since(9)])
def test_a_track_remembers_where_a_figure_was(call: Callable[[Track], tuple[Decimal, ...]]) -> None:
    """The figure at a position and every later one; long ago is not known."""
    track = Track()
    track.note(3, Decimal(1))
    assert call(track) == (Decimal(1),)
    for at in range(10, 2000):
        track.note(at, Decimal(at))
    assert track.since(5) is None
    assert track.since(1998) == (Decimal(1998), Decimal(1999))


@pytest.mark.row("E13")
def test_a_person_lifts_a_halt_and_what_still_disagrees_halts_again() -> None:
    """Releasing the desk resumes every scope; the drift that stays is halted by the next look."""
    desk = trading()
    desk.look("0.5", "e1")
    desk.look("0.5", "e2")
    assert len(desk.books.controls.halts) == 1
    desk.write(KillReleased(scope="desk", reason="looked", actor="ann", time_ms=desk.now_ms))
    desk.wait()
    assert [(one.actor, one.reason) for one in desk.told(Resumed)] == [("ann", "looked")]
    assert desk.books.controls.halts == {}
    desk.look("0.5", "e3")
    assert len(desk.told(Halted)) == 2
    desk.look("1", "e4")
    desk.write(KillReleased(scope="desk", reason="closed", actor="ann", time_ms=desk.now_ms))
    desk.wait()
    desk.look("1", "e5")
    assert desk.books.controls.halts == {}
