"""The paper venue put together: exchange, flow player, dialect, certificate and clockwork in one object.

`PaperVenue.start` makes or restores all in its folder and listens on loopback; `stop` states balances and closes.
Initial balances: the spot wallet gets every configured asset, a wallet of perpetuals the same amount again; where one
wallet serves both it gets them once.
It never listens on anything but loopback.
"""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from opensqt.domain.decimals import ONE
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.engine.exchange import Exchange, VenueClock
from opensqt.simulation.engine.fees import FeeAsset
from opensqt.simulation.engine.funding import FundingTerms
from opensqt.simulation.engine.incidents import instruments_of
from opensqt.simulation.engine.orders import IdentityPolicy
from opensqt.simulation.engine.scheduler import VenueScheduler
from opensqt.simulation.engine.store import Store
from opensqt.simulation.market.flow import MarketFlow
from opensqt.simulation.server import certificate
from opensqt.simulation.server.call import directory
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.dialect import ApiKey
from opensqt.simulation.server.faults import Faults
from opensqt.simulation.server.player import Player
from opensqt.simulation.server.server import Server

LOOPBACK = "127.0.0.1"
AUDIT_FILE = "venue-audit.jsonl"


class VenueSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue is made of; `folder` is the data folder of the run, port 0 takes a free one.

    Faults are set by who has the `admin_token`; by everybody on loopback where it is empty.
    """

    venue: str
    folder: Path
    balances: Mapping[str, Mapping[str, Decimal]]
    keys: Mapping[str, ApiKey]
    leverages: Mapping[str, int] = {}  # of accounts, with which their positions begin
    funding: Mapping[str, FundingTerms] = {}
    policy: IdentityPolicy | None = None  # None: what the venue itself promises
    fee_asset: FeeAsset | None = None
    speed: Decimal = ONE
    host: str = LOOPBACK
    port: int = 0
    admin_token: str = ""


class PaperVenue:
    """A running paper venue."""

    def __init__(self, setup: VenueSetup, flow: MarketFlow, clock: VenueClock) -> None:
        self._setup, self._flow, self._clock = setup, flow, clock
        self.faults = Faults()
        self.port = setup.port
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Restore or begin, then listen; returns when requests are answered."""
        setup = self._setup
        entry = dialect_entry(setup.venue)
        self._store = Store(setup.folder / "venue", setup.folder / AUDIT_FILE)
        self.exchange = Exchange(
            venue=entry.name,
            instruments=instruments_of(
                tuple(map(entry.listed, self._flow.instruments)), self._store.records
            ),
            clock=self._clock,
            store=self._store,
            policy=setup.policy or entry.identity,
            fee_asset=setup.fee_asset,
            conduct=entry.conduct,
        )
        self.exchange.open_accounts(setup.balances, setup.leverages)
        self.ca_path, server_pem = certificate.ensure(setup.folder / "ca", entry.hosts)
        context = VenueContext(
            exchange=self.exchange,
            directory=directory(self.exchange.rules),
            chores=VenueScheduler(self.exchange, setup.funding),
            faults=self.faults,
        )
        dialect = entry.open(setup.keys, self._store.records)
        self.server = Server(context, dialect, self._is_ready, setup.admin_token)
        self.player = Player(self.exchange, self._flow, setup.speed, self.server.streams.flush)
        self.player.begin()
        self.player.pump()
        self.port = await self.server.start(setup.host, setup.port, server_pem)
        self._tasks = [
            asyncio.create_task(self.player.run()),
            asyncio.create_task(self.server.run()),
        ]

    async def stop(self) -> None:
        """State balances, close every connection and the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.server.stop()
        self.exchange.state_balances()
        self.exchange.commit()
        self._store.close()

    async def failed(self) -> None:
        """Wait until a task of the venue ends, which only an error can bring about, and raise it."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def _is_ready(self) -> bool:
        return all(mark > 0 for mark in self.exchange.settlement.marks.values())
