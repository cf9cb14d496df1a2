"""An account without funds: all openings go for a while, closings stay, and the grid comes back by itself."""

import pytest

from opensqt.domain.intent import Purpose
from opensqt.domain.order_events import Rejected
from opensqt.strategies.grid.state import GridState
from tests.simulation.grid_rig import rig_of, setup_of, unstarted
from tests.simulation.strategy_facts import PERP, rules_of
from tests.simulation.strategy_rig import Rig, restarted

LOCK_MS = 10_000
WORDS = "not enough funds: no openings for 10000 ms after the refusal"


def broke() -> Rig[GridState]:
    """Return a grid that has bought, and whose venue has just refused another opening."""
    rig = rig_of(setup_of(funds_lock_ms=LOCK_MS))
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    rig.tick(PERP, "44985")
    rig.feed(rig.canceled(rig.cid_at("44980")))
    rig.wait(1_000)
    place = next(one for one in rig.places() if one.purpose is Purpose.OPEN)
    rig.feed(rig.rejected(rig.submit(place), "funds: Margin is insufficient."))
    return rig


@pytest.mark.row("B20")
def test_a_refusal_for_want_of_funds_takes_all_openings_away() -> None:
    """At once, with the closing left where it is; nothing waits for anything, the grid goes on deciding."""
    rig = broke()
    assert rig.last.reason == WORDS
    rig.accept_all()
    assert [placed.purpose for placed in rig.live()] == [Purpose.CLOSE]
    rig.wait(LOCK_MS - 500)
    assert rig.last.reason == WORDS
    assert not rig.places()


@pytest.mark.row("B20")
def test_the_lock_ends_by_itself() -> None:
    """T later the openings are back."""
    rig = broke()
    rig.accept_all()
    rig.wait(LOCK_MS + 200)
    rig.tick(PERP, "44985")
    rig.accept_all()
    assert rig.last.reason == ""
    assert sum(placed.purpose is Purpose.OPEN for placed in rig.live()) >= 3


@pytest.mark.row("B20")
def test_the_lock_survives_a_restart() -> None:
    """It counts from the time that the journal tells."""
    rig = broke()
    rig.accept_all()
    again = unstarted(setup_of(funds_lock_ms=60_000))
    restarted(rig, again, "grid", 2, (rules_of(PERP),))
    again.wait(6_000)
    again.tick(PERP, "44985")
    assert again.last.reason.startswith("not enough funds")


@pytest.mark.row("B20")
@pytest.mark.parametrize("lock_ms, why", [(0, "funds: x"), (LOCK_MS, "filter: PRICE_FILTER")])
def test_without_a_lock_or_for_another_reason_the_others_stay(lock_ms: int, why: str) -> None:
    """Only the level that was refused rests."""
    rig = rig_of(setup_of(funds_lock_ms=lock_ms))
    refused, *others = rig.places()
    for place in others:
        rig.accept(place)
    rig.feed(rig.rejected(rig.submit(refused), why))
    rig.accept_all()
    assert len(rig.live()) == 3
    assert any(isinstance(event, Rejected) for event in rig.history)
