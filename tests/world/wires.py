"""The ports of one process as the World makes them: shared servers behind wires with seeded delays.

What has left a process arrives, also when the process dies meanwhile; answers to the dead are lost.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from opensqt.domain.journal import AppendOutcome, Entry, Lease
from opensqt.domain.order_events import Submitting
from opensqt.domain.venue import (
    AccountView,
    CancelOutcome,
    LookOutcome,
    NotSent,
    Obstacle,
    OrderRequest,
    OrderView,
    PlaceOutcome,
    Policy,
    TradeView,
    no_obstacle,
)
from opensqt.runtime.bus.port import BusDown, Published
from opensqt.runtime.clock import Clock
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore
from tests.support.venue.venue import FaultyVenue
from tests.world.checkers import Judge
from tests.world.loop import Life, WorldClock
from tests.world.upkeep import KeptStreams
from tests.world.wire import Wire

OPENINGS = "cmd.open."
CORRELATION = "ce-correlationid"  # the header that names the intent


class WiredBus(MemoryBus):
    """A connection to the broker with a wire in between."""

    def __init__(self, broker: MemoryBroker, wire: Wire, judge: Judge) -> None:
        super().__init__(broker)
        self._wire = wire
        self._judge = judge
        self.lose = (False, 0)  # whether the message or only its ack, and of how many
        self.streams = KeptStreams(broker, judge, judge.clock)

    @property
    def missing(self) -> tuple[str, ...]:
        """What this process knows to be lost."""
        return self.streams.upkeep.missing

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Publish over the wire."""
        return await self._wire.carry(lambda: self._send(subject, data, headers))

    async def _send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        before_effect, count = self.lose
        if subject.startswith(OPENINGS):
            judge, side = self._judge, self._judge.neighbour
            if side is not None and f".{side.account}." in subject:
                judge = side
            judge.queued(headers[CORRELATION])
        if not count:
            return await MemoryBus.send(self, subject, data, headers)
        self.lose = (before_effect, count - 1)
        if not before_effect:
            await MemoryBus.send(self, subject, data, headers)
        raise BusDown("no ack came (fault)")


class WiredJournal(MemoryJournal):
    """A connection to the store with a wire in between."""

    def __init__(self, store: MemoryStore, wire: Wire, life: Life, clock: Clock) -> None:
        super().__init__(store, clock)
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

    exchange: Any  # WorldExchange, no plain value
    faults: Any  # Faults
    policy: Policy


class WiredVenue(FaultyVenue):
    """One executor's way to the exchange; the judge sees every place request when it leaves."""

    def __init__(self, access: Access, wire: Wire, judge: Judge, life: Life) -> None:
        super().__init__(access.exchange, access.policy)
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
            sent = await self._wire.carry(lambda: FaultyVenue.place_batch(self, leaving))
        outcomes = iter(sent)
        return tuple(NotSent(cause=why) if why else next(outcomes) for why in kept)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send a cancel request."""
        self._judge.note("cancel", client_order_id)
        return await self._wire.carry(
            lambda: FaultyVenue.cancel(self, symbol, client_order_id, urgent=urgent)
        )

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Send one request that cancels several."""
        for name in client_order_ids:
            self._judge.note("cancel", name)
        return await self._wire.carry(
            lambda: FaultyVenue.cancel_batch(self, symbol, client_order_ids, urgent=urgent)
        )

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order."""
        return await self._wire.carry(lambda: FaultyVenue.look(self, symbol, client_order_id))

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Ask for open orders."""
        return await self._wire.carry(lambda: FaultyVenue.open_orders(self, symbol))

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Ask for trades."""
        return await self._wire.carry(
            lambda: FaultyVenue.trades(self, symbol, after=after, since_ms=since_ms)
        )

    async def account(self) -> AccountView:
        """Ask for balances and positions."""
        return await self._wire.carry(lambda: FaultyVenue.account(self))

    async def close(self) -> None:
        """Disconnect; the exchange goes on for the others."""


class WorldStore(MemoryStore):
    """The store; the judge sees every entry that it commits."""

    def __init__(self, clock: WorldClock, judge: Judge) -> None:
        super().__init__(clock, generation="world")
        self._judge = judge

    def append(self, entry: Entry, valid_ms: int | None = None) -> AppendOutcome:
        """Judge and append an entry."""
        before = len(self.rows)
        outcome = super().append(entry, valid_ms)
        self._judge.committed(self.rows[before:], entry.fence)
        return outcome
