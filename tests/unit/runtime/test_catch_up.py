"""One pass over FEED: a hole that nobody fills ends it, in time, and never earlier."""

import msgspec
import pytest

from opensqt.domain.journal import Entry, NewEvent, Recorded
from opensqt.domain.market import Time
from opensqt.runtime.bus.catch_up import HOLE_S_MAX, CatchUpPass, ResetRequired
from opensqt.runtime.bus.port import Delivery, Stream
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.reading import envelope_of
from opensqt.runtime.telemetry.metrics import Metrics
from tests.contract.test_bus_reader import anchor
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryStore

SUBJECT = "evt.strategy.one"


OTHER = "evt.strategy.other"


async def one_pass(*subjects: str) -> tuple[CatchUpPass, dict[int, Recorded]]:
    """A pass over an empty FEED before a journal of one fact a subject, and the facts by position."""
    clock = VirtualClock()
    journal = MemoryJournal(MemoryStore(clock))
    one = CatchUpPass(
        bus=MemoryBus(MemoryBroker(clock)),
        journal=journal,
        filters=["evt.>"],
        service="test",
        metrics=Metrics(),
        end=0,
    )
    for subject in subjects:
        number = len(journal.store.rows) + 1
        event = NewEvent(
            event_id=str(number),
            stream=subject,
            message=anchor(subject),
            subject=subject,
            actor="test",
            occurred_at_ms=number,
        )
        await journal.append(Entry(events=(event,)))
    return one, {row.position: row for row in journal.store.rows}


def delivery(sequence: int, row: Recorded | None) -> Delivery:
    """A message of FEED: a fact, or the time."""
    time = Envelope(event_id=f"t{sequence}", type="Time", source="test", time_ms=sequence)
    return Delivery(
        stream=Stream.FEED,
        sequence=sequence,
        subject=row.subject if row else "evt.time",
        headers=(envelope_of(row) if row else time).headers(),
        data=row.data if row else encode(Time(time_ms=sequence)),
    )


async def offered(one: CatchUpPass, item: Delivery, now_s: float) -> list[int]:
    """The positions that an offer makes known."""
    return [found.envelope.position async for found in one.offer(item, now_s, 0)]


@pytest.mark.row("A11")
async def test_a_hole_that_stays_open_ends_the_pass() -> None:
    """Within the wait everything is held; beyond it the reader begins again from the journal."""
    one, rows = await one_pass(SUBJECT, SUBJECT)
    assert await offered(one, delivery(1, rows[2]), 0.0) == []
    assert await offered(one, delivery(2, None), HOLE_S_MAX) == []
    assert one.held == 2
    with pytest.raises(ResetRequired, match="waits for position 1"):
        await offered(one, delivery(3, None), HOLE_S_MAX + 0.1)


@pytest.mark.row("A11")
async def test_market_data_that_claims_a_place_in_the_journal_is_a_dead_letter() -> None:
    """It would pass for a fact, which nobody judges again; the pass goes on."""
    one, _ = await one_pass()
    head = delivery(2, None).headers | {"ce-position": "1"}
    forged = msgspec.structs.replace(delivery(1, None), headers=head)
    assert [item async for item in one.offer(forged, now_s=0.0, now_ms=0)] == []
    assert one.position == 0
    assert [item async for item in one.offer(delivery(2, None), now_s=0.0, now_ms=0)]


async def test_each_hole_has_its_own_time() -> None:
    """A hole that opens when another one closes is waited for as long."""
    one, rows = await one_pass(SUBJECT, SUBJECT, OTHER, OTHER)
    assert await offered(one, delivery(1, rows[2]), 0.0) == []
    assert await offered(one, delivery(2, rows[4]), 1.0) == []
    assert await offered(one, delivery(3, rows[1]), 1.9) == [1, 2]
    assert await offered(one, delivery(4, None), 3.0) == []
    assert await offered(one, delivery(5, rows[3]), 3.5) == [3, 4, 0]
    assert one.held == 0


async def test_the_basis_never_runs_ahead_of_what_waits() -> None:
    """The sequence stays before the first message that is held."""
    one, rows = await one_pass(SUBJECT, SUBJECT, SUBJECT)
    assert await offered(one, delivery(4, rows[1]), 0.0) == [1]
    assert one.sequence == 4
    await offered(one, delivery(5, rows[3]), 0.0)
    await offered(one, delivery(6, None), 0.0)
    assert one.sequence == 4
    assert await offered(one, delivery(7, rows[2]), 0.0) == [2, 3, 0]
    assert one.sequence == 7
