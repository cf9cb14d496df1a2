"""The private streams of Binance when they are lost, mute or repeat themselves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.venue import OrderView, PrivateEvent, StreamDown, StreamUp
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine import ccxt_socket
from tests.contract.venues import PATIENCE_S, WIRED, House, open_house


@pytest_asyncio.fixture(params=WIRED)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue over the wire in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


def hear(
    house: House, until: type[PrivateEvent], count: int
) -> tuple["asyncio.Task[list[PrivateEvent]]", asyncio.Event]:
    """Hear the private streams up to the `count`-th event of a kind; the event says that they are up."""
    up = asyncio.Event()

    async def listen() -> list[PrivateEvent]:
        events: list[PrivateEvent] = []
        async with asyncio.timeout(PATIENCE_S):
            async for event in house.venue.private():
                events.append(event)
                if isinstance(event, StreamUp):
                    up.set()
                if sum(isinstance(e, until) for e in events) == count:
                    break
        return events

    return asyncio.create_task(listen()), up


async def test_lost_private_stream_is_said_and_regained(house: House) -> None:
    """A disconnect is StreamDown, the regained connection StreamUp: then REST is read again."""
    hearing, up = hear(house, StreamUp, 2)
    await up.wait()
    assert house.real is not None
    house.real.server.admin.disconnect("private")
    kinds = [type(e) for e in await hearing if isinstance(e, StreamUp | StreamDown)]
    assert kinds == [StreamUp, StreamDown, StreamUp]


@pytest.mark.row("D09")
async def test_mute_private_stream_counts_as_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without any frame for too long is not believed."""
    monkeypatch.setattr(ccxt_socket, "MUTE_MS_MAX", 100)
    events = await hear(house, StreamDown, 1)[0]
    (down,) = [event for event in events if isinstance(event, StreamDown)]
    assert "mute" in down.cause


async def test_duplicate_frames_are_passed_on_unchanged(house: House) -> None:
    """Nothing is conflated here: whoever folds is idempotent."""
    assert house.real is not None
    twice = FaultRule(fault=FaultName.DUPLICATE_FRAME, match=Match(kind="private"), count=100)
    house.real.faults.load(FaultScript(rules=[twice]))
    hearing, up = hear(house, OrderView, 2)
    await up.wait()
    await house.venue.place(house.request("qone"))
    first, second = [e for e in await hearing if isinstance(e, OrderView)]
    assert first == second
