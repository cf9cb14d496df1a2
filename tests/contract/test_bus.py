"""What every bus does: the same suite over NATS JetStream and the in-memory twin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import pytest

from opensqt.domain.market import Tick, Time
from opensqt.runtime.bus.port import (
    Bus,
    BusDown,
    Delivery,
    Follower,
    Queue,
    QueueTaken,
    Start,
    Stream,
    StreamFull,
)
from opensqt.runtime.bus.stream_usage import StreamUsageWatch
from opensqt.runtime.bus.streams import SPECS
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import decode_event
from opensqt.runtime.envelope import Envelope, from_headers
from opensqt.runtime.telemetry.metrics import Metrics
from services.risk.intent_queue import COMMANDS_UNDER_WAY_MAX
from tests.contract.buses import PATIENCE_S, envelope, house_at, publish_time, server_of

Connect = Callable[[], Awaitable[Bus]]


@pytest.fixture(params=["nats", "memory"])
def server(request: pytest.FixtureRequest) -> str:
    """Each bus."""
    return server_of(request)


@pytest.fixture
async def connect(server: str) -> AsyncIterator[Connect]:
    """Connections to one bus with the desk's streams."""
    house = await house_at(server)
    yield house.connect
    await house.close()


async def take(follower: Follower, count: int) -> list[Delivery]:
    """Read this many deliveries."""
    found: list[Delivery] = []
    async with asyncio.timeout(PATIENCE_S):
        async for delivery in follower:
            found.append(delivery)
            if len(found) == count:
                break
    return found


def numbers(deliveries: list[Delivery]) -> list[int]:
    """The times in these deliveries."""
    return [decode_event(one.data).time_ms for one in deliveries]


async def fetch(queue: Queue, count: int) -> list[Delivery]:
    """Fetch until this many deliveries are here."""
    found: list[Delivery] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            found += await queue.fetch(count - len(found), 0.5)
    return found


@pytest.mark.row("A04")
async def test_publishing_twice_stores_once(connect: Connect) -> None:
    """The same event id is stored once and acknowledged as a duplicate with the same sequence."""
    bus = await connect()
    first = await bus.publish("evt.time", Time(time_ms=1), envelope("a"))
    second = await bus.publish("evt.time", Time(time_ms=1), envelope("a"))
    assert first is not None
    assert second is not None
    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.sequence == second.sequence
    assert (await bus.state(Stream.FEED)).messages == 1


async def test_what_is_begun_in_order_is_stored_in_order(connect: Connect) -> None:
    """Confirmations awaited out of line change nothing: the stream has commands as the gate began to send them."""
    bus = await connect()
    follower = await bus.follow(Stream.FEED, [], Start())
    async with asyncio.TaskGroup() as tasks:
        for number in range(COMMANDS_UNDER_WAY_MAX):
            tasks.create_task(bus.publish("evt.time", Time(time_ms=number), envelope(str(number))))
    assert numbers(await take(follower, COMMANDS_UNDER_WAY_MAX)) == [*range(COMMANDS_UNDER_WAY_MAX)]


async def test_message_and_envelope_arrive_as_they_were_sent(connect: Connect) -> None:
    """Bytes decode to the message, headers to the envelope."""
    bus = await connect()
    tick = Tick(
        venue="binance",
        symbol="BTC/USDT:USDT",
        bid_price=Decimal("0.00000001"),
        bid_quantity=Decimal(1),
        ask_price=Decimal(2),
        ask_quantity=Decimal("3.50"),
        time_ms=5,
        book_sequence=7,
    )
    sent = Envelope(
        event_id="x",
        type="Tick",
        source="test/1",
        time_ms=5,
        stream="s",
        version=3,
        position=9,
        prev=8,
        correlation_id="c",
        causation_id="d",
        traceparent="00-1-2-01",
    )
    await bus.publish("md.binance.BTC-USDT-USDT.tick", tick, sent)
    follower = await bus.follow(Stream.FEED, [], Start(sequence=1))
    (delivery,) = await take(follower, 1)
    assert decode_event(delivery.data) == tick
    assert from_headers(delivery.headers) == sent
    assert delivery.subject == "md.binance.BTC-USDT-USDT.tick"


async def test_several_filters_share_one_total_order(connect: Connect) -> None:
    """A follower with several filters sees their messages in the order of the stream, and no others."""
    bus = await connect()
    for number in range(30):
        await publish_time(bus, ("evt.time", "md.a.B.tick", "ctl.limit")[number % 3], number)
    filters = ["evt.>", "md.a.*.tick", "md.a.B.tick", "evt.time"]
    follower = await bus.follow(Stream.FEED, filters, Start(sequence=1))
    found = await take(follower, 20)
    assert numbers(found) == [number for number in range(30) if number % 3 < 2]
    assert [one.sequence for one in found] == sorted(one.sequence for one in found)


async def test_following_starts_where_asked(connect: Connect) -> None:
    """A sequence, a wall time, or what comes next."""
    bus = await connect()
    for number in range(5):
        await publish_time(bus, "evt.time", number)
    by_sequence = await bus.follow(Stream.FEED, [], Start(sequence=4))
    by_time = await bus.follow(Stream.FEED, [], Start(wall_ms=RunClock().wall_ms() - 60_000))
    following = await bus.follow(Stream.FEED, [], Start())
    await publish_time(bus, "evt.time", 5)
    assert numbers(await take(by_sequence, 3)) == [3, 4, 5]
    assert numbers(await take(by_time, 6)) == [0, 1, 2, 3, 4, 5]
    assert numbers(await take(following, 1)) == [5]


async def test_a_closed_follower_ends(connect: Connect) -> None:
    """Iterating a closed follower ends instead of hanging."""
    bus = await connect()
    follower = await bus.follow(Stream.FEED, [], Start())
    await follower.close()
    async with asyncio.timeout(PATIENCE_S):
        assert [one async for one in follower] == []


async def test_unconfirmed_publishing_returns_at_once(connect: Connect) -> None:
    """Unconfirmed messages arrive, without an answer."""
    bus = await connect()
    follower = await bus.follow(Stream.FEED, [], Start())
    assert await bus.publish("evt.time", Time(time_ms=1), envelope("a"), confirmed=False) is None
    assert numbers(await take(follower, 1)) == [1]


async def test_a_subject_of_no_stream_is_an_error(connect: Connect) -> None:
    """Nothing confirms a subject that no stream takes."""
    bus = await connect()
    with pytest.raises(BusDown):
        await publish_time(bus, "nowhere.at.all", 1)


async def test_queue_hands_out_in_order_and_forgets_what_was_acknowledged(connect: Connect) -> None:
    """Acknowledged commands leave the work queue."""
    bus = await connect()
    for number in range(5):
        await publish_time(bus, "cmd.open.v.a.S", number)
    queue = await bus.queue(Stream.COMMANDS, "executor-a-1", ["cmd.open.v.a.>"])
    found = await fetch(queue, 5)
    assert numbers(found) == [0, 1, 2, 3, 4]
    for delivery in found:
        await queue.ack(delivery)
    assert (await bus.state(Stream.COMMANDS)).messages == 0
    assert await queue.fetch(5, 0.05) == []


async def test_a_waiting_fetch_wakes_when_a_command_comes(connect: Connect) -> None:
    """A fetch that waits returns as soon as one message is there."""
    bus = await connect()
    queue = await bus.queue(Stream.EXITS, "executor-a-1", ["cmd.exit.v.a.>"])
    waiting = asyncio.create_task(queue.fetch(10, 4.0))
    await asyncio.sleep(0)
    await publish_time(bus, "cmd.exit.v.a.S", 7)
    async with asyncio.timeout(2.0):
        assert numbers(await waiting) == [7]


async def test_a_new_durable_gets_unacknowledged_commands_at_once(connect: Connect) -> None:
    """Take-over: after the predecessor's durable is deleted, its commands come at once, in order, and it fails."""
    old_bus, new_bus = await connect(), await connect()
    for number in range(6):
        await publish_time(old_bus, "cmd.open.v.a.S", number)
    old = await old_bus.queue(Stream.COMMANDS, "executor-a-1", ["cmd.open.v.a.>"])
    taken = await fetch(old, 4)
    await old.ack(taken[0])
    dropped = await new_bus.drop_queues(Stream.COMMANDS, prefix="executor-a-", keep="executor-a-2")
    assert dropped == ("executor-a-1",)
    new = await new_bus.queue(Stream.COMMANDS, "executor-a-2", ["cmd.open.v.a.>"])
    assert numbers(await fetch(new, 5)) == [1, 2, 3, 4, 5]
    with pytest.raises(BusDown):
        await old.ack(taken[1])
    with pytest.raises(BusDown):
        await fetch(old, 1)


async def test_a_second_durable_on_the_same_commands_is_refused(connect: Connect) -> None:
    """A work queue serves each subject to one durable only."""
    bus = await connect()
    await bus.queue(Stream.COMMANDS, "executor-a-1", ["cmd.open.v.a.>"])
    await bus.queue(Stream.COMMANDS, "executor-b-1", ["cmd.open.v.b.>"])
    with pytest.raises(QueueTaken) as taken:
        await bus.queue(Stream.COMMANDS, "executor-a-2", ["cmd.open.v.a.>"])
    assert taken.value.durables == ("executor-a-1", "executor-b-1")


async def test_durables_of_an_account_whose_name_begins_alike_are_left_alone(
    connect: Connect,
) -> None:
    """`a-b` is no epoch of `a`: only the prefix with an epoch behind it is of the family."""
    bus = await connect()
    await bus.queue(Stream.COMMANDS, "executor-a-e1", ["cmd.open.v.a.>"])
    await bus.queue(Stream.COMMANDS, "executor-a-e1-e1", ["cmd.open.v.a-e1.>"])
    dropped = await bus.drop_queues(Stream.COMMANDS, prefix="executor-a-e", keep="executor-a-e2")
    assert dropped == ("executor-a-e1",)


async def test_a_full_command_stream_refuses_and_exits_still_pass(connect: Connect) -> None:
    """COMMANDS discards what is new when full; EXITS has room of its own."""
    bus = await connect()
    payload = bytes(SPECS[Stream.COMMANDS].message_bytes_max - 1024)
    sending = (
        bus.send("cmd.open.v.a.S", payload, {"Nats-Msg-Id": str(number)}) for number in range(32)
    )
    with pytest.raises(StreamFull):
        await asyncio.gather(*sending)
    await publish_time(bus, "cmd.exit.v.a.S", 1)


async def test_dropping_a_queue_is_repeatable(connect: Connect) -> None:
    """A durable can be dropped twice."""
    bus = await connect()
    queue = await bus.queue(Stream.EXITS, "executor-a-1", ["cmd.exit.v.a.>"])
    await queue.drop()
    await queue.drop()
    assert await bus.drop_queues(Stream.EXITS, prefix="executor-", keep="") == ()


async def test_state_tells_what_a_stream_holds(connect: Connect) -> None:
    """First and last sequence, count, and when the stream was made."""
    bus = await connect()
    for number in range(3):
        await publish_time(bus, "evt.time", number)
    state = await bus.state(Stream.FEED)
    assert (state.first_sequence, state.last_sequence, state.messages) == (1, 3, 3)
    assert state.size_bytes > 0
    assert abs(state.created_ms - RunClock().wall_ms()) < 60_000


async def test_exits_alarm_long_before_they_are_full(connect: Connect) -> None:
    """EXITS is never full in practice: a tenth of its room alarms, once, until it is better."""
    bus = await connect()
    watch = StreamUsageWatch(bus, Metrics())
    await watch.check()
    assert watch.alarmed == set()
    payload = bytes(SPECS[Stream.EXITS].message_bytes_max - 1024)
    for number in range(7):
        await bus.send("cmd.exit.v.a.S", payload, {"Nats-Msg-Id": str(number)})
    await watch.check()
    assert watch.alarmed == {Stream.EXITS}
    queue = await bus.queue(Stream.EXITS, "executor-a-1", [])
    for delivery in await fetch(queue, 7):
        await queue.ack(delivery)
    await watch.check()
    assert watch.alarmed == set()
