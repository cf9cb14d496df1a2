"""Kills at random instants: two symbols are traded and left while executor, risk and relay die one after the other."""

import asyncio
import contextlib
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.runtime.config.schema import PaperRules
from opensqt.runtime.journal.port import JournalDown
from tests.crash import judge, trades
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import DUST, INSIDE, Author, Want, exit_of
from tests.crash.progress import Progress
from tests.crash.record import Record
from tests.e2e import audit
from tests.simulation.venue.scripted import PERP, SPOT

DESKS = 6
PAUSE_S_MAX = 6.0  # wall; a start takes one to two seconds, so that some kills hit a start
WISH_S = 0.15
CANCEL_SHARE = 0.7
TAKING_SHARE, EXIT_SHARE = 0.15, 0.5
HELD_MAX = Decimal("0.04")
TAKING = {Side.BUY: Decimal(60_010), Side.SELL: Decimal(59_990)}  # through the book
FAR = {Side.BUY: Decimal(59_900), Side.SELL: Decimal(60_100)}
RESTING_MAX = 15
READ_S = 0.1
SPREE_S_MAX = 120.0  # beyond the pauses: start, last answers, verdict
SERVICES = ("executor", "executor", "risk", "relay")


class Spree(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk made of its kills."""

    rules: PaperRules
    kills: int
    places: int
    accepted: int
    left: int  # trades of exits from what was held
    covered: int  # and from what was sold short
    broken: tuple[str, ...]
    faults: tuple[str, ...]


class Wishes:
    """Places, takes, exits and cancels for ever; lets few rest and asks for no exit while another one may trade."""

    def __init__(self, desk: Desk, author: Author, chance: random.Random) -> None:
        self._house = desk.house
        self._author = author
        self._chance = chance
        self._exits: dict[str, PlaceIntent] = {}
        self._openings: defaultdict[str, list[PlaceIntent]] = defaultdict(list)

    async def run(self) -> None:
        """Wish for ever."""
        record, author = self._house.record, self._author
        while True:
            intent = await author.place(self._next())
            if intent.purpose is Purpose.CLOSE:
                self._exits[intent.symbol] = intent
            else:
                self._openings[intent.symbol].append(intent)
            await self._house.clock.sleep(WISH_S)
            resting = {record.orders[name].ref.intent_id for name in record.open()}
            oldest = [one for one in author.places if one.intent_id in resting][:-RESTING_MAX]
            for one in oldest[:2]:
                # A wish may be lost with those who were to hear it: the oldest are wished away again.
                await author.wish(one)
            if self._chance.random() < CANCEL_SHARE:
                await author.wish(intent)
            await self._house.clock.sleep(WISH_S * self._chance.random())

    async def leave(self) -> None:
        """Sell what is held and buy back what was sold short: when the dying is over, every exit is possible."""
        for symbol in self._house.symbols:
            if not self._may_leave(symbol):
                await self._author.gone(self._exits[symbol])
            await self._author.leave(symbol, TAKING)

    def _next(self) -> Want:
        chance = self._chance
        symbol = chance.choice(self._house.symbols)
        left = self._author.held(symbol)
        held = abs(left) >= DUST[symbol]
        if held and self._may_leave(symbol) and chance.random() < EXIT_SHARE:
            return exit_of(symbol, left, chance.choice((TAKING, INSIDE)))
        side = self._side(symbol, left if held else ZERO)
        takes = abs(left) < HELD_MAX and chance.random() < TAKING_SHARE
        return Want(symbol=symbol, side=side, price=(TAKING if takes else FAR)[side])

    def _side(self, symbol: str, left: Decimal) -> Side:
        """Return the side that adds to what is held; from flat on either one where short sales are possible.

        While openings of one side may still trade there are none of the other: one that trades beside an exit of its
        side leaves that exit nothing to take off.
        """
        living = [one for one in self._openings[symbol] if not self._author.over(one)]
        self._openings[symbol] = living
        if left:
            return Side.BUY if left > 0 else Side.SELL
        if living:
            return living[-1].side
        return self._chance.choice(tuple(Side)) if ":" in symbol else Side.BUY

    def _may_leave(self, symbol: str) -> bool:
        last = self._exits.get(symbol)
        return last is None or self._author.over(last)


async def run(
    shared: Shared, count: int, seed: int, rules: Sequence[PaperRules], progress: Progress
) -> list[Spree]:
    """Kill so often, on several desks at once, which trade under these rules in turn."""
    shares = [count // DESKS + (number < count % DESKS) for number in range(DESKS)]
    work = [
        _spree(
            Desk(shared, rules[number % len(rules)], symbols=(PERP, SPOT)),
            share,
            random.Random(seed * DESKS + number),
            progress,
        )
        for number, share in enumerate(shares)
        if share
    ]
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(one) for one in work]
    return [task.result() for task in started]


def lines(sprees: Iterable[Spree]) -> Iterator[str]:
    """Yield a line a desk, and one for each process that ended by itself."""
    for one in sprees:
        word = "FAIL " + " | ".join(one.broken) if one.broken else "ok"
        yield (
            f"{one.rules.value}: {one.kills} kills at random instants, {one.places} places,"
            f" {one.accepted} at the venue, {one.left} sales and {one.covered} purchases left a position,"
            f" {len(one.faults)} processes ended by themselves: {word}"
        )
        yield from (f"  ended by itself: {fault}" for fault in one.faults)


async def _spree(desk: Desk, count: int, chance: random.Random, progress: Progress) -> Spree:
    async with desk:
        author = Author(desk, None)
        broken: list[str] = []
        try:
            async with asyncio.timeout(count * PAUSE_S_MAX + SPREE_S_MAX):
                await _live_and_die(desk, author, count, chance, progress)
                broken += [await judge.quiet(desk), await judge.unheard(desk)]
        except TimeoutError as error:
            await desk.house.read()
            rows = audit.rows(desk.house.folder)
            broken += [str(error) or "did not end", judge.differs(desk.house.record, rows)]
        rows = audit.rows(desk.house.folder)
        broken += judge.broken(desk.house.record, rows, author.places)
        exits = Counter(_exits(desk.house.record, rows, author.places))
        desk.house.failed = any(broken)
        return Spree(
            rules=desk.house.rules,
            kills=count,
            places=len(author.places),
            accepted=sum(r["kind"] == "place" and r["result"] == "accepted" for r in rows),
            left=exits[Side.SELL],
            covered=exits[Side.BUY],
            broken=tuple(text for text in broken if text),
            faults=tuple(desk.faults),
        )


def _exits(record: Record, rows: list[audit.Row], places: Iterable[PlaceIntent]) -> Iterator[Side]:
    """Yield the side of each trade of an exit."""
    leaving = {one.intent_id for one in places if one.purpose is Purpose.CLOSE}
    for one in trades.of_venue(record, rows):
        story = record.orders.get(one.order)
        if story is not None and story.ref.intent_id in leaving:
            yield Side(one.side)


async def _live_and_die(
    desk: Desk, author: Author, count: int, chance: random.Random, progress: Progress
) -> None:
    desk.play_market()
    seats = {name: Seat(service=name) for name in ("relay", "risk", "executor")}
    for seat in seats.values():
        await desk.start(seat)
    await author.surely()
    wishes = Wishes(desk, author, chance)
    life = [asyncio.create_task(work) for work in (wishes.run(), _read(desk))]
    try:
        left = count
        while left:
            await desk.house.clock.sleep(chance.uniform(0, PAUSE_S_MAX))
            child = seats[chance.choice(SERVICES)].child
            if child is not None and child.signal(signal.SIGKILL):
                left -= 1
                progress.step()
    finally:
        for task in life:
            task.cancel()
        await asyncio.wait(life)
    for task in life:
        if not task.cancelled():
            task.result()
    await author.surely()
    await wishes.leave()


async def _read(desk: Desk) -> None:
    """Read the journal for ever: an intent that has its verdict is not said again."""
    while True:
        with contextlib.suppress(JournalDown):  # a busy server is asked again
            await desk.house.read()
        await desk.house.clock.sleep(READ_S)
