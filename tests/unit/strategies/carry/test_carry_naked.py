"""A leg that stands alone: its time and its size are hard limits, and what cannot be mended calls for a person."""

from decimal import Decimal

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.recon_events import Halted
from opensqt.strategies.settings import SettingError
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.strategy_facts import PERP, SPOT, d

LATE_MS = 15_100  # beyond naked_ms_max
MENDED_MS = 70_000  # beyond the pause after one unwound entry


def refused(rig: CarryRig, span_ms: int, *symbols: str) -> None:
    """Let risk refuse every order of these legs for some time."""
    for _ in range(0, span_ms, 100):
        for intent in rig.places():
            assert intent.symbol in symbols
            rig.refuse(intent)
        rig.wait(100)


@pytest.mark.row("J08", "F08")
def test_a_leg_alone_for_too_long_halts_the_carry_and_calls_for_a_person() -> None:
    """Neither leg trades for 15 s: one halt of this strategy, whose words say what is uncovered and what to do."""
    rig = CarryRig()
    rig.take()
    began_ms = rig.now_ms
    refused(rig, LATE_MS, PERP, SPOT)
    (halt,) = rig.halts()
    assert (halt.scope, halt.mode) == ("strategy/carry", "REDUCING")
    assert halt.reason == (
        "0.01002 uncovered, about 450.9 quote, for more than 15000 ms; look at both legs,"
        " then `opensqt resume --strategy carry`"
    )
    assert 15_000 < halt.time_ms - began_ms <= 15_200
    assert rig.steps() == ["entering", "hedging", "compensating", "escalated"]
    refused(rig, 60_000, SPOT)  # from now on it is only unwound
    assert len(rig.halts()) == 1


@pytest.mark.row("J08", "F08", "F12")
def test_what_a_breach_halted_leaves_and_enters_again_only_when_a_person_says_so() -> None:
    """The spot is sold back at last; the carry stays closed, beyond every pause, until it is released."""
    rig = CarryRig()
    rig.take()
    refused(rig, LATE_MS, PERP, SPOT)
    while not rig.places():
        rig.wait(100)
    sold = rig.take()
    assert (sold.symbol, sold.side, sold.purpose) == (SPOT, Side.SELL, Purpose.CLOSE)
    assert rig.steps()[-1] == "flat"
    rig.wait(MENDED_MS)
    assert not rig.places()
    assert rig.last.reason.startswith("reducing: 0.01002 uncovered")
    rig.resume()
    assert not rig.places()
    rig.fund("0.0003")  # of the next interval
    assert (rig.next().symbol, rig.next().side) == (SPOT, Side.BUY)


@pytest.mark.row("J08")
def test_parts_of_a_hedge_give_no_leg_more_time() -> None:
    """The hedge trades one step a second: what is left is unwound after one leg timeout, and never outlives 15 s."""
    rig = CarryRig(carry_setup(naked_quote_max=Decimal(700)))
    rig.take()
    began_ms = rig.now_ms
    while rig.state.books.naked_ms:
        assert rig.now_ms - began_ms <= 15_000
        for intent in rig.places():
            rig.take("0.001" if intent.symbol == PERP else "0.00101")
        rig.wait(1_000)
    assert rig.steps() == ["entering", "hedging", "compensating", "neutral"]
    assert not rig.halts()


@pytest.mark.row("J08")
def test_an_order_whose_end_nobody_knows_does_not_hide_the_leg_that_it_left_alone() -> None:
    """Half of leg one has traded, its end stays unknown: after 15 s all are told; once it ends, the half is sold."""
    rig = CarryRig()
    cid = rig.accept(rig.next())
    rig.fill(cid, "0.005")
    rig.wait(LATE_MS)
    assert [halt.scope for halt in rig.halts()] == ["strategy/carry"]
    assert rig.last.reason == "0.005 uncovered, about 225.0 quote, for more than 15000 ms"
    rig.waiting.clear()
    rig.feed(rig.expired(cid))
    sold = rig.take()
    assert (sold.symbol, sold.side, sold.quantity) == (SPOT, Side.SELL, d("0.005"))
    assert rig.steps() == ["entering", "compensating", "flat"]


@pytest.mark.row("J08")
def test_more_alone_than_may_be_is_unwound_at_once_and_not_hedged() -> None:
    """The venue takes the whole short away: 900 quote of spot stand alone, 700 may; they are sold, all are told."""
    rig = CarryRig(carry_setup(naked_quote_max=Decimal(700)))
    entered(rig)
    rig.correct(PERP, "0.020")
    (halt,) = rig.halts()
    assert halt.reason.startswith("0.02004 uncovered, about 901.8 quote, more than 700; ")
    assert rig.steps()[-1] == "compensating"
    sold = rig.take()
    assert (sold.symbol, sold.side, sold.quantity) == (SPOT, Side.SELL, d("0.02004"))
    assert rig.steps()[-1] == "flat"


@pytest.mark.row("J08")
def test_as_much_alone_as_may_be_is_hedged() -> None:
    """Half of the short is gone: 451 quote stand alone, within 700; the perpetual is sold again, nobody is called."""
    rig = CarryRig(carry_setup(naked_quote_max=Decimal(700)))
    entered(rig)
    rig.correct(PERP, "0.010")
    hedge = rig.take()
    assert (hedge.symbol, hedge.side, hedge.quantity) == (PERP, Side.SELL, d("0.010"))
    assert rig.steps()[-2:] == ["hedging", "neutral"]
    assert not rig.halts()


@pytest.mark.row("J08", "F07")
def test_an_exit_that_stands_on_its_short_for_too_long_is_a_breach_too() -> None:
    """The spot is sold, the short is not bought back: a short alone has no more time than a long."""
    rig = CarryRig(carry_setup(notional_quote_max=Decimal(460)))
    rig.take()
    rig.take()
    rig.fund("0")
    rig.take()
    refused(rig, LATE_MS, PERP)
    assert len(rig.halts()) == 1
    assert rig.steps()[-1] in ("compensating", "escalated")
    while not rig.places():
        rig.wait(100)
    closed = rig.take()
    assert (closed.symbol, closed.side, closed.purpose) == (PERP, Side.BUY, Purpose.CLOSE)
    assert rig.steps()[-1] == "flat"


@pytest.mark.row("J08", "F05")
def test_a_restart_gives_no_leg_more_time() -> None:
    """Bought, then killed for a minute: the next process knows since when, sells what stands alone and tells."""
    rig = CarryRig()
    rig.take()
    rig.waiting.clear()
    rig.now_ms += 60_000
    other = rig.restart(run=2)
    other.wait(5_500)
    assert other.state.books.naked_ms == rig.state.books.naked_ms > 0
    sold = other.take()
    assert (sold.symbol, sold.side, sold.quantity) == (SPOT, Side.SELL, d("0.01002"))
    assert [halt.scope for halt in other.halts()] == ["strategy/carry"]


@pytest.mark.row("J08")
def test_a_halt_of_somebody_else_does_not_stand_for_the_own_one() -> None:
    """The desk is reducing already; the breach is told all the same: whoever releases the desk looks at this, too."""
    rig = CarryRig()
    rig.take()
    rig.feed(Halted(scope="desk", mode="REDUCING", reason="drift", time_ms=rig.now_ms))
    refused(rig, LATE_MS, PERP, SPOT)
    assert [halt.scope for halt in rig.halts()] == ["desk", "strategy/carry"]
    rig.resume("desk")
    assert rig.state.halt is None
    refused(rig, 5_000, PERP, SPOT)
    assert len(rig.halts()) == 2  # who released it has seen it


@pytest.mark.row("I15")
@pytest.mark.parametrize(
    "bps, gone, hedged", [("1000", "0.001", False), ("1000", "0.003", True), ("0", "0.001", True)]
)
def test_legs_are_made_equal_again_beyond_their_tolerance(
    bps: str, gone: str, hedged: bool
) -> None:
    """Of a leg of 0.02, 10 % may drift: 0.001 less stays as it is, 0.003 less is sold again down to the last step."""
    rig = CarryRig(carry_setup(drift_bps_max=Decimal(bps)))
    entered(rig)
    rig.correct(PERP, gone)
    rig.wait(1_000)
    assert [(i.symbol, i.side, i.quantity) for i in rig.places()] == (
        [(PERP, Side.SELL, d(gone))] if hedged else []
    )
    if hedged:
        rig.take()
        assert rig.steps()[-2:] == ["hedging", "neutral"]
    assert not rig.halts()


@pytest.mark.row("I15")
def test_a_short_that_is_too_large_is_bought_back() -> None:
    """More short than spot, however that came: the perpetual is closed as far, never opened further."""
    rig = CarryRig()
    entered(rig)
    rig.correct(PERP, "-0.004")
    closed = rig.take()
    assert (closed.symbol, closed.side, closed.quantity) == (PERP, Side.BUY, d("0.004"))
    assert closed.purpose is Purpose.CLOSE
    assert abs(rig.state.books.imbalance) < d("0.001")


@pytest.mark.row("J08")
@pytest.mark.parametrize(
    "change, field",
    [({"naked_ms_max": 3_000}, "naked_ms_max"), ({"naked_quote_max": d("454")}, "naked_quote_max")],
)
def test_limits_that_no_hedge_could_keep_are_refused(change: dict[str, object], field: str) -> None:
    """Less time than a hedge has, or less than one order is: the field, its value and what is expected."""
    with pytest.raises(SettingError, match=rf'{field} = "\d+": expected (above|at least)'):
        carry_setup(**change).settings.resolved(d("1000"))


@pytest.mark.row("J08")
def test_one_leg_alone_may_be_one_and_a_half_orders_where_nothing_is_said() -> None:
    """The order is sized first: as large as risk allows, at most the notional."""
    setup = carry_setup(order_notional_quote=d("0"))
    assert setup.settings.resolved(d("300")).naked_quote_max == d("450")
