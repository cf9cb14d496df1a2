"""One entry in each funding interval, whatever is heard how often; what bought nothing uses up none."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.strategies.carry.carry import settlement_ms
from tests.simulation.carry_rig import CarryRig, carry_setup, funding_of
from tests.simulation.strategy_facts import PERP, SPOT, d

HOUR_MS = 3_600_000
ONE_CLIP = Decimal(460)


def in_and_out() -> CarryRig:
    """Return a carry that was entered, left for its funding and is flat, within one interval."""
    rig = CarryRig(carry_setup(notional_quote_max=ONE_CLIP))
    rig.take()
    rig.take()
    pays(rig, "0")
    rig.take()
    rig.take()
    assert rig.steps()[-1] == "flat"
    return rig


def pays(rig: CarryRig, rate: str, times: int = 1) -> None:
    """Say a rate so many times; the settlement stays the same."""
    known = rig.state.funding
    assert known is not None
    for _ in range(times):
        rig.feed(msgspec.structs.replace(known, rate=d(rate), time_ms=rig.now_ms))


@pytest.mark.row("F13")
def test_an_interval_that_was_entered_once_is_not_entered_again() -> None:
    """Funding pays again and is said a hundred times; the next entry comes with the next settlement, and once."""
    rig = in_and_out()
    pays(rig, "0.0003", times=100)
    assert not rig.places()
    assert rig.last.reason == "one entry in each funding interval: the next in 17 min"
    rig.wait(1_000_000, 1_000)
    pays(rig, "0.0003", times=100)
    assert [(one.symbol, one.side) for one in rig.places()] == [(SPOT, Side.BUY)]
    assert rig.steps().count("entering") == 2


@pytest.mark.row("F13", "F05")
def test_a_restart_knows_the_interval_that_was_entered() -> None:
    """The next process reads it in the journal."""
    rig = in_and_out()
    other = rig.restart(run=2)
    other.wait(6_000)
    pays(other, "0.0003")
    assert not other.places()
    assert other.last.reason.startswith("one entry in each funding interval: ")


@pytest.mark.row("F13")
def test_an_entry_that_bought_nothing_uses_up_no_interval() -> None:
    """The buy finds nothing eight times and the saga ends; the next one begins in the same interval."""
    rig = CarryRig()
    while rig.steps()[-1] != "flat":
        if rig.places():
            rig.take("0")
        rig.wait(1_000, 500)
    while not rig.places():
        rig.wait(1_000, 500)
    assert rig.steps() == ["entering", "flat", "entering"]


@pytest.mark.row("F13")
def test_clips_of_one_entry_may_all_be_of_one_interval() -> None:
    """Two clips build one position: that is one entry."""
    rig = CarryRig()
    for symbol in (SPOT, PERP, SPOT, PERP):
        assert rig.take().symbol == symbol
    assert rig.state.books.spot.quantity == d("0.02004")


@pytest.mark.row("F13", "F01")
@pytest.mark.parametrize(
    "next_ms, now_ms, ends_ms",
    [(5, 4, 5), (5, 5, 5 + 8 * HOUR_MS), (5, 9 * HOUR_MS, 5 + 16 * HOUR_MS)],
)
def test_an_interval_ends_with_the_next_settlement(next_ms: int, now_ms: int, ends_ms: int) -> None:
    """A date that has passed is continued at the interval of the venue."""
    funding = funding_of("0.0003", 0)
    assert settlement_ms(next_ms, funding.interval_hours, now_ms) == ends_ms
