"""A still market ends in silence: whatever the ladder, the fills and the corrections, at some point nothing is said."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.recon_events import Adjustment
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.planner import level_of
from opensqt.strategies.state import Setup
from tests.simulation.grid_rig import long_of, move, rig_of, setup_of
from tests.simulation.strategy_rig import Rig

QUIET_MS = 3_000
SHAPES = st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(any)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("price"), st.integers(-60, 60)),
        st.tuples(st.just("fill"), st.integers(0, 20)),
        st.tuples(st.just("part"), st.integers(0, 20)),
        st.tuples(st.just("correct"), st.integers(-12, 12)),
    ),
    max_size=12,
)


def still(rig: Rig[GridState]) -> None:
    """Let time pass without a trade; nothing more may be said, and each wanted order is there or has a reason."""
    rig.accept_all()
    rig.wait(QUIET_MS * 25)  # refusals and their pauses are over
    rig.accept_all()
    said = len(rig.sent)
    rig.wait(QUIET_MS)
    assert rig.sent[said:] == [], [i.reason for i in rig.sent[said:]]


def corrected(rig: Rig[GridState], quantity: Decimal) -> None:
    """Take off what the reconciler says we do not hold, or add what it found."""
    setup = rig.state.setup
    rig.feed(
        Adjustment(
            venue=setup.venue,
            account=setup.account,
            symbol=setup.settings.symbol,
            strategy=setup.strategy,
            quantity=quantity,
            evidence_hash="",
            detail="",
            time_ms=rig.now_ms,
        )
    )


def closes_follow(rig: Rig[GridState]) -> None:
    """No close at the venue may be larger than what its slot holds, and none may stand on the other side."""
    for placed in rig.live():
        if placed.purpose is not Purpose.CLOSE:
            continue
        level = level_of(placed.slot)
        assert level is not None
        held = rig.state.books.slots[level].position.quantity
        assert (held > 0) == (placed.side is Side.SELL)
        left = rig.orders[placed.ref.client_order_id].remaining
        assert left <= abs(held), (placed.slot, left, held)


def played(setup: Setup[GridSettings], steps: list[tuple[str, int]]) -> Rig[GridState]:
    """Play prices, whole and partial fills and corrections, answering every intent with yes."""
    rig = rig_of(setup)
    rig.accept_all()
    for kind, number in steps:
        orders = sorted(rig.live(), key=lambda placed: placed.ref.client_order_id)
        if kind == "price":
            move(rig, str(45_000 + number))
        elif kind == "correct":
            corrected(rig, Decimal(number) * Decimal("0.001"))
        elif orders:
            cid = orders[number % len(orders)].ref.client_order_id
            rig.fill(cid, None if kind == "fill" else rig.orders[cid].remaining / 2)
        rig.accept_all()
    return rig


@pytest.mark.row("B03", "B04", "B07", "B12")
@settings(max_examples=60, deadline=None)
@given(shape=SHAPES, neutral=st.booleans(), steps=STEPS)
def test_a_still_market_ends_in_silence(
    shape: tuple[int, int], neutral: bool, steps: list[tuple[str, int]]
) -> None:
    """Every shape of ladder, every mode; and closes are never larger than what they close."""
    below, above = shape
    make = setup_of if neutral else long_of
    rig = played(make(levels_below=below, levels_above=above), steps)
    still(rig)
    closes_follow(rig)


@pytest.mark.row("B07")
def test_a_close_follows_what_a_correction_leaves() -> None:
    """Half of a slot is gone: its close of the whole is taken back and one of the half is placed."""
    rig = rig_of(setup_of())
    rig.accept_all()
    cid = rig.cid_at("44990")
    rig.fill(cid)
    rig.accept_all()
    corrected(rig, -rig.orders[cid].filled / 2)
    still(rig)
    closes_follow(rig)
    (close,) = [one for one in rig.live() if one.purpose is Purpose.CLOSE]
    assert close.quantity == rig.orders[cid].filled / 2


@pytest.mark.row("B12")
@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (0, 3), (3, 0)])
def test_an_uneven_ladder_rests(shape: tuple[int, int]) -> None:
    """Each side has its own number of levels: what is beyond the other's is not pulled."""
    rig = rig_of(setup_of(levels_below=shape[0], levels_above=shape[1]))
    still(rig)
    assert (len(rig.resting(Side.BUY)), len(rig.resting(Side.SELL))) == shape
