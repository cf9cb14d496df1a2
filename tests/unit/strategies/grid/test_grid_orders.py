"""What becomes of a grid's orders: every end, every race, every repetition leaves sound slots."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.intent import Purpose
from opensqt.strategies.aiming import openings_cancelled
from opensqt.strategies.decision import Decision
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.slots import Slot, SlotStatus
from tests.simulation.grid_rig import BUY, SELL, long_of, move, rig_of, setup_of, slot, unstarted
from tests.simulation.strategy_facts import SPOT, d, journalled, rules_of
from tests.simulation.strategy_rig import restarted


@pytest.mark.row("B04")
def test_neutral_tracks_a_short_and_closes_it_one_level_below() -> None:
    """A filled opening sell is a short of its slot, bought back one step lower with its own size."""
    rig = rig_of(setup_of())
    rig.accept_all()
    rig.tick(rig.state.symbol, "45009")
    rig.fill(rig.cid_at("45010"))
    assert slot(rig, 1).status is SlotStatus.PENDING
    assert slot(rig, 1).position.quantity == d("-0.009")
    (close,) = [p for p in rig.places() if p.slot == "g1"]
    assert (close.side, close.price, close.quantity) == (BUY, Decimal(45_000), d("0.009"))
    assert close.purpose is Purpose.CLOSE
    rig.accept_all()
    rig.fill(next(p.ref.client_order_id for p in rig.live() if p.slot == "g1"))
    assert slot(rig, 1).position.quantity == 0


@pytest.mark.row("B06")
def test_the_slot_machine_knows_its_steps() -> None:
    """FREE, PENDING, LOCKED, then FREE or FILLED; every other step raises."""
    legal = {
        (SlotStatus.FREE, SlotStatus.PENDING),
        (SlotStatus.PENDING, SlotStatus.LOCKED),
        (SlotStatus.PENDING, SlotStatus.FREE),
        (SlotStatus.PENDING, SlotStatus.FILLED),
        (SlotStatus.LOCKED, SlotStatus.FREE),
        (SlotStatus.LOCKED, SlotStatus.FILLED),
        (SlotStatus.FILLED, SlotStatus.PENDING),
    }
    for before in SlotStatus:
        for after in SlotStatus:
            start = Slot(level=3, status=before)
            if (before, after) in legal:
                assert slots.moved(start, after).status is after
            else:
                with pytest.raises(slots.IllegalTransition, match=f"slot 3: {before} cannot"):
                    slots.moved(start, after)


@pytest.mark.row("B06")
def test_a_second_intent_for_a_busy_slot_raises() -> None:
    """Two orders of one slot are a mistake of ours, found at once."""
    rig = rig_of(setup_of())
    intent = rig.places()[0]
    another = msgspec.structs.replace(intent, intent_id="another")
    with pytest.raises(slots.IllegalTransition):
        rig.evolve(rig.state, Decision(intents=(another,)))


@pytest.mark.row("B06")
def test_a_slot_walks_from_free_to_filled_and_back() -> None:
    """Its status follows the order's life."""
    rig = rig_of(setup_of())
    (intent,) = [p for p in rig.places() if p.price == 44_990]
    assert slot(rig, -1).status is SlotStatus.PENDING
    cid = rig.submit(intent)
    assert slot(rig, -1).status is SlotStatus.LOCKED
    rig.feed(rig.accepted(cid))
    rig.fill(cid)
    assert slot(rig, -1).status is SlotStatus.PENDING  # its close is under way
    (close,) = [p for p in rig.places() if p.slot == "g-1"]
    rig.refuse(close)
    assert slot(rig, -1).status is SlotStatus.FILLED


@pytest.mark.row("B07")
def test_a_close_is_keyed_to_its_slot_and_said_once() -> None:
    """Exactly the slot's quantity at the next level, and later ticks add nothing."""
    rig = rig_of(long_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    (close,) = [p for p in rig.places() if p.purpose is Purpose.CLOSE]
    assert (close.slot, close.side, close.quantity) == ("g-1", SELL, d("0.010"))
    rig.accept(close)
    for price in ("44995", "44996", "44994", "44995"):
        move(rig, price)
    closes = {i.intent_id for i in rig.sent if getattr(i, "purpose", None) is Purpose.CLOSE}
    assert closes == {close.intent_id}


@pytest.mark.row("B08")
def test_a_part_that_filled_before_the_cancel_is_closed_as_it_is() -> None:
    """0.4 of 1.0, then cancelled: FILLED with 0.4 and a sell of 0.4."""
    rig = rig_of(long_of(order_notional_quote=Decimal(45_000)), quantity_step="0.1")
    rig.accept_all()
    cid = rig.cid_at("44990")
    assert rig.orders[cid].quantity == 1
    rig.fill(cid, "0.4")
    assert slot(rig, -1).status is SlotStatus.LOCKED
    rig.feed(rig.canceled(cid))
    assert slot(rig, -1).position.quantity == d("0.4")
    (close,) = [p for p in rig.places() if p.slot == "g-1"]
    assert (close.side, close.quantity) == (SELL, d("0.4"))


@pytest.mark.row("B08")
def test_a_part_is_closed_when_the_price_leaves_without_the_rest() -> None:
    """The rest of the opening order is cancelled once the close level is reached."""
    rig = rig_of(long_of(order_notional_quote=Decimal(45_000)), quantity_step="0.1")
    rig.accept_all()
    rig.fill(rig.cid_at("44990"), "0.4")
    move(rig, "45001")
    (placed,) = [p for p in rig.live() if p.slot == "g-1"]
    assert (placed.side, placed.quantity) == (SELL, d("0.4"))


@pytest.mark.row("B09")
@pytest.mark.parametrize("end", ["expired", "rejected", "canceled", "never_placed", "refused"])
def test_every_end_releases_the_slot(end: str) -> None:
    """However an order ends without a fill, its level is used again, after a pause and not at once."""
    rig = rig_of(long_of())
    (intent,) = [p for p in rig.places() if p.price == 44_990]
    if end == "refused":
        rig.refuse(intent)
    else:
        cid = rig.submit(intent)
        rig.feed(getattr(rig, end)(cid))
    assert slot(rig, -1).status is SlotStatus.FREE
    again = [i for i in rig.sent if getattr(i, "slot", "") == "g-1"]
    assert len(again) == 1
    rig.wait(1_500)
    again = [i for i in rig.sent if getattr(i, "slot", "") == "g-1"]
    assert {i.intent_id for i in again[1:]}.isdisjoint({intent.intent_id})
    assert len({i.intent_id for i in again}) == 2


@pytest.mark.row("B09")
def test_refusals_do_not_become_a_storm() -> None:
    """A slot that is refused for ever is asked ever less often."""
    rig = rig_of(long_of(levels_below=1))
    for _ in range(600):
        for place in rig.places():
            rig.refuse(place)
        rig.wait(100)
    assert 4 <= len({i.intent_id for i in rig.sent}) <= 8


@pytest.mark.row("B10")
def test_a_fill_before_the_acknowledgement_counts_the_same() -> None:
    """Both races end in equal books."""
    ends = []
    for early in (True, False):
        rig = rig_of(long_of())
        (intent,) = [p for p in rig.places() if p.price == 44_990]
        cid = rig.submit(intent)
        fill = rig.fill_of(cid)
        for event in (fill, rig.accepted(cid)) if early else (rig.accepted(cid), fill):
            rig.feed(event)
        ends.append(rig.state.books)
    assert ends[0] == ends[1]


@pytest.mark.row("B11")
def test_repeated_and_late_updates_change_nothing() -> None:
    """The same events again, in any order, leave slots and positions as they were."""
    rig = rig_of(long_of())
    rig.accept_all()
    cid = rig.cid_at("44990")
    rig.fill(cid, "0.004")
    rig.fill(cid)
    rig.accept_all()
    before = rig.state.books
    mine = [
        e for e in rig.history if getattr(getattr(e, "ref", None), "client_order_id", "") == cid
    ]
    for event in [*reversed(mine), *mine]:
        rig.feed(event)
    assert {k: (s.status, s.position) for k, s in rig.state.books.slots.items()} == {
        k: (s.status, s.position) for k, s in before.slots.items()
    }
    assert slots.total(rig.state.books).quantity == rig.signed_fills()


@pytest.mark.row("B22")
def test_a_round_trip_earns_a_step_less_fees() -> None:
    """Buy at 44 990, sell at 45 000: quantity times 10, the running total equals the fills."""
    rig = rig_of(long_of(levels_below=1))
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    rig.tick(SPOT, "44990")
    rig.accept_all()
    rig.fill(rig.cid_at("45000"))
    total = slots.total(rig.state.books)
    assert total.realized_pnl == d("0.010") * 10
    assert total.realized_pnl - total.cost == -sum(
        (f.side.sign * f.quantity * f.price for o in rig.orders.values() for f in o.fills),
        Decimal(0),
    )
    assert total.fee("USDT") == sum(
        (f.fee for o in rig.orders.values() for f in o.fills), Decimal(0)
    )


def test_unanswered_intents_are_said_again_unchanged_then_lapse() -> None:
    """Every 500 ms the same bytes until valid_until; three seconds later the slot begins anew."""
    rig = rig_of(long_of(levels_below=1))
    (first,) = rig.places()
    rig.wait(2_000)
    assert rig.sent == [first] * 5
    rig.wait(2_800)
    assert slot(rig, -1).status is SlotStatus.PENDING
    rig.wait(400)
    assert slot(rig, -1).status is SlotStatus.FREE
    rig.wait(1_100)
    assert slot(rig, -1).status is SlotStatus.PENDING
    assert len({i.intent_id for i in rig.sent}) == 2


def test_a_stopped_strategy_cancels_what_adds_risk() -> None:
    """After a fault its openings go, its closes stay."""
    rig = rig_of(setup_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    owed = openings_cancelled(rig.state)
    closing = {p.ref.intent_id for p in rig.live() if p.purpose is Purpose.CLOSE}
    targets = {i.target_intent_id for i in owed.intents}  # type: ignore[union-attr]
    assert targets == {p.ref.intent_id for p in rig.live()} - closing
    assert len(targets) >= 3


def test_orders_of_other_strategies_are_not_ours() -> None:
    """Fills of somebody else in the same symbol never reach our slots."""
    mine, other = rig_of(setup_of()), rig_of(setup_of(strategy="other"))
    other.accept_all()
    other.fill(other.cid_at("44990"))
    before = mine.state.books
    for event in journalled(other.history):
        mine.feed(event)
    assert mine.state.books == before


def test_a_fill_without_a_name_finds_its_order() -> None:
    """Where the venue does not say whose it is, its order id decides, also when that comes later."""
    rig = rig_of(long_of(levels_below=1))
    (place,) = rig.places()
    cid = rig.submit(place)
    fill = rig.fill_of(cid)
    nameless = msgspec.structs.replace(fill.ref, strategy="", client_order_id="", intent_id="")
    rig.feed(msgspec.structs.replace(fill, ref=nameless))
    assert slot(rig, -1).position.quantity == 0
    rig.feed(rig.accepted(cid))
    assert slot(rig, -1).position.quantity == d("0.010")


@pytest.mark.row("B08", "B10")
def test_a_slot_waits_for_the_trades_that_the_venue_has_counted() -> None:
    """A cancel that reports a fill comes before the fill: nothing new until that is booked."""
    rig = rig_of(long_of(levels_below=1))
    rig.accept_all()
    cid = rig.cid_at("44990")
    late = rig.fill_of(cid, "0.004")
    rig.feed(msgspec.structs.replace(rig.canceled(cid), filled_quantity=d("0.004")))
    rig.wait(10_000)
    assert slot(rig, -1).status is SlotStatus.LOCKED
    assert not rig.waiting
    rig.feed(late)
    assert [(p.side, p.quantity) for p in rig.places()] == [(SELL, d("0.004"))]


@pytest.mark.row("B02")
def test_a_late_answer_to_the_run_before_doubles_nothing() -> None:
    """An intent of a process that died becomes an order after the restart: its level stays at one."""
    old = rig_of(long_of(levels_below=1))
    (said,) = old.places()
    new = unstarted(old.state.setup)
    restarted(old, new, "grid", 2, [rules_of(SPOT)])
    new.tick(SPOT, "45000")
    assert new.places() == [said]
    new.accept(said)
    new.wait(8_000)
    assert [placed.slot for placed in new.live()] == ["g-1"]
    assert not new.waiting
