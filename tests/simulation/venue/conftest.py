"""A venue in one process on a temporary folder, its clock, and unmodified ccxt clients."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opensqt.simulation.server.paper import Venue
from tests.simulation.venue.scripted import Client, ScriptedFlow, TestClock, setup


@pytest.fixture
def clock() -> TestClock:
    """Market time that a test may set forward."""
    return TestClock()


@pytest.fixture
async def venue(tmp_path: Path, clock: TestClock) -> AsyncIterator[Venue]:
    """A running venue with a silent flow."""
    running = Venue(setup(tmp_path), ScriptedFlow(), clock)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def spot(venue: Venue, clock: TestClock) -> AsyncIterator[Client]:
    """A spot client of account main."""
    client = Client(venue, "spot", clock)
    await client.ccxt.load_markets()
    yield client
    await client.close()


@pytest.fixture
async def perp(venue: Venue, clock: TestClock) -> AsyncIterator[Client]:
    """A USDⓈ-M client of account main."""
    client = Client(venue, "swap", clock)
    await client.ccxt.load_markets()
    yield client
    await client.close()
