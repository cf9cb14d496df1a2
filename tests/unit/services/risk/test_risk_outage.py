"""The gate while its journal or its bus is away: what was refused is recorded later, and once."""

from decimal import Decimal

import pytest

from opensqt.runtime.bus.port import Stream
from tests.component.test_risk_service import House


@pytest.mark.row("J10")
async def test_a_refusal_is_recorded_when_the_journal_is_back() -> None:
    """Nothing is queued meanwhile; the verdict stands once, however often it was tried."""
    house = House()
    async with house.open():
        house.store.down = True
        await house.say(await house.place(quantity=Decimal(10)), wait_s=0.5)
        house.store.down = False
        assert house.refusals() == []
        await house.clock.run_for(1)
        assert [refusal.reason for refusal in house.refusals()] == ["order_notional"]
        assert house.commands() == []


async def test_intents_are_judged_again_after_the_bus_was_away() -> None:
    """The gate follows INTENTS anew, and what is said then gets its one verdict."""
    house = House()
    async with house.open():
        house.broker.down()
        await house.clock.run_for(0.5)
        await house.broker.up()
        await house.clock.run_for(3)
        await house.market()
        await house.say(await house.place())
        assert len(house.commands()) + len(house.refusals()) == 1
        assert house.commands(Stream.EXITS) == []
