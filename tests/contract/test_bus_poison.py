"""What a reader of FEED does with messages that nobody may act on: one letter each, no hole, no restart."""

import hashlib
from collections.abc import AsyncIterator

import msgspec
import pytest

from opensqt.domain.market import Time
from opensqt.domain.subjects import TIME
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.codec import Undecodable, UnknownType, encode
from opensqt.runtime.envelope import IGNORABLE_HEADER, Envelope
from opensqt.runtime.journal.reading import envelope_of
from tests.contract.buses import house_at, publish_time, server_of
from tests.contract.test_bus_reader import GRID, Desk, places, take


@pytest.fixture(params=["nats", "memory"])
def server(request: pytest.FixtureRequest) -> str:
    """Each bus."""
    return server_of(request)


@pytest.fixture
async def desk(server: str) -> AsyncIterator[Desk]:
    """A desk on each bus."""
    house = await house_at(server)
    found = Desk(house, await house.connect())
    yield found
    for reader in found.readers:
        await reader.close()
    await house.close()


@pytest.mark.row("I03")
async def test_poison_in_market_data_is_set_aside(desk: Desk) -> None:
    """Undecodable market data goes to the dead letters with its headers; what follows is delivered."""
    items = aiter(desk.reader("md.>", TIME))
    await take(items, 1)
    headers = Envelope(event_id="bad", type="Tick", source="x", time_ms=1).headers()
    await desk.bus.send("md.v.s.tick", b"\xff\xff", headers)
    await publish_time(desk.bus, TIME, 1)
    assert places(await take(items, 1)) == ["time 1"]
    dead = await desk.bus.follow(Stream.DLQ, ["dlq.test"], Start(sequence=1))
    letter = await anext(aiter(dead))
    assert letter.data == b"\xff\xff"
    assert letter.headers["Dlq-Subject"] == "md.v.s.tick"
    assert letter.headers["ce-id"] == "bad"
    assert b'opensqt_dead_letters_total{reason="Undecodable"' in desk.metrics.render()


@pytest.mark.row("I03")
@pytest.mark.row("K04")
async def test_a_fact_whose_copy_is_spoilt_is_read_from_the_journal(desk: Desk) -> None:
    """No hole, no restart: the journal's bytes are folded in their turn, and the bad ones are one letter."""
    items = aiter(desk.reader("evt.>"))
    await take(items, 1)
    first, second, third = await desk.anchors(GRID, GRID, GRID)
    await desk.relay(first)
    for number, data in enumerate((b"\xff\xff", encode(Time(time_ms=1)), b"")):
        headers = envelope_of(second).headers() | {"Nats-Msg-Id": f"spoilt-{number}"}
        await desk.bus.send(GRID, data, headers)
    await desk.relay(third)
    assert places(await take(items, 3)) == [1, 2, 3]
    assert (await desk.bus.state(Stream.DLQ)).messages == 1


@pytest.mark.row("I03")
@pytest.mark.row("K04")
async def test_what_claims_a_place_in_the_journal_and_has_none_is_set_aside(desk: Desk) -> None:
    """Wherever it claims to stand, and whatever generation it tells of: the chain goes on as if it were not there."""
    items = aiter(desk.reader("evt.>"))
    await take(items, 1)
    (first, second) = await desk.anchors(GRID, GRID)
    await desk.relay(first)
    claims = ((2, 0), (9, 8), (900_000, 1), (7, 0), (10**17, 10**17 - 1))
    for position, prev in claims:
        claim = msgspec.structs.replace(
            envelope_of(first), event_id=f"claim-{position}", position=position, prev=prev
        )
        await desk.bus.send(GRID, first.data, claim.headers())
    await desk.beat(10**9)
    await desk.relay(second)
    assert places(await take(items, 2)) == [1, 2]
    assert (await desk.bus.state(Stream.DLQ)).messages == len(claims) + 1


async def test_an_unknown_type_is_skipped_only_when_marked(desk: Desk) -> None:
    """Readers ship before writers: unknown and ignorable is counted; unknown and unmarked halts if it is a fact."""
    items = aiter(desk.reader("evt.>"))
    await take(items, 1)
    unknown = b"\xfa\x3f\x00"  # field 1023 of a later version
    headers = Envelope(event_id="later", type="Later", source="x", time_ms=1).headers()
    await desk.bus.send("evt.later", unknown, headers | {IGNORABLE_HEADER: "1"})
    await desk.bus.send("evt.later", unknown, headers | {"Nats-Msg-Id": "again"})
    await publish_time(desk.bus, TIME, 1)
    assert places(await take(items, 1)) == ["time 1"]
    assert (await desk.bus.state(Stream.DLQ)).messages == 1
    (row,) = await desk.anchors(GRID)
    later = msgspec.structs.replace(
        row, type="Later", data=unknown, data_hash=hashlib.sha256(unknown).digest()
    )
    desk.journal.store.rows[-1] = later
    await desk.relay(later)
    with pytest.raises(UnknownType):
        await take(items, 1)


async def test_a_journal_row_that_cannot_be_understood_ends_the_process(desk: Desk) -> None:
    """The journal is the truth: nothing in it is ever skipped."""
    await desk.anchors(GRID)
    store = desk.journal.store
    store.rows[0] = msgspec.structs.replace(
        store.rows[0], data=b"\xff\xff", data_hash=hashlib.sha256(b"\xff\xff").digest()
    )
    with pytest.raises(Undecodable):
        await take(aiter(desk.reader(GRID)), 1)
