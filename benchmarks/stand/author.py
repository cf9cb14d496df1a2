"""Who says intents: to the desk or to the floor, at a steady rate that nothing slows down, as a strategy would.

Places and cancels alternate; a cancel is of an order that has rested for a while, so that the number of open orders is
bounded. It also plays the market: rules and ticks on FEED.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from benchmarks.stand.desk import Desk
from benchmarks.stand.floor import INTENT, key_of, order_id_of
from benchmarks.stand.witness import CANCEL, ID
from opensqt.domain import ids, subjects
from opensqt.domain.control import FeedGeneration
from opensqt.domain.instruments import Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.messages import Event, name_of
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.codec import decode, encode
from opensqt.runtime.envelope import Envelope
from tests.simulation.strategy_facts import tick_of
from tests.simulation.venue.scripted import PERP, RULES

STRATEGY, ACCOUNT = "bench", "main"
PRICE, QUANTITY = Decimal(59_900), Decimal("0.002")
VALID_MS = 2000
TICK_S = 0.1
RESTS_S = 0.5
RESTING_MIN, RESTING_MAX = 4, 400


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One intent: when it was published (monotonic ns), and every key it has on its way to the wire.

    `turn` counts the cancels of one order: one that expired on its way is said anew.
    """

    kind: str
    number: int
    turn: int
    published_ns: int
    keys: tuple[str, ...]


class Lane(Protocol):
    """Where intents go: the desk, or the floor."""

    name: str

    def prepare(
        self, kind: str, number: int, turn: int
    ) -> tuple[str, bytes, dict[str, str], tuple[str, ...]]:
        """Return subject, payload, headers and keys of the place, or of the cancel of the place, of this number."""


class DeskLane:
    """Intents to the shipped services."""

    name = "desk"

    def __init__(self, desk: Desk, market: "Market") -> None:
        self._desk = desk
        self._market = market
        self._first = desk.clock.market_ms() * 1000

    def prepare(
        self, kind: str, number: int, turn: int
    ) -> tuple[str, bytes, dict[str, str], tuple[str, ...]]:
        """Return what a strategy would say now."""
        cycle = self._first + number
        place_id = ids.intent_id(strategy=STRATEGY, slot="b", cycle=cycle, action="place")
        order_id = ids.client_order_id(
            generation=self._desk.generation,
            account=ACCOUNT,
            strategy=STRATEGY,
            slot="b",
            cycle=cycle,
            attempt=1,
        )
        intent = (
            self._place(place_id, cycle) if kind == "place" else self._cancel(place_id, cycle, turn)
        )
        said_id = ids.event_id("bench", intent.intent_id)
        envelope = Envelope(
            event_id=said_id,
            type=name_of(intent),
            source=STRATEGY,
            time_ms=intent.created_ms,
            correlation_id=intent.intent_id,
        )
        order_key = order_id if kind == "place" else f"{CANCEL}{order_id}"
        command_id = ids.event_id("command", intent.intent_id)
        keys = (said_id, intent.intent_id, command_id, order_key)
        return subjects.intent_subject(intent), encode(intent), envelope.headers(), keys

    def _place(self, intent_id: str, cycle: int) -> PlaceIntent:
        now_ms = self._desk.clock.market_ms()
        return PlaceIntent(
            intent_id=intent_id,
            strategy=STRATEGY,
            slot="b",
            cycle=cycle,
            venue="binance",
            account=ACCOUNT,
            symbol=PERP,
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=PRICE,
            quantity=QUANTITY,
            purpose=Purpose.OPEN,
            created_ms=now_ms,
            valid_until_ms=now_ms + VALID_MS,
            basis=self._market.basis,
            reason="bench",
        )

    def _cancel(self, place_id: str, cycle: int, turn: int) -> CancelIntent:
        now_ms = self._desk.clock.market_ms()
        return CancelIntent(
            intent_id=ids.intent_id(
                strategy=STRATEGY, slot="b", cycle=cycle, action=f"cancel-{turn}"
            ),
            strategy=STRATEGY,
            venue="binance",
            account=ACCOUNT,
            symbol=PERP,
            target_intent_id=place_id,
            created_ms=now_ms,
            valid_until_ms=now_ms + VALID_MS,
            basis=self._market.basis,
            reason="bench",
        )


class FloorLane:
    """The same bytes to the floor."""

    name = "floor"

    def __init__(self, like: DeskLane) -> None:
        self._like = like
        self._first = time.time_ns() // 1_000_000  # no order id of an earlier run at this venue

    def prepare(
        self, kind: str, number: int, turn: int
    ) -> tuple[str, bytes, dict[str, str], tuple[str, ...]]:
        """Return an intent of the same size under the floor's own key."""
        _, data, headers, _ = self._like.prepare(kind, -number, turn)
        key, order_id = key_of(kind, self._first + number), order_id_of(self._first + number)
        order_key = order_id if kind == "place" else f"{CANCEL}{order_id}"
        return f"{INTENT}.{kind}", data, {**headers, ID: key}, (key, order_key)


class Market:
    """Rules and ticks of one symbol, and how far FEED has been seen: the basis of every intent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._count = 0
        self.basis = Basis(generation=1, sequence=1)

    async def play(self) -> None:
        """Publish for ever, as market_data does."""
        while True:
            now_ms = self._desk.clock.market_ms()
            rules = msgspec.structs.replace(RULES[1], time_ms=now_ms)
            for message in (rules, tick_of(PERP, "60000", now_ms)):
                await self._publish(message)
            await asyncio.sleep(TICK_S)

    async def watch(self) -> None:
        """Follow ticks and the feed's generation for ever, as a strategy does."""
        wanted = [subjects.market_events("binance", PERP, "tick"), subjects.FEED_GENERATION]
        async for delivery in await self._desk.bus.follow(Stream.FEED, wanted, Start(sequence=1)):
            message = decode(delivery.data)
            generation = self.basis.generation
            if isinstance(message, FeedGeneration):
                generation = message.generation
            self.basis = Basis(generation=generation, sequence=delivery.sequence)

    async def _publish(self, message: Event) -> None:
        self._count += 1
        envelope = Envelope(
            event_id=ids.event_id("bench market", self._count),
            type=name_of(message),
            source="market",
            time_ms=self._desk.clock.market_ms(),
        )
        await self._desk.bus.publish(subjects.subject_of(message), message, envelope)


class Author:
    """Says intents on a lane."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._numbers = {"desk": 0, "floor": 0}
        self._resting: dict[str, deque[tuple[int, int]]] = {"desk": deque(), "floor": deque()}
        self._saying: set[asyncio.Task[object]] = set()

    async def say(self, lane: Lane, rate_per_s: float, count: int) -> list[Said]:
        """Say so many intents at a rate; return them. What is late is said late, never left out."""
        resting = min(max(RESTING_MIN, round(rate_per_s / 2 * RESTS_S)), RESTING_MAX)
        began_s, said = time.monotonic(), []
        for index in range(count):
            await asyncio.sleep(max(0.0, began_s + index / rate_per_s - time.monotonic()))
            said.append(self.once(lane, resting))
        return said

    def once(self, lane: Lane, resting: int) -> Said:
        """Say the next intent: a cancel when more than `resting` orders rest, else a place."""
        queue = self._resting[lane.name]
        if len(queue) > resting:
            kind, (number, turn) = "cancel", queue.popleft()
        else:
            self._numbers[lane.name] += 1
            kind, number, turn = "place", self._numbers[lane.name], 1
            queue.append((number, turn))
        subject, data, headers, keys = lane.prepare(kind, number, turn)
        published_ns = time.monotonic_ns()
        task: asyncio.Task[object] = asyncio.create_task(
            self._desk.bus.send(subject, data, headers)
        )
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        return Said(kind=kind, number=number, turn=turn, published_ns=published_ns, keys=keys)

    def repeat(self, lane: Lane, said: Sequence[Said]) -> None:
        """Let cancels that never got to the wire be said again: their orders still rest."""
        cancels = (one for one in said if one.kind == "cancel")
        self._resting[lane.name].extend((one.number, one.turn + 1) for one in cancels)

    async def clear(self, lane: Lane, rate_per_s: float) -> list[Said]:
        """Cancel whatever still rests, at a rate."""
        said = []
        while self._resting[lane.name]:
            said.append(self.once(lane, -1))
            await asyncio.sleep(1 / rate_per_s)
        return said
