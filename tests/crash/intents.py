"""The author of a cell's wishes: a strategy that says its intents until they have an end, or risk's own commands."""

import asyncio
from decimal import Decimal
from functools import partial

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
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.subjects import command_subject, intent_subject
from opensqt.runtime.journal.port import Lease
from tests.crash.desk import Desk
from tests.crash.record import Record
from tests.simulation.venue.scripted import PERP

STRATEGY = "matrix"
QUANTITY = Decimal("0.004")
RESTING = Decimal(59_900)
VALID_MS = {
    "commands": 15_000,
    "intents": 2_000,
}  # commands are tried to their end, intents as in trade
AGAIN_S = 0.3
TRIES_S = 20.0
SHOWN = 5


class Author:
    """Says intents; with a lease of risk it says approved commands instead."""

    def __init__(self, desk: Desk, lease: Lease | None) -> None:
        self._desk = desk
        self._lease = lease
        self._cycle = desk.house.clock.market_ms() * 1000
        self._saying: set[asyncio.Task[None]] = set()
        self.places: list[PlaceIntent] = []

    @property
    def has_risk(self) -> bool:
        """Whether the desk's own risk judges the intents."""
        return self._lease is None

    async def place(self, price: Decimal = RESTING, side: Side = Side.BUY) -> PlaceIntent:
        """Say one place intent and return it at once."""
        self._cycle += 1
        now_ms = self._desk.house.clock.market_ms()
        intent = PlaceIntent(
            intent_id=ids.intent_id(strategy=STRATEGY, slot="m", cycle=self._cycle, action="place"),
            strategy=STRATEGY,
            slot="m",
            cycle=self._cycle,
            venue="binance",
            account="main",
            symbol=PERP,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=price,
            quantity=QUANTITY,
            purpose=Purpose.OPEN,
            created_ms=now_ms,
            valid_until_ms=now_ms + self._valid_ms,
            basis=Basis(generation=1, sequence=1),
            reason="matrix",
        )
        self.places.append(intent)
        await self._say(intent)
        return intent

    async def wish(self, target: PlaceIntent) -> CancelIntent:
        """Say one cancel of an order and return it at once."""
        intent = self._cancel_of(target)
        await self._say(intent)
        return intent

    async def cancel(self, target: PlaceIntent) -> None:
        """Wish an order away, in a new intent whenever one was refused, until it has ended."""
        house = self._desk.house
        end_s = house.clock.monotonic_s() + TRIES_S
        while house.clock.monotonic_s() < end_s:
            wish = await self.wish(target)
            await house.reads_until(partial(_answered, target.intent_id, wish.intent_id))
            if house.record.verdicts.get(wish.intent_id, "approved") == "approved":
                break
        await house.reads_until(lambda record: record.ended(target.intent_id))

    async def known(self, intent: PlaceIntent) -> None:
        """Wait until the journal knows what came of a place."""
        await self._desk.house.reads_until(lambda record: record.known(intent.intent_id))

    async def surely(self) -> PlaceIntent:
        """Place until the venue has accepted one: whatever died, the desk trades again."""
        house = self._desk.house
        end_s = house.clock.monotonic_s() + TRIES_S
        while house.clock.monotonic_s() < end_s:
            intent = await self.place()
            await self.known(intent)
            if house.record.accepted(intent.intent_id):
                return intent
            await house.clock.sleep(AGAIN_S)
        told = [house.record.verdicts.get(one.intent_id) for one in self.places[-SHOWN:]]
        raise TimeoutError(f"no place was accepted for {TRIES_S} s: {told}")

    def _cancel_of(self, target: PlaceIntent) -> CancelIntent:
        self._cycle += 1
        now_ms = self._desk.house.clock.market_ms()
        return CancelIntent(
            intent_id=ids.intent_id(
                strategy=STRATEGY, slot="m", cycle=self._cycle, action="cancel"
            ),
            strategy=STRATEGY,
            venue="binance",
            account="main",
            symbol=PERP,
            target_intent_id=target.intent_id,
            created_ms=now_ms,
            valid_until_ms=now_ms + self._valid_ms,
            basis=Basis(generation=1, sequence=1),
            reason="matrix",
        )

    @property
    def _valid_ms(self) -> int:
        return VALID_MS["intents" if self.has_risk else "commands"]

    async def _say(self, intent: PlaceIntent | CancelIntent) -> None:
        house = self._desk.house
        if self._lease is None:
            task = asyncio.create_task(self._repeat(intent))
            self._saying.add(task)
            task.add_done_callback(self._saying.discard)
            return
        approval = RiskApproved(
            intent_id=intent.intent_id,
            place=intent if isinstance(intent, PlaceIntent) else None,
            cancel=intent if isinstance(intent, CancelIntent) else None,
            reduce_only=False,
            risk_epoch=self._lease.epoch,
            basis=intent.basis,
            config_version="matrix",
            time_ms=house.clock.market_ms(),
        )
        is_exit = isinstance(intent, CancelIntent)
        subject = command_subject(intent, is_exit=is_exit)
        await house.publish(subject, Command(approval=approval), "command", intent.intent_id)

    async def _repeat(self, intent: PlaceIntent | CancelIntent) -> None:
        """Say an unanswered intent again, unchanged, until its verdict or a while after its time."""
        house, number = self._desk.house, 0
        end_ms = intent.valid_until_ms + 10_000
        while intent.intent_id not in house.record.verdicts and house.clock.market_ms() < end_ms:
            number += 1
            try:
                await house.publish(intent_subject(intent), intent, intent.intent_id, number)
            except BusDown:
                return
            await house.clock.sleep(AGAIN_S)


def _answered(target_id: str, wish_id: str, record: Record) -> bool:
    return record.ended(target_id) or wish_id in record.verdicts
