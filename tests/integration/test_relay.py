"""The relay over the in-memory twins: order, resending and generations."""

import pytest

from opensqt.domain.control import DeskGeneration, FeedGeneration
from opensqt.domain.market import Time
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.codec import decode
from opensqt.runtime.envelope import Envelope
from tests.conditions import until
from tests.relays import (
    SETTINGS,
    House,
    MemoryHouse,
    Message,
    append,
    chains_hold,
    crashing,
    everything_arrived,
    memory_house,
    positions,
    running,
)


@pytest.fixture
def house() -> MemoryHouse:
    """An empty house in memory."""
    return memory_house()


async def generations(house: House) -> list[FeedGeneration]:
    """Return the feed generations of the journal."""
    facts = [decode(row.data) for row in await house.journal.read(0, 10_000)]
    return [fact for fact in facts if isinstance(fact, FeedGeneration)]


@pytest.mark.row("A03", "A11")
async def test_every_row_arrives_once_in_order_with_its_place(house: MemoryHouse) -> None:
    """FEED holds the journal's rows in the journal's order, under their subjects, with position and prev."""
    await append(house, 20)
    async with running(house.relay()):
        messages = await everything_arrived(house)
    rows = await house.journal.read(0, 100)
    journalled = [one for one in messages if one.envelope.position > 0]
    assert [one.envelope.position for one in journalled] == [row.position for row in rows]
    for message, row in zip(journalled, rows, strict=True):
        assert (message.subject, message.data) == (row.subject, row.data)
        assert (message.envelope.prev, message.envelope.event_id) == (row.prev, row.event_id)
        assert (message.envelope.stream, message.envelope.version) == (row.stream, row.version)


@pytest.mark.row("A03")
async def test_the_desk_and_its_feed_introduce_themselves(house: MemoryHouse) -> None:
    """The first facts of a desk are its generation and that of its FEED."""
    async with running(house.relay()):
        await everything_arrived(house)
    first, second = (decode(row.data) for row in await house.journal.read(0, 2))
    assert isinstance(first, DeskGeneration)
    assert isinstance(second, FeedGeneration)
    assert (second.generation, second.position) == (1, 0)


async def test_a_row_travels_at_once_when_the_house_is_quiet(house: MemoryHouse) -> None:
    """An idle relay is woken by the append, not by its timer."""
    slow = SETTINGS.__class__(idle_wait_s=60.0, lease_ttl_ms=300)
    relay = house.relay(settings=slow)
    async with crashing(relay):
        await until(lambda: relay.ready)
        await append(house, 1)
        await everything_arrived(house)


@pytest.mark.row("A11", "J20")
async def test_an_outage_of_the_bus_loses_and_reorders_nothing(house: MemoryHouse) -> None:
    """Rows that were not confirmed are sent again, and all after them."""
    async with running(house.relay()):
        await append(house, 5, "before")
        await everything_arrived(house)
        house.broker.down()
        await append(house, 30, "during")
        await house.broker.up()
        messages = await everything_arrived(house)
    assert positions(messages) == list(range(1, 38))
    assert chains_hold(messages)
    assert [one.generation for one in await generations(house)] == [1]


@pytest.mark.row("A11")
async def test_an_outage_of_the_journal_is_waited_for(house: MemoryHouse) -> None:
    """The relay goes on where it was when Postgres is back."""
    settings = SETTINGS.__class__(lease_ttl_ms=60_000, retry_s=0.01, idle_wait_s=0.01)
    relay = house.relay(settings=settings)
    async with running(relay):
        await append(house, 5, "before")
        await everything_arrived(house)
        house.store.down = True
        await until(lambda: not relay.ready)
        house.store.down = False
        await append(house, 5, "after")
        assert chains_hold(await everything_arrived(house))


@pytest.mark.row("A11", "J20")
async def test_a_feed_that_lost_its_tail_is_a_new_generation(house: MemoryHouse) -> None:
    """What FEED lost is announced, journalled and sent again, back to what it still holds."""
    async with running(house.relay()):
        await append(house, 30)
        before = await everything_arrived(house)
        house.broker.down()
        house.broker.lose_tail(Stream.FEED, 10 + pulses(before))
        await house.broker.up()
        await until(lambda: len(house.store.rows) == 33)
        messages = await everything_arrived(house)
    new = (await generations(house))[-1]
    assert new.generation == 2
    assert "tail" in new.reason
    assert sorted(set(positions(messages))) == list(range(1, len(house.store.rows) + 1))
    assert chains_hold(messages)
    announced = next(
        one for one in messages if decode(one.data) == new and one.envelope.position == 0
    )
    resent = next(one for one in messages if one.envelope.position == 32)
    assert announced.sequence < resent.sequence


def pulses(messages: list[Message]) -> int:
    """Return how many messages of FEED are the relay's pulse."""
    return messages[-1].sequence - len(messages)


@pytest.mark.row("A11", "J20")
async def test_a_feed_that_lost_its_tail_and_grew_again_is_a_new_generation(
    house: MemoryHouse,
) -> None:
    """Length is no proof: others may have filled FEED up before the relay looks."""
    async with crashing(house.relay()):
        await append(house, 30)
        await everything_arrived(house)
        await until(lambda: house.store.checkpoints[-1].position == 32)
    before = (await house.bus.state(Stream.FEED)).last_sequence
    house.broker.lose_tail(Stream.FEED, 20)
    for number in range(60):
        tick = Envelope(event_id=f"t{number}", type="Time", source="test", time_ms=number)
        await house.bus.publish("evt.time", Time(time_ms=number), tick)
    assert (await house.bus.state(Stream.FEED)).last_sequence > before
    async with running(house.relay()):
        await until(lambda: len(house.store.rows) > 32)
        messages = await everything_arrived(house)
    assert [one.generation for one in await generations(house)] == [1, 2]
    assert set(range(1, 34)) <= set(positions(messages))
    assert chains_hold(messages)


@pytest.mark.row("A11")
async def test_a_feed_made_anew_gets_the_newest_rows_only(house: MemoryHouse) -> None:
    """After a total loss the generation says behind which position FEED is complete again."""
    async with running(house.relay()):
        await append(house, 150)
        await everything_arrived(house)
        house.broker.down()
        house.broker.make_anew(Stream.FEED)
        await house.broker.up()
        await until(lambda: len(house.store.rows) > 152)
        messages = await everything_arrived(house)
    new = (await generations(house))[-1]
    assert (new.generation, new.position) == (2, 152 - SETTINGS.resend_rows_max)
    assert positions(messages) == list(range(new.position + 1, 154))
    known: dict[str, int] = {}
    for row in house.store.rows[: new.position]:
        known[row.subject] = row.position
    assert chains_hold(messages, last=known)


@pytest.mark.row("A11")
async def test_a_restart_goes_on_without_a_new_generation(house: MemoryHouse) -> None:
    """The same FEED, found to hold the checkpoint's message, is simply continued."""
    async with running(house.relay()):
        await append(house, 10, "before")
        await everything_arrived(house)
    async with running(house.relay()):
        await append(house, 10, "after")
        messages = await everything_arrived(house)
    assert positions(messages) == list(range(1, 23))
    assert [one.generation for one in await generations(house)] == [1]


async def test_a_crash_before_the_checkpoint_stores_nothing_twice(house: MemoryHouse) -> None:
    """What was confirmed but not remembered is sent again under the same ids, and FEED drops it."""
    lazy = SETTINGS.__class__(checkpoint_every_s=60.0, lease_ttl_ms=300, idle_wait_s=60.0)
    async with crashing(house.relay(settings=lazy)):
        await append(house, 10)
        await everything_arrived(house)
    house.store.checkpoints = [one for one in house.store.checkpoints if one.position == 0]
    async with running(house.relay()):
        await append(house, 1, "after")
        messages = await everything_arrived(house)
    assert positions(messages) == list(range(1, 14))


async def test_a_crash_between_journal_and_checkpoint_of_a_generation_is_completed(
    house: MemoryHouse,
) -> None:
    """A generation that was journalled but not remembered keeps its number and its position."""
    async with crashing(house.relay()):
        await append(house, 10)
        await everything_arrived(house)
    house.store.checkpoints = []
    await append(house, 3, "more")
    async with running(house.relay()):
        await everything_arrived(house)
    (only,) = await generations(house)
    assert (only.generation, only.position) == (1, 0)


async def test_a_restored_journal_is_a_new_feed_generation(house: MemoryHouse) -> None:
    """Another desk generation may reuse positions: consumers must begin anew although FEED lost nothing."""
    async with running(house.relay()):
        await append(house, 10)
        await everything_arrived(house)
    house.store.generation = "restored"
    async with running(house.relay()):
        await until(lambda: len(house.store.rows) >= 14)
        await everything_arrived(house)
    last = (await generations(house))[-1]
    assert (last.generation, last.reason) == (2, "the journal was restored")
