"""The load of the World: a strategy that is only a seeded script of places and cancels, said again until answered."""

import random
from decimal import Decimal

import msgspec

from opensqt.domain import ids
from opensqt.domain.instruments import Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.messages import name_of
from opensqt.domain.subjects import intent_subject
from opensqt.runtime.bus.port import BusDown, Stream
from opensqt.runtime.envelope import Envelope
from tests.support.fakes.bus import MemoryBus
from tests.world.checkers import Judge
from tests.world.loop import WorldClock

NAME = "load"
VALID_MS = 2000
LONG_VALID_MS, LONG_EVERY = 6000, 4  # longer than a lease: a leader may be deposed over it
MS_PER_S = 1000
CANCELLED_MS = (-1500, 0, 1, 10, 30, 100, 400, 1500, 3000)  # after the place

Intent = PlaceIntent | CancelIntent


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One command of the script; `cancels` is the number of the place to cancel, 0 for a place."""

    at_ms: int
    number: int
    cancels: int = 0
    side: Side = Side.BUY
    offset_ticks: int = 0  # away from the price, against the market; negative crosses
    quantity: Decimal = Decimal(0)
    time_in_force: TimeInForce = TimeInForce.POST_ONLY


def script_of(draw: random.Random, length_ms: int, count: int) -> list[Step]:
    """Draw places, and for half of them a cancel: soon, late, or before the place itself."""
    steps: list[Step] = []
    cancels: list[Step] = []
    for number in range(1, count * 2 // 3 + 1):
        # Some come in bursts, faster than an order of ours can come back.
        again = bool(steps) and draw.random() < 0.4  # a weight
        at_ms = steps[-1].at_ms if again else draw.randrange(length_ms)
        side = steps[-1].side if again else draw.choice((Side.BUY, Side.SELL))
        resting = draw.random() < 0.7  # a weight
        steps.append(
            Step(
                at_ms=at_ms,
                number=number,
                side=side,
                offset_ticks=draw.randrange(1, 400) if resting else -draw.randrange(1, 50),
                quantity=Decimal(draw.randrange(4, 36)) / 1000,
                time_in_force=TimeInForce.POST_ONLY
                if resting
                else draw.choice((TimeInForce.GTC, TimeInForce.IOC)),
            )
        )
    for step in draw.sample(steps, count - len(steps)):
        at_ms = min(max(0, step.at_ms + draw.choice(CANCELLED_MS)), length_ms - 1)
        cancels.append(Step(at_ms=at_ms, number=step.number, cancels=step.number))
    return sorted(steps + cancels, key=lambda step: (step.at_ms, step.number, step.cancels))


class Load:
    """Says the script, and again what has no verdict yet."""

    def __init__(
        self, clock: WorldClock, bus: MemoryBus, judge: Judge, symbol: str, account: str = "main"
    ) -> None:
        self._account = account
        self._mark = "" if account == "main" else f"{account}-"  # before its intents
        self._clock = clock
        self._bus = bus
        self._judge = judge
        self._symbol = symbol
        self.price = Decimal(0)
        self.said: dict[str, Intent] = {}
        self._waiting: dict[str, Intent] = {}

    def unanswered(self) -> list[str]:
        """Return what was said and has no verdict in the journal."""
        for name in [name for name in self._waiting if name in self._judge.verdicts]:
            del self._waiting[name]
        return list(self._waiting)

    async def run(self, steps: list[Step]) -> None:
        """Say the whole script."""
        began_ms = self._clock.wall_ms()
        for step in steps:
            await self._clock.sleep((began_ms + step.at_ms - self._clock.wall_ms()) / MS_PER_S)
            intent = await self._cancel(step) if step.cancels else await self._place(step)
            self.said[intent.intent_id] = self._waiting[intent.intent_id] = intent
            self._judge.counts["commands"] += 1
            await self._say(intent)

    async def repeat(self, again_s: float) -> None:
        """Say unanswered intents again after so many seconds, for ever."""
        while True:
            await self._clock.sleep(again_s)
            for name in self.unanswered():
                await self._say(self._waiting[name])

    async def decide_again(self) -> None:
        """Wish again, now, what a restored journal knows nothing of: books that went back decide the same slots."""
        for name in self._judge.unheard:
            intent = self.said.get(name)
            if isinstance(intent, PlaceIntent):
                now_ms = self._clock.market_ms()
                again = msgspec.structs.replace(
                    intent,
                    created_ms=now_ms,
                    valid_until_ms=now_ms + VALID_MS,
                    basis=await self._basis(),
                )
                self.said[name] = self._waiting[name] = again
                await self._say(again)

    async def _say(self, intent: Intent) -> None:
        envelope = Envelope(
            event_id=ids.event_id("intent", intent.intent_id),
            type=name_of(intent),
            source=NAME,
            time_ms=intent.created_ms,
            correlation_id=intent.intent_id,
        )
        await self._bus.publish(intent_subject(intent), intent, envelope, confirmed=False)

    async def _basis(self) -> Basis:
        try:
            sequence = (await self._bus.state(Stream.FEED)).last_sequence
        except BusDown:
            sequence = 1
        return Basis(generation=self._judge.feed.generation, sequence=sequence)

    async def _place(self, step: Step) -> PlaceIntent:
        now_ms = self._clock.market_ms()
        away = Decimal(step.offset_ticks) / 10 * step.side.sign
        return PlaceIntent(
            intent_id=f"{self._mark}place-{step.number}",
            strategy=f"{self._mark}{NAME}",
            slot=f"s{step.number % 7}",
            cycle=step.number,
            venue="binance",
            account=self._account,
            symbol=self._symbol,
            side=step.side,
            type=OrderType.LIMIT,
            time_in_force=step.time_in_force,
            price=self.price - away,
            quantity=step.quantity,
            purpose=Purpose.OPEN,
            created_ms=now_ms,
            valid_until_ms=now_ms + (VALID_MS if step.number % LONG_EVERY else LONG_VALID_MS),
            basis=await self._basis(),
            reason="script",
        )

    async def _cancel(self, step: Step) -> CancelIntent:
        now_ms = self._clock.market_ms()
        return CancelIntent(
            intent_id=f"{self._mark}cancel-{step.number}",
            strategy=f"{self._mark}{NAME}",
            venue="binance",
            account=self._account,
            symbol=self._symbol,
            target_intent_id=f"{self._mark}place-{step.cancels}",
            created_ms=now_ms,
            valid_until_ms=now_ms + VALID_MS,
            basis=await self._basis(),
            reason="script",
        )
