"""Interleavings on the executor's in-memory rig: what may happen between any two awaits must not cost an order."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.life import Phase
from opensqt.runtime.venue.memory import Fault
from tests.unit.rig import SYMBOL, Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)


async def test_a_fill_missed_by_the_stream_is_read_although_a_later_one_was_pushed(
    rig: Rig,
) -> None:
    """A hole in the private stream is read by REST, also when the trade behind the hole was pushed first."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1, price=Decimal("49900.0")))
        await rig.approve(rig.place(2, price=Decimal("49800.0")))
        await rig.clock.run_for(0.5)
        rig.exchange.stream.break_off("cut by the test")
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.stream.restore()
        rig.exchange.trade(SYMBOL, Decimal("49800.0"))
        await rig.clock.run_for(12)
        assert rig.order_of(2).phase is Phase.FILLED
        assert rig.order_of(1).phase is Phase.FILLED


async def test_a_fill_missed_before_a_restart_is_read_after_it(rig: Rig) -> None:
    """A successor reads trades from the last snapshot on, not from the newest trade that happened to be pushed."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1, price=Decimal("49900.0")))
        await rig.approve(rig.place(2, price=Decimal("49800.0")))
        await rig.clock.run_for(0.5)
        rig.exchange.stream.break_off("cut by the test")
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.stream.restore()
        rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 10)
        rig.exchange.trade(SYMBOL, Decimal("49800.0"))
        await rig.clock.run_for(0.1)
    while rig.venue.faults.take("read"):
        pass
    async with rig.running(rig.executor()):
        await rig.clock.run_for(2)
        assert rig.order_of(2).phase is Phase.FILLED
        assert rig.order_of(1).phase is Phase.FILLED
