"""The surroundings of one cell: a venue, a NATS and a database of its own, and the journal as the judge reads it.

The venue lives in the matrix's own process: it outlives every crash, and its audit can be believed.
"""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from opensqt.cli.paper_venue import IDENTITIES
from opensqt.desk.data_folder import write_private
from opensqt.domain.ids import event_id
from opensqt.domain.messages import Event, Message, name_of
from opensqt.runtime.bus import streams
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode_event
from opensqt.runtime.config.schema import PaperRules
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.environment import APPROVAL_KEY_FILE
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from opensqt.simulation.server.paper import PaperVenue
from tests import databases, servers
from tests.conditions import until
from tests.crash.children import Launcher
from tests.crash.record import Record
from tests.simulation.venue.scripted import KEYS, PERP, SPOT, ScriptedFlow, setup
from tests.support.approvals import KEY, published

TOKEN = "token-of-the-cell"  # opens nothing but this cell's own ports
KEEP = "OPENSQT_CRASH_KEEP"  # set: the folders of failed cells stay
LEASE_MS = 1000
READ_MAX = 1000
PATIENCE_S = 20.0
POLL_S = 0.04  # asking costs the cores that the processes under test need
CONFIG = """
schema = 1
desk = "crash"
[paper]
rules = "{rules}"
[venues.binance]
deadline_ms = 500
visibility_lag_ms = 200
[accounts.main]
venue = "binance"
balances = {{ USDT = "100000", BTC = "1" }}
{strategies}
[risk]
position_notional_quote_max = "1000000"
open_orders_max = 1000
"""
# The author of a cell speaks for these; the strategies themselves do not run.
STRATEGY = """
[strategies.{name}]
kind = "grid"
account = "main"
symbol = "{symbol}"
mode = "long"
step_bps = "25"
levels_below = 1
levels_above = 1
order_notional_quote = "500"
inventory_notional_quote_max = "1000000"
"""
OWNERS = {PERP: "matrix", SPOT: "spot"}  # symbol -> the strategy that trades it


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all cells use: the launcher, a Postgres with a template, a folder with the authority of the venues."""

    launcher: Launcher
    postgres_dsn: str
    template: str
    authority: Path


class House:
    """The servers of one cell; an asynchronous context manager."""

    def __init__(
        self,
        shared: Shared,
        rules: PaperRules = PaperRules.BINANCE,
        symbols: tuple[str, ...] = (PERP,),
    ) -> None:
        self.shared = shared
        self.rules = rules
        self.symbols = symbols  # that the desk trades
        self.clock = RunClock()
        self.folder = Path(tempfile.mkdtemp(prefix="crash-"))
        self.failed = False
        self.messages: list[Event] = []  # of the journal, as far as it was read
        self._position = 0
        self._reading = asyncio.Lock()
        self._facts = 0

    async def __aenter__(self) -> Self:
        """Open venue, bus and journal."""
        self._write_folder()
        of_venue = msgspec.structs.replace(setup(self.folder), policy=IDENTITIES.get(self.rules))
        self.venue = PaperVenue(of_venue, ScriptedFlow(), self.clock)
        await self.venue.start()
        self._nats = servers.NatsServer(self.folder / "nats")
        await asyncio.to_thread(self._nats.start)
        self._database = await databases.copy(self.shared.postgres_dsn, self.shared.template)
        self.dsn = databases.on(self.shared.postgres_dsn, self._database)
        self.bus = await NatsBus.connect(
            self._nats.url, "matrix", monotonic_s=self.clock.monotonic_s
        )
        await streams.apply(self.bus.client.jetstream())
        self.journal = await PostgresJournal.connect(self.dsn)
        self.leases = PostgresLeases(self.journal)
        self.record = Record()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all; what processes are left must have been ended before."""
        await self.journal.close()
        await self.bus.close()
        await asyncio.to_thread(self._nats.kill)
        await self.venue.stop()
        await databases.drop(self.shared.postgres_dsn, self._database)
        if not (os.environ.get(KEEP) and (self.failed or error)):
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Return what every process of this desk is told."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            "OPENSQT_DATA": str(self.folder),
            "OPENSQT_CONFIG": str(self.folder / "opensqt.toml"),
            "OPENSQT_NATS_URL": self._nats.url,
            "OPENSQT_POSTGRES_DSN": self.dsn,
            "OPENSQT_PAPER_VENUE": f"127.0.0.1:{self.venue.port}",
            "OPENSQT_PAPER_CA": str(self.venue.ca_path),
            "OPENSQT_LEASE_MS": str(LEASE_MS),
        }

    async def publish(self, subject: str, message: Message, *cause: str | int) -> None:
        """Publish a message under an id that is a function of its cause."""
        self._facts += 1
        envelope = Envelope(
            event_id=event_id("matrix", *(cause or (self._facts,))),
            type=name_of(message),
            source="matrix",
            time_ms=self.clock.market_ms(),
        )
        await self.bus.publish(subject, message, envelope)

    async def read(self) -> None:
        """Read what is new in the journal; several may ask at once."""
        async with self._reading:
            while True:
                rows = await self.journal.read(self._position, READ_MAX)
                for row in rows:
                    self._position = row.position
                    self.messages.append(decode_event(row.data))
                    self.record.see(self.messages[-1])
                if len(rows) < READ_MAX:
                    return

    async def reads_until(
        self, holds: Callable[[Record], bool], within_s: float = PATIENCE_S
    ) -> None:
        """Read the journal until a question about it is answered with yes; raise `TimeoutError` with what it says."""

        async def answered() -> bool:
            with contextlib.suppress(JournalDown):  # a busy server is asked again
                await self.read()
            return holds(self.record)

        try:
            await until(answered, within_s=within_s, poll_s=POLL_S)
        except TimeoutError as error:
            told = f"{self.record.verdicts}, unresolved {sorted(self.record.doubtful())}"
            raise TimeoutError(f"the journal holds after {within_s} s only {told}") from error

    def _write_folder(self) -> None:
        (self.folder / "venue").mkdir()
        (self.folder / "risk").mkdir()
        keys = {name: {"api_key": key.api_key, "secret": key.secret} for name, key in KEYS.items()}
        (self.folder / "venue" / "keys.json").write_text(json.dumps(keys))
        strategies = (STRATEGY.format(name=OWNERS[one], symbol=one) for one in self.symbols)
        config = CONFIG.format(rules=self.rules.value, strategies="".join(strategies))
        (self.folder / "opensqt.toml").write_text(config)
        (self.folder / "token").write_text(TOKEN)
        published(self.folder)
        write_private(self.folder / APPROVAL_KEY_FILE, KEY.private_pem())
        if self.shared.authority.exists():
            shutil.copytree(self.shared.authority, self.folder / "ca")
