"""Which side and which slot of a grid: corrections are taken from far away, a short's opening goes at its own exit."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import CancelIntent, Purpose, TimeInForce
from opensqt.domain.position import opened
from opensqt.domain.recon_events import Adjustment
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.ladder_settings import GridMode
from opensqt.strategies.grid.slots import GridBooks, Slot, SlotStatus
from tests.simulation.grid_rig import move, rig_of, setup_of, slot
from tests.simulation.strategy_facts import PERP, Intent, d


@pytest.mark.row("B19")
@pytest.mark.parametrize("sign", [1, -1])
def test_a_correction_is_taken_from_the_slots_farthest_from_the_anchor(sign: int) -> None:
    """Three slots of 0.010 lose 0.015: the farthest all of it, the next a half, the nearest nothing."""
    held = {
        -sign * far: Slot(
            level=-sign * far,
            status=SlotStatus.FILLED,
            position=opened(sign * d("0.010"), Decimal(45_000 - sign * 10 * far)),
        )
        for far in (1, 2, 3)
    }
    books = slots.corrected(GridBooks(slots=held), -sign * d("0.015"))
    left = [sign * books.slots[-sign * far].position.quantity for far in (1, 2, 3)]
    assert left == [d("0.010"), d("0.005"), d("0")]
    assert books.strays.quantity == 0


@pytest.mark.row("B19")
def test_a_running_grid_gives_up_its_farthest_slot_first() -> None:
    """Both levels below were bought; half of the position is gone: the lower level is free, the upper still held."""
    rig = rig_of(setup_of())
    rig.accept_all()
    for price in ("44990", "44980"):
        rig.fill(rig.cid_at(price))
    gone = slot(rig, -2).position.quantity
    rig.feed(
        Adjustment(
            venue="binance",
            account="main",
            symbol=PERP,
            strategy="grid",
            quantity=-gone,
            evidence_hash="",
            detail="",
            time_ms=rig.now_ms,
        )
    )
    assert (slot(rig, -1).position.quantity, slot(rig, -2).position.quantity) == (gone, d("0"))


@pytest.mark.row("B07")
@pytest.mark.parametrize(
    "level, near, still", [("45010", "45005", "45000.5"), ("44990", "44995", "44999.5")]
)
def test_the_rest_of_a_partly_filled_opening_goes_when_its_part_can_be_closed(
    level: str, near: str, still: str
) -> None:
    """A short part is closed a step below, a long one a step above: the opening stays before and goes there."""
    rig = rig_of(setup_of())
    rig.accept_all()
    move(rig, near)
    cid = rig.cid_at(level)
    rig.fill(cid, "0.004")
    intent_id = next(one.ref.intent_id for one in rig.live() if one.ref.client_order_id == cid)
    rig.tick(PERP, still)
    assert intent_id not in cancelled(rig.sent)
    rig.tick(PERP, "45000")
    assert cancelled(rig.sent)[intent_id] == "its part can be closed"


def cancelled(sent: list[Intent]) -> dict[str, str]:
    """Return the reasons of all cancels, by the intent that they are for."""
    found = (one for one in sent if isinstance(one, CancelIntent))
    return {one.target_intent_id: one.reason for one in found}


@pytest.mark.row("B21")
def test_a_close_that_would_take_stays_a_close_and_a_maker() -> None:
    """A refused sale of what is held is offered a tick higher: it still only closes, and still never takes."""
    rig = rig_of(setup_of(mode=GridMode.LONG, levels_below=1))
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    prices = []
    for _ in range(3):
        (place,) = (one for one in rig.places() if one.purpose is Purpose.CLOSE)
        prices.append(place.price)
        assert place.time_in_force is TimeInForce.POST_ONLY
        refused = "post_only: Order would immediately match and take."
        rig.feed(rig.rejected(rig.submit(place), refused))
        rig.wait(1_100)
    assert prices == [d("45000.0"), d("45000.1"), d("45000.2")]
