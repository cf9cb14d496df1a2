"""The reconciler's ear for prices: whatever happens to FEED, it goes on hearing."""

import asyncio
from decimal import Decimal

import pytest

from opensqt.domain.market import Tick
from opensqt.domain.messages import name_of
from opensqt.runtime.bus.memory import MemoryBus
from opensqt.runtime.bus.memory_broker import MemoryBroker
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.subjects import subject_of
from opensqt.runtime.clock import RunClock
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.memory import MemoryJournal, MemoryStore
from opensqt.runtime.projection_memory import MemoryProjections, MemoryTables
from services.reconciler.marks import Marks
from tests.conditions import until


def tick(price: int) -> Tick:
    """One tick around a price."""
    return Tick(
        venue="binance",
        symbol="BTC/USDT",
        bid_price=Decimal(price - 1),
        bid_quantity=Decimal(1),
        ask_price=Decimal(price + 1),
        ask_quantity=Decimal(1),
        time_ms=1,
        book_sequence=1,
    )


@pytest.mark.parametrize("loss", ["tail", "anew"])
async def test_a_feed_that_lost_something_is_heard_on(loss: str) -> None:
    """A FEED that is shorter than what was heard, or another one, ends nothing: prices come again."""
    clock = RunClock()
    broker = MemoryBroker(clock)
    bus, tables = MemoryBus(broker), MemoryTables()
    projections = MemoryProjections(tables, MemoryJournal(MemoryStore(clock)))
    marks = Marks(bus, clock, projections, every_s=1.0, retry_s=0.01)
    hearing = asyncio.create_task(marks.hear())

    async def heard(price: int) -> bool:
        message = tick(price)
        name = f"tick-{price}-{asyncio.get_running_loop().time()}"
        envelope = Envelope(event_id=name, type=name_of(message), source="test", time_ms=1)
        await bus.publish(subject_of(message), message, envelope)
        await marks.flush()
        mark = tables.marks.get(("binance", "BTC/USDT"))
        return mark is not None and mark.price == price

    await until(lambda: heard(100))
    if loss == "tail":
        broker.lose_tail(Stream.FEED, 1)
    else:
        broker.make_anew(Stream.FEED)
    await until(lambda: heard(200))
    assert not hearing.done()
    hearing.cancel()
