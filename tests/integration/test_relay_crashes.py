"""The relay dies before and after each of its effects, and the next one leaves FEED as if nothing had happened."""

import asyncio
from collections.abc import Iterator

import pytest

from opensqt.domain.control import FeedGeneration
from opensqt.runtime.bus.port import Bus
from opensqt.runtime.codec import decode
from opensqt.runtime.crash_points import CrashPoints, all_steps, stepped
from opensqt.runtime.journal.checkpoint import Checkpoints
from opensqt.runtime.journal.port import Journal, Leases
from services.relay.service import Relay
from tests.conditions import until
from tests.journals import entry, event
from tests.relays import (
    SETTINGS,
    MemoryHouse,
    chains_hold,
    feed,
    memory_house,
    positions,
    running,
)

_UNUSED = (".queue", ".drop", ".fetch", ".ack", ".keep.", ".close")


class Died(BaseException):
    """The end of a process at a step: nothing catches it."""


def steps() -> Iterator[str]:
    """Return every step that the relay can reach, found by its ports, the third time of it included."""
    for step in all_steps("relay", Bus, Journal, Leases, Checkpoints):
        if not any(part in step for part in _UNUSED):
            yield step
            yield f"{step}:3"


def mortal(house: MemoryHouse, crash_at: str) -> tuple[Relay, CrashPoints]:
    """Return a relay that dies at a step."""

    def die() -> None:
        raise Died

    found = CrashPoints("relay", crash_at=crash_at, may_crash=True, die=die)
    relay = Relay(
        clock=house.clock,
        bus=stepped(house.bus, Bus, found),
        journal=stepped(house.journal, Journal, found),
        leases=stepped(house.leases, Leases, found),
        checkpoints=stepped(house.checkpoints, Checkpoints, found),
        holder="one",
        settings=SETTINGS,
    )
    return relay, found


async def append(house: MemoryHouse, count: int, name: str) -> None:
    """Append rows on two subjects in turn."""
    for number in range(count):
        one = event(f"{name}{number}", stream=name, subject=f"evt.test.{number % 2}")
        await house.journal.append(entry(one))


async def everything_arrived(house: MemoryHouse) -> bool:
    """Tell whether each row of the journal is in FEED."""
    return set(positions(await feed(house.bus))) == {row.position for row in house.store.rows}


@pytest.mark.row("A11")
@pytest.mark.parametrize("crash_at", list(steps()))
async def test_a_relay_that_dies_at_a_step_leaves_nothing_lost_and_nothing_twice(
    crash_at: str,
) -> None:
    """Wherever it ends, its successor completes FEED with one generation and unbroken chains."""
    house = memory_house()
    relay, found = mortal(house, crash_at)
    stop = asyncio.Event()
    dying = asyncio.create_task(relay.run(stop))
    await append(house, 20, "a")

    async def ended_or_done() -> bool:
        return dying.done() or await everything_arrived(house)

    await until(ended_or_done)
    await append(house, 20, "b")
    await until(ended_or_done)
    stop.set()
    await asyncio.wait((dying,))
    step, _, count = crash_at.partition(":")
    is_dead = found.passed.get(step, 0) >= int(count or 1)
    assert isinstance(dying.exception(), BaseException) == is_dead
    async with running(house.relay()):
        await until(lambda: everything_arrived(house))
    messages = await feed(house.bus)
    # Of rows that were on their way together one may come later; its subject's chain says so.
    assert sorted(positions(messages)) == list(range(1, len(house.store.rows) + 1))
    assert chains_hold(messages)
    facts = [decode(row.data) for row in house.store.rows]
    assert sum(isinstance(fact, FeedGeneration) for fact in facts) == 1
