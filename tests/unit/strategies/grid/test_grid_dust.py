"""A grid with parts that are too small for any order of their own."""

from decimal import Decimal

import pytest

from opensqt.domain.decimals import floor_to
from opensqt.domain.intent import CancelIntent, PlaceIntent, Purpose
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.state import GridState
from services.gateway.state import GatewayState as Page
from tests.simulation.grid_rig import SELL, long_of, move, rig_of, setup_of, slot
from tests.simulation.strategy_facts import journalled
from tests.simulation.strategy_rig import Rig


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


FINE = {"quantity_step": "0.00001", "quantity_min": "0.00001"}


def spot_rig(levels: int = 2, **setup: object) -> Rig[GridState]:
    """Return a started long grid on spot whose venue keeps its fee of what is bought."""
    rig = rig_of(long_of(levels_below=levels, **setup), **FINE)
    rig.fee_asset = "BTC"
    rig.accept_all()
    return rig


@pytest.mark.row("K06", "B22")
def test_a_grid_sells_what_arrived_and_adds_the_rest_to_the_next_sale() -> None:
    """Bought 0.01, received 0.00999: that is sold; what a fee leaves below the step is sold when it makes one."""
    rig = spot_rig(levels=1, order_notional_quote=Decimal(455))
    sold: list[Decimal] = []
    for _ in range(30):
        buy = rig.cid_at("44990")
        rig.fill(buy)
        rig.accept_all()
        held = slots.quantity(rig.state.books)
        (sale,) = [p for p in rig.live() if p.side is SELL]
        assert sale.quantity == floor_to(held, Decimal("0.00001"))
        rig.fill(sale.ref.client_order_id)
        move(rig, "45000")
        sold.append(sale.quantity)
        dust = slots.quantity(rig.state.books)
        assert 0 <= dust < Decimal("0.00001")
        named = [(one.asset, one.amount) for one in rig.last.dust]
        assert named == ([("BTC", dust)] if dust else [])
    assert len(set(sold)) > 1, "the rest was never added to a sale"


@pytest.mark.row("K06")
def test_dust_is_named_once_and_never_asked_for() -> None:
    """A part below the minimum has a reason on its level, and no order repeats for it."""
    rig = spot_rig()
    cid = rig.cid_at("44990")
    rig.fill(cid, "0.00008")
    rig.feed(rig.canceled(cid))
    before = len([one for one in rig.sent if isinstance(one, PlaceIntent) and one.side is SELL])
    for price in ("45060", "45070", "45060"):
        move(rig, price)
        rig.wait(3_000)
    after = len([one for one in rig.sent if isinstance(one, PlaceIntent) and one.side is SELL])
    assert after == before == 0
    assert ("g-1", "dust: below_notional_min") in [(gap.slot, gap.why) for gap in rig.last.gaps]
    assert [one.amount for one in rig.last.dust] == [Decimal("0.00007992")]


@pytest.mark.row("K06")
def test_one_sale_takes_the_dust_of_other_levels_along() -> None:
    """Rests left where the price has been are sold with the next sale, and by one order only."""
    rig = spot_rig(levels=3)
    for cid in (rig.cid_at("44990"), rig.cid_at("44980")):
        rig.fill(cid, "0.00005")
        rig.feed(rig.canceled(cid))
    move(rig, "45105")  # both rests are below the window now
    rig.fill(rig.cid_at("45100"))
    rig.accept_all()
    rests = slot(rig, -1).position.quantity + slot(rig, -2).position.quantity
    assert rests == 2 * Decimal("0.00004995")
    own = slot(rig, 10).position.quantity
    (sale,) = [p for p in rig.live() if p.side is SELL]
    assert sale.quantity == floor_to(own + rests, Decimal("0.00001"))
    rig.fill(sale.ref.client_order_id)
    assert slot(rig, 10).position.quantity == 0
    left = slots.quantity(rig.state.books)
    assert left == own + rests - sale.quantity < Decimal("0.00001")
    assert slots.total(rig.state.books).cost >= 0
    page = Page()
    for at, event in enumerate(journalled(rig.history), start=1):
        page.fold(event, at)
    assert page.levels["grid"] == {
        n: s.position for n, s in rig.state.books.slots.items() if s.position.fills
    }


@pytest.mark.row("K06")
def test_rests_that_make_a_sale_together_are_sold_without_another() -> None:
    """Where no level has anything else to sell, the highest rest outside the window sells for all."""
    rig = spot_rig(levels=3)
    for price in ("44990", "44980", "44970"):
        cid = rig.cid_at(price)
        rig.fill(cid, "0.000041")
        rig.feed(rig.canceled(cid))
    move(rig, "45105")
    (sale,) = [p for p in rig.live() if p.side is SELL]
    assert (sale.slot, sale.quantity) == ("g-1", Decimal("0.00012"))
    for price in ("45106", "45105"):
        move(rig, price)
    assert [p.ref for p in rig.live() if p.side is SELL] == [sale.ref], "the sale was replaced"
    rig.fill(sale.ref.client_order_id)
    assert slots.quantity(rig.state.books) == 3 * Decimal("0.00004096") - sale.quantity
