"""A venue in one process on a temporary folder, its clock, and unmodified ccxt clients."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opensqt.simulation.server.paper import PaperVenue
from tests.simulation.venue.scripted import Client, ScriptedFlow, TestClock, setup


@pytest.fixture
def clock() -> TestClock:
    """Market time that a test may set forward."""
    return TestClock()


@pytest.fixture
async def venue(tmp_path: Path, clock: TestClock) -> AsyncIterator[PaperVenue]:
    """A running venue with a silent flow."""
    running = PaperVenue(setup(tmp_path), ScriptedFlow(), clock)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def spot(venue: PaperVenue, clock: TestClock) -> AsyncIterator[Client]:
    """A spot client of account main."""
    client = Client(venue, "spot", clock)
    await client.ccxt.load_markets()
    yield client
    await client.close()


@pytest.fixture
async def perp(venue: PaperVenue, clock: TestClock) -> AsyncIterator[Client]:
    """A USDⓈ-M client of account main."""
    client = Client(venue, "swap", clock)
    await client.ccxt.load_markets()
    yield client
    await client.close()
