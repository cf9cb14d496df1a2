"""A grid with a range: what it does while the price is outside of it, and that it closes there, too."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import Purpose
from opensqt.strategies.grid.ladder_settings import OutOfRange
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.settings import SettingError
from tests.simulation.grid_rig import BUY, SELL, move, rig_of, setup_of
from tests.simulation.strategy_rig import Rig


def ranged(policy: OutOfRange) -> Rig[GridState]:
    """Return a neutral grid around 45 000 that opens from 44 980 to 45 020."""
    rig = rig_of(
        setup_of(range_low=Decimal(44_980), range_high=Decimal(45_020), out_of_range=policy)
    )
    rig.accept_all()
    return rig


def whys(rig: Rig[GridState]) -> set[str]:
    """Return why levels have no order."""
    return {gap.why for gap in rig.last.gaps}


@pytest.mark.parametrize("policy", OutOfRange)
def test_inside_the_range_nothing_opens_beyond_it(policy: OutOfRange) -> None:
    """Near its end the levels that lie beyond are named."""
    rig = ranged(policy)
    assert rig.resting(BUY) == [44_980, 44_990]
    assert rig.resting(SELL) == [45_010, 45_020]
    move(rig, "45015")
    assert rig.resting(SELL) == [45_010, 45_020]
    assert whys(rig) == {"level beyond the range"}


def test_hold_leaves_what_rests_and_opens_nothing() -> None:
    """The price runs away above: the buys stay where they are, however far it is."""
    rig = ranged(OutOfRange.HOLD)
    for price in ("45021", "45900"):
        move(rig, price)
        assert rig.resting(BUY) == [44_980, 44_990]
    assert whys(rig) == {"price out of the range"}


def test_stop_withdraws_the_openings_until_the_price_is_back() -> None:
    """What was bought is sold all the same."""
    rig = ranged(OutOfRange.STOP)
    rig.fill(rig.cid_at("44980"))
    move(rig, "44970")
    assert [placed.purpose for placed in rig.live()] == [Purpose.CLOSE]
    assert whys(rig) == {"price out of the range"}
    move(rig, "45000")
    assert rig.resting(BUY) == [44_980, 44_990] or rig.resting(BUY) == [44_990]
    assert 45_010 in rig.resting(SELL)


def test_trail_follows_the_price_with_the_whole_range() -> None:
    """500 above the range, the range is 500 higher; the price comes back and so does the range."""
    rig = ranged(OutOfRange.TRAIL)
    move(rig, "45520")
    assert rig.resting(BUY) == [45_500, 45_510]
    assert rig.resting(SELL) == []
    assert whys(rig) == {"level beyond the range"}
    move(rig, "45000")
    assert rig.resting(BUY) == [44_980, 44_990]


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    """The setting is named."""
    settings = setup_of(range_low=Decimal(2), range_high=Decimal(1)).settings
    with pytest.raises(SettingError, match="range_high"):
        settings.resolved(Decimal(2000))
