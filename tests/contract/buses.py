"""Both buses for contract tests, with what each needs to be broken on purpose."""

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from opensqt.domain.market import Time
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Bus, Stream
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.clock import RunClock
from opensqt.runtime.envelope import Envelope
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker

PATIENCE_S = 5.0


class House(msgspec.Struct, kw_only=True):
    """One bus server: connections to it, and a fault."""

    connect: Callable[[], Awaitable[Bus]]
    make_anew: Callable[[Stream], Awaitable[None]]
    opened: list[Bus]

    async def close(self) -> None:
        """Close every connection."""
        for bus in self.opened:
            await bus.close()


def server_of(request: pytest.FixtureRequest) -> str:
    """Return the NATS server of a fixture with the parameter "nats", nothing for "memory".

    Called outside of the event loop: a server dies with the thread that started it.
    """
    url: str = request.getfixturevalue("nats_url") if request.param == "nats" else ""
    return url


async def house_at(url: str) -> House:
    """Open the bus on this server, or the twin."""
    return await (nats_house(url) if url else memory_house())


async def nats_house(url: str) -> House:
    """Real JetStream with the desk's streams."""
    opened: list[Bus] = []

    async def connect() -> Bus:
        bus = await NatsBus.connect(url, "test", monotonic_s=RunClock().monotonic_s)
        await apply(bus.client.jetstream())
        opened.append(bus)
        return bus

    async def make_anew(stream: Stream) -> None:
        bus = opened[0]
        assert isinstance(bus, NatsBus)
        await bus.client.jetstream().delete_stream(stream.value)
        await apply(bus.client.jetstream())

    return House(connect=connect, make_anew=make_anew, opened=opened)


async def memory_house() -> House:
    """The twin."""
    broker = MemoryBroker(RunClock())
    opened: list[Bus] = []

    async def connect() -> Bus:
        opened.append(MemoryBus(broker))
        return opened[-1]

    async def make_anew(stream: Stream) -> None:
        broker.make_anew(stream)

    return House(connect=connect, make_anew=make_anew, opened=opened)


def envelope(event_id: str) -> Envelope:
    """An envelope with nothing but what must be there."""
    return Envelope(event_id=event_id, type="Time", source="test", time_ms=0)


async def publish_time(bus: Bus, subject: str, number: int) -> int:
    """Publish the time `number` under an id made of both and return the sequence."""
    published = await bus.publish(subject, Time(time_ms=number), envelope(f"{subject}/{number}"))
    assert published is not None
    return published.sequence
