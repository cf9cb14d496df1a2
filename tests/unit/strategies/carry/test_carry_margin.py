"""The margin of a unified account: half is given up below one limit, all below another, once until it is clear."""

from decimal import Decimal

import pytest

from opensqt.domain.account import SnapshotBalance, VenueSnapshot
from opensqt.domain.instruments import Side
from opensqt.strategies.settings import SettingError
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.strategy_facts import PERP, SPOT, d

MONEY = SnapshotBalance(wallet="perp", asset="USDT", total=d("100000"), free=d("100000"))


def shows(rig: CarryRig, health: str | None) -> None:
    """Let the venue show the health of its margin."""
    rig.feed(
        VenueSnapshot(
            venue="binance",
            account="main",
            trigger="schedule",
            journal_position=1,
            symbols=(SPOT, PERP),
            balances=(MONEY,),
            evidence_hash=f"{rig.now_ms}",
            started_ms=rig.now_ms,
            time_ms=rig.now_ms,
            margin_health=None if health is None else Decimal(health),
        )
    )


def all_taken(rig: CarryRig) -> None:
    """Let every order trade that is asked for."""
    while rig.places():
        rig.take()


def relieved() -> CarryRig:
    """Return a carry that has given up half."""
    rig = CarryRig()
    entered(rig)
    shows(rig, "0.69")
    all_taken(rig)
    return rig


@pytest.mark.row("F10")
def test_below_the_first_limit_half_is_left_once() -> None:
    """0.69: both legs are halved, as exactly as their steps allow; the next look that is no better moves nothing."""
    rig = relieved()
    books = rig.state.books
    assert (books.spot.quantity, books.perp.quantity) == (d("0.01000"), d("-0.010"))
    assert rig.steps()[-2:] == ["exiting", "neutral"]
    for health in ("0.69", "0.60", "0.72"):
        shows(rig, health)
        assert not rig.places()
    assert rig.last.reason == "" or "margin health" in rig.last.reason


@pytest.mark.row("F10")
def test_what_was_halved_is_halved_again_only_after_it_was_clear() -> None:
    """Between the limits nothing is entered either; clear at 0.75, then below 0.7 anew: half of the half."""
    rig = relieved()
    before = rig.state.books.spot.quantity
    still: list[bool] = []
    for health in ("0.74", "0.75"):
        shows(rig, health)
        still.append(rig.state.books.relieved)
    assert still == [True, False]
    shows(rig, "0.69")
    assert rig.steps()[-1] == "exiting"
    assert rig.state.books.keep_base < before


@pytest.mark.row("F10")
def test_below_the_second_limit_all_is_left() -> None:
    """0.49: it ends flat; a half that is under way becomes the whole."""
    rig = relieved()
    shows(rig, "0.49")
    all_taken(rig)
    assert rig.steps()[-1] == "flat"
    assert rig.state.books.spot.quantity < d("0.001")
    other = CarryRig()
    entered(other)
    shows(other, "0.69")
    shows(other, "0.49")
    all_taken(other)
    assert other.steps()[-1] == "flat"


@pytest.mark.row("F10")
@pytest.mark.parametrize(
    "health, enters", [("0.69", False), ("0.70", True), ("1", True), (None, True)]
)
def test_nothing_is_entered_on_a_tight_margin(health: str | None, *, enters: bool) -> None:
    """What the venue does not say holds nobody back: its wallets are separate."""
    rig = CarryRig(rate="0")
    shows(rig, health)
    rig.fund("0.0003")
    assert [one.side for one in rig.places()] == ([Side.BUY] if enters else [])
    if not enters:
        assert rig.last.reason == "margin health 69.0 % below 70.0 %"


@pytest.mark.row("F10", "F05")
def test_a_restart_knows_that_half_was_given_up() -> None:
    """Half is sold, then killed: the next process gives up nothing more at the same health."""
    rig = relieved()
    other = rig.restart(run=2)
    other.wait(6_000)
    assert other.state.books.relieved
    shows(other, "0.69")
    assert not other.places()


@pytest.mark.row("F10")
def test_the_limits_are_settings() -> None:
    """Other limits, other decisions; in the wrong order they are refused."""
    rig = CarryRig(carry_setup(margin_health_reduce=d("0.3"), margin_health_exit=d("0.2")))
    entered(rig)
    shows(rig, "0.31")
    assert not rig.places()
    shows(rig, "0.29")
    assert rig.next().side is Side.SELL
    with pytest.raises(SettingError, match=r'margin_health_reduce = "0\.5": expected above margin'):
        carry_setup(margin_health_reduce=d("0.5")).settings.resolved(d("1000"))
