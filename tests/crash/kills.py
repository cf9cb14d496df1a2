"""Kills at random instants: places and cancels go on while executor, risk and relay die one after the other."""

import asyncio
import contextlib
import random
import signal
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from opensqt.runtime.config_schema import PaperRules
from opensqt.runtime.journal.port import JournalDown
from tests.crash import judge
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.crash.progress import Progress
from tests.e2e import audit

DESKS = 6
PAUSE_S_MAX = 6.0  # wall; a start takes one to two seconds, so that some kills hit a start
WISH_S = 0.15
CANCEL_SHARE = 0.7
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
    broken: tuple[str, ...]
    faults: tuple[str, ...]


async def run(
    shared: Shared, count: int, seed: int, rules: Sequence[PaperRules], progress: Progress
) -> list[Spree]:
    """Kill so often, on several desks at once, which trade under these rules in turn."""
    shares = [count // DESKS + (number < count % DESKS) for number in range(DESKS)]
    work = [
        _spree(
            Desk(shared, rules[number % len(rules)]),
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
    """Yield a line a desk."""
    for one in sprees:
        word = "FAIL " + " | ".join(one.broken) if one.broken else "ok"
        yield (
            f"{one.rules.value}: {one.kills} kills at random instants, {one.places} places,"
            f" {one.accepted} at the venue, {len(one.faults)} processes ended by themselves: {word}"
        )


async def _spree(desk: Desk, count: int, chance: random.Random, progress: Progress) -> Spree:
    async with desk:
        author = Author(desk, None)
        broken: list[str] = []
        try:
            async with asyncio.timeout(count * PAUSE_S_MAX + SPREE_S_MAX):
                await _live_and_die(desk, author, count, chance, progress)
                broken += [await judge.quiet(desk), await judge.unheard(desk)]
        except TimeoutError as error:
            await desk.house.record.read()
            rows = audit.rows(desk.house.folder)
            broken += [str(error) or "did not end", judge.differs(desk.house.record, rows)]
        rows = audit.rows(desk.house.folder)
        broken += judge.broken(desk.house.record, rows, author.places)
        desk.house.failed = any(broken)
        return Spree(
            rules=desk.house.rules,
            kills=count,
            places=len(author.places),
            accepted=sum(r["kind"] == "place" and r["result"] == "accepted" for r in rows),
            broken=tuple(text for text in broken if text),
            faults=tuple(desk.faults),
        )


async def _live_and_die(
    desk: Desk, author: Author, count: int, chance: random.Random, progress: Progress
) -> None:
    desk.play_market()
    seats = {name: Seat(service=name) for name in ("relay", "risk", "executor")}
    for seat in seats.values():
        await desk.start(seat)
    await author.surely()
    life = [asyncio.create_task(work) for work in (_wish(desk, author, chance), _read(desk))]
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


async def _wish(desk: Desk, author: Author, chance: random.Random) -> None:
    """Place and cancel for ever, and let few rest."""
    record = desk.house.record
    while True:
        intent = await author.place()
        await desk.house.clock.sleep(WISH_S)
        resting = {record.orders[name].ref.intent_id for name in record.open()}
        oldest = [one for one in author.places if one.intent_id in resting][:-RESTING_MAX]
        for one in oldest[:2]:
            # A wish may be lost with those who were to hear it: the oldest are wished away again.
            await author.wish(one)
        if chance.random() < CANCEL_SHARE:
            await author.wish(intent)
        await desk.house.clock.sleep(WISH_S * chance.random())


async def _read(desk: Desk) -> None:
    """Read the journal for ever: an intent that has its verdict is not said again."""
    while True:
        with contextlib.suppress(JournalDown):  # a busy server is asked again
            await desk.house.record.read()
        await desk.house.clock.sleep(READ_S)
