"""The carry where the venue takes its fee of the spot that is bought."""

import pytest

from opensqt.domain.instruments import Side
from tests.simulation.carry_rig import CarryRig, entered
from tests.simulation.strategy_facts import PERP, SPOT, d

SELL = Side.SELL


@pytest.mark.row("K06", "F04", "F07")
def test_with_fees_in_base_both_legs_are_what_arrived_and_all_of_it_leaves() -> None:
    """Bought 0.01002, received 0.01000998: hedged 0.010; the exit sells all but dust below the step, which is named."""
    rig = CarryRig(fee_asset="BTC")
    entered(rig)
    books = rig.state.books
    assert (books.spot.quantity, books.perp.quantity) == (d("0.02001996"), d("-0.020"))
    rig.fund("0.000004")
    taken = [rig.take() for _ in range(4)]
    assert sum(one.quantity for one in taken if one.symbol == SPOT) == d("0.02001")
    books = rig.state.books
    assert (books.spot.quantity, books.perp.quantity) == (d("0.00000996"), d("0"))
    assert rig.steps()[-2:] == ["exiting", "flat"]
    sent = len(rig.sent)
    rig.wait(10_000)
    assert len(rig.sent) == sent, "dust is asked for"
    assert [(one.asset, one.amount) for one in rig.last.dust] == [("BTC", d("0.00000996"))]


@pytest.mark.row("K06", "F07")
def test_the_dust_of_one_carry_leaves_with_the_next() -> None:
    """What the last exit could not sell is part of the next one."""
    rig = CarryRig(fee_asset="BTC")
    for _ in range(2):
        entered(rig)
        rig.fund("0.000004")
        while rig.places():
            rig.take()
        rig.fund("0.0003")
    fills = [fill for order in rig.orders.values() for fill in order.fills]
    sold = [f.quantity for f in fills if f.ref.symbol == SPOT and f.side is SELL]
    assert sum(sold) == 2 * d("0.02001") + d("0.00001")
    assert rig.state.books.spot.quantity == d("0.00000992")


@pytest.mark.row("F04", "K06")
def test_a_part_of_leg_one_is_hedged_as_it_arrived() -> None:
    """0.004 executed, 0.003996 received: 0.003 is sold, the rest goes with the next clip."""
    rig = CarryRig(fee_asset="BTC")
    rig.take("0.004")
    hedge = rig.take()
    assert (hedge.symbol, hedge.side, hedge.quantity) == (PERP, SELL, d("0.003"))
    assert rig.state.books.imbalance == d("0.000996")
