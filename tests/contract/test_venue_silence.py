"""A venue that is there and answers nothing: what its port says of it meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.domain.venue_contact import MS_PER_S, SILENT_MS_MAX
from opensqt.simulation.server.faults import FaultName, FaultRule
from tests import conditions
from tests.contract.test_venue_faults import set_faults
from tests.contract.venues import WIRED, House, open_house

LATE_MS = 4000  # later than anybody waits


@pytest_asyncio.fixture(params=WIRED)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue over the wire in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


@pytest.mark.row("K03")
@pytest.mark.parametrize("fault", [FaultName.LOST_REQUEST, FaultName.LATE_ACK])
async def test_a_venue_that_answers_nothing_is_silent_until_it_answers(
    house: House, fault: FaultName
) -> None:
    """It hangs up, or keeps the line and says nothing: noticed within seconds, also while the one who asked waits."""
    await house.venue.probe()
    assert house.venue.contact.why() == ""
    set_faults(house, FaultRule(fault=fault, ms=LATE_MS))
    await conditions.until(lambda: house.venue.contact.quiet(Market.PERP))
    asking = asyncio.create_task(house.venue.probe())
    await conditions.until(
        lambda: "spot" in house.venue.contact.why(), within_s=SILENT_MS_MAX / MS_PER_S + 1
    )
    assert "perp" in house.venue.contact.why()
    assert asking.done() is (fault is FaultName.LOST_REQUEST)
    await asking
    set_faults(house)
    await house.venue.probe()
    assert house.venue.contact.why() == ""
