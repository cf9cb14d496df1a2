"""One pass over FEED: a hole that nobody fills ends it, in time, and never earlier."""

import pytest

from opensqt.domain.market import Time
from opensqt.runtime.bus.feed_pass import HOLE_S_MAX, FeedPass, StartAgain
from opensqt.runtime.bus.memory import MemoryBus
from opensqt.runtime.bus.memory_broker import MemoryBroker
from opensqt.runtime.bus.port import Delivery, Stream
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.metrics import Metrics

SUBJECT = "evt.time"


def one_pass() -> FeedPass:
    """A pass over an empty FEED."""
    bus = MemoryBus(MemoryBroker(VirtualClock()))
    return FeedPass(bus=bus, filters=["evt.>"], service="test", metrics=Metrics(), end=0)


def delivery(sequence: int, position: int, prev: int, subject: str = SUBJECT) -> Delivery:
    """A message of FEED."""
    envelope = Envelope(
        event_id=str(sequence),
        type="Time",
        source="test",
        time_ms=sequence,
        position=position,
        prev=prev,
    )
    return Delivery(
        stream=Stream.FEED,
        sequence=sequence,
        subject=subject,
        headers=envelope.headers(),
        data=encode(Time(time_ms=sequence)),
    )


async def offered(one: FeedPass, item: Delivery, now_s: float) -> list[int]:
    """The positions that an offer makes known."""
    return [found.envelope.position async for found in one.offer(item, now_s)]


@pytest.mark.row("A11")
async def test_a_hole_that_stays_open_ends_the_pass() -> None:
    """Within the wait everything is held; beyond it the reader begins again from the journal."""
    one = one_pass()
    assert await offered(one, delivery(1, 5, 3), 0.0) == []
    assert await offered(one, delivery(2, 0, 0), HOLE_S_MAX) == []
    assert one.held == 2
    with pytest.raises(StartAgain, match="waits for position 3"):
        await offered(one, delivery(3, 0, 0), HOLE_S_MAX + 0.1)


@pytest.mark.row("A11")
async def test_each_hole_has_its_own_time() -> None:
    """A hole that opens when another one closes is waited for as long."""
    one = one_pass()
    assert await offered(one, delivery(1, 2, 1), 0.0) == []
    assert await offered(one, delivery(2, 7, 6, "evt.other"), 1.0) == []
    assert await offered(one, delivery(3, 1, 0), 1.9) == [1, 2]
    assert await offered(one, delivery(4, 0, 0), 3.0) == []
    assert await offered(one, delivery(5, 6, 0, "evt.other"), 3.5) == [6, 7, 0]
    assert one.held == 0


async def test_the_basis_never_runs_ahead_of_what_waits() -> None:
    """The sequence stays before the first message that is held."""
    one = one_pass()
    assert await offered(one, delivery(4, 1, 0), 0.0) == [1]
    assert one.sequence == 4
    await offered(one, delivery(5, 3, 2), 0.0)
    await offered(one, delivery(6, 0, 0), 0.0)
    assert one.sequence == 4
    assert await offered(one, delivery(7, 2, 1), 0.0) == [2, 3, 0]
    assert one.sequence == 7
