"""Which orders the cleaner takes away: too many, too old, and never what has begun to fill or what closes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain import order_state
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.order_events import Accepted, CancelRequested
from opensqt.domain.order_state import Order
from opensqt.risk.cleaner import surplus
from tests.unit.risk.risk_books import NOW_MS, fill, live, ref

pytestmark = pytest.mark.row("E15")
HOUR_MS = 3_600_000


def resting(name: str, side: Side, price: int, *more: Any, **changes: Any) -> Order:
    """Return an order that the venue holds, and whatever became of it."""
    placed = msgspec.structs.replace(live(name, side, str(price)), **changes)
    order = order_state.fold(order_state.begin(name), placed)
    taken = Accepted(ref=ref(name), venue_order_id="1", evidence_hash="", time_ms=NOW_MS)
    for event in (taken, *more):
        order = order_state.fold(order, event)
    return order


def cleaned(orders: list[Order], orders_max: int, **changes: Any) -> list[str]:
    """Return the names of what goes."""
    terms = {"orders_max": orders_max, "age_ms_max": 0, "now_ms": NOW_MS} | changes
    return [order.client_order_id for order, _ in surplus(orders, **terms)]


def test_of_ten_orders_five_go_where_five_are_allowed() -> None:
    """All at one price: any five of them."""
    orders = [resting(f"b{number}", Side.BUY, 45_000) for number in range(10)]
    assert len(set(cleaned(orders, 5))) == 5


def test_equal_sides_lose_their_farthest_order_each() -> None:
    """Three buys and three sells where four are allowed: the lowest buy and the highest sell."""
    buys = [resting(f"b{price}", Side.BUY, price) for price in (40_000, 41_000, 42_000)]
    sells = [resting(f"s{price}", Side.SELL, price) for price in (48_000, 49_000, 50_000)]
    assert cleaned([*buys, *sells], 4) == ["b40000", "s50000"]


def test_the_larger_side_loses_first() -> None:
    """Five buys and a sell where four are allowed: the two lowest buys."""
    buys = [resting(f"b{price}", Side.BUY, price) for price in range(40_000, 45_000, 1000)]
    assert cleaned([*buys, resting("s", Side.SELL, 50_000)], 4) == ["b40000", "b41000"]


def test_what_rests_too_long_goes_whatever_the_number() -> None:
    """At the limit it stays, a millisecond later it goes; it then counts no more."""
    old = resting("old", Side.BUY, 45_000, time_ms=NOW_MS - HOUR_MS)
    young = [resting(f"b{number}", Side.BUY, 40_000 + number) for number in range(3)]
    assert cleaned([old, *young], 9, age_ms_max=HOUR_MS) == []
    assert cleaned([old, *young], 9, age_ms_max=HOUR_MS - 1) == ["old"]
    assert cleaned([old, *young], 3, age_ms_max=HOUR_MS - 1) == ["old"]
    assert cleaned([old, *young], 9) == [], "0: none is too old"


def test_partly_filled_and_closing_orders_count_and_stay() -> None:
    """Nothing else is left to take: it ends with more than is allowed."""
    begun = [
        resting(f"p{number}", Side.BUY, 40_000, fill(f"p{number}", Side.BUY, "0.001"))
        for number in range(3)
    ]
    closing = [resting(f"c{n}", Side.SELL, 50_000, purpose=Purpose.CLOSE) for n in range(3)]
    whole = resting("b", Side.BUY, 45_000)
    assert cleaned([*begun, *closing, whole], 1) == ["b"]
    assert cleaned([*begun, *closing], 1, age_ms_max=1, now_ms=NOW_MS + HOUR_MS) == []


def test_what_is_being_cancelled_already_counts_no_more() -> None:
    """Else every look would take more away while the cancels of the last one are under way."""
    wish = CancelRequested(ref=ref("b0"), cancel_intent_id="c", reason="", time_ms=NOW_MS)
    orders = [resting("b0", Side.BUY, 40_000, wish), resting("b1", Side.BUY, 41_000)]
    assert cleaned(orders, 1) == []


@given(
    kinds=st.lists(
        st.tuples(
            st.sampled_from(list(Side)),
            st.integers(40_000, 50_000),
            st.booleans(),
            st.sampled_from(list(Purpose)),
        ),
        max_size=30,
    ),
    orders_max=st.integers(1, 10),
)
def test_it_always_ends_and_takes_no_more_than_the_excess(
    kinds: list[tuple[Side, int, bool, Purpose]], orders_max: int
) -> None:
    """Whatever is partly filled or closing: each order goes once at most, and as many as are too many and may go."""
    orders = [
        resting(
            f"o{number}",
            side,
            price,
            *((fill(f"o{number}", side, "0.001"),) if begun else ()),
            purpose=purpose,
        )
        for number, (side, price, begun, purpose) in enumerate(kinds)
    ]
    free = [
        o.client_order_id
        for o, kind in zip(orders, kinds, strict=True)
        if not kind[2] and kind[3] is Purpose.OPEN
    ]
    gone = cleaned(orders, orders_max)
    assert len(set(gone)) == len(gone)
    assert set(gone) <= set(free)
    assert len(gone) == min(len(free), max(len(orders) - orders_max, 0))
