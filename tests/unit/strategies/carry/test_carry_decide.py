"""The carry by its rows: entry, two legs, compensation, exit, restart."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.account import SnapshotBalance
from opensqt.domain.control import KillLatched
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.recon_events import Halted
from opensqt.domain.strategy_events import SagaStep
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.grid_rig import rig_of, setup_of
from tests.simulation.strategy_facts import PERP, SPOT, d, journalled, snapshot_of

BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.row("F04")
def test_entry_buys_spot_and_sells_as_much_perpetual() -> None:
    """Leg two is what leg one brought, down to its own step, clip by clip, up to the limit."""
    rig = CarryRig()
    first = rig.take()
    assert (first.symbol, first.side, first.quantity) == (SPOT, BUY, d("0.01002"))
    assert (first.time_in_force, first.purpose) == (TimeInForce.IOC, Purpose.OPEN)
    second = rig.take()
    assert (second.symbol, second.side, second.quantity) == (PERP, SELL, d("0.010"))
    assert rig.steps() == ["entering", "hedging", "neutral", "entering"]
    rig.take()
    rig.take()
    assert rig.steps()[-2:] == ["hedging", "neutral"]
    assert not rig.places()
    books = rig.state.books
    assert (books.spot.quantity, books.perp.quantity) == (d("0.02004"), d("-0.020"))


@pytest.mark.row("F04")
def test_a_part_of_leg_one_is_hedged_as_it_is() -> None:
    """0.004 of 0.010 executed: 0.004 sold."""
    rig = CarryRig()
    rig.take("0.004")
    hedge = rig.next()
    assert (hedge.symbol, hedge.side, hedge.quantity) == (PERP, SELL, d("0.004"))


@pytest.mark.row("F04")
def test_less_than_one_step_stays_within_tolerance() -> None:
    """What the perpetual cannot trade is carried, and covered with the next clip."""
    rig = CarryRig()
    rig.take("0.00040")
    assert rig.state.books.imbalance == d("0.00040")
    again = rig.next()
    assert again.symbol == SPOT
    rig.take("0.00960")
    assert rig.next().quantity == d("0.010")


@pytest.mark.row("F04")
@pytest.mark.parametrize("how", ["refused", "rejected", "unfilled"])
def test_a_leg_two_that_fails_is_unwound_within_its_time(how: str) -> None:
    """Hedging ends after the leg timeout; then the spot is sold again: flat."""
    rig = CarryRig()
    rig.take()
    for _ in range(40):
        if "compensating" in rig.steps():
            break
        for intent in rig.places():
            assert intent.symbol == PERP
            if how == "refused":
                rig.refuse(intent)
            elif how == "rejected":
                rig.feed(rig.rejected(rig.submit(intent)))
            else:
                rig.take("0")
        rig.wait(200)
    assert rig.steps()[-1] == "compensating"
    rig.waiting = {i.intent_id: i for i in rig.places() if i.symbol == SPOT}
    rig.wait(600)
    back = rig.take()
    assert (back.symbol, back.side, back.purpose) == (SPOT, SELL, Purpose.CLOSE)
    assert rig.state.books.spot.quantity == rig.state.books.perp.quantity == 0
    assert "flat" in rig.steps()


@pytest.mark.row("F04")
def test_a_leg_one_that_fails_leaves_nothing() -> None:
    """Vain tries come ever less often, and the saga ends flat."""
    rig = CarryRig()
    tries = 0
    for _ in range(600):
        for intent in rig.places():
            assert intent.symbol == SPOT
            rig.take("0")
            tries += 1
        rig.wait(100)
    assert 3 <= tries <= 8
    assert rig.state.books.spot.quantity == 0


@pytest.mark.row("F02")
@pytest.mark.parametrize("rate", ["0.000004", "-0.000005", "-0.00014"])
def test_exit_closes_what_both_legs_hold(rate: str) -> None:
    """Below the exit APR, or turned against us: spot first, then the short, both marked as closing."""
    rig = CarryRig()
    entered(rig)
    rig.fund(rate)
    taken = [rig.take() for _ in range(4)]
    assert [(i.symbol, i.side) for i in taken] == [(SPOT, SELL), (PERP, BUY)] * 2
    assert {i.purpose for i in taken} == {Purpose.CLOSE}
    assert rig.steps()[-2:] == ["exiting", "flat"]
    assert rig.state.books.spot.quantity == rig.state.books.perp.quantity == 0


@pytest.mark.row("F02", "F03")
@pytest.mark.parametrize(
    "rate, hours, reason",
    [
        ("0.00005", "336", "carry 5.5 % a year below 10.0 %"),
        ("-0.0003", "336", "negative carry needs margin"),
        (
            "0.0003",
            "24",
            "net edge -21.1 bps over 24 h: funding 9.0, basis 0.0, fees -30.0, slippage 0.0; expected above 0 bps",
        ),
    ],
)
def test_what_does_not_pay_is_not_entered(rate: str, hours: str, reason: str) -> None:
    """The reason is shown, in numbers."""
    rig = CarryRig(carry_setup(holding_hours=Decimal(hours)), rate=rate)
    assert rig.last.reason == reason
    assert not rig.sent


@pytest.mark.row("F12")
def test_stale_data_blocks_entries_and_no_exit() -> None:
    """Old funding or a stale leg: nothing is entered; an open carry still leaves."""
    rig = CarryRig(carry_setup(funding_age_ms_max=5_000), rate="0.00001")
    rig.wait(6_000)
    assert rig.last.reason == "funding stale"
    stale = CarryRig(carry_setup(tick_age_ms_max=2_000), rate="0.00001")
    stale.wait(3_000)
    assert stale.last.reason == f"market data stale: {SPOT}"
    held = CarryRig(carry_setup(funding_age_ms_max=5_000))
    entered(held)
    held.fund("0.000004")
    held.waiting.clear()
    held.wait(10_000)
    assert {(i.symbol, i.side) for i in held.places()} == {(SPOT, SELL)}


@pytest.mark.row("F12")
def test_a_halt_blocks_entries_and_no_exit() -> None:
    """REDUCING names itself, unwinds a naked leg and lets an open carry leave."""
    rig = CarryRig()
    halted = Halted(scope="desk", mode="REDUCING", reason="drift", time_ms=rig.now_ms)
    flat = CarryRig(rate="0.00001")
    flat.feed(halted)
    assert flat.last.reason == "reducing: drift"
    rig.take()
    rig.waiting.clear()
    rig.feed(halted)
    rig.wait(6_000)
    assert "compensating" in rig.steps()
    held = CarryRig()
    entered(held)
    held.feed(halted)
    held.fund("0.000004")
    assert held.next().purpose is Purpose.CLOSE


def test_a_kill_places_nothing() -> None:
    """Not even an exit leaves under the latch."""
    rig = CarryRig()
    entered(rig)
    rig.feed(KillLatched(scope="desk", reason="", actor="me", time_ms=rig.now_ms))
    rig.fund("0.000004")
    rig.wait(5_000)
    assert rig.last.reason == "kill latched"
    assert not rig.waiting


@pytest.mark.row("F09")
def test_a_short_near_its_liquidation_is_left() -> None:
    """With hardly any margin the carry exits although funding still pays."""
    rig = CarryRig()
    entered(rig)
    poor = SnapshotBalance(wallet="perp", asset="USDT", total=Decimal(80), free=Decimal(80))
    snapshot = snapshot_of(symbols=(PERP,))
    rig.feed(msgspec.structs.replace(snapshot, balances=(poor,)))
    assert rig.steps()[-1] == "exiting"
    details = [event.detail for event in rig.history if isinstance(event, SagaStep)]
    assert "liquidation at" in details[-1]


@pytest.mark.row("F15")
def test_what_was_there_before_is_not_ours() -> None:
    """Balances and fills of others never become a leg."""
    rig = CarryRig(rate="0.00001")
    rig.feed(snapshot_of((PERP, "-3", "44000"), symbols=(PERP, SPOT)))
    grid = rig_of(setup_of())
    grid.accept_all()
    grid.fill(grid.cid_at("44990"))
    for event in journalled(grid.history):
        rig.feed(event)
    assert rig.state.books.spot.quantity == rig.state.books.perp.quantity == 0
    assert not rig.sent


def test_orders_stop_short_of_our_own_resting_ones() -> None:
    """The account's grid quotes near the price: the hedge asks for a better price than to meet it."""
    grid = rig_of(setup_of())
    grid.accept_all()
    rig = CarryRig()
    for event in journalled(grid.history):
        rig.feed(event)
    rig.take()
    assert rig.next().price == d("44990.1")


@pytest.mark.row("A13")
def test_a_second_trigger_starts_no_second_saga() -> None:
    """Funding shown again and again while one saga runs changes nothing."""
    rig = CarryRig()
    for _ in range(5):
        rig.fund("0.0004")
    assert rig.steps() == ["entering"]
    assert len({i.intent_id for i in rig.sent}) == 1


@pytest.mark.row("F05")
@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_crash_after_leg_one_is_completed_once(acknowledged: bool) -> None:
    """The next process hedges exactly what the log says was bought, when no old intent can come any more."""
    rig = CarryRig()
    cid = rig.accept(rig.next())
    if acknowledged:
        rig.fill(cid)
    rig.waiting.clear()
    other = rig.restart(run=2)
    assert other.last.reason == "waiting until earlier intents have lapsed"
    other.wait(5_500)
    if not acknowledged:
        assert not other.places()
        other.fill(cid)
    hedge = other.take()
    assert (hedge.symbol, hedge.side, hedge.quantity) == (PERP, SELL, d("0.010"))
    assert hedge.cycle > 2_000_000
    assert other.state.books.imbalance == d("0.00002")


def test_a_correction_of_a_leg_is_made_good() -> None:
    """When the reconciler finds a part of the short gone, the rest of the spot is covered again."""
    rig = CarryRig()
    entered(rig)
    rig.correct(PERP, "0.005")
    hedge = rig.take()
    assert (hedge.symbol, hedge.side, hedge.quantity) == (PERP, SELL, d("0.005"))
    assert rig.steps()[-2:] == ["hedging", "neutral"]
