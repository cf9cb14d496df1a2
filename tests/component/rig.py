"""An executor on in-memory twins and a virtual clock: what its tests share. Nothing here waits for real time."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from opensqt.domain import order_state
from opensqt.domain.control import Heartbeat
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.messages import Event
from opensqt.domain.order_events import OrderEvent
from opensqt.domain.subjects import RISK_ALIVE, command_subject
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.execution.caps import Caps
from opensqt.execution.events import EventSource
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.envelope import MESSAGE_ID, Envelope
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.latch import LatchFile
from opensqt.runtime.lease import LeaseKeeper
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.telemetry.provider import Tracer
from services.executor.account import ExecutorAccount
from services.executor.service import Executor
from tests.support.approvals import KEY, published
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.venue import FaultyVenue

SYMBOL = "BTC/USDT:USDT"
START_MS = 1_700_000_000_000
BIG = Decimal(1_000_000)  # a cap that is never reached
PERP = InstrumentRules(
    venue="binance",
    symbol=SYMBOL,
    market=Market.PERP,
    venue_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.1"),
    quantity_step=Decimal("0.001"),
    quantity_min=Decimal("0.001"),
    quantity_max=Decimal(1000),
    notional_min=Decimal(100),
)


class Rig:
    """One desk in memory: broker, store and exchange outlive the executors that are started on them."""

    venue_name = "binance"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.symbols: tuple[str, ...] = (SYMBOL,)
        self.caps = Caps(orders_max=50, order_notional_max=BIG, notional_max=BIG)
        self.clock = self.new_clock()
        self.broker = MemoryBroker(self.clock)
        self.bus = MemoryBus(self.broker)
        self.store = MemoryStore(self.clock, generation="g1")
        self.exchange = RiggedExchange(
            clock=self.clock, rules=(PERP,), balances={"USDT": Decimal(100_000)}
        )
        self.exchange.trade(SYMBOL, Decimal(50_000))
        self.venue = FaultyVenue(self.exchange)
        self.journals: list[MemoryJournal] = []  # of the executors started, the newest last
        self.journal_of: dict[Executor, MemoryJournal] = {}
        self.commands = 0
        self.keys_in: Callable[[Path], ApprovalKeys] = published
        self.wire: Callable[[Any], Any] = lambda port: port  # what stands before venue and journal
        # The connection of the n-th executor; that of the rig itself is `bus`.
        self.bus_of: Callable[[int], MemoryBus] = lambda _: MemoryBus(self.broker)
        self.started = 0
        self.tracer, self.dead_man_s = Tracer(), 0  # of executors that are started from now on
        self.risk_epoch, self.risk_alive = 0, True

    def new_clock(self) -> VirtualClock:
        """Return the clock that everything lives on."""
        return VirtualClock(wall_ms=START_MS)

    def executor(self, *, cancel_on_stop: bool = False) -> Executor:
        """Return a new executor process for the account, as its supervisor would start it."""
        self.started += 1
        self.journals.append(MemoryJournal(self.store))
        lease = LeaseKeeper(
            MemoryLeases(self.journals[-1]),
            self.clock,
            name=f"executor/{self.venue_name}/main",
            holder=f"process-{self.started}",
            ttl_ms=3000,
        )
        account = ExecutorAccount(
            author=EventSource(
                actor="executor", venue=self.venue_name, account="main", generation="g1"
            ),
            venue=self.wire(self.venue),
            journal=self.wire(self.journals[-1]),
            lease=lease,
            clock=self.clock,
            symbols=self.symbols,
            folder=self.folder,
            latches=LatchFile(self.folder),
            caps=self.caps,
            approval_keys=self.keys_in(self.folder),
            tracer=self.tracer,
        )
        executor = Executor(
            account,
            self.bus_of(self.started),
            Metrics(),
            cancel_on_stop=cancel_on_stop,
            dead_man_s=self.dead_man_s,
        )
        self.journal_of[executor] = self.journals[-1]
        return executor

    async def start_risk(self) -> None:
        """Take the gate's lease, so that commands can carry its epoch."""
        risk = await MemoryLeases(MemoryJournal(self.store)).acquire("risk", "gate", 600_000)
        self.risk_epoch = risk.epoch if risk else self.risk_epoch

    @asynccontextmanager
    async def running(self, executor: Executor) -> AsyncIterator[Executor]:
        """Run an executor until it takes commands; stop it at the end."""
        await self.start_risk()
        stop = asyncio.Event()
        task = asyncio.create_task(executor.run(stop))
        beat = asyncio.create_task(self.beat())
        try:
            for _ in range(400):
                if executor.ready or task.done():
                    break
                await self.clock.run_for(0.05)
            if task.done():
                task.result()
            yield executor
        finally:
            beat.cancel()
            stop.set()
            for _ in range(400):
                if task.done():
                    break
                await self.clock.run_for(0.05)
            await task

    async def beat(self) -> None:
        """Be risk's heartbeat."""
        for count in itertools.count():
            await self.clock.sleep(1)
            if self.risk_alive:
                now_ms = self.clock.market_ms()
                message = Heartbeat(generation=1, head_position=0, time_ms=now_ms)
                envelope = Envelope(
                    event_id=f"beat-{self.started}-{count}",
                    type="Heartbeat",
                    source="risk",
                    time_ms=now_ms,
                )
                await self.bus.publish(RISK_ALIVE, message, envelope, confirmed=False)

    @asynccontextmanager
    async def dying(self, executor: Executor) -> AsyncIterator[Executor]:
        """Run an executor until it takes commands; at the end it dies as by SIGKILL."""
        await self.start_risk()
        task = asyncio.create_task(executor.run(asyncio.Event()))
        try:
            while not executor.ready and not task.done():
                await self.clock.run_for(0.1)
            yield executor
        finally:
            await self.crash(executor, task)

    async def crash(self, executor: Executor, task: asyncio.Task[None]) -> None:
        """End an executor as SIGKILL does: nothing is said or released."""
        self.journal_of[executor].down = True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def approve_again(self) -> None:
        """Queue the newest command once more, as a sender does whose first one was beyond the duplicate window."""
        stored = self.broker.stream(Stream.COMMANDS)
        last = stored.find(stored.last_sequence)
        if last is not None:
            self.commands += 1
            headers = last.headers | {MESSAGE_ID: f"again-{self.commands}"}
            self.broker.publish(last.subject, headers, last.data)

    async def approve(
        self,
        intent: PlaceIntent | CancelIntent,
        *,
        is_exit: bool | None = None,
        reduce_only: bool = False,
        forge: Callable[[RiskApproved], RiskApproved] = lambda approval: approval,
    ) -> None:
        """Queue an intent as risk does after approving it; cancels are exits. `forge` changes what risk has signed."""
        place = intent if isinstance(intent, PlaceIntent) else None
        cancel = intent if isinstance(intent, CancelIntent) else None
        approval = RiskApproved(
            intent_id=intent.intent_id,
            place=place,
            cancel=cancel,
            reduce_only=reduce_only,
            risk_epoch=self.risk_epoch,
            basis=intent.basis,
            config_version="test",
            time_ms=self.clock.market_ms(),
        )
        proved = KEY.prove(approval)
        said = forge(proved)
        await self.bus.publish(
            command_subject(intent, is_exit=cancel is not None if is_exit is None else is_exit),
            Command(approval=said),
            Envelope(
                event_id=f"{'cmd' if said == proved else 'forged'}-{intent.intent_id}",
                type="Command",
                source="risk",
                time_ms=self.clock.market_ms(),
            ),
        )

    def place(self, number: int = 1, **changes: Any) -> PlaceIntent:
        """Return a place intent that is valid for two seconds from now."""
        now_ms = self.clock.market_ms()
        values: dict[str, Any] = {
            "intent_id": f"intent-{number}",
            "strategy": "grid-perp",
            "slot": f"b{number}",
            "cycle": 1_000_000 + number,
            "venue": "binance",
            "account": "main",
            "symbol": SYMBOL,
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.POST_ONLY,
            "price": Decimal("49900.0"),
            "quantity": Decimal("0.010"),
            "purpose": Purpose.OPEN,
            "created_ms": now_ms,
            "valid_until_ms": now_ms + 2000,
            "basis": Basis(generation=1, sequence=1),
            "reason": "test",
        }
        return PlaceIntent(**(values | changes))

    def cancel(self, number: int = 1) -> CancelIntent:
        """Return the intent that cancels place intent `number`."""
        now_ms = self.clock.market_ms()
        return CancelIntent(
            intent_id=f"cancel-{number}",
            strategy="grid-perp",
            venue="binance",
            account="main",
            symbol=SYMBOL,
            target_intent_id=f"intent-{number}",
            created_ms=now_ms,
            valid_until_ms=now_ms + 2000,
            basis=Basis(generation=1, sequence=1),
            reason="test",
        )

    def facts(self) -> list[Event]:
        """Return everything that is in the journal, in order."""
        return [decode_row(row) for row in self.store.rows]

    def orders(self) -> dict[str, order_state.Order]:
        """Fold all orders from the journal."""
        found: dict[str, order_state.Order] = {}
        for fact in self.facts():
            if isinstance(fact, OrderEvent):
                name = fact.ref.client_order_id
                found[name] = order_state.fold(found.get(name) or order_state.begin(name), fact)
        return found

    def order_of(self, number: int = 1) -> order_state.Order:
        """Return the newest attempt of place intent `number`."""
        return max(
            (
                o
                for o in self.orders().values()
                if o.placed and o.placed.ref.intent_id == f"intent-{number}"
            ),
            key=lambda order: order.placed.ref.attempt if order.placed else 0,
        )
