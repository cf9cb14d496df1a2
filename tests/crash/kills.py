"""Kills at random instants: places and cancels go on while executor, risk and relay die one after the other."""

import asyncio
import random
import signal
from collections.abc import Iterable, Iterator

import msgspec

from tests.crash import judge
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.e2e import audit

DESKS = 6
PAUSE_S_MAX = 2.5  # wall; a start takes about one second, so that some kills hit a start
WISH_S = 0.15
SERVICES = ("executor", "executor", "risk", "relay")


class Spree(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk made of its kills."""

    kills: int
    places: int
    accepted: int
    broken: tuple[str, ...]
    faults: tuple[str, ...]


async def run(shared: Shared, count: int, seed: int) -> list[Spree]:
    """Kill so often, on several desks at once."""
    shares = [count // DESKS + (number < count % DESKS) for number in range(DESKS)]
    work = [
        _spree(shared, share, random.Random(seed * DESKS + number))
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
            f"{one.kills} kills at random instants, {one.places} places, {one.accepted} at the venue,"
            f" {len(one.faults)} processes ended by themselves: {word}"
        )


async def _spree(shared: Shared, count: int, chance: random.Random) -> Spree:
    async with Desk(shared) as desk:
        desk.play_market()
        seats = {name: Seat(service=name) for name in ("relay", "risk", "executor")}
        for seat in seats.values():
            await desk.start(seat)
        author = Author(desk, None)
        broken: list[str] = []
        try:
            await author.surely()
            wishing = asyncio.create_task(_wish(desk, author, chance))
            for _ in range(count):
                await desk.house.clock.sleep(chance.uniform(0, PAUSE_S_MAX))
                seat = seats[chance.choice(SERVICES)]
                if seat.child is not None:
                    seat.child.signal(signal.SIGKILL)
            wishing.cancel()
            await asyncio.gather(wishing, return_exceptions=True)
            await author.surely()
        except TimeoutError as error:
            broken.append(str(error))
        broken += [text for text in (await judge.quiet(desk), await judge.unheard(desk)) if text]
        rows = audit.rows(desk.house.folder)
        broken += judge.broken(desk.house.record, rows, author.places)
        return Spree(
            kills=count,
            places=len(author.places),
            accepted=sum(r["kind"] == "place" and r["result"] == "accepted" for r in rows),
            broken=tuple(broken),
            faults=tuple(desk.faults),
        )


async def _wish(desk: Desk, author: Author, chance: random.Random) -> None:
    """Place and cancel for ever, the cancels of what rests oldest."""
    while True:
        intent = await author.place()
        await desk.house.clock.sleep(WISH_S)
        if chance.random() < 0.7:
            await author.wish(intent)
        await desk.house.clock.sleep(WISH_S * chance.random())
