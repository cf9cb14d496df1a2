"""A grid with parts that are too small for any order of their own."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import PlaceIntent, Purpose
from tests.simulation.grid_rig import long_of, move, rig_of, slot


@pytest.mark.row("B08")
def test_a_part_too_small_to_close_leaves_its_opening_alone() -> None:
    """It can only be topped up: taking the opening off for its sake would place and cancel it for ever."""
    rules = {"quantity_step": "0.1", "quantity_min": "0.5"}
    rig = rig_of(long_of(order_notional_quote=Decimal(45_000)), **rules)
    rig.accept_all()
    cid = rig.cid_at("44990")
    rig.fill(cid, "0.4")
    for price in ("45001", "45002", "45001"):
        move(rig, price)
    rig.feed(rig.canceled(cid))  # by hand: it is placed again, once
    for price in ("45002", "45001", "45002"):
        move(rig, price)
        rig.wait(1_500)
    assert slot(rig, -1).position.quantity == Decimal("0.4")
    said = [one for one in rig.sent if isinstance(one, PlaceIntent) and one.slot == "g-1"]
    assert [intent.purpose for intent in said] == [Purpose.OPEN, Purpose.OPEN]
