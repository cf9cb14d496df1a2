"""A grid with parts that are too small for any order of their own."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import CancelIntent, PlaceIntent, Purpose
from tests.simulation.grid_rig import long_of, move, rig_of, setup_of, slot


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


@pytest.mark.row("B16")
def test_a_part_below_the_least_notional_is_closed_where_only_reducing_orders_may_be_small() -> (
    None
):
    """USDⓈ-M takes a reduce-only order of any notional: what filled for 45 of 100 USDT is closed, it is no dust."""
    rules = {"quantity_min": "0.001", "notional_min": "100"}
    rig = rig_of(setup_of(order_notional_quote=Decimal(150)), **rules)
    rig.accept_all()
    cid = rig.cid_at("44990")
    rig.fill(cid, "0.001")
    rig.feed(rig.canceled(cid))
    for price in ("44995", "45005", "45006"):
        move(rig, price)
        rig.wait(1_500)
    said = [one for one in rig.sent if isinstance(one, PlaceIntent) and one.slot == "g-1"]
    closes = [one for one in said if one.purpose is Purpose.CLOSE]
    assert [(one.quantity, one.price >= 45_000) for one in closes] == [(Decimal("0.001"), True)]
    assert [gap for gap in rig.last.gaps if gap.why.startswith("dust")] == []


@pytest.mark.row("B08")
def test_an_opening_gives_way_to_the_close_of_its_small_part() -> None:
    """The part can be closed by what only reduces: once the price is there, the rest of its opening leaves for it."""
    rig = rig_of(
        setup_of(order_notional_quote=Decimal(150)), quantity_min="0.001", notional_min="100"
    )
    rig.accept_all()
    cid = rig.cid_at("44990")
    rig.fill(cid, "0.001")
    move(rig, "45005")
    opened = next(one for one in rig.sent if isinstance(one, PlaceIntent) and one.slot == "g-1")
    cancels = [one.target_intent_id for one in rig.sent if isinstance(one, CancelIntent)]
    assert opened.intent_id in cancels
