"""The planner: the fewest places and cancels from what is wanted and what is there."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.strategies.planner import SkipReason, TargetOrder, WorkingOrder, plan

MID = Decimal(100)


def want(slot: str, price: int, side: Side = Side.BUY, quantity: int = 1) -> TargetOrder:
    """Return a wanted order."""
    return TargetOrder(
        slot=slot,
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        purpose=Purpose.OPEN,
        time_in_force=TimeInForce.POST_ONLY,
    )


def live(wanted: TargetOrder, *, leaving: bool = False, intent_id: str = "") -> WorkingOrder:
    """Return the order that a want would become."""
    return WorkingOrder(
        intent_id=intent_id or f"i-{wanted.slot}",
        slot=wanted.slot,
        side=wanted.side,
        price=wanted.price,
        quantity=wanted.quantity,
        purpose=wanted.purpose,
        leaving=leaving,
    )


def test_what_is_there_already_costs_nothing() -> None:
    """An equal set needs no message."""
    wants = [want("a", 99), want("b", 98)]
    result = plan(wants, [live(w) for w in wants], orders_max=9, mid_price=MID)
    assert (result.places, result.cancels, result.missing) == ((), (), ())


def test_a_new_price_is_a_cancel_first_and_a_place_later() -> None:
    """While the old order lives the slot waits; once it has ended the new one is placed."""
    old, new = want("a", 97), want("a", 99)
    first = plan([new], [live(old)], orders_max=9, mid_price=MID)
    assert (first.places, first.cancels) == ((), ("i-a",))
    assert [gap.why for gap in first.missing] == [SkipReason.CHANGING]
    second = plan([new], [live(old, leaving=True)], orders_max=9, mid_price=MID)
    assert (second.places, second.cancels) == ((), ())
    assert plan([new], [], orders_max=9, mid_price=MID).places == (new,)


@pytest.mark.row("B18")
def test_the_cap_keeps_the_nearest_and_waits_for_room() -> None:
    """A nearer order pushes out the farthest, and is placed only when that one has left."""
    near, far, farther = want("near", 99), want("far", 95), want("farther", 90)
    result = plan([farther, far, near], [live(far), live(farther)], orders_max=2, mid_price=MID)
    assert result.places == ()
    assert result.cancels == ("i-farther",)
    assert {gap.slot: gap.why for gap in result.missing} == {
        "farther": SkipReason.CAP,
        "near": SkipReason.ROOM,
    }


def test_of_two_orders_of_one_slot_one_goes() -> None:
    """Whatever brought the second, only one stays."""
    wanted = want("a", 99)
    twins = [live(wanted, intent_id="one"), live(wanted, intent_id="two")]
    assert plan([wanted], twins, orders_max=9, mid_price=MID).cancels == ("two",)


WANTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(80, 120), max_size=8).map(
    lambda found: [want(slot, price) for slot, price in found.items()]
)


@pytest.mark.row("B18")
@given(WANTS, WANTS, st.sets(st.sampled_from("abcdefgh")), st.integers(1, 6))
def test_following_the_plan_ends_at_the_target_or_a_named_reason(
    wants: list[TargetOrder], there: list[TargetOrder], leaving: set[str], orders_max: int
) -> None:
    """Never above the cap (beyond what was there), never two per slot, and quiet after two rounds."""
    lives = [live(w, leaving=w.slot in leaving) for w in there]
    for _ in range(3):
        result = plan(wants, lives, orders_max=orders_max, mid_price=MID)
        placed = [live(w) for w in result.places]
        assert len(lives) + len(placed) <= max(orders_max, len(lives))
        assert not {p.slot for p in placed} & {known.slot for known in lives}
        gone = set(result.cancels)
        lives = [x for x in lives if x.intent_id not in gone and not x.leaving] + placed
    last = plan(wants, lives, orders_max=orders_max, mid_price=MID)
    assert (last.places, last.cancels) == ((), ())
    missing = {gap.slot for gap in last.missing}
    assert {x.slot for x in lives} | missing == {w.slot for w in wants}
    assert {gap.why for gap in last.missing} <= {SkipReason.CAP}
    assert all(msgspec.structs.replace(x, leaving=False) == x for x in lives)
