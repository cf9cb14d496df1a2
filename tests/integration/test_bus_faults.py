"""The bus on a NATS server that is killed, restarted and robbed of its data."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.market import Time
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Bus, BusDown, ConnectionWatch, Start, Stream, StreamChanged
from opensqt.runtime.bus.streams import SPECS, ServerTooOld, apply, check_server
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode
from tests.conditions import until
from tests.contract.buses import envelope, publish_time
from tests.servers import NatsServer, free_port

PATIENCE_S = 15.0
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[NatsBus]:
    """A connection to a server of the test's own, with the desk's streams."""
    found = await NatsBus.connect(nats_server.url, "test", monotonic_s=RunClock().monotonic_s)
    await apply(found.client.jetstream())
    yield found
    await found.close()


async def publish_until_confirmed(bus: Bus, subject: str, number: int) -> None:
    """Publish again until the bus is back."""

    async def is_confirmed() -> bool:
        try:
            await publish_time(bus, subject, number)
        except BusDown:
            return False
        return True

    await until(is_confirmed, within_s=PATIENCE_S)


def time_of(data: bytes) -> int:
    """The time in a message."""
    message = decode(data)
    assert isinstance(message, Time)
    return message.time_ms


async def test_a_killed_server_costs_the_follower_nothing_but_time(
    bus: NatsBus, nats_server: NatsServer
) -> None:
    """After kill -9 and a restart the follower goes on in order, without a loss or a double, within 2 s."""
    follower = await bus.follow(Stream.FEED, ["evt.>"], Start())
    items = aiter(follower)
    for number in range(3):
        await publish_time(bus, "evt.time", number)
    async with asyncio.timeout(PATIENCE_S):
        assert [time_of((await anext(items)).data) for _ in range(3)] == [0, 1, 2]
    await asyncio.to_thread(nats_server.kill)
    await asyncio.to_thread(nats_server.start)
    began_s = RunClock().monotonic_s()
    for number in range(3, 6):
        await publish_until_confirmed(bus, "evt.time", number)
    async with asyncio.timeout(PATIENCE_S):
        assert [time_of((await anext(items)).data) for _ in range(3)] == [3, 4, 5]
    assert RunClock().monotonic_s() - began_s < 2.0


async def test_publishing_without_a_server_fails_at_once(
    bus: NatsBus, nats_server: NatsServer
) -> None:
    """Confirmed publishing raises, unconfirmed is dropped and counted: nothing is buffered for later."""
    await asyncio.to_thread(nats_server.kill)
    await until(lambda: not bus.client.is_connected)
    with pytest.raises(BusDown):
        await publish_time(bus, "evt.time", 1)
    await bus.publish("evt.time", Time(time_ms=2), envelope("x"), confirmed=False)
    assert bus.dropped == 1


async def test_those_who_wait_for_an_ack_learn_of_the_loss_at_once(
    bus: NatsBus, nats_server: NatsServer
) -> None:
    """A message in flight when the server dies is `BusDown` long before the publish timeout."""
    nats_server_pid = nats_server.pid
    subprocess.run(["kill", "-STOP", str(nats_server_pid)], check=True)
    waiting = asyncio.ensure_future(publish_time(bus, "evt.time", 1))
    await asyncio.sleep(0)
    began_s = RunClock().monotonic_s()
    await asyncio.to_thread(nats_server.kill)
    with pytest.raises(BusDown):
        await waiting
    assert RunClock().monotonic_s() - began_s < 1.5


async def test_a_watch_hears_of_the_loss_before_anything_can_be_sent_again(
    bus: NatsBus, nats_server: NatsServer
) -> None:
    """First that the connection is lost, while it carries nothing; then that it is regained."""
    heard: list[tuple[str, bool]] = []

    async def regained() -> None:
        heard.append(("regained", bus.client.is_connected))

    def lost() -> None:
        heard.append(("lost", bus.client.is_connected))

    bus.on_reconnect(ConnectionWatch(lost=lost, regained=regained))
    await asyncio.to_thread(nats_server.kill)
    await until(lambda: len(heard) == 1, within_s=PATIENCE_S)
    await asyncio.to_thread(nats_server.start)
    await until(lambda: len(heard) == 2, within_s=PATIENCE_S)
    assert heard == [("lost", False), ("regained", True)]


async def test_a_waiting_fetch_survives_a_restart(bus: NatsBus, nats_server: NatsServer) -> None:
    """A durable of a file stream is there after a restart, and so are its unacknowledged messages."""
    queue = await bus.queue(Stream.COMMANDS, "executor-a-1", ["cmd.open.>"])
    waiting = asyncio.ensure_future(queue.fetch(5, PATIENCE_S))
    await asyncio.sleep(0)
    await asyncio.to_thread(nats_server.kill)
    await asyncio.to_thread(nats_server.start)
    await publish_until_confirmed(bus, "cmd.open.v.a.S", 7)
    async with asyncio.timeout(PATIENCE_S):
        (delivery,) = await waiting
    assert time_of(delivery.data) == 7
    await queue.ack(delivery)
    assert (await bus.state(Stream.COMMANDS)).messages == 0


@pytest.mark.row("A11")
async def test_a_feed_that_lost_its_data_is_noticed(
    bus: NatsBus, nats_server: NatsServer, tmp_path: Path
) -> None:
    """A server that comes back empty, its streams applied again, is `StreamChanged` for a follower."""
    follower = await bus.follow(Stream.FEED, [], Start())
    items = aiter(follower)
    await publish_time(bus, "evt.time", 1)
    await anext(items)
    await asyncio.to_thread(nats_server.kill)
    for folder in tmp_path.rglob("jetstream"):
        shutil.rmtree(folder)
    await asyncio.to_thread(nats_server.start)
    other = await NatsBus.connect(nats_server.url, "other", monotonic_s=RunClock().monotonic_s)
    await apply(other.client.jetstream())
    await other.close()
    with pytest.raises(StreamChanged):
        async with asyncio.timeout(PATIENCE_S):
            await anext(items)


async def test_intents_are_forgotten_by_a_restart_and_the_stream_comes_back(
    bus: NatsBus, nats_server: NatsServer
) -> None:
    """INTENTS lives in memory: a restarted server forgot even the stream; it is made again, followers go on."""
    follower = aiter(await bus.follow(Stream.INTENTS, ["intent.>"], Start()))
    await publish_time(bus, "intent.s.v.a.S", 1)
    assert time_of((await anext(follower)).data) == 1
    await asyncio.to_thread(nats_server.kill)
    await asyncio.to_thread(nats_server.start)
    await publish_until_confirmed(bus, "intent.s.v.a.S", 2)
    async with asyncio.timeout(PATIENCE_S):
        assert time_of((await anext(follower)).data) == 2
    assert (await bus.state(Stream.INTENTS)).messages == 1


async def test_applying_the_streams_twice_changes_nothing(bus: NatsBus) -> None:
    """The command is idempotent: same streams, same messages."""
    await publish_time(bus, "evt.time", 1)
    before = [await bus.state(stream) for stream in Stream]
    await apply(bus.client.jetstream())
    assert [await bus.state(stream) for stream in Stream] == before


async def test_a_disk_that_is_too_small_is_said_with_the_fix(bus: NatsBus) -> None:
    """A stream that does not fit names itself, what it needs and what to do."""
    huge = msgspec.structs.replace(SPECS[Stream.DLQ], bytes_max=10**17)
    with pytest.raises(BusDown, match=r"stream DLQ does not fit: .* free disk space"):
        await apply(bus.client.jetstream(), (huge,))


async def test_the_streams_command_says_what_it_did(nats_url: str) -> None:
    """`python -m opensqt.runtime.bus.streams` applies all streams, and fails in one line without a server."""
    closed_port = free_port()
    answers = []
    for url in (nats_url, f"nats://127.0.0.1:{closed_port}"):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "opensqt.runtime.bus.streams"),
            env={"OPENSQT_NATS_URL": url, "PYTHONPATH": str(ROOT)},
            stderr=asyncio.subprocess.PIPE,
        )
        _, words = await process.communicate()
        answers.append((process.returncode, words.decode().strip()))
    assert answers[0] == (0, f"{len(Stream)} streams applied")
    assert answers[1][0] == 2
    assert len(answers[1][1].splitlines()) == 1


@pytest.mark.parametrize("version", ["2.9.10", "2.11.99", "1.0.0", "nonsense"])
def test_an_old_server_is_refused_with_the_fix(version: str) -> None:
    """One line that names the version found, the version needed and what to do."""
    with pytest.raises(ServerTooOld, match=r"expected at least 2\.12: install"):
        check_server(version)


@pytest.mark.parametrize("version", ["2.12.0", "2.15.1", "3.0.0"])
def test_a_new_enough_server_is_accepted(version: str) -> None:
    """2.12 and everything later."""
    check_server(version)


async def test_a_consumer_that_is_deleted_costs_its_reader_nothing_but_time(bus: NatsBus) -> None:
    """A follower goes on; a queue says that it is gone, and made anew it gives what was not acknowledged."""
    js = bus.client.jetstream()

    async def lose(stream: Stream) -> None:
        for one in await js.consumers_info(stream.value):
            await js.delete_consumer(stream.value, one.name)

    follower = await bus.follow(Stream.FEED, ["evt.>"], Start())
    queue = await bus.queue(Stream.EXITS, "executor-a-1", ["cmd.exit.v.a.>"])
    read = aiter(follower)
    for number in range(3):
        await publish_time(bus, "evt.time", number)
        await publish_time(bus, "cmd.exit.v.a.S", number)
        message = decode((await asyncio.wait_for(anext(read), PATIENCE_S)).data)
        assert isinstance(message, Time)
        assert message.time_ms == number
        (found,) = await queue.fetch(1, PATIENCE_S)
        assert decode(found.data) == message
        await lose(Stream.FEED)
        await lose(Stream.EXITS)
        with pytest.raises(BusDown, match="is gone"):
            await queue.fetch(1, PATIENCE_S)
        queue = await bus.queue(Stream.EXITS, "executor-a-1", ["cmd.exit.v.a.>"])
        (again,) = await queue.fetch(1, PATIENCE_S)
        assert again.sequence == found.sequence
        await queue.ack(again)
    await follower.close()
