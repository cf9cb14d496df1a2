"""The processes of a World: the shipped services on wired twins, started again by a supervisor when they end."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextvars import Context as Surroundings
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.runtime.bus.memory_broker import MemoryBroker
from opensqt.runtime.config import parse_config
from opensqt.runtime.config_default import derive
from opensqt.runtime.journal.memory import MemoryCheckpoints
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.metrics import Metrics
from opensqt.runtime.process_context import Context
from opensqt.runtime.telemetry import Tracer
from opensqt.runtime.venue.memory import Faults
from services.arb.service import build as build_arb
from services.executor.account import Account, Caps
from services.executor.facts import Author
from services.executor.service import Executor
from services.grid.service import build as build_grid
from services.relay.config import Settings
from services.relay.service import Relay
from services.risk.service import Gate
from tests.world.checkers import EXECUTOR, Judge
from tests.world.loop import Life, WorldClock, WorldLoop
from tests.world.wires import (
    Wire,
    WiredBus,
    WiredJournal,
    WiredLeases,
    WiredVenue,
    WorldExchange,
    WorldStore,
)

LOADED = "BTC/USDT:USDT"
GRIDDED = "ETH/USDT:USDT"
SPOT = "SOL/USDT"
PERP = "SOL/USDT:USDT"  # both carried, in Worlds that have a carry
NOTIONAL_MAX = Decimal(4000)
RESTART_S = 0.2
RELAY = Settings(busy_poll_s=0.02, idle_wait_s=0.25, time_step_ms=500, retry_s=0.1)
METRICS = Metrics()
OVERLAY = {
    "OPENSQT__RISK__POSITION_NOTIONAL_QUOTE_MAX": str(NOTIONAL_MAX),
    "OPENSQT__RISK__TICK_AGE_MS_MAX": "3000",
}
CARRY = """
[strategies.carry]
kind = "carry"
account = "main"
spot = "SOL/USDT"
perp = "SOL/USDT:USDT"
entry_apr_min = "0.10"
exit_apr_max = "0.01"
notional_quote_max = "1500"
order_notional_quote = "500"
leg_timeout_ms = 1000

[risk]"""
GRID_ONLY = derive([GRIDDED], market="synthetic:7")
CONFIGS = {
    False: parse_config(GRID_ONLY, OVERLAY),
    True: parse_config(GRID_ONLY.replace("\n[risk]", CARRY, 1), OVERLAY),
}


def _rules(base: str, tick: str, market: Market = Market.PERP) -> InstrumentRules:
    perp = market is Market.PERP
    return InstrumentRules(
        venue="binance",
        symbol=f"{base}/USDT:USDT" if perp else f"{base}/USDT",
        market=market,
        venue_symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick_size=Decimal(tick),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(1000),
        notional_min=Decimal(100) if perp else Decimal(5),
    )


RULES = {
    rule.symbol: rule
    for rule in (
        _rules("BTC", "0.1"),
        _rules("ETH", "0.01"),
        _rules("SOL", "0.01"),
        _rules("SOL", "0.01", Market.SPOT),
    )
}


class Service(Protocol):
    """What every shipped shell can do."""

    @property
    def ready(self) -> bool:
        """True when it serves."""

    async def run(self, stop: asyncio.Event) -> None:
        """Run until told to stop."""


class Post:
    """One process under its supervisor, over all its lives."""

    def __init__(self, name: str, build: Callable[[Life], Service]) -> None:
        self.name = name
        self.build = build
        self.life = Life(name)
        self.life.dead = True
        self.service: Service | None = None
        self.journal: WiredJournal | None = None
        self.deaths = 0

    @property
    def ready(self) -> bool:
        """True when it runs and serves."""
        alive = not self.life.dead and not self.life.frozen
        return alive and self.service is not None and self.service.ready


class Desk:
    """Servers that never restart, processes that do."""

    def __init__(
        self,
        clock: WorldClock,
        draw: random.Random,
        judge: Judge,
        folder: Path,
        loop: WorldLoop,
        *,
        has_carry: bool,
    ) -> None:
        self.clock = clock
        self.judge = judge
        self.broker = MemoryBroker(clock)
        self.store = WorldStore(clock, judge)
        self.exchange = WorldExchange(clock, tuple(RULES.values()), judge, USDT=100_000)
        judge.exchange = self.exchange
        self.faults = Faults(self.exchange)
        self._draw = draw
        self._folder = folder
        self.loop = loop
        self._tracer = Tracer(ids=random.Random(1))
        self.accounts: dict[str, Account] = {}
        self.posts = {
            "relay": Post("relay", self._relay),
            "executor": Post("executor", self._executor),
            "risk": Post("risk", self._risk),
            "grid": Post("grid", self._grid),
        }
        if has_carry:
            self.posts["arb"] = Post("arb", self._arb)
        self.symbols = (LOADED, GRIDDED, SPOT, PERP) if has_carry else (LOADED, GRIDDED)
        self._config = CONFIGS[has_carry]
        self.kill_heard = False  # a kill was said while a leader listened

    def wire(self, *, ordered: bool = True) -> Wire:
        """Return a new connection."""
        return Wire(self.clock, self._draw, ordered=ordered)

    def start(self, name: str) -> None:
        """Start a process anew."""
        post = self.posts[name]
        life = post.life = Life(name)
        post.service = post.build(life)
        self.judge.note("start", name)
        task = self.loop.born(life, post.service.run(asyncio.Event()))
        task.add_done_callback(lambda t: self._ended(post, life, t), context=Surroundings())

    def kill(self, name: str) -> None:
        """End a process as SIGKILL does, and let its supervisor start it again."""
        post = self.posts[name]
        if post.life.dead:
            return
        post.life.dead = True
        post.deaths += 1
        self.judge.note("kill", name)
        self.outside(self._again(name, RESTART_S))

    def standby(self) -> None:
        """Start a second executor for the account, if there is none."""
        if "executor-b" not in self.posts:
            self.posts["executor-b"] = Post("executor-b", self._executor)
            self.start("executor-b")

    def leader(self) -> str:
        """Return the executor that serves now, or the first."""
        return next(
            (n for n, p in self.posts.items() if n.startswith("exec") and p.ready), "executor"
        )

    def outside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that belongs to no process."""
        self.loop.create_task(work, context=Surroundings())

    async def _again(self, name: str, after_s: float) -> None:
        await self.clock.sleep(after_s)
        self.start(name)

    def _ended(self, post: Post, life: Life, task: "asyncio.Task[None]") -> None:
        if life.dead:
            return
        life.dead = True
        error = None if task.cancelled() else task.exception()
        causes = _leaves(error) if error is not None else []
        self.judge.note("ended", post.name, *(type(cause).__name__ for cause in causes))
        if any(isinstance(cause, LeaseLost) for cause in causes):
            causes = []  # it ends on purpose, and its other tasks notice that in their own ways
        for cause in causes:
            self.judge.blame("services do not die", f"{post.name}: {cause!r}{_where(cause)}")
        self.outside(self._again(post.name, RESTART_S))

    def _journal(self, life: Life) -> WiredJournal:
        journal = WiredJournal(self.store, self.wire(), life)
        self.posts[life.name].journal = journal
        return journal

    def _context(self, life: Life) -> Context:
        journal = self._journal(life)
        return Context(
            name=life.name,
            clock=self.clock,
            config=self._config,
            bus=WiredBus(self.broker, self.wire()),
            journal=journal,
            leases=WiredLeases(journal, self.judge),
            tracer=self._tracer,
            metrics=METRICS,
        )

    def _risk(self, life: Life) -> Service:
        return Gate(self._context(life))

    def _grid(self, life: Life) -> Service:
        return build_grid(self._context(life))

    def _arb(self, life: Life) -> Service:
        return build_arb(self._context(life))

    def _relay(self, life: Life) -> Service:
        context = self._context(life)
        checkpoints = MemoryCheckpoints(self._journal(life))
        return Relay(
            clock=self.clock,
            bus=context.bus,
            journal=context.journal,
            leases=context.leases,
            checkpoints=checkpoints,
            holder="relay",
            metrics=METRICS,
            settings=RELAY,
        )

    def _executor(self, life: Life) -> Service:
        journal = self._journal(life)
        wire = self.wire(ordered=False)
        account = self.accounts[life.name] = Account(
            author=Author(actor="executor", venue="binance", account="main", generation=""),
            venue=WiredVenue(self.exchange, self.faults, wire, self.judge, life),
            journal=journal,
            lease=LeaseKeeper(
                WiredLeases(journal, self.judge),
                self.clock,
                name=EXECUTOR,
                holder=life.name,
                ttl_ms=3000,
            ),
            clock=self.clock,
            symbols=self.symbols,
            folder=self._host(life.name),
            caps=Caps(orders_max=200, notional_max=NOTIONAL_MAX * 2),
        )
        bus = WiredBus(self.broker, self.wire())
        return Executor(account, bus, METRICS, self._tracer, cancel_on_stop=False)

    def _host(self, name: str) -> Path:
        """Return the disk of a process, which outlives it."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def net(self, symbol: str) -> Decimal:
        """Return what the venue's trades of a symbol add up to."""
        return sum(
            (t.quantity * t.side.sign for _, t in self.exchange.trades if t.symbol == symbol), ZERO
        )


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
