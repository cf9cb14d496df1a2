"""What an open breaker leaves to a grid."""

import pytest

from opensqt.domain.intent import Purpose
from opensqt.domain.recon_events import Halted, Resumed
from tests.simulation.grid_rig import BUY, SELL, rig_of, setup_of


@pytest.mark.row("E04", "E08")
def test_an_open_breaker_cancels_openings_on_both_sides_and_keeps_closes() -> None:
    """A neutral grid sells to open, too; what closes stays and may come, until this very breaker has closed."""
    rig = rig_of(setup_of())
    rig.accept_all()
    assert {p.side for p in rig.live() if p.purpose is Purpose.OPEN} == {BUY, SELL}
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    resting = [p for p in rig.live() if p.purpose is Purpose.CLOSE]
    assert len(resting) == 1
    at_ms = rig.now_ms
    rig.feed(Halted(scope="desk", mode="REDUCING", reason="fell", time_ms=at_ms, breaker="market"))
    rig.accept_all()
    assert rig.live() == resting
    rig.feed(Resumed(scope="desk", reason="", actor="", time_ms=at_ms))
    rig.accept_all()
    assert rig.live() == resting, "something else that had halted the desk is over"
    rig.feed(Resumed(scope="desk", reason="", actor="", time_ms=at_ms, breaker="market"))
    rig.accept_all()
    assert len(rig.live()) == 4
