"""A load publisher: intents of a strategy that does not exist, so that everything behind the strategies can be tried.

Says an intent again, unchanged, until the log holds its end or it has expired, as a strategy does.
"""

import argparse
import asyncio
import random
import sys
from decimal import Decimal
from pathlib import Path

import msgspec

from opensqt.domain import ids
from opensqt.domain.decimals import ceil_to
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.market import Tick
from opensqt.domain.subjects import intent_subject, market_events
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Bus, BusDown, Start, Stream
from opensqt.runtime.clock import Clock, open_clock
from opensqt.runtime.codec import decode
from opensqt.runtime.envelope import Envelope
from tests.e2e import bus_users

STRATEGY = "load"
VALID_FOR_MS = 2000
BACK_MS = 15_000
DISTANCE_BPS = (5, 60)
NOTIONAL = Decimal(130)
SYMBOL = "BTC/USDT:USDT"


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much load: intents a second for so many wall seconds; `cancel_share` of them cancel an earlier one."""

    rate: float = 20.0
    seconds: float = 10.0
    seed: int = 1
    cancel_share: float = 0.5
    symbols: tuple[str, ...] = (SYMBOL,)
    count_max: int = 1_000_000
    distance_bps: tuple[int, int] = DISTANCE_BPS  # of a place from the touch, least and most


class Load:
    """Places and cancels at a steady rate."""

    def __init__(self, bus: Bus, clock: Clock, plan: Plan) -> None:
        self._bus = bus
        self._clock = clock
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._ticks: dict[str, Tick] = {}
        self._rules: dict[str, InstrumentRules] = {}
        self._sequence = 0
        self._placed: list[PlaceIntent] = []
        self.count = 0
        self.said: list[PlaceIntent | CancelIntent] = []  # what the bus took

    async def run(self) -> None:
        """Publish until the plan is done."""
        watching = asyncio.create_task(self._watch())
        due_s = self._clock.monotonic_s()
        end_s = due_s + self._plan.seconds
        while self._clock.monotonic_s() < end_s and self.count < self._plan.count_max:
            # The rate is kept also when one publish took long.
            due_s += 1 / self._plan.rate
            await self._clock.sleep(max(0.0, due_s - self._clock.monotonic_s()))
            if set(self._plan.symbols) <= self._ticks.keys() & self._rules.keys():
                await self._publish()
        watching.cancel()

    async def _watch(self) -> None:
        filters = [
            market_events("binance", symbol, kind)
            for symbol in self._plan.symbols
            for kind in ("tick", "rules")
        ]
        back = Start(wall_ms=self._clock.wall_ms() - BACK_MS)
        async for delivery in await self._bus.follow(Stream.FEED, filters, back):
            message = decode(delivery.data)
            if isinstance(message, Tick):
                self._ticks[message.symbol], self._sequence = message, delivery.sequence
            elif isinstance(message, InstrumentRules):
                self._rules[message.symbol] = message

    async def _publish(self) -> None:
        self.count += 1
        cancels = self._placed and self._random.random() < self._plan.cancel_share
        intent = self._cancel() if cancels else self._place()
        envelope = Envelope(
            event_id=ids.event_id("load", intent.intent_id),
            type=type(intent).__name__,
            source="load",
            time_ms=intent.created_ms,
        )
        try:
            await self._bus.publish(intent_subject(intent), intent, envelope)
        except BusDown:
            self._placed = [p for p in self._placed if p is not intent]
        else:
            self.said.append(intent)

    def _place(self) -> PlaceIntent:
        symbol = self._plan.symbols[self.count % len(self._plan.symbols)]
        tick, rules = self._ticks[symbol], self._rules[symbol]
        side = self._random.choice((Side.BUY, Side.SELL))
        bps = Decimal(self._random.randint(*self._plan.distance_bps))
        touch = tick.bid_price if side is Side.BUY else tick.ask_price
        price = rules.fit_price(touch * (1 - side.sign * bps / 10_000), side)
        quantity = ceil_to(NOTIONAL / price, rules.quantity_step)
        now_ms = self._clock.market_ms()
        slot, cycle = f"s{self.count % 50}", now_ms * 1000 + self.count % 1000
        intent = PlaceIntent(
            intent_id=ids.intent_id(strategy=STRATEGY, slot=slot, cycle=cycle, action="place"),
            strategy=STRATEGY,
            slot=slot,
            cycle=cycle,
            venue="binance",
            account="main",
            symbol=symbol,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.POST_ONLY,
            price=price,
            quantity=quantity,
            purpose=Purpose.OPEN,
            created_ms=now_ms,
            valid_until_ms=now_ms + int(VALID_FOR_MS * self._clock.speed),
            basis=Basis(generation=1, sequence=self._sequence),
            reason="load",
        )
        self._placed.append(intent)
        return intent

    def _cancel(self) -> CancelIntent:
        target = self._placed.pop(self._random.randrange(len(self._placed)))
        now_ms = self._clock.market_ms()
        return CancelIntent(
            intent_id=ids.intent_id(
                strategy=STRATEGY, slot=target.slot, cycle=target.cycle, action="cancel"
            ),
            strategy=STRATEGY,
            venue="binance",
            account="main",
            symbol=target.symbol,
            target_intent_id=target.intent_id,
            created_ms=now_ms,
            valid_until_ms=now_ms + int(VALID_FOR_MS * self._clock.speed),
            basis=Basis(generation=1, sequence=self._sequence),
            reason="load",
        )


async def main(data: Path, plan: Plan) -> int:
    """Publish on the bus of a running folder and return how many intents were said."""
    clock = open_clock(data)
    url = await bus_users.admitted(data)
    bus = await NatsBus.connect(url, bus_users.LOAD, monotonic_s=clock.monotonic_s)
    load = Load(bus, clock, plan)
    await load.run()
    await bus.close()
    return load.count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=20, help="intents a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    wanted = Plan(rate=words.rate, seconds=words.seconds, seed=words.seed)
    sys.stdout.write(f"{asyncio.run(main(words.data, wanted))} intents\n")
