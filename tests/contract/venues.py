"""The venues for contract tests: those of the house over the wire against a simulated one, and one in this process."""

import itertools
import random
import ssl
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import Acknowledged, Held, OrderRequest
from opensqt.runtime.clock import Clock, RunClock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.store import Store
from opensqt.simulation.server import paper
from opensqt.simulation.venue import SimulatedVenue
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from opensqt.venues.port import Venue
from opensqt.venues.registry import dialect_of
from opensqt.venues.session import paper_session
from tests.simulation.venue import scripted
from tests.support.venue.simulated import terms

SPOT, PERP = scripted.SPOT, scripted.PERP
WIRED = ("binance", "bitget", "bybit", "gate", "okx")  # spoken to through ccxt over TLS
TWINNED = ("binance", "okx")
IN_PROCESS = "simulated "  # before the name of a venue: the same one in this process
ALL = (*WIRED, *(f"{IN_PROCESS}{venue}" for venue in TWINNED))
PATIENCE_S = 30.0
TAKES_TWICE = ("gate",)  # two orders of one id
TAKEN = Held | Acknowledged  # what a venue says of an order that it took


class House(msgspec.Struct, kw_only=True):
    """One venue behind its port, and the hands that move its market."""

    clock: RunClock
    venue: Venue
    trade: Callable[[str, str, str], None]  # symbol, price, quantity: sellers hit bids
    real: paper.PaperVenue | None = None
    door: VenueRest | None = None

    @property
    def gate(self) -> VenueRest:
        """The door to the real venue."""
        assert self.door is not None
        return self.door

    async def close(self) -> None:
        """Disconnect and stop."""
        await self.venue.close()
        if self.real is not None:
            await self.real.stop()

    def request(
        self,
        client_order_id: str,
        symbol: str = PERP,
        *,
        side: Side = Side.BUY,
        price: str = "59000",
        quantity: str = "0.01",
        time_in_force: TimeInForce = TimeInForce.GTC,
        reduce_only: bool = False,
        signed_ms: int | None = None,
    ) -> OrderRequest:
        """Return a limit order that is signed now and may arrive within 2 s; the book is 59999 / 60001."""
        now_ms = self.clock.market_ms() if signed_ms is None else signed_ms
        return OrderRequest(
            client_order_id=client_order_id,
            symbol=symbol,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=time_in_force,
            price=Decimal(price),
            quantity=Decimal(quantity),
            reduce_only=reduce_only,
            signed_ms=now_ms,
            deadline_ms=now_ms + 2000,
        )


async def open_house(kind: str, folder: Path, clock: RunClock | None = None) -> House:
    """Start one of the venues, on market time = wall time unless told otherwise."""
    clock = clock or RunClock()
    if kind.startswith(IN_PROCESS):
        return await _simulated(clock, kind.removeprefix(IN_PROCESS))
    return await _wired(kind, folder, clock)


def gate_to(
    port: int,
    ca_path: Path,
    clock: Clock,
    markets: frozenset[Market],
    config: VenueConfig,
    *,
    venue: str = "binance",
) -> VenueRest:
    """Return the door of the account `main` to whatever listens on this port."""
    dialect, key = dialect_of(venue), scripted.KEYS["main"]
    context = ssl.create_default_context(cafile=str(ca_path))
    return VenueRest(
        dialect,
        session=paper_session("127.0.0.1", port, context),
        clock=clock,
        config=config,
        credentials=Credentials(**{name: getattr(key, name) for name in dialect.secrets}),
        markets=markets,
        jitter=random.Random(1),
    )


async def _wired(kind: str, folder: Path, clock: RunClock) -> House:
    real = paper.PaperVenue(scripted.setup(folder, venue=kind), scripted.ScriptedFlow(), clock)
    await real.start()
    markets, config = frozenset(Market), VenueConfig()
    gate = gate_to(real.port, real.ca_path, clock, markets, config, venue=kind)
    venue = VenueAccount(gate, account="main", policy=policy_of(kind, config))

    def trade(symbol: str, price: str, quantity: str) -> None:
        scripted.play(real, scripted.trade(symbol, price, quantity, Side.SELL))

    return House(clock=clock, venue=venue, trade=trade, real=real, door=gate)


async def _simulated(clock: RunClock, kind: str) -> House:
    entry = dialect_entry(kind)
    exchange = Exchange(
        venue=kind,
        instruments=tuple(map(entry.listed, scripted.RULES)),
        clock=clock,
        store=Store(),
        policy=entry.identity,
        conduct=entry.conduct,
    )
    exchange.open_accounts(scripted.BALANCES)
    flow = scripted.ScriptedFlow()
    flow.start(clock.market_ms())
    for frame in itertools.islice(flow.frames(), len(scripted.RULES)):
        exchange.play(frame)

    def trade(symbol: str, price: str, quantity: str) -> None:
        exchange.play(scripted.trade(symbol, price, quantity, Side.SELL))
        exchange.commit()

    policy = msgspec.structs.replace(policy_of(kind), dead_man=None)  # it has no clockwork
    venue = SimulatedVenue(exchange, "main", terms(policy, kind))
    return House(clock=clock, venue=venue, trade=trade)
