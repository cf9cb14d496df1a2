"""A bus that loses its disk or one of its streams, or that can no longer write: it is said, and made whole again."""

import asyncio
import resource
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opensqt.desk import loopback
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import BusDown, Stream
from opensqt.runtime.bus.streams import STREAMS, apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.telemetry.metrics import Metrics
from tests.conditions import stays, until
from tests.contract.buses import publish_time
from tests.relays import House, memory_house, running
from tests.servers import NatsServer

PATIENCE_S = 15.0
MADE_S_MAX = 3.0  # by a process that looks each second


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[NatsBus]:
    """A process's connection that keeps the streams of a server of the test's own."""
    clock = RunClock()
    found = await NatsBus.connect(
        nats_server.url, "test", monotonic_s=clock.monotonic_s, metrics=Metrics()
    )
    await apply(found.client.jetstream())
    found.upkeep.keep()
    yield found
    await found.close()


async def declared(bus: NatsBus) -> bool:
    """Whether every stream is there as it is declared."""
    found = {info.config.name: info.config for info in await bus.client.jetstream().streams_info()}
    return all(
        (one := found.get(spec.name.value)) is not None
        and one.subjects == list(spec.subjects)
        and one.max_bytes == spec.bytes_max
        and one.retention == spec.config().retention
        for spec in STREAMS
    )


@pytest.mark.row("K03")
@pytest.mark.parametrize("name", list(Stream))
async def test_a_stream_that_is_gone_is_said_and_made_again(bus: NatsBus, name: Stream) -> None:
    """Whoever looks names it, and makes it as it is declared, without a reconnect."""
    seen: set[str] = set()

    async def is_whole() -> bool:
        seen.update(bus.missing)
        return name.value in seen and not bus.missing and await declared(bus)

    await bus.client.jetstream().delete_stream(name.value)
    await until(is_whole, within_s=MADE_S_MAX)
    assert seen == {name.value}


@pytest.mark.row("K03")
async def test_a_server_that_lost_its_disk_gets_every_stream_again(
    bus: NatsBus, nats_server: NatsServer, tmp_path: Path
) -> None:
    """Also the work queues: what is published then is delivered."""
    await asyncio.to_thread(nats_server.kill)
    for folder in tmp_path.rglob("jetstream"):
        shutil.rmtree(folder)
    await asyncio.to_thread(nats_server.start)
    await until(lambda: declared_now(bus), within_s=PATIENCE_S)
    queue = await bus.queue(Stream.EXITS, "executor-a-1", ["cmd.exit.>"])
    await publish_time(bus, "cmd.exit.v.a.S", 7)
    assert len(await queue.fetch(1, PATIENCE_S)) == 1


async def declared_now(bus: NatsBus) -> bool:
    """The same, while the server may still be away."""
    try:
        await bus.state(Stream.DLQ)
        return not bus.missing and await declared(bus)
    except BusDown:
        return False


@pytest.mark.row("K03")
async def test_a_relay_that_cannot_publish_is_not_ready(
    bus: NatsBus, nats_server: NatsServer
) -> None:
    """FEED that can be read but not written, as after a full disk: the relay says so, also with nothing to send."""
    memory = memory_house()
    house = House(
        clock=memory.clock,
        bus=bus,
        journal=memory.journal,
        leases=memory.leases,
        checkpoints=memory.checkpoints,
    )
    async with running(house.relay()) as relay:
        await until(lambda: relay.ready, within_s=PATIENCE_S)
        before = resource.prlimit(nats_server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(nats_server.pid, resource.RLIMIT_FSIZE, (1, before[1]))
        await until(lambda: not relay.ready, within_s=5.0)
        assert "FEED" in relay.status()["why"]
        assert await stays(lambda: not relay.ready, for_s=3.0)
        resource.prlimit(nats_server.pid, resource.RLIMIT_FSIZE, before)
        # A store that could not write does not write again by itself: who watches the server sees that and restarts it.
        port = int(nats_server.monitor_url.rpartition(":")[2])
        assert (await loopback.get(port, "/healthz")).code == 503
        await asyncio.to_thread(nats_server.kill)
        await asyncio.to_thread(nats_server.start)
        await until(lambda: relay.ready, within_s=PATIENCE_S)
