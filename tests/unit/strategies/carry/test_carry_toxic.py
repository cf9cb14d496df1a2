"""The stop for a toxic basis: so many looks in a row, at a cadence of its own, by the sign of what is held."""

from decimal import Decimal

import pytest

from opensqt.domain.instruments import Side
from opensqt.strategies.carry.toxic import is_toxic
from opensqt.strategies.settings import SettingError
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.strategy_facts import PERP, SPOT, d

EVERY_MS = 60_000


def held(**changes: object) -> CarryRig:
    """Return an open carry that leaves beyond -5 bps at three looks, one a minute."""
    told = {"toxic_basis_bps": Decimal(-5), "holding_hours": Decimal(10_000), **changes}
    rig = CarryRig(carry_setup(**told))
    entered(rig)
    rig.wait(EVERY_MS)
    prices(rig, "45000")
    assert rig.state.toxic.looks == 0
    return rig


def prices(rig: CarryRig, perp: str) -> None:
    """Show spot at 45 000 and the perpetual at a price."""
    rig.tick(SPOT, "45000")
    rig.tick(PERP, perp)


def looks(rig: CarryRig, perp: str, count: int) -> None:
    """Let so many looks see the perpetual at a price; ticks between them are no looks."""
    for _ in range(count):
        for _ in range(4):
            rig.wait(EVERY_MS // 4 - 200, EVERY_MS // 4 - 200)
            prices(rig, perp)


@pytest.mark.row("F11")
@pytest.mark.parametrize(
    "basis_bps, direction, toxic",
    [("-6", 1, True), ("-5", 1, False), ("6", 1, False), ("6", -1, True), ("5", -1, False)],
)
def test_the_sign_of_what_is_held_decides(basis_bps: str, direction: int, *, toxic: bool) -> None:
    """Long spot suffers below the limit, short spot above it; at the limit neither."""
    assert is_toxic(d(basis_bps), direction, d("-5")) is toxic


@pytest.mark.row("F11")
def test_the_third_look_in_a_row_leaves_the_carry() -> None:
    """-10 bps at -5 allowed: two looks do nothing, however many prices they saw; the third sells all of it."""
    rig = held()
    looks(rig, "44955", 2)
    assert (rig.state.toxic.looks, rig.steps()[-1]) == (2, "neutral")
    looks(rig, "44955", 1)
    assert rig.steps()[-1] == "exiting"
    assert rig.next().side is Side.SELL
    # It lasts: the sale goes on although the next price is better.
    prices(rig, "45000")
    while rig.places():
        rig.take()
    assert rig.steps()[-1] == "flat"


@pytest.mark.row("F11")
def test_one_look_that_is_not_toxic_begins_the_count_anew() -> None:
    """Two, then a good one, then two more: nothing is sold."""
    rig = held()
    looks(rig, "44955", 2)
    looks(rig, "45000", 1)
    looks(rig, "44955", 2)
    assert (rig.state.toxic.looks, rig.steps()[-1]) == (2, "neutral")


@pytest.mark.row("F11")
def test_the_perpetual_above_spot_is_not_toxic_for_who_holds_spot() -> None:
    """+5 bps for five looks: it stays."""
    rig = held()
    looks(rig, "45020", 5)
    assert rig.state.toxic.looks == 0
    assert rig.steps()[-1] == "neutral"


@pytest.mark.row("F11")
@pytest.mark.parametrize("change", [{"toxic_basis_looks": 0}, {"toxic_basis_every_ms": 3_600_000}])
def test_count_and_cadence_are_settings(change: dict[str, object]) -> None:
    """Switched off, or looking once an hour: five minutes at -10 bps move nothing."""
    rig = held(**change)
    looks(rig, "44955", 5)
    assert rig.steps()[-1] == "neutral"


@pytest.mark.row("F11")
def test_what_would_be_entered_is_no_reason_to_leave() -> None:
    """A limit above the basis of an entry is refused; without one it lies 20 bps below."""
    with pytest.raises(SettingError, match=r'toxic_basis_bps = "-1": expected below basis_bps_min'):
        carry_setup(toxic_basis_bps=d("-1")).settings.resolved(d("1000"))
    given = carry_setup(toxic_basis_bps=d("0"), basis_bps_min=d("-30")).settings
    assert given.resolved(d("1000")).toxic_basis_bps == d("-50")
