"""The grid by its rows: what it wants, what it does with what comes back, and what it never does."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.market import FeedState, FeedStatus
from opensqt.domain.recon_events import Adjustment, Halted, Resumed
from opensqt.domain.strategy_events import AnchorSet, PositionAdopted
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.grid.strategy import GRID
from tests.simulation.grid_rig import BUY, SELL, long_of, move, rig_of, setup_of, slot, unstarted
from tests.simulation.strategy_facts import PERP, Intent, d, journalled, rules_of, snapshot_of


@pytest.mark.row("B04")
def test_neutral_opens_both_sides() -> None:
    """45 000 / 10 / 2+2 gives two buys and two sells, post-only."""
    rig = rig_of(setup_of())
    rig.accept_all()
    assert rig.resting(BUY) == [44_980, 44_990]
    assert rig.resting(SELL) == [45_010, 45_020]
    assert {placed.time_in_force for placed in rig.live()} == {TimeInForce.POST_ONLY}
    assert rig.last.reason == ""


@pytest.mark.row("B03")
def test_long_sells_only_what_it_bought() -> None:
    """Buys below and nothing above, until a buy has filled."""
    rig = rig_of(long_of())
    rig.accept_all()
    assert rig.resting(BUY) == [44_980, 44_990]
    assert rig.resting(SELL) == []
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    assert rig.resting(SELL) == [45_000]


@pytest.mark.row("B02")
def test_the_anchor_is_set_once_and_survives_a_restart() -> None:
    """The same levels before and after, whatever the price at the second start."""
    rig = rig_of(setup_of())
    rig.accept_all()
    anchors = [event for event in rig.history if isinstance(event, AnchorSet)]
    assert [anchor.anchor_price for anchor in anchors] == [45_000]
    rig.feed(msgspec.structs.replace(anchors[0], anchor_price=Decimal(50_000)))
    assert rig.state.books.lattice == GridLevels(
        anchor_price=Decimal(45_000), step_price=Decimal(10)
    )
    again = unstarted(setup_of())
    again.now_ms = rig.now_ms
    for event in journalled(rig.history):
        again.feed(event)
    again.start("grid", run=2)
    again.tick(PERP, "45003.7")
    assert again.last.reason == "waiting until earlier intents have lapsed"
    again.wait(6_000)
    assert again.state.books.lattice == rig.state.books.lattice
    assert not [choice for choice in again.sent if choice.strategy != "grid"]
    assert sorted(p.price for p in again.live()) == sorted(p.price for p in rig.live())
    assert {p.price % 10 for p in again.places()} <= {Decimal(0)}
    assert all(p.cycle > 2_000_000 for p in again.places())


@pytest.mark.row("B05")
def test_nothing_opens_next_to_the_price() -> None:
    """A level within a tenth of a step is left alone; just beyond it is used."""
    near = rig_of(setup_of(anchor="45000"), "45000.9")
    assert {p.price for p in near.places()} == {44_980, 44_990, 45_010, 45_020}
    beyond = rig_of(setup_of(anchor="45000"), "45001.1")
    assert {p.price for p in beyond.places()} == {44_990, 45_000, 45_010, 45_020}


@pytest.mark.row("B12")
def test_the_window_trails_the_price() -> None:
    """100 to 200 with a step of 10 buys at 190, and the buys at 80 and 90 are cancelled."""
    rig = rig_of(long_of(step_bps=Decimal(1_000)), "100")
    rig.accept_all()
    assert rig.resting(BUY) == [80, 90]
    move(rig, "200")
    rig.accept_all()
    assert rig.resting(BUY) == [180, 190]


@pytest.mark.row("B12")
def test_an_order_that_the_price_comes_near_is_not_pulled() -> None:
    """Orders at or next to the price stay until they fill."""
    rig = rig_of(long_of())
    rig.accept_all()
    for price in ("44995", "44991", "44990.1"):
        move(rig, price)
        assert 44_990 in rig.resting(BUY)
    assert not any(hasattr(i, "target_intent_id") for i in rig.sent)


@pytest.mark.row("B16")
@pytest.mark.parametrize(
    "filters, why",
    [
        ({"notional_min": "100"}, "below_notional_min"),
        ({"notional_min": "5", "quantity_min": "0.002"}, "below_quantity_min"),
    ],
)
def test_levels_too_small_are_skipped_with_a_counted_reason(
    filters: dict[str, str], why: str
) -> None:
    """Less than the venue's smallest notional or quantity is no order and no silence."""
    rig = rig_of(long_of(order_notional_quote=Decimal(60)), **filters)
    assert rig.places() == []
    assert [gap.why for gap in rig.last.gaps] == [why, why]


@pytest.mark.row("B17")
def test_orders_fit_the_rules_of_the_venue() -> None:
    """Price on the tick, quantity on the step and below the maximum, nothing outside the band."""
    rig = rig_of(setup_of(step_bps=d("7.77")), "45000.03", quantity_max="0.005")
    assert len(rig.places()) == 4
    for place in rig.places():
        assert place.price % d("0.1") == 0
        assert place.quantity == d("0.005")
    banded = rig_of(setup_of(), price_band_buy_down="0.9997", price_band_sell_up="1.0003")
    assert {p.price for p in banded.places()} == {44_990, 45_010}
    assert {gap.why for gap in banded.last.gaps} == {"outside the price band"}


@pytest.mark.row("B18")
def test_never_more_orders_than_allowed_nearest_first() -> None:
    """A cap of three keeps the three nearest; the others are named."""
    rig = rig_of(setup_of(orders_max=3, levels_below=4, levels_above=4))
    rig.accept_all()
    assert len(rig.live()) == 3
    assert {abs(p.price - 45_000) for p in rig.live()} <= {10, 20}
    assert [gap.why for gap in rig.last.gaps] == ["cap"] * 5


@pytest.mark.row("B19")
def test_a_position_from_before_is_adopted_once_with_its_cost() -> None:
    """The venue's position becomes slots whose sells stand above the anchor."""
    rig = unstarted(setup_of(adopt=True))
    rig.feed(rules_of(PERP))
    rig.start("grid")
    rig.tick(PERP, "45000")
    assert rig.last.reason == "waiting for the venue's snapshot"
    assert rig.places() == []
    rig.feed(snapshot_of((PERP, "0.020", "44000"), symbols=(PERP,)))
    rig.accept_all()
    total = slots.total(rig.state.books)
    assert (total.quantity, total.cost) == (d("0.020"), Decimal(880))
    closes = {p.slot: p.price for p in rig.live() if p.purpose is Purpose.CLOSE}
    assert closes == {"g1": Decimal(45_020), "g2": Decimal(45_030)}
    (taken,) = [event for event in rig.history if isinstance(event, PositionAdopted)]
    rig.feed(snapshot_of((PERP, "0.020", "44000"), symbols=(PERP,)))
    rig.fill(rig.cid_at("45020"))
    rig.feed(taken)
    assert slots.total(rig.state.books).quantity == d("0.010")


@pytest.mark.row("B19")
def test_spot_adopts_nothing() -> None:
    """A wallet's balance is no position of a strategy."""
    rig = rig_of(long_of(adopt=True))
    assert rig.last.reason == ""
    assert slots.total(rig.state.books).quantity == 0


@pytest.mark.row("B21")
@pytest.mark.parametrize("taken", [False, True])
def test_an_order_that_would_take_is_priced_one_tick_away(taken: bool) -> None:
    """It waits, moves away tick by tick, and stays post-only."""
    rig = rig_of(long_of(levels_below=1))
    prices = []
    for _ in range(3):
        (place,) = rig.places()
        prices.append(place.price)
        assert place.time_in_force is TimeInForce.POST_ONLY
        cid = rig.submit(place)
        refused = rig.rejected(cid, "post_only: Order would immediately match and take.")
        ended = msgspec.structs.replace(rig.canceled(cid), reason="post_only")
        rig.feed(ended if taken else refused)
        rig.wait(1_100)
    assert prices == [d("44990.0"), d("44989.9"), d("44989.8")]


@pytest.mark.row("B23")
def test_the_same_events_give_the_same_intents() -> None:
    """No clock, no chance: replaying the history repeats every byte."""
    rig = rig_of(setup_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    for price in ("44995", "45012", "44988"):
        move(rig, price)
    state = GridState(setup=setup_of())
    sent: list[Intent] = []
    for event in rig.history:
        state = GRID.fold(state, event)
        decision = GRID.ask(state, event)
        state = GRID.fold(state, decision)
        sent.extend(decision.intents)
    assert sent == rig.sent


def test_a_kill_stops_everything_and_a_release_begins_again() -> None:
    """Nothing is placed under the latch; openings are cancelled; the reason is shown."""
    rig = rig_of(setup_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    rig.waiting.clear()
    rig.feed(KillLatched(scope="desk", reason="test", actor="me", time_ms=rig.now_ms))
    assert rig.last.reason == "kill latched"
    before = len(rig.sent)
    rig.accept_all()
    assert not rig.live()
    rig.wait(10_000)
    assert not [i for i in rig.sent[before:] if hasattr(i, "slot")]
    rig.feed(KillReleased(scope="desk", reason="", actor="me", time_ms=rig.now_ms))
    rig.accept_all()
    assert rig.last.reason == ""
    assert len(rig.live()) == 4


@pytest.mark.parametrize("mode, closes", [("REDUCING", 1), ("HALTED", 0)])
def test_a_halt_stops_openings_and_names_itself(mode: str, closes: int) -> None:
    """REDUCING still closes, HALTED places nothing; both cancel what would add risk."""
    rig = rig_of(setup_of())
    rig.accept_all()
    place = f"binance/main/{PERP}"
    rig.feed(Halted(scope=place, mode=mode, reason="drift", time_ms=rig.now_ms))
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    assert rig.last.reason == f"{mode.lower()}: drift"
    assert [p.purpose for p in rig.live()] == [Purpose.CLOSE] * closes
    rig.feed(Resumed(scope=place, reason="", actor="", time_ms=rig.now_ms))
    rig.accept_all()
    assert len(rig.live()) == 4


def test_stale_data_keeps_orders_and_opens_none() -> None:
    """A sick price channel or an old tick stops openings only."""
    rig = rig_of(setup_of(tick_age_ms_max=3_000))
    rig.accept_all()
    sick = FeedStatus(
        venue="binance",
        symbol=PERP,
        channel="book",
        state=FeedState.GAP,
        age_ms=1,
        detail="",
        time_ms=rig.now_ms,
    )
    rig.feed(sick)
    assert rig.last.reason == "market data stale"
    assert not rig.waiting
    rig.feed(msgspec.structs.replace(sick, state=FeedState.LIVE))
    assert rig.last.reason == ""
    rig.wait(3_100)
    assert rig.last.reason == "market data stale"
    assert len(rig.live()) == 4


def test_a_correction_is_taken_from_the_slots() -> None:
    """What the reconciler found to be gone is not sold again; what it found beyond is kept aside."""
    rig = rig_of(setup_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    gone = Adjustment(
        venue="binance",
        account="main",
        symbol=PERP,
        strategy="grid",
        quantity=d("-0.010"),
        evidence_hash="",
        detail="",
        time_ms=rig.now_ms,
    )
    rig.waiting.clear()
    rig.feed(gone)
    assert slot(rig, -1).position.quantity == 0
    rig.feed(msgspec.structs.replace(gone, quantity=d("0.003")))
    assert rig.state.books.strays.quantity == d("0.003")
    rig.feed(msgspec.structs.replace(gone, strategy="other"))
    assert slots.total(rig.state.books).quantity == d("0.003")
