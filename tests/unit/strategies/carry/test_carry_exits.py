"""Exits that only the basis asks for: judged at prices of one moment, again before each clip; the others stay."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.account import SnapshotBalance
from opensqt.domain.instruments import Side
from opensqt.domain.strategy_events import SagaStep
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.strategy_facts import PERP, SPOT, d, snapshot_of, tick_of

SPIKE = "44200"  # 178 bps below spot, where 126 of funding are to come and 30 are fees


def ten_clips() -> CarryRig:
    """Return a carry that holds ten hedged clips."""
    rig = CarryRig(carry_setup(notional_quote_max=Decimal(4_550)))
    for _ in range(20):
        rig.take()
    assert (rig.steps()[-1], rig.places()) == ("neutral", [])
    return rig


def legs(rig: CarryRig, perp: str) -> None:
    """Show spot at 45 000 and the perpetual at a price, 100 ms one after the other."""
    rig.tick(SPOT, "45000")
    rig.tick(PERP, perp)


def last_step(rig: CarryRig, name: str) -> SagaStep:
    """Return the last step of this name."""
    return [one for one in rig.history if isinstance(one, SagaStep) and one.step == name][-1]


@pytest.mark.row("F02")
def test_a_basis_of_one_moment_sells_one_clip_not_the_carry() -> None:
    """100 ms later the basis is gone: the clip under way is finished and covered, the other nine stay."""
    rig = ten_clips()
    legs(rig, SPIKE)
    assert last_step(rig, "exiting").by_basis
    sale = rig.next()
    legs(rig, "45000")
    rig.take()
    back = rig.take()
    assert (sale.side, back.symbol, back.side) == (Side.SELL, PERP, Side.BUY)
    books = rig.state.books
    assert (books.spot.quantity, books.perp.quantity) == (d("0.09020"), d("-0.090"))
    assert "neutral" in rig.steps()[rig.steps().index("exiting") :]
    assert last_step(rig, "neutral").detail == "nothing asks for leaving any more"


@pytest.mark.row("F02")
def test_a_basis_that_is_gone_before_the_first_sale_sells_nothing_more() -> None:
    """The first sale trades nothing, then the basis is gone: the carry is as it was, and no order is out."""
    rig = ten_clips()
    legs(rig, SPIKE)
    rig.take("0")
    legs(rig, "45000")
    rig.wait(2_000)
    assert rig.steps()[-1] == "neutral"
    assert not rig.places()
    assert rig.state.books.spot.quantity == d("0.10020")


@pytest.mark.row("F02")
def test_a_basis_that_lasts_sells_the_whole_carry() -> None:
    """Judged again before each clip, and each time leaving still earns more."""
    rig = ten_clips()
    rig.tick(PERP, SPIKE)
    taken = [rig.take() for _ in range(20)]
    assert [one.symbol for one in taken] == [SPOT, PERP] * 10
    assert rig.steps()[-1] == "flat"


@pytest.mark.row("F02")
def test_an_exit_that_funding_asked_for_goes_on_when_funding_is_back() -> None:
    """It is left in whole, as before: funding does not turn for a moment."""
    rig = ten_clips()
    rig.fund("0.000004")
    assert not last_step(rig, "exiting").by_basis
    rig.fund("0.0003")
    for _ in range(20):
        rig.take()
    assert "neutral" not in rig.steps()[rig.steps().index("exiting") :]
    assert rig.steps()[rig.steps().index("exiting") + 1] == "flat"


@pytest.mark.row("F02", "F09")
def test_liquidation_comes_before_the_basis() -> None:
    """Where both ask, the exit is one for liquidation, which no tick takes back."""
    rig = CarryRig()
    entered(rig)
    poor = SnapshotBalance(wallet="perp", asset="USDT", total=Decimal(60), free=Decimal(60))
    snapshot = msgspec.structs.replace(snapshot_of(symbols=(PERP,)), balances=(poor,))
    rig.tick(SPOT, "45000")
    # Both are known before anything is decided.
    rig.state = rig.evolve(rig.state, tick_of(PERP, SPIKE, rig.now_ms))
    rig.feed(snapshot)
    step = last_step(rig, "exiting")
    assert step.detail.startswith("liquidation at ")
    assert not step.by_basis


@pytest.mark.row("F02")
def test_prices_of_two_moments_make_no_basis() -> None:
    """Both legs fall by half a percent; the perpetual is shown first, spot is a second old: nothing is left."""
    rig = CarryRig(carry_setup(tick_age_ms_max=3_000))
    entered(rig)
    rig.fund("0.00003")
    rig.prices("45000")
    rig.wait(900)
    rig.tick(PERP, "44790")
    assert rig.steps()[-1] == "neutral"
    rig.tick(SPOT, "44790")
    assert rig.steps()[-1] == "neutral"
    rig.tick(SPOT, "45000")
    assert rig.steps()[-1] == "exiting"


@pytest.mark.row("F02")
def test_an_exit_on_the_basis_waits_while_the_basis_is_unknown() -> None:
    """Spot falls silent after the first clip: nothing is sold or settled until both prices are of one moment."""
    rig = ten_clips()
    legs(rig, SPIKE)
    rig.take()
    rig.tick(PERP, SPIKE)
    rig.tick(PERP, SPIKE)
    rig.take()
    assert (rig.places(), rig.steps()[-1]) == ([], "exiting")
    assert rig.last.reason == (
        "the exit on the basis waits: the prices of the legs lie 300 ms apart, at most 250 expected"
    )
    rig.tick(SPOT, "45000")
    assert rig.next().symbol == SPOT


@pytest.mark.row("K03")
def test_an_open_carry_that_sees_nothing_says_so() -> None:
    """Both legs are held and no price comes: it is not trading until one comes."""
    rig = CarryRig(carry_setup(tick_age_ms_max=3_000))
    entered(rig)
    assert rig.last.reason == ""
    rig.wait(4_000)
    assert rig.last.reason == f"market data stale: {SPOT}"
    rig.prices("45000")
    assert rig.last.reason == ""


@pytest.mark.row("F02", "F05")
def test_a_restart_knows_that_only_the_basis_asked() -> None:
    """The next process finds the basis gone and keeps what is left."""
    rig = ten_clips()
    rig.tick(PERP, SPIKE)
    rig.take()
    rig.take()
    rig.waiting.clear()
    other = rig.restart(run=2)
    other.wait(6_000)
    other.prices("45000")
    assert last_step(other, "neutral").detail == "nothing asks for leaving any more"


@pytest.mark.row("F02", "F04")
def test_an_exit_on_the_basis_that_fails_is_judged_again_too() -> None:
    """Nobody takes the spot, a person is called; without fresh prices it waits, and ends when the basis is gone."""
    rig = ten_clips()
    for _ in range(300):
        if rig.steps()[-1] == "escalated":
            break
        for intent in rig.places():
            rig.refuse(intent)
        legs(rig, SPIKE)
    assert rig.steps()[-1] == "escalated"
    rig.waiting.clear()
    rig.wait(5_000)
    rig.tick(PERP, SPIKE)
    assert rig.steps()[-1] == "escalated"
    assert rig.last.reason.startswith("escalated: the exit on the basis waits: ")
    rig.prices("45000")
    assert last_step(rig, "neutral").detail == "nothing asks for leaving any more"
