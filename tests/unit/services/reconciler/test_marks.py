"""The reconciler's ear for prices: whatever happens to FEED, it goes on hearing."""

import asyncio
from decimal import Decimal

import pytest

from opensqt.domain.market import Tick
from opensqt.domain.messages import name_of
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.clock import RunClock
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.telemetry.metrics import Metrics
from services.reconciler.marks import LastPrices
from tests.conditions import until
from tests.simulation.strategy_facts import rules_of
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryStore
from tests.support.fakes.projection import MemoryProjections, MemoryTables


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


@pytest.mark.row("K06")
async def test_the_smallest_lot_of_a_symbol_is_kept_beside_its_price() -> None:
    """Unknown until the rules were heard; then a reader can name what is held and cannot be sold."""
    clock, tables = RunClock(), MemoryTables()
    projections = MemoryProjections(tables, MemoryJournal(MemoryStore(clock)))
    marks = LastPrices(
        MemoryBus(MemoryBroker(clock)),
        clock,
        projections,
        every_s=1.0,
        retry_s=0.01,
        metrics=Metrics(),
    )
    marks.take(tick(100))
    await marks.flush()
    assert tables.marks["binance", "BTC/USDT"].quantity_step == 0
    marks.take(rules_of("BTC/USDT", quantity_step="0.00001"))
    await marks.flush()
    kept = tables.marks["binance", "BTC/USDT"]
    assert (kept.quantity_step, kept.quantity_min) == (Decimal("0.00001"), Decimal("0.001"))
    assert kept.notional_min == 5


@pytest.mark.parametrize("loss", ["tail", "anew"])
async def test_a_feed_that_lost_something_is_heard_on(loss: str) -> None:
    """A FEED that is shorter than what was heard, or another one, ends nothing: prices come again."""
    clock = RunClock()
    broker = MemoryBroker(clock)
    bus, tables = MemoryBus(broker), MemoryTables()
    projections = MemoryProjections(tables, MemoryJournal(MemoryStore(clock)))
    marks = LastPrices(bus, clock, projections, every_s=1.0, retry_s=0.01, metrics=Metrics())
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
