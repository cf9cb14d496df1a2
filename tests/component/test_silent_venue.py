"""A venue that says nothing: noticed while it is asked, shown alike by command and page; openings wait, exits leave."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.cli.desk_figures import figures
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue_contact import MS_PER_S, QUIET_MS, SILENT_MS_MAX, Contact
from opensqt.runtime.clock import VirtualClock
from services.gateway.decide import mode_of
from tests.component.rig import Rig
from tests.support.venue.venue import Fault
from tests.unit.services.gateway.test_gateway import TOLD, folded

WORDS = "the venue does not answer: perp for 3 s"
SHOWN_S_MAX = 5.0
PROBES = 40  # more than are made in any of these tests


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)


def silenced(rig: Rig) -> None:
    """Let no probe be answered."""
    rig.venue.faults.set("probe", *[Fault.LOST_REQUEST] * PROBES)


@pytest.mark.row("K03")
async def test_a_market_is_silent_when_what_was_asked_stays_unanswered() -> None:
    """Not before the limit, not by the other market's answers, and no longer than to its own next one."""
    clock = VirtualClock()
    contact = Contact(clock.market_ms)
    assert (contact.why(), contact.quiet(Market.PERP)) == ("", True)
    contact.ask(Market.PERP)
    await clock.run_for(SILENT_MS_MAX / MS_PER_S)
    contact.ask(Market.PERP)
    contact.hear(Market.SPOT)
    assert contact.why() == ""
    await clock.run_for(1)
    assert contact.why() == WORDS
    contact.hear(Market.PERP)
    assert (contact.why(), contact.quiet(Market.PERP)) == ("", False)
    await clock.run_for(QUIET_MS / MS_PER_S)
    assert contact.quiet(Market.PERP)
    await clock.run_for(60)
    assert contact.why() == ""  # nobody asked


@pytest.mark.row("K03")
@pytest.mark.parametrize(
    "told",
    [
        {"executor-main": {"venue_silent": WORDS}},
        {"market_data-binance": {"venue_silent": "no price is shown"}},
    ],
)
def test_command_and_page_say_the_same_of_a_venue(
    tmp_path: Path, told: Mapping[str, Mapping[str, Any]]
) -> None:
    """The mode is not NORMAL, and who says why is named."""
    ((name, said),) = told.items()
    well: dict[str, Mapping[str, Any]] = {
        "risk": {"mode": "NORMAL"},
        "relay": {"ready": True},
        name: {"venue_silent": ""},
    }
    assert figures(tmp_path, well).mode == "NORMAL"
    seen = figures(tmp_path, {**well, **told})
    assert (seen.mode, seen.why) == ("REDUCING", f"{name}: {said['venue_silent']}")
    page = msgspec.structs.replace(TOLD, statuses={**TOLD.statuses, **told})
    mode = mode_of(folded(), page)
    assert (mode["mode"], mode["why"]) == (seen.mode, seen.why)


@pytest.mark.row("K03")
async def test_an_executor_says_within_seconds_that_its_venue_is_silent(rig: Rig) -> None:
    """Nobody trades and nothing else is asked: it asks by itself, is not ready, and is as soon as it is answered."""
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(10)
        assert (executor.ready, executor.status()["venue_silent"]) == (True, "")
        silenced(rig)
        await rig.clock.run_for(SHOWN_S_MAX)
        said = executor.status()
        assert (executor.ready, said["health"]) == (False, "degraded")
        assert said["why"] == said["venue_silent"]
        assert said["why"].startswith("the venue does not answer: perp for ")
        await executor.reconcile()  # who leads is asked all the same
        await rig.clock.run_for(PROBES)
        assert (executor.ready, executor.status()["why"]) == (True, "")


@pytest.mark.row("K03", "C06")
async def test_nothing_is_opened_at_a_silent_venue_and_exits_are_tried(rig: Rig) -> None:
    """The opening ends with its reason and was never sent; the exit is sent."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.5)
        silenced(rig)
        await rig.clock.run_for(SHOWN_S_MAX)
        sent = len(rig.venue.sent)
        await rig.approve(rig.place(2))
        await rig.clock.run_for(0.5)
        end = rig.order_of(2)
        assert end.phase is OrderStatus.EXPIRED
        assert end.expired is not None
        assert end.expired.reason.startswith("the venue does not answer")
        assert len(rig.venue.sent) == sent
        close = rig.place(3, side=Side.SELL, purpose=Purpose.CLOSE)
        await rig.approve(close, is_exit=True, reduce_only=True)
        await rig.clock.run_for(0.5)
        assert len(rig.venue.sent) == sent + 1
