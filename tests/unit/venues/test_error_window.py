"""When a venue counts as degraded: a bounded memory of errors, a window of wall time, and no order's refusal in it."""

from pathlib import Path

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.order_state import OrderStatus
from opensqt.runtime.clock import VirtualClock
from opensqt.venues.engine.error_window import ErrorWindow
from opensqt.venues.engine.response import Transmitted, VenueResponse
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.faults import Fault
from tests.unit.venues.binance_answers import trouble_of


@pytest.mark.row("C09")
async def test_more_than_fifty_errors_in_five_minutes_degrade() -> None:
    """Fifty are borne, one more is too much, and five minutes later all is forgotten."""
    clock = VirtualClock()
    troubles = ErrorWindow(clock)
    for _ in range(50):
        troubles.note("no_answer")
        await clock.run_for(1)
    assert troubles.why() == ""
    troubles.note("throttled")
    assert troubles.why().startswith("degraded: 51 venue errors in 5 minutes")
    assert "no_answer" in troubles.why()
    await clock.run_for(260)
    assert troubles.why() == ""


@pytest.mark.row("C09")
def test_the_memory_of_errors_is_bounded() -> None:
    """A storm of errors fills a ring of a thousand and no more."""
    troubles = ErrorWindow(VirtualClock())
    for number in range(5000):
        troubles.note(f"unlisted_{number}")
    assert len(troubles) == 1000
    assert troubles.lately()[0] == "unlisted_4000"


@pytest.mark.row("C09")
@pytest.mark.parametrize(
    "reply,trouble",
    [
        (VenueResponse(sent=Transmitted.NEVER, cause="refused"), "not_sent"),
        (VenueResponse(cause="timeout"), "no_answer"),
        (VenueResponse(status=503, body='{"code":-1008,"msg":"busy"}'), "http_503"),
        (VenueResponse(status=403, body="<html>"), "http_403"),
        (VenueResponse(status=429, body=""), "throttled"),
        (VenueResponse(status=400, body='{"code":-1021,"msg":"late"}'), "clock"),
        (VenueResponse(status=401, body='{"code":-2015,"msg":"no"}'), "auth"),
        (VenueResponse(status=400, body='{"code":-9999,"msg":"?"}'), "unlisted_9999"),
        (VenueResponse(status=400, body='{"code":-2019,"msg":"Margin is insufficient."}'), ""),
        (VenueResponse(status=400, body='{"code":-5022,"msg":"post only"}'), ""),
        (VenueResponse(status=400, body='{"code":-2011,"msg":"Unknown order sent."}'), ""),
        (VenueResponse(status=400, body='{"code":-2013,"msg":"Order does not exist."}'), ""),
        (VenueResponse(status=400, body='{"code":-4116,"msg":"ClientOrderId is duplicated."}'), ""),
        (VenueResponse(status=200, body="{}"), ""),
        (VenueResponse(status=200, body="[]"), ""),
    ],
)
def test_an_order_that_is_refused_is_no_trouble(reply: VenueResponse, trouble: str) -> None:
    """Lost answers, limits, our clock and our key are; what the venue says about an order is its good right."""
    assert trouble_of(Market.PERP, reply) == trouble


@pytest.mark.row("C09")
async def test_a_degraded_venue_shows_in_the_status_of_the_executor(tmp_path: Path) -> None:
    """Health and reason change; the executor stays ready, and exits are still sent."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        assert (executor.status()["health"], executor.status()["why"]) == ("good", "")
        rig.venue.faults.set("look", *[Fault.LOST_REQUEST] * 51)
        for _ in range(51):
            await rig.venue.look(SYMBOL, "qnone")
        assert executor.status()["health"] == "degraded"
        assert "51 venue errors" in executor.status()["why"]
        assert executor.ready
        await rig.approve(rig.cancel())
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.CANCELED
