"""Looking for many orders at once: what a symbol shows is read once for all, and only where it can prove something."""

from pathlib import Path

import pytest

from opensqt.domain.life import Phase
from opensqt.runtime.venue.memory import Fault, MemoryVenue
from opensqt.runtime.venue.port import AccountView
from tests.unit.rig import Rig

MANY = 12


class Counting(MemoryVenue):
    """Counts the dearest part of a look."""

    accounts_read = 0

    async def account(self) -> AccountView:
        """Return balances and positions."""
        self.accounts_read += 1
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
