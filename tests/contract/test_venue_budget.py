"""The reserved share of the limiter in the shipped adapter: what leaves first when a cancel meets a crowd of places."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opensqt.runtime.venue.port import Held
from tests.conditions import until
from tests.contract.venues import PERP, House, open_house

PLACES = 1000
BURST = 24  # what a full bucket grants to openings at once


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire."""
    opened = await open_house("binance", tmp_path)
    yield opened
    await opened.close()


@pytest.mark.row("C02")
async def test_a_cancel_passes_every_place_that_waits_for_the_limiter(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a thousand places queued behind an empty bucket, at most one leaves before the cancel does."""
    assert isinstance(await house.venue.place(house.request("first")), Held)
    left: list[str] = []
    send = house.gate.client.call

    async def noted(section: str, verb: str, *rest: Any) -> Any:
        left.append(verb)
        return await send(section, verb, *rest)

    monkeypatch.setattr(house.gate.client, "call", noted)
    crowd = [
        asyncio.create_task(house.venue.place(house.request(f"crowd{number}")))
        for number in range(PLACES)
    ]
    await until(lambda: len(left) >= BURST)
    asked = len(left)
    assert isinstance(await house.venue.cancel(PERP, "first"), Held)
    assert left.index("DELETE") - asked <= 1
    assert len(left) < PLACES, "the crowd must still wait, or nothing was shown"
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
