"""What stands still is named, loses its lease and is started again; what only waits is left alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from opensqt.desk.liveness import SILENT_S_MAX, STANDING_MAX, LivenessWatch
from opensqt.desk.readiness import NOT_THERE, ReadinessAnswer
from opensqt.domain.market import Time
from opensqt.runtime.bus.nats_connection import Connection
from opensqt.runtime.bus.reader import FeedReader
from opensqt.runtime.clock import RunClock
from opensqt.runtime.health import Health
from opensqt.runtime.lease import LeaseKeeper, LeaseLost
from opensqt.runtime.progress import Progress
from opensqt.runtime.telemetry.metrics import Metrics
from tests.conditions import until
from tests.contract.buses import publish_time
from tests.relays import memory_house
from tests.support.fakes.bus import MemoryBus

READY = ReadinessAnswer(ready=True)


class Hand:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_loop_that_stands_still_is_named_and_one_that_rests_is_not() -> None:
    """A step is good for so long; rest, or an end, is good for ever."""
    hand = Hand()
    progress = Progress(hand, still_s_max=10)
    working, waiting, over = (progress.loop(name) for name in ("work", "wait", "over"))
    for loop in (working, waiting, over):
        loop.step()
    waiting.rest()
    progress.forget(over)
    hand.now_s = 10
    assert progress.standing == ""
    hand.now_s = 10.5
    assert progress.standing == "work stands still for 10 s"
    working.step()
    assert progress.standing == ""


async def test_a_client_that_stops_trying_to_reach_nats_stands_still() -> None:
    """Each attempt is a step, being connected is rest; a lost connection that nobody tries to regain is neither."""
    hand = Hand()
    progress = Progress(hand, still_s_max=5)
    connection = Connection("nats://127.0.0.1:1", "test", hand, progress)
    await connection._lost()
    hand.now_s = 4
    await connection._complain(OSError("refused"))
    hand.now_s = 8
    assert progress.standing == ""
    hand.now_s = 10
    assert progress.standing == "reaching NATS stands still for 6 s"
    await connection._regained()
    assert progress.standing == ""


@pytest.mark.row("I22")
async def test_healthz_fails_while_a_loop_stands_still() -> None:
    """200 while all go on, 503 with the loop's name while one does not."""
    hand = Hand()
    progress = Progress(hand, still_s_max=1)
    health = Health(dict, Metrics(), progress=progress)
    port = await health.open("127.0.0.1", 0)
    progress.loop("reading FEED").step()
    first = await ask(port)
    hand.now_s = 2
    second = await ask(port)
    await health.close()
    assert first[0] == "HTTP/1.1 200 OK"
    assert second[0] == "HTTP/1.1 503 Service Unavailable"
    assert "reading FEED stands still for 2 s" in second[1]


async def ask(port: int) -> tuple[str, str]:
    """The status line and the body of /healthz."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")
    reply = (await reader.read()).decode()
    writer.close()
    return reply.partition("\r\n")[0], reply.rpartition("\r\n\r\n")[2]


@pytest.mark.row("K03")
async def test_who_stands_still_loses_the_lease_to_a_standby() -> None:
    """The renewal ends although the journal answers, and another holder gets the lease within its time."""
    house, hand = memory_house(), Hand()
    progress = Progress(hand, still_s_max=1)

    def keeper(holder: str) -> LeaseKeeper:
        return LeaseKeeper(house.leases, house.clock, name="risk", holder=holder, ttl_ms=300)

    hung, standby = keeper("one"), keeper("two")
    await hung.take()
    progress.loop("judging intents").step()
    keeping = asyncio.create_task(hung.keep(progress))
    assert await standby.attempt() is None
    hand.now_s = 2
    with pytest.raises(LeaseLost, match="judging intents stands still"):
        await keeping
    assert not hung.held
    async with asyncio.timeout(5):
        await standby.take()


@pytest.fixture
async def reading() -> AsyncIterator[tuple[Progress, Hand, FeedReader]]:
    """A reader of an empty FEED that is watched."""
    house, hand = memory_house(RunClock()), Hand()
    progress = Progress(hand, still_s_max=5)
    reader = FeedReader(
        bus=house.bus,
        journal=house.journal,
        clock=house.clock,
        filters=["evt.time"],
        service="test",
        progress=progress,
    )
    await publish_time(house.bus, "evt.time", 0)
    yield progress, hand, reader
    await reader.close()


async def test_a_reader_may_wait_for_ever_and_its_consumer_may_not(
    reading: tuple[Progress, Hand, FeedReader],
) -> None:
    """Silence on FEED is no fault; a message that is never done with is."""
    progress, hand, reader = reading
    stuck = asyncio.Event()
    seen: list[object] = []

    async def consume() -> None:
        async for item in reader:
            seen.append(item)
            if isinstance(getattr(item, "message", None), Time):
                await stuck.wait()

    consuming = asyncio.create_task(consume())
    await until(lambda: len(seen) == 1)
    await asyncio.sleep(0)
    hand.now_s = 100
    assert progress.standing == ""
    bus = reader._bus
    assert isinstance(bus, MemoryBus)
    await publish_time(bus, "evt.time", 1)
    await until(lambda: len(seen) == 2)
    hand.now_s = 200
    assert progress.standing == "reading FEED stands still for 100 s"
    stuck.set()
    await until(lambda: progress.standing == "")
    consuming.cancel()
    await asyncio.wait((consuming,))


@pytest.mark.row("K03")
def test_a_process_is_ended_when_it_stands_still_says_nothing_or_stays_unready() -> None:
    """Each only for as long as is bearable, and never before it has answered or been ready once."""
    standing = ReadinessAnswer(ready=True, standing="reading FEED stands still for 31 s")
    watch = LivenessWatch()
    assert [watch.judge(standing, now_s) for now_s in range(STANDING_MAX - 1)] == [""] * (
        STANDING_MAX - 1
    )
    assert watch.judge(READY, 3) == ""
    verdicts = [watch.judge(standing, 4 + now_s) for now_s in range(STANDING_MAX)]
    assert verdicts[-1] == standing.standing
    born = LivenessWatch()
    assert born.judge(NOT_THERE, 1000) == ""
    silent = LivenessWatch()
    silent.judge(READY, 0)
    assert silent.judge(NOT_THERE, SILENT_S_MAX) == ""
    assert "no answer" in silent.judge(NOT_THERE, SILENT_S_MAX + 1)
    server = LivenessWatch(unready_s_max=10)
    assert server.judge(ReadinessAnswer(ready=False), 100) == ""
    assert server.judge(READY, 101) == ""
    assert server.judge(ReadinessAnswer(ready=False), 111) == ""
    assert "not ready for 11 s" in server.judge(ReadinessAnswer(ready=False), 112)
    assert LivenessWatch().judge(ReadinessAnswer(ready=False), 112) == ""
