"""A desk that has no folder here: an executor on a real NATS and Postgres, and the command line by their addresses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from opensqt.cli.main import main
from opensqt.desk.config_default import derive
from opensqt.domain.clean_text import cleaned
from opensqt.execution.caps import Caps
from opensqt.execution.events import EventSource
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from opensqt.runtime.latch import LatchFile
from opensqt.runtime.lease import LeaseKeeper
from opensqt.runtime.migrate import prepare
from opensqt.runtime.registration import Registered, register
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.telemetry.provider import Tracer
from services.executor.account import ExecutorAccount
from services.executor.config import actions_of
from services.executor.service import Executor
from tests.component.rig import BIG, PERP, SYMBOL
from tests.conditions import until
from tests.servers import NatsServer, PostgresServer
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.venue import FaultyVenue

TOKEN = "token-of-the-desk"
CONFIG = parse_config(derive([SYMBOL], market="synthetic:7"), {})


class Afar(msgspec.Struct, frozen=True, kw_only=True):
    """The servers of a desk and the folder in which its secrets lie."""

    nats: NatsServer
    postgres: PostgresServer
    folder: Path

    async def prepare(self) -> None:
        """Bring streams and schema up, and write a context file with the token beside it."""
        clock = RunClock()
        bus = await NatsBus.connect(self.nats.url, "test", monotonic_s=clock.monotonic_s)
        await apply(bus.client.jetstream())
        await bus.close()
        await prepare(self.postgres.dsn, None)
        (self.folder / "token").write_text(TOKEN, encoding="utf-8")
        self.context.write_text(
            f'nats = "{self.nats.url}"\ndsn = "file:{self.folder}/dsn"\n'
            f'token_file = "{self.folder}/token"\n',
            encoding="utf-8",
        )
        (self.folder / "dsn").write_text(self.postgres.dsn + "\n", encoding="utf-8")

    @property
    def context(self) -> Path:
        """The file that says where this desk is."""
        return self.folder / "desk.toml"

    async def run(self, verb: str, *words: str) -> int:
        """Run a command that knows no more than the context file; return its exit code."""
        return await asyncio.to_thread(main, [verb, "--context", str(self.context), *words])

    @asynccontextmanager
    async def executor(self, host: str = "one", *, leads: bool = True) -> AsyncIterator[Executor]:
        """Run an executor of account main until it leads or stands by, and stop it in good order."""
        clock = RunClock()
        bus = await NatsBus.connect(self.nats.url, "executor-main", monotonic_s=clock.monotonic_s)
        journal = await PostgresJournal.connect(self.postgres.dsn, clock)
        folder = self.folder / cleaned(host)
        folder.mkdir(exist_ok=True)
        venue = RiggedExchange(clock=clock, rules=(PERP,), balances={"USDT": Decimal(100_000)})
        account = ExecutorAccount(
            author=EventSource(actor="executor", venue="binance", account="main", generation=""),
            venue=FaultyVenue(venue),
            journal=journal,
            lease=LeaseKeeper(
                PostgresLeases(journal),
                clock,
                name="executor/binance/main",
                holder=host,
                ttl_ms=1000,
            ),
            clock=clock,
            symbols=(SYMBOL,),
            folder=folder,
            approval_keys=ApprovalKeys(folder),
            tracer=Tracer(),
            latches=LatchFile(folder),
            caps=Caps(orders_max=50, order_notional_max=BIG, notional_max=BIG),
        )
        executor = Executor(account, bus, Metrics(), cancel_on_stop=False)
        process = Registered(
            name="executor-main",
            status=lambda: {"ready": executor.ready} | executor.status(),
            actions=actions_of(executor, CONFIG, account.state),
            token_file=self.folder / "token",
        )
        await register(bus.client, process)
        stop = asyncio.Event()
        task = asyncio.create_task(executor.run(stop))
        try:
            await until(lambda: (executor.ready if leads else executor.stands_by) or task.done())
            yield executor
        finally:
            stop.set()
            await task
            await journal.close()
            await bus.close()
