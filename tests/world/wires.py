"""The ports of one process as the World makes them: shared servers behind wires with seeded delays.

What has left a process arrives, also when the process dies meanwhile; answers to the dead are lost.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.order import Submitting
from opensqt.runtime.bus.memory import MemoryBus
from opensqt.runtime.bus.memory_broker import MemoryBroker
from opensqt.runtime.bus.port import BusDown, Published
from opensqt.runtime.journal.memory import MemoryJournal, MemoryLeases, MemoryStore
from opensqt.runtime.journal.port import AppendOutcome, Entry, Lease
from opensqt.runtime.venue.memory import MemoryVenue
from opensqt.runtime.venue.memory_checks import Denial
from opensqt.runtime.venue.memory_exchange import MemoryExchange, MemoryOrder
from opensqt.runtime.venue.memory_stream import MemoryStream
from opensqt.runtime.venue.port import (
    AccountView,
    CancelOutcome,
    LookOutcome,
    NotSent,
    Obstacle,
    OrderRequest,
    OrderView,
    PlaceOutcome,
    Policy,
    PrivateEvent,
    StreamDown,
    StreamUp,
    TradeView,
    no_obstacle,
)
from tests.world.checkers import Judge
from tests.world.loop import Life, WorldClock

T = TypeVar("T")
MS_PER_S = 1000
OPENINGS = "cmd.open."
CORRELATION = "ce-correlationid"  # the header that names the intent
DELAYS_MS = (0, 0, 0, 0, 0, 0, 1, 2, 5, 15)


class Wire:
    """One connection: what is sent over it arrives later, in order if `ordered`."""

    def __init__(self, clock: WorldClock, draw: random.Random, *, ordered: bool) -> None:
        self._clock = clock
        self._draw = draw
        self._ordered = ordered
        self._last_ms = 0

    async def carry(self, effect: Callable[[], Awaitable[T]]) -> T:
        """Let a request arrive, take effect, and its answer come back."""
        there_ms, back_ms = self._draw.choice(DELAYS_MS), self._draw.choice(DELAYS_MS)
        now_ms = self._clock.wall_ms()
        if self._ordered:
            there_ms = max(there_ms, self._last_ms - now_ms)
            self._last_ms = now_ms + there_ms
        if not there_ms and not back_ms:
            return await effect()
        loop = asyncio.get_running_loop()
        trip = loop.create_task(self._trip(effect, there_ms, back_ms), context=Context())
        return await asyncio.shield(trip)

    async def _trip(self, effect: Callable[[], Awaitable[T]], there_ms: int, back_ms: int) -> T:
        if there_ms:
            await self._clock.sleep(there_ms / MS_PER_S)
        try:
            return await effect()
        finally:
            if back_ms:
                await self._clock.sleep(back_ms / MS_PER_S)


class WiredBus(MemoryBus):
    """A connection to the broker with a wire in between."""

    def __init__(self, broker: MemoryBroker, wire: Wire, judge: Judge) -> None:
        super().__init__(broker)
        self._wire = wire
        self._judge = judge
        self.lose = (False, 0)  # whether the message or only its ack, and of how many

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Publish over the wire."""
        return await self._wire.carry(lambda: self._send(subject, data, headers))

    async def _send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        before_effect, count = self.lose
        if subject.startswith(OPENINGS):
            self._judge.queued(headers[CORRELATION])
        if not count:
            return await MemoryBus.send(self, subject, data, headers)
        self.lose = (before_effect, count - 1)
        if not before_effect:
            await MemoryBus.send(self, subject, data, headers)
        raise BusDown("no ack came (fault)")


class WiredJournal(MemoryJournal):
    """A connection to the store with a wire in between."""

    def __init__(self, store: MemoryStore, wire: Wire, life: Life) -> None:
        super().__init__(store)
        self.wire = wire
        self._life = life

    async def append(self, entry: Entry) -> AppendOutcome:
        """Append over the wire."""
        return await self.wire.carry(lambda: self._append(entry))

    async def _append(self, entry: Entry) -> AppendOutcome:
        outcome = await MemoryJournal.append(self, entry)
        if any(isinstance(event.message, Submitting) for event in entry.events):
            self._life.reach("commit")
        return outcome


class WiredLeases(MemoryLeases):
    """Leases over the wire; the judge hears of every new epoch."""

    def __init__(self, journal: WiredJournal, judge: Judge) -> None:
        super().__init__(journal)
        self._wire = journal.wire
        self._judge = judge

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """Take a lease over the wire."""
        return await self._wire.carry(lambda: self._acquire(name, holder, ttl_ms))

    async def renew(self, lease: Lease) -> bool:
        """Renew over the wire."""
        return await self._wire.carry(lambda: MemoryLeases.renew(self, lease))

    async def _acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        lease = await MemoryLeases.acquire(self, name, holder, ttl_ms)
        if lease is not None:
            self._judge.acquired(lease)
        return lease


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What an executor is given to reach the exchange by; its faults are shared by all."""

    exchange: Any  # MemoryExchange, no plain value
    faults: Any  # Faults
    policy: Policy


class WiredVenue(MemoryVenue):
    """One executor's way to the exchange; the judge sees every place request when it leaves."""

    def __init__(self, access: Access, wire: Wire, judge: Judge, life: Life) -> None:
        super().__init__(access.exchange, access.policy)
        self._access = access
        self.faults = access.faults
        self._wire = wire
        self._judge = judge
        self._life = life

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Send a place request."""
        return (await self.place_batch((request,), obstacle=obstacle))[0]

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Send places as one request; what has an obstacle now does not leave."""
        kept = [obstacle(one.client_order_id) for one in requests]
        leaving = [one for one, why in zip(requests, kept, strict=True) if not why]
        for one in leaving:
            self._judge.sent(one, self._life)
        sent: tuple[PlaceOutcome, ...] = ()
        if leaving:
            self._life.reach("send")
            sent = await self._wire.carry(lambda: MemoryVenue.place_batch(self, leaving))
        outcomes = iter(sent)
        return tuple(NotSent(cause=why) if why else next(outcomes) for why in kept)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send a cancel request."""
        self._judge.note("cancel", client_order_id)
        return await self._wire.carry(
            lambda: MemoryVenue.cancel(self, symbol, client_order_id, urgent=urgent)
        )

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Send one request that cancels several."""
        for name in client_order_ids:
            self._judge.note("cancel", name)
        return await self._wire.carry(
            lambda: MemoryVenue.cancel_batch(self, symbol, client_order_ids, urgent=urgent)
        )

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order."""
        return await self._wire.carry(lambda: MemoryVenue.look(self, symbol, client_order_id))

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Ask for open orders."""
        seen = await self._wire.carry(lambda: MemoryVenue.open_orders(self, symbol))
        return [] if self._access.exchange.blind else seen

    async def trades(self, symbol: str, *, after_trade_id: str, since_ms: int) -> list[TradeView]:
        """Ask for trades."""
        seen = await self._wire.carry(
            lambda: MemoryVenue.trades(
                self, symbol, after_trade_id=after_trade_id, since_ms=since_ms
            )
        )
        return [] if self._access.exchange.blind else seen

    async def account(self) -> AccountView:
        """Ask for balances and positions."""
        return await self._wire.carry(lambda: MemoryVenue.account(self))

    async def close(self) -> None:
        """Disconnect; the exchange goes on for the others."""


class WorldStream(MemoryStream):
    """A private stream that can lose, repeat and swap frames, and be mute while it looks connected."""

    def __init__(self, clock: WorldClock) -> None:
        super().__init__(clock)
        self.mute = False
        self.lose = self.repeat = 0
        self.swap = False
        self._late: PrivateEvent | None = None

    def push(self, event: PrivateEvent) -> None:
        """Send one frame, with what goes wrong with it."""
        if self.mute:
            return
        if self.lose > 0 and not isinstance(event, StreamUp | StreamDown):
            self.lose -= 1
            return
        if self.swap and self._late is None:
            self.swap, self._late = False, event
            return
        super().push(event)
        if self.repeat > 0:
            self.repeat -= 1
            super().push(event)
        if self._late is not None:
            late, self._late = self._late, None
            super().push(late)


class WorldExchange(MemoryExchange):
    """The exchange; the judge sees every order that it takes."""

    def __init__(
        self, clock: WorldClock, rules: Sequence[InstrumentRules], judge: Judge, **balances: int
    ) -> None:
        super().__init__(
            clock=clock, rules=rules, balances={k: Decimal(v) for k, v in balances.items()}
        )
        self.frames = WorldStream(clock)
        self.stream = self.frames
        self.blind = False  # reads are answered and show nothing
        self._judge = judge

    def newest(self, client_order_id: str) -> MemoryOrder | None:
        """Return what reads show of an id."""
        return None if self.blind else super().newest(client_order_id)

    def take(self, request: OrderRequest) -> MemoryOrder | Denial:
        """Book a place request."""
        taken = super().take(request)
        if isinstance(taken, MemoryOrder):
            self._judge.took(taken)
        else:
            self._judge.note("denied", request.client_order_id, taken.code)
        return taken


class WorldStore(MemoryStore):
    """The store; the judge sees every entry that it commits."""

    def __init__(self, clock: WorldClock, judge: Judge) -> None:
        super().__init__(clock, generation="world")
        self._judge = judge

    def append(self, entry: Entry) -> AppendOutcome:
        """Judge and append an entry."""
        before = len(self.rows)
        outcome = super().append(entry)
        self._judge.committed(self.rows[before:], entry.fence)
        return outcome
