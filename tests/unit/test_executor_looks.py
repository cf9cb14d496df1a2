"""Looking for many orders at once: what a symbol shows is read once for all, and only where it can prove something."""

from pathlib import Path

import pytest

from opensqt.domain.life import Phase
from opensqt.runtime.venue.memory import Fault, MemoryVenue
from opensqt.runtime.venue.port import AccountView
from tests.unit.rig import Rig

MANY = 12
SLOW_S = 2.0
FENCE_S = (
    3.5 + 0.5
)  # deadline, skew and lag, then a lag between two looks: as published, not as the product has it
READINGS_MAX = (
    5  # one under way, two for the proof, and each may have to wait for one that began too early
)


class Counting(MemoryVenue):
    """Counts the dearest part of a look."""

    accounts_read = 0
    slow_s = 0.0  # as where the weight is spent and each read waits for its turn

    async def account(self) -> AccountView:
        """Return balances and positions."""
        self.accounts_read += 1
        await self.exchange.clock.sleep(self.slow_s)
        return await super().account()


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory whose venue counts."""
    rig = Rig(tmp_path)
    rig.venue = Counting(rig.exchange)
    return rig


def _read(rig: Rig) -> int:
    assert isinstance(rig.venue, Counting)
    return rig.venue.accounts_read


@pytest.mark.row("C06")
async def test_many_orders_in_doubt_share_their_looks(rig: Rig) -> None:
    """Twelve requests are lost over a second: all are proved absent, by fewer readings than one order each."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(MANY))
        await rig.clock.run_for(0.1)
        rig.venue.faults.set("place", *[Fault.LOST_REQUEST] * MANY)
        read = _read(rig)
        for number in range(MANY):
            await rig.approve(rig.place(number))
            await rig.clock.run_for(0.1)
        await rig.clock.run_for(6)
        phases = {rig.order_of(number).phase for number in range(MANY)}
        assert phases == {Phase.NEVER_PLACED}
        assert _read(rig) - read < MANY


@pytest.mark.row("C06")
async def test_an_order_whose_answer_was_lost_is_found_by_its_id_alone(rig: Rig) -> None:
    """Before the fence nothing can be proved: open orders, trades and position are not read for it."""
    async with rig.running(rig.executor()):
        read = _read(rig)
        rig.venue.faults.set("place", Fault.LOST_ACK)
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        assert rig.order_of().phase is Phase.LIVE
        assert _read(rig) == read


@pytest.mark.row("C06")
async def test_many_orders_in_doubt_end_soon_though_each_reading_is_slow(rig: Rig) -> None:
    """A reading takes longer than the visibility lag: who waits for it shares the next, nobody takes one of his own."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(MANY))
        await rig.clock.run_for(0.1)
        assert isinstance(rig.venue, Counting)
        rig.venue.slow_s = SLOW_S
        rig.venue.faults.set("place", *[Fault.LOST_REQUEST] * MANY)
        for number in range(MANY):
            await rig.approve(rig.place(number))
        await rig.clock.run_for(FENCE_S + READINGS_MAX * SLOW_S)
        phases = {rig.order_of(number).phase for number in range(MANY)}
        assert phases == {Phase.NEVER_PLACED}
