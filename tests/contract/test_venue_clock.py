"""A venue whose clock is not ours: its refusal is definite, our time follows its own, and deadlines still hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.venue import Held, NotFound, Refusal, Refused
from opensqt.runtime.clock import VirtualClock
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine import clock_offset
from opensqt.venues.engine.clock_offset import ClockOffset
from tests.conditions import until
from tests.contract.venues import PERP, SPOT, House, open_house


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire, connected."""
    opened = await open_house("binance", tmp_path)
    await opened.venue.open_orders(PERP)
    yield opened
    await opened.close()


def skew(house: House, ahead_ms: int) -> None:
    """Set the venue's clock ahead of ours."""
    assert house.real is not None
    rule = FaultRule(fault=FaultName.CLOCK_SKEW, ms=ahead_ms)
    house.real.faults.load(FaultScript(rules=[rule]))


@pytest.mark.row("C04", "I06")
@pytest.mark.parametrize("ahead_ms", [5000, -5000])
@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_a_refused_clock_is_set_by_the_venues(
    house: House, symbol: str, ahead_ms: int
) -> None:
    """-1021 proves that nothing was placed, and it is the last: the next request carries the venue's time."""
    skew(house, ahead_ms)
    refused = await house.venue.place(house.request("qone", symbol))
    assert isinstance(refused, Refused), refused
    assert (refused.kind, refused.code) == (Refusal.CLOCK, "-1021")
    assert isinstance(await house.venue.look(symbol, "qone"), NotFound)
    assert abs(house.gate.time.ahead_ms - ahead_ms) < 500
    assert isinstance(await house.venue.place(house.request("qtwo", symbol)), Held)
    skew(house, 0)
    refused = await house.venue.place(house.request("qthree", symbol))
    assert isinstance(refused, Refused)
    assert isinstance(await house.venue.place(house.request("qfour", symbol)), Held)


@pytest.mark.row("C04", "I06")
async def test_a_read_with_a_refused_clock_is_answered_by_its_own_retry(house: House) -> None:
    """A read does not fail because our clock was wrong a moment ago."""
    skew(house, 5000)
    assert await house.venue.open_orders(PERP) == []


@pytest.mark.row("C06")
async def test_a_corrected_clock_moves_no_deadline(house: House) -> None:
    """With the venue's time known, what was signed too long ago is refused as before."""
    skew(house, 5000)
    await house.venue.place(house.request("qone"))
    skew(house, 8000)  # three seconds pass on the wire
    late = await house.venue.place(house.request("qtwo"))
    assert isinstance(late, Refused)
    assert late.kind is Refusal.CLOCK


@pytest.mark.row("C04")
async def test_a_cancel_does_not_wait_for_a_clock_to_be_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue is slow to tell its time: a cancel leaves with what is known, and the measure is made beside it."""
    house = await open_house("okx", tmp_path)
    assert house.real is not None
    assert isinstance(await house.venue.place(house.request("qone")), Held)
    monkeypatch.setattr(clock_offset, "FRESH_S", -1.0)
    slow = FaultRule(fault=FaultName.LATE_ACK, match=Match(kind="public"), ms=700)
    ahead = FaultRule(fault=FaultName.CLOCK_SKEW, ms=900)
    house.real.faults.load(FaultScript(rules=[slow, ahead]))
    assert isinstance(await house.venue.cancel(PERP, "qone"), Held)
    assert abs(house.gate.time.ahead_ms) < 400
    await until(lambda: abs(house.gate.time.ahead_ms - 900) < 500)
    await house.close()


async def test_a_slow_answer_about_the_time_is_not_believed() -> None:
    """Half of a long round trip is an error as large as what the fence allows: then there is no correction."""
    clock = VirtualClock()
    time = ClockOffset(clock)

    async def quick() -> int:
        return clock.market_ms() + 700

    async def nothing() -> None:
        return None

    assert await time.measure(quick)
    assert time.ahead_ms == 700
    await clock.run_for(31)
    assert time.stale
    assert not await time.measure(nothing)
    assert (time.ahead_ms, time.stale) == (0, False)


async def test_a_clock_that_the_venue_does_not_compare_is_measured_before_anything_is_placed() -> (
    None
):
    """Where a venue takes what a clock signed that is far off, nothing is placed until its time is known."""
    clock = VirtualClock()
    time = ClockOffset(clock, required=True)

    async def told() -> int:
        return clock.market_ms() - 20_000

    async def nothing() -> None:
        return None

    assert (time.unknown, time.stale) == (True, True)
    assert await time.measure(told)
    assert (time.unknown, time.stale, time.ahead_ms) == (False, False, -20_000)
    await clock.run_for(31)
    assert not await time.measure(nothing)
    assert (time.unknown, time.stale) == (True, True)
