"""The relay between a real Postgres and a real NATS, with servers killed and FEED taken back."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opensqt.domain.control import FeedGeneration
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode
from opensqt.runtime.journal.postgres import (
    PostgresCheckpoints,
    PostgresJournal,
    PostgresLeases,
)
from tests.conditions import until
from tests.journals import entry, event
from tests.relays import House, chains_hold, feed, positions, running
from tests.servers import NatsServer


@asynccontextmanager
async def real_house(nats: NatsServer, dsn: str) -> AsyncIterator[House]:
    """A house on real servers, with its streams."""
    clock = RunClock()
    bus = await NatsBus.connect(nats.url, "relay", monotonic_s=clock.monotonic_s)
    await apply(bus.client.jetstream())
    journal = await PostgresJournal.connect(dsn)
    try:
        yield House(
            clock=clock,
            bus=bus,
            journal=journal,
            leases=PostgresLeases(journal),
            checkpoints=PostgresCheckpoints(journal),
        )
    finally:
        await bus.close()
        await journal.close()


async def append(house: House, count: int, name: str) -> None:
    """Append rows on two subjects in turn."""
    for number in range(count):
        one = event(f"{name}{number}", stream=name, subject=f"evt.test.{number % 2}")
        await house.journal.append(entry(one))


async def everything_arrived(house: House) -> None:
    """Wait until each row of the journal is in FEED."""

    async def is_there() -> bool:
        head = (await house.journal.head()).position
        with contextlib.suppress(BusDown):
            return head in positions(await feed(house.bus))
        return False

    await until(is_there, within_s=20)


async def generations(house: House) -> list[FeedGeneration]:
    """Return the feed generations of the journal."""
    facts = [decode(row.data) for row in await house.journal.read(0, 10_000)]
    return [fact for fact in facts if isinstance(fact, FeedGeneration)]


@pytest.mark.row("A11", "J20")
async def test_kill_9_of_nats_loses_and_reorders_nothing(
    nats_server: NatsServer, postgres_dsn: str
) -> None:
    """Events go on into the journal while NATS is away, and FEED has them all when it is back."""
    async with real_house(nats_server, postgres_dsn) as house:
        relay = house.relay()
        async with running(relay):
            await append(house, 50, "before")
            nats_server.kill()
            await append(house, 50, "during")
            await asyncio.to_thread(nats_server.start)
            await everything_arrived(house)
            await append(house, 10, "after")
            await everything_arrived(house)
        messages = await feed(house.bus)
        head = (await house.journal.head()).position
        assert set(positions(messages)) == set(range(1, head + 1))
        assert chains_hold(messages)


@pytest.mark.row("A11", "J20")
async def test_a_restored_shorter_feed_is_a_new_generation(
    nats_server: NatsServer, postgres_dsn: str, tmp_path: Path
) -> None:
    """FEED comes back as it was a while ago: what it lost is announced and sent again."""
    store, backup = tmp_path / "nats" / "jetstream", tmp_path / "backup"
    async with real_house(nats_server, postgres_dsn) as house, running(house.relay()):
        await append(house, 20, "kept")
        await everything_arrived(house)
        nats_server.stop()
        shutil.copytree(store, backup)
        await asyncio.to_thread(nats_server.start)
        await append(house, 20, "lost")
        await everything_arrived(house)
        nats_server.kill()
        shutil.rmtree(store)
        shutil.copytree(backup, store)
        await asyncio.to_thread(nats_server.start)

        async def is_announced() -> bool:
            return len(await generations(house)) == 2

        await until(is_announced, within_s=20)
        await everything_arrived(house)
        messages = await feed(house.bus)
        new = (await generations(house))[-1]
        head = (await house.journal.head()).position
        assert 2 <= new.position <= 22
        assert set(positions(messages)) == set(range(1, head + 1))
        assert chains_hold(messages)
