"""The author of a cell's wishes: a strategy that says its intents until they have an end, or risk's own commands."""

import asyncio
from decimal import Decimal
from functools import partial

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
from opensqt.domain.journal import Lease
from opensqt.domain.subjects import command_subject, intent_subject
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime.bus.port import BusDown
from tests.crash.desk import Desk
from tests.crash.house import OWNERS
from tests.crash.record import Record, held
from tests.simulation.venue.scripted import PERP, SPOT
from tests.support.approvals import KEY

VALID_MS = {
    "commands": 15_000,
    "intents": 2_000,
}  # commands are tried to their end, intents as in trade
AGAIN_S = 0.3
UNHEARD_MS = (
    5_000  # after its time: a verdict that the journal does not hold by then there will never be
)
TRIES_S = 20.0
SHOWN = 5
STEPS = {PERP: Decimal("0.001"), SPOT: Decimal("0.00001")}
INSIDE = {Side.BUY: Decimal("59999.5"), Side.SELL: Decimal("60000.5")}  # the book: rests at the top
DUST = {PERP: Decimal("0.001"), SPOT: Decimal("0.0001")}  # less than this cannot be sold


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """What a place is to be; the book stands at 60,000 and a limit beyond it trades at once."""

    symbol: str = PERP
    side: Side = Side.BUY
    price: Decimal = Decimal(59_900)
    quantity: Decimal = Decimal("0.004")
    purpose: Purpose = Purpose.OPEN

    @property
    def strategy(self) -> str:
        """Who wants it."""
        return OWNERS[self.symbol]


RESTING = Want()


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

    async def place(self, want: Want = RESTING) -> PlaceIntent:
        """Say one place intent and return it at once."""
        self._cycle += 1
        now_ms = self._desk.house.clock.market_ms()
        intent = PlaceIntent(
            intent_id=ids.intent_id(
                strategy=want.strategy, slot="m", cycle=self._cycle, action="place"
            ),
            strategy=want.strategy,
            slot="m",
            cycle=self._cycle,
            venue="binance",
            account="main",
            symbol=want.symbol,
            side=want.side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=want.price,
            quantity=want.quantity,
            purpose=want.purpose,
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

    async def gone(self, target: PlaceIntent) -> None:
        """Wish an order away and wait until all that it filled is booked."""
        await self.cancel(target)
        await self._desk.house.reads_until(partial(_spent, target.intent_id))

    def over(self, intent: PlaceIntent) -> bool:
        """Tell whether nothing of a place can trade any more and all that it traded is booked."""
        house = self._desk.house
        heard = intent.intent_id in house.record.verdicts
        late = house.clock.market_ms() > intent.valid_until_ms + UNHEARD_MS
        return house.record.spent(intent.intent_id) if heard else late

    async def known(self, intent: PlaceIntent) -> None:
        """Wait until the journal knows what came of a place."""
        await self._desk.house.reads_until(lambda record: record.known(intent.intent_id))

    async def surely(self, want: Want = RESTING) -> PlaceIntent:
        """Place until the venue has accepted one: whatever died, the desk trades again."""
        house = self._desk.house
        end_s = house.clock.monotonic_s() + TRIES_S
        while house.clock.monotonic_s() < end_s:
            intent = await self.place(want)
            await self.known(intent)
            if house.record.accepted(intent.intent_id):
                return intent
            await house.clock.sleep(AGAIN_S)
        told = [house.record.verdicts.get(one.intent_id) for one in self.places[-SHOWN:]]
        raise TimeoutError(f"no place was accepted for {TRIES_S} s: {told}")

    def held(self, symbol: str) -> Decimal:
        """Return what the journal's trades left of a symbol (below 0: sold short), down to the step of an order."""
        return fitted(symbol, held(self._desk.house.record.trades.values(), symbol))

    async def hold(self, want: Want) -> None:
        """Buy or sell, at a price that trades at once, until the journal has the position."""
        house = self._desk.house
        while abs(self.held(want.symbol)) < DUST[want.symbol]:
            intent = await self.surely(want)
            await house.reads_until(partial(_spent, intent.intent_id))

    async def leave(self, symbol: str, prices: dict[Side, Decimal]) -> None:
        """Sell what is held, or buy back what was sold short, down to dust: whatever died, an exit is possible."""
        house = self._desk.house
        end_s = house.clock.monotonic_s() + TRIES_S
        while abs(left := self.held(symbol)) >= DUST[symbol]:
            if house.clock.monotonic_s() > end_s:
                raise TimeoutError(f"{left} of {symbol} could not be left for {TRIES_S} s")
            intent = await self.place(exit_of(symbol, left, prices))
            await self.known(intent)
            if house.record.accepted(intent.intent_id):
                await house.reads_until(partial(_spent, intent.intent_id))
            else:
                await house.clock.sleep(AGAIN_S)

    def _cancel_of(self, target: PlaceIntent) -> CancelIntent:
        self._cycle += 1
        now_ms = self._desk.house.clock.market_ms()
        return CancelIntent(
            intent_id=ids.intent_id(
                strategy=target.strategy, slot="m", cycle=self._cycle, action="cancel"
            ),
            strategy=target.strategy,
            venue="binance",
            account="main",
            symbol=target.symbol,
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
        is_exit = isinstance(intent, CancelIntent) or intent.purpose is Purpose.CLOSE
        approval = RiskApproved(
            intent_id=intent.intent_id,
            place=intent if isinstance(intent, PlaceIntent) else None,
            cancel=intent if isinstance(intent, CancelIntent) else None,
            reduce_only=is_exit and isinstance(intent, PlaceIntent) and ":" in intent.symbol,
            risk_epoch=self._lease.epoch,
            basis=intent.basis,
            config_version="matrix",
            time_ms=house.clock.market_ms(),
        )
        subject = command_subject(intent, is_exit=is_exit)
        await house.publish(
            subject, Command(approval=KEY.prove(approval)), "command", intent.intent_id
        )

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


def fitted(symbol: str, quantity: Decimal) -> Decimal:
    """Return a quantity down to the step of its symbol."""
    return quantity - quantity % STEPS[symbol]


def exit_of(symbol: str, left: Decimal, prices: dict[Side, Decimal]) -> Want:
    """Return the sale of something that is held, or the purchase of what was sold short (`left` below 0)."""
    side = Side.SELL if left > 0 else Side.BUY
    return Want(
        symbol=symbol, side=side, price=prices[side], quantity=abs(left), purpose=Purpose.CLOSE
    )


def _spent(intent_id: str, record: Record) -> bool:
    return record.spent(intent_id)


def _answered(target_id: str, wish_id: str, record: Record) -> bool:
    return record.ended(target_id) or wish_id in record.verdicts
