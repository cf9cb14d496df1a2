"""A follower on a real server whose answers come at the worst moment: with a cancellation, or late."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from nats.js import api
from nats.js.client import JetStreamContext

from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.nats_follower import CLOSE_S_MAX, NatsFollower
from opensqt.runtime.bus.port import Delivery, Start, Stream, StreamChanged
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from tests.conditions import until
from tests.contract.buses import publish_time

PATIENCE_S = 15.0


class Gate(JetStreamContext):
    """The server's own answers about a stream, held until the test lets them pass; `swallows` loses cancellations."""

    def __init__(self, bus: NatsBus) -> None:
        super().__init__(bus.client)
        self.asked = asyncio.Event()
        self.let_pass = asyncio.Event()
        self.let_pass.set()
        self.swallows = False

    async def stream_info(self, *words: Any, **more: Any) -> api.StreamInfo:
        answer = await super().stream_info(*words, **more)
        self.asked.set()
        try:
            await self.let_pass.wait()
        except asyncio.CancelledError:
            if not self.swallows:
                raise
        return answer

    def hold(self) -> None:
        """Hold the next answer."""
        self.let_pass.clear()
        self.asked.clear()


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[NatsBus]:
    """A connection, with the desk's streams."""
    found = await NatsBus.connect(nats_url, "test", monotonic_s=RunClock().monotonic_s)
    await apply(found.client.jetstream())
    yield found
    await found.close()


async def opened(bus: NatsBus, gate: Gate) -> NatsFollower:
    """Follow FEED from now on, past this gate."""
    follower = NatsFollower(bus.client, gate, Stream.FEED, ["evt.>"], Start())
    await follower.open()
    return follower


async def test_a_follower_closes_although_its_cancellation_is_swallowed(bus: NatsBus) -> None:
    """Closing takes bounded time, its keeper is gone, and who reads it is told of the end."""
    gate = Gate(bus)
    follower = await opened(bus, gate)
    gate.swallows = True
    gate.hold()
    follower.reset()
    await gate.asked.wait()
    closing = asyncio.create_task(follower.close())
    await until(closing.done, within_s=CLOSE_S_MAX)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "follow FEED" not in names
    async with asyncio.timeout(PATIENCE_S):
        assert [one async for one in follower] == []


async def test_what_is_read_while_an_answer_is_on_its_way_is_no_other_stream(bus: NatsBus) -> None:
    """An answer that is older than what was read meanwhile does not say that the stream lost its end."""
    gate = Gate(bus)
    follower = await opened(bus, gate)
    found: list[Delivery] = []

    async def read() -> None:
        found.extend([one async for one in follower])

    reading = asyncio.create_task(read())
    await publish_time(bus, "evt.time", 1)
    gate.hold()
    follower.reset()
    await gate.asked.wait()
    await publish_time(bus, "evt.time", 2)
    await until(lambda: follower._last == 2)
    gate.let_pass.set()
    await publish_time(bus, "evt.time", 3)
    await until(lambda: follower._last == 3 or reading.done(), within_s=PATIENCE_S)
    await follower.close()
    await reading
    assert [one.sequence for one in found] == [1, 2, 3]


@pytest.mark.row("K04")
async def test_a_message_dressed_as_a_status_is_a_message(bus: NatsBus) -> None:
    """Anybody may write the header of the server's own words; it neither stops a follower nor a queue."""
    follower = aiter(await bus.follow(Stream.FEED, ["md.>"], Start()))
    queue = await bus.queue(Stream.COMMANDS, "executor-a-1", ["cmd.open.>"])
    for subject in ("md.v.s.tick", "cmd.open.v.a.S"):
        for status in ("503", "100", "409"):
            await bus.send(subject, b"x", {"Status": status, "Nats-Msg-Id": subject + status})
    async with asyncio.timeout(PATIENCE_S):
        heard = [(await anext(follower)).headers["Status"] for _ in range(3)]
        taken: list[Delivery] = []
        while len(taken) < 3:  # those that are there are given, not those that come
            taken += await queue.fetch(3, PATIENCE_S)
    assert heard == ["503", "100", "409"]
    assert [one.headers["Status"] for one in taken] == heard


@pytest.mark.row("K04")
@pytest.mark.parametrize(
    "head", [b"NATS/1.0 503 \xff\xfe\r\n\r\n", b"NATS/1.0 \xff\xff\xff\r\n\r\n"]
)
async def test_a_head_that_is_no_text_costs_nobody_the_connection(
    bus: NatsBus, nats_url: str, head: bytes
) -> None:
    """The message arrives, and what follows it arrives too."""
    follower = aiter(await bus.follow(Stream.FEED, ["md.>"], Start()))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(nats_url.rpartition(":")[2]))
    await reader.readline()
    words = f"HPUB md.v.s.tick {len(head)} {len(head) + 1}\r\n".encode()
    writer.write(b'CONNECT {"headers":true,"verbose":false}\r\n' + words + head + b"x\r\nPING\r\n")
    await writer.drain()
    assert await reader.readline() == b"PONG\r\n"
    writer.close()
    await publish_time(bus, "md.v.s.tock", 1)
    async with asyncio.timeout(PATIENCE_S):
        found = [(await anext(follower)).subject for _ in range(2)]
    assert found == ["md.v.s.tick", "md.v.s.tock"]


async def test_a_stream_made_anew_while_its_follower_opens_is_told(bus: NatsBus) -> None:
    """The server would say nothing and beat, until the new stream is as long as the former."""
    for number in range(3):
        await publish_time(bus, "evt.time", number)
    gate = Gate(bus)
    gate.hold()
    opening = asyncio.create_task(opened(bus, gate))
    await gate.asked.wait()
    await bus.client.jetstream().delete_stream(Stream.FEED.value)
    await apply(bus.client.jetstream())
    gate.let_pass.set()
    follower = await opening
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(StreamChanged):
            await anext(aiter(follower))
    await follower.close()
