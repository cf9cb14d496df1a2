"""The executor's ear on a real NATS: what the shipped relay publishes of corrections reaches a running executor."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.journal import Appended, Entry, NewEvent
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.subjects import subject_of
from opensqt.execution.caps import Caps
from opensqt.execution.events import EventSource
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.journal.port import Journal
from opensqt.runtime.latch import LatchFile
from opensqt.runtime.lease import LeaseKeeper
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.telemetry.provider import Tracer
from services.executor.account import ExecutorAccount
from services.executor.service import Executor
from tests.component.rig import BIG, PERP, SYMBOL
from tests.conditions import until
from tests.integration.test_strategy_servers import house_on
from tests.relays import House, running
from tests.servers import NatsServer
from tests.support.approvals import published
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.venue import FaultyVenue

SIZE = Decimal("0.010")


def _adjusted(time_ms: int) -> Adjustment:
    return Adjustment(
        venue="binance",
        account="main",
        symbol=SYMBOL,
        strategy="grid-perp",
        quantity=SIZE,
        evidence_hash="aa",
        detail="no trade explains it",
        time_ms=time_ms,
    )


def _adopted(time_ms: int) -> PositionAdopted:
    return PositionAdopted(
        strategy="grid-perp",
        venue="binance",
        account="main",
        symbol=SYMBOL,
        quantity=SIZE,
        entry_price=Decimal(50_000),
        time_ms=time_ms,
    )


@asynccontextmanager
async def _leading(
    house: House, bus: NatsBus, folder: Path
) -> AsyncIterator[Callable[[str], Decimal]]:
    """Run an executor until it leads, and yield what it counts; then stop it in good order."""
    clock = house.clock
    exchange = RiggedExchange(clock=clock, rules=(PERP,), balances={"USDT": Decimal(1000)})
    account = ExecutorAccount(
        author=EventSource(actor="executor", venue="binance", account="main", generation=""),
        venue=FaultyVenue(exchange),
        journal=house.journal,
        lease=LeaseKeeper(
            house.leases, clock, name="executor/binance/main", holder="one", ttl_ms=3000
        ),
        clock=clock,
        symbols=(SYMBOL,),
        folder=folder,
        latches=LatchFile(folder),
        caps=Caps(orders_max=50, order_notional_max=BIG, notional_max=BIG),
        approval_keys=published(folder),
        tracer=Tracer(),
    )
    executor = Executor(account, bus, Metrics(), cancel_on_stop=False)
    stop = asyncio.Event()
    task = asyncio.create_task(executor.run(stop))
    await until(lambda: executor.ready)
    yield account.state.net
    stop.set()
    await task


@pytest.mark.row("E13")
async def test_corrections_reach_a_running_executor_over_nats_and_once_each(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """One comes before NATS is killed, one while it is gone; a successor hears all of FEED and counts each once."""
    house, ours = await house_on(nats_server)
    theirs = await NatsBus.connect(nats_server.url, "executor", monotonic_s=house.clock.monotonic_s)
    async with running(house.relay()):
        async with _leading(house, theirs, tmp_path) as net:
            await _record(house.journal, _adjusted(1))
            await until(lambda: net(SYMBOL) == SIZE)
            await asyncio.to_thread(nats_server.kill)
            await _record(house.journal, _adopted(2))
            await asyncio.to_thread(nats_server.start)
            await until(lambda: net(SYMBOL) == 2 * SIZE, within_s=20)
        async with _leading(house, theirs, tmp_path) as net:
            # FEED tells all three of them; two were in the history.
            await _record(house.journal, _adjusted(3))
            await until(lambda: net(SYMBOL) >= 3 * SIZE)
            assert net(SYMBOL) == 3 * SIZE
    await ours.close()
    await theirs.close()


async def _record(journal: Journal, message: Adjustment | PositionAdopted) -> None:
    stream = "recon/binance/main" if isinstance(message, Adjustment) else "strategy/grid-perp"
    event = NewEvent(
        event_id=f"correction-{message.time_ms}",
        stream=stream,
        message=message,
        subject=subject_of(message),
        actor="test",
        occurred_at_ms=message.time_ms,
    )
    assert isinstance(await journal.append(Entry(events=(event,))), Appended)
