"""The servers of a World and the shipped services on them, each start with connections of its own.

Servers never restart; what a process knows ends with it, what stands on its disk does not.
"""

import asyncio
import random
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, market_of
from opensqt.execution.caps import Caps
from opensqt.execution.events import EventSource
from opensqt.runtime.latch import LatchFile
from opensqt.runtime.lease import LeaseKeeper
from opensqt.runtime.process_context import Context
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.telemetry.provider import Tracer
from opensqt.venues.policy import policy_of
from services.arb.service import build as build_arb
from services.executor.account import ExecutorAccount
from services.executor.service import Executor
from services.grid.service import build as build_grid
from services.market_data.service import MarketData
from services.market_data.state import PublishPace
from services.reconciler.config import ReconcilerSettings as Reconciling
from services.reconciler.service import Reconciler
from services.relay.config import RelaySettings
from services.relay.service import Relay
from services.risk.service import RiskService
from tests.support.approvals import KEY, published
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.feed import MemoryFeed
from tests.support.fakes.journal import MemoryCheckpoints
from tests.support.fakes.projection import MemoryTables
from tests.world.checkers import Judge
from tests.world.exchange import WorldExchange, WorldFaults
from tests.world.exposure import Exposure
from tests.world.instruments import CONFIGS, GRIDDED, LOADED, NOTIONAL_MAX, PERP, RULES, SPOT
from tests.world.loop import Life, WorldClock
from tests.world.machine import HostClock
from tests.world.noise import Noise
from tests.world.setting import Setting
from tests.world.tables import WiredProjections
from tests.world.wire import Wire
from tests.world.wires import (
    Access,
    WiredBus,
    WiredJournal,
    WiredLeases,
    WiredVenue,
    WorldStore,
)

RECONCILER = Reconciling(idle_wait_s=0.25, marks_every_s=5.0, state_every_s=2.0)
METRICS = Metrics()


class Service(Protocol):
    """What every shipped shell can do."""

    @property
    def ready(self) -> bool:
        """True when it serves."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop."""


class Servers:
    """Broker, store, exchange, and how a process is built on them."""

    def __init__(
        self,
        clock: WorldClock,
        draw: random.Random,
        judge: Judge,
        folder: Path,
        setting: Setting,
    ) -> None:
        self.clock = clock
        self.judge = judge
        self.broker = MemoryBroker(clock)
        self.noise = Noise(
            self.broker,
            random.Random(f"noise {draw.random()}"),
            lambda: judge.epochs.get("risk", (0, 0))[0],
        )
        self.store = WorldStore(clock, judge)
        self.exchange = WorldExchange(
            clock, tuple(RULES.values()), judge, setting.fees_in, USDT=100_000, BNB=100
        )
        judge.exposure = Exposure(self.exchange, NOTIONAL_MAX)
        judge.feed.broker = self.broker
        self.faults = WorldFaults(self.exchange)
        self.machine = judge.machine
        self.setting = setting
        self.symbols: tuple[str, ...] = (LOADED,)
        if setting.is_house:
            self.symbols = (LOADED, GRIDDED, SPOT, PERP) if setting.has_carry else (LOADED, GRIDDED)
        self.account, self.led_by = "main", "executor"
        self.accounts: dict[str, ExecutorAccount] = {}
        self.journals: dict[str, WiredJournal] = {}  # of the newest life of each process
        self.clocks: dict[str, HostClock] = {}
        self.buses: dict[str, WiredBus] = {}
        self.tables = MemoryTables()
        self.feed = MemoryFeed(tuple(RULES.values()))
        self.market_is_silent = False
        self._draw = draw
        self._folder = folder
        self._tracer = Tracer(ids=random.Random(1))
        self._config = CONFIGS[setting.has_carry]
        policy = policy_of("binance", rules=setting.rules)
        self._access = Access(exchange=self.exchange, faults=self.faults, policy=policy)

    def wire(self, *, ordered: bool = True) -> Wire:
        """Return a new connection."""
        return Wire(self.clock, self._draw, ordered=ordered)

    def net(self, symbol: str) -> Decimal:
        """Return what the venue's trades of a symbol brought: what a fee took of the base never arrived."""
        base = symbol.partition("/")[0] if market_of(symbol) is Market.SPOT else ""
        return sum(
            (
                t.quantity * t.side.sign - (t.fee if t.fee_asset == base else ZERO)
                for t in self.exchange.trades
                if t.symbol == symbol
            ),
            ZERO,
        )

    def _journal(self, life: Life) -> WiredJournal:
        clock = self.clocks[life.name] = HostClock(self.clock, self.machine)
        journal = WiredJournal(self.store, self.wire(), life, clock)
        self.journals[life.name] = journal
        return journal

    def _context(self, life: Life) -> Context:
        journal = self._journal(life)
        bus = self.buses[life.name] = WiredBus(self.broker, self.wire(), self.judge)
        return Context(
            name=life.name,
            clock=journal.clock,
            config=self._config,
            bus=bus,
            journal=journal,
            leases=WiredLeases(journal, self.judge),
            tracer=self._tracer,
            metrics=METRICS,
        )

    def _risk(self, life: Life) -> Service:
        return RiskService(self._context(life), KEY)

    def _grid(self, life: Life) -> Service:
        return build_grid(self._context(life))

    def _arb(self, life: Life) -> Service:
        return build_arb(self._context(life))

    def _market_data(self, life: Life) -> Service:
        pace = PublishPace(tick_age_ms_max=self._config.risk.tick_age_ms_max, book_ms=10_000)
        context = self._context(life)
        return MarketData(context, self.feed, venue="binance", symbols=self.symbols, pace=pace)

    def _reconciler(self, life: Life) -> Service:
        context = self._context(life)
        tables = WiredProjections(self.tables, self.journals[life.name])
        return Reconciler(context, tables, RECONCILER)

    def _relay(self, life: Life) -> Service:
        context = self._context(life)
        checkpoints = MemoryCheckpoints(self._journal(life))
        return Relay(
            clock=context.clock,
            bus=context.bus,
            journal=context.journal,
            leases=context.leases,
            checkpoints=checkpoints,
            holder="relay",
            metrics=METRICS,
            settings=RelaySettings(
                busy_poll_s=0.02,
                idle_wait_s=0.25,
                time_step_ms=self.setting.time_step_ms,
                retry_s=0.1,
            ),
        )

    def _executor(self, life: Life, holder: str = "") -> Service:
        return self.executor_of("main", self._access, self.judge, life, holder)

    def executor_of(
        self, name: str, access: Access, judge: Judge, life: Life, holder: str = ""
    ) -> Service:
        """Return an executor of an account."""
        journal = self._journal(life)
        wire = self.wire(ordered=False)
        clock = journal.clock
        account = self.accounts[life.name] = ExecutorAccount(
            author=EventSource(actor="executor", venue="binance", account=name, generation=""),
            venue=WiredVenue(access, wire, judge, life),
            journal=journal,
            lease=LeaseKeeper(
                WiredLeases(journal, self.judge),
                clock,
                name=judge.executor,
                holder=holder or life.name,
                ttl_ms=3000,
            ),
            clock=clock,
            symbols=self.symbols if judge is self.judge else (LOADED,),
            folder=self.host(life.name),
            latches=LatchFile(self.host(life.name)),
            approval_keys=published(self.host(life.name)),
            tracer=self._tracer,
            caps=Caps(
                orders_max=200, order_notional_max=NOTIONAL_MAX, notional_max=NOTIONAL_MAX * 2
            ),
        )
        bus = self.buses[life.name] = WiredBus(self.broker, self.wire(), self.judge)
        return Executor(account, bus, METRICS, cancel_on_stop=False)

    def host(self, name: str) -> Path:
        """Return the disk of a process, which outlives it."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return folder
