"""The reserved share of the limiter in the shipped adapter: what leaves first when a cancel meets a crowd of places."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opensqt.domain.venue import Held, NotFound, NotSent
from opensqt.runtime.config.schema import PaperRules
from opensqt.venues.engine.rate_limit import Budget, Limit
from opensqt.venues.engine.request import RestRequest
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from opensqt.venues.port import Venue
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
    send = house.gate.clients.client.call

    async def noted(request: RestRequest, *rest: Any) -> Any:
        left.append(request.verb)
        return await send(request, *rest)

    monkeypatch.setattr(house.gate.clients.client, "call", noted)
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


async def test_a_place_does_not_wait_for_its_turn_beyond_its_deadline(house: House) -> None:
    """While the venue bars us, it ends as not sent as soon as its deadline has passed, and nothing leaves."""
    assert isinstance(await house.venue.place(house.request("first")), Held)
    house.gate.budget.pause({"orders": 1.0}, 600)
    async with asyncio.timeout(10):
        assert isinstance(await house.venue.place(house.request("second")), NotSent)
    assert isinstance(await house.venue.look(PERP, "second"), NotFound)


async def test_many_looks_share_the_listing_of_ended_orders(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ids name open orders only, twenty looks at once read the listing twice at most."""
    policy = policy_of("binance", rules=PaperRules.GATE)
    venue = VenueAccount(house.gate, account="main", policy=policy)
    assert isinstance(await venue.place(house.request("ended")), Held)
    assert isinstance(await venue.cancel(PERP, "ended"), Held)
    paths: list[str] = []
    send = house.gate.clients.client.call

    async def noted(request: RestRequest, *rest: Any) -> Any:
        paths.append(request.path)
        return await send(request, *rest)

    monkeypatch.setattr(house.gate.clients.client, "call", noted)
    names = ["ended", *(f"never{number}" for number in range(19))]
    outcomes = await asyncio.gather(*(venue.look(PERP, name) for name in names))
    assert isinstance(outcomes[0], Held)
    assert all(isinstance(outcome, NotFound) for outcome in outcomes[1:])
    assert paths.count("allOrders") <= 2


@pytest.mark.row("C06", "C02")
async def test_who_settles_a_doubt_reads_though_the_minute_is_spent(house: House) -> None:
    """Every read of a look takes from the share of the exits; the same reads of anybody else wait."""
    assert isinstance(await house.venue.place(house.request("first")), Held)
    await house.venue.account()  # the position mode is asked for once
    slow = Limit(rate_per_s=0.001, burst=100, reserved=100)
    house.gate.budget = Budget(house.clock, {"orders": Limit(), "perp": slow, "spot": slow})
    since_ms = house.clock.market_ms() - 1000

    async def read(venue: Venue) -> None:
        await venue.look(PERP, "first")
        await venue.open_orders(PERP)
        await venue.trades(PERP, after="", since_ms=since_ms)
        await venue.account()

    reads = [
        house.venue.look(PERP, "first"),
        house.venue.open_orders(PERP),
        house.venue.trades(PERP, after="", since_ms=since_ms),
        house.venue.account(),
    ]
    waiting = [asyncio.ensure_future(each) for each in reads]
    async with asyncio.timeout(30):
        await read(house.venue.urgent)
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
