"""A carry judges the prices of one moment: an entry waits where those of its legs lie further apart, an exit never."""

from decimal import Decimal

import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.runtime.clock import ClockOrigin, VirtualClock
from opensqt.runtime.config.all import parse_config
from services.arb.config import plays_of
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.strategy_facts import PERP, SPOT, tick_of

APART = "the prices of the legs lie {} ms apart, at most 250 expected"


def poor() -> CarryRig:
    """Return a flat carry whose funding does not pay yet; both legs were just seen."""
    return CarryRig(rate="0.00001")


def seen(rig: CarryRig, symbol: str, after_ms: int, price: str = "45000") -> None:
    """Show a price of one leg, so many ms after the last moment."""
    rig.now_ms += after_ms
    rig.feed(tick_of(symbol, price, rig.now_ms))


@pytest.mark.row("F03")
@pytest.mark.parametrize("late", [SPOT, PERP])
def test_no_entry_on_prices_of_two_moments(late: str) -> None:
    """Either leg may be the one that is not heard; it says so, and enters when it is heard, at the same price too."""
    rig = poor()
    other = PERP if late == SPOT else SPOT
    seen(rig, late, 100)
    seen(rig, other, 251)
    rig.fund("0.0003")
    assert (rig.places(), rig.steps()) == ([], [])
    assert rig.last.reason == APART.format(251)
    seen(rig, late, 10)
    assert [(one.symbol, one.side) for one in rig.places()] == [(SPOT, Side.BUY)]


@pytest.mark.row("F03")
def test_prices_at_the_bound_are_of_one_moment() -> None:
    """250 ms apart is entered, and so is a bound that was set wider."""
    for bound_ms in (250, 900):
        rig = CarryRig(carry_setup(legs_apart_ms_max=bound_ms), rate="0.00001")
        seen(rig, SPOT, 100)
        seen(rig, PERP, bound_ms)
        rig.fund("0.0003")
        assert rig.next().symbol == SPOT


@pytest.mark.row("F03", "F04")
def test_a_basis_that_never_was_is_not_entered() -> None:
    """Both legs fall by half a percent, spot is shown first: a premium of 50 bps that nobody could have taken."""
    rig = CarryRig(carry_setup(basis_bps_min=Decimal(20)))
    seen(rig, PERP, 100)
    seen(rig, SPOT, 300, "44775")
    assert (rig.places(), rig.steps()) == ([], [])
    seen(rig, PERP, 50, "44775")
    assert rig.last.reason.startswith("basis 0.0 bps below 20 bps")
    assert rig.steps() == []


@pytest.mark.row("F04")
def test_an_entry_under_way_waits_for_prices_of_one_moment() -> None:
    """After a clip that traded nothing the spot is not heard: no second try, no step; then it goes on."""
    rig = CarryRig()
    rig.take("0")
    tries = len(rig.sent)
    for _ in range(10):
        seen(rig, PERP, 200)
    assert len(rig.sent) == tries
    assert rig.steps() == ["entering"]
    assert rig.last.reason == f"the entry waits: {APART.format(2100)}"
    seen(rig, SPOT, 10)
    assert rig.next().symbol == SPOT


@pytest.mark.row("F04")
def test_an_entry_that_waits_too_long_is_given_up() -> None:
    """Behind the leg timeout nothing is entered any more, and it is flat."""
    rig = CarryRig()
    rig.take("0")
    for _ in range(20):
        seen(rig, PERP, 200)
    assert rig.steps() == ["entering", "flat"]
    assert rig.last.reason == APART.format(4100)


@pytest.mark.row("F04", "F12")
def test_what_spot_brought_is_hedged_at_any_distance() -> None:
    """Spot traded and is not heard after that: the perpetual is sold all the same."""
    rig = CarryRig()
    cid = rig.accept(rig.next())
    rig.fill(cid)
    seen(rig, PERP, 900)
    assert (rig.next().symbol, rig.next().side) == (PERP, Side.SELL)


@pytest.mark.row("F12")
def test_an_exit_for_funding_does_not_wait() -> None:
    """Spot is not heard for almost a second and funding turns: it is sold, and the perpetual bought back."""
    rig = CarryRig()
    entered(rig)
    seen(rig, PERP, 900)
    rig.fund("-0.0003")
    assert (rig.next().symbol, rig.next().purpose) == (SPOT, Purpose.CLOSE)
    rig.take()
    assert (rig.next().symbol, rig.next().purpose) == (PERP, Purpose.CLOSE)


@pytest.mark.row("F03")
def test_the_distance_is_a_setting_in_wall_time() -> None:
    """It is 250 ms unless told otherwise; at twice the pace of the market it is twice as many market ms."""
    text = derive((SPOT, PERP), market="synthetic:7")
    told = text.replace('kind = "carry"', 'kind = "carry"\nlegs_apart_ms_max = 400')
    for desk, apart_ms in ((text, 500), (told, 800)):
        (play,) = plays_of(
            parse_config(desk, {}),
            VirtualClock(ClockOrigin(origin_market_ms=0, origin_wall_ms=0, speed=Decimal(2))),
        )
        assert play.beginning.legs_apart_ms_max == apart_ms
