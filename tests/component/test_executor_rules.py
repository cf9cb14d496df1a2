"""Sentences of the design about the executor that no other test breaks on: one each."""

import asyncio
from decimal import Decimal

import pytest

from opensqt.domain.journal import Entry, Recorded
from opensqt.domain.order_events import Canceled, Fill, NeverPlaced
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import OrderContradicted
from opensqt.runtime.bus.port import Stream
from opensqt.simulation.engine.orders import Status
from tests.component.rig import START_MS, SYMBOL, Rig
from tests.support.fakes.journal import MemoryJournal, MemoryLeases
from tests.support.venue.faults import Fault
from tests.support.venue.incidents import fill_ended

DEADLINE_S = 2.0


@pytest.mark.row("A06")
async def test_verdict_order_and_submission_are_one_append(rig: Rig) -> None:
    """One commit on the hot path: what was approved and what will be sent are in the journal together or not at all."""
    entries: list[list[str]] = []
    async with rig.running(rig.executor()):
        rig.journals[-1].before_append = lambda entry: entries.append(_names(entry))
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
    assert ["RiskApproved", "IntentPlaced", "Submitting"] in entries


def _names(entry: Entry) -> list[str]:
    return [type(event.message).__name__ for event in entry.events]


async def test_an_approval_under_a_dead_epoch_of_risk_is_not_sent(rig: Rig) -> None:
    """A gate that has been succeeded approved it: the append refuses, nothing leaves, its end says why."""
    async with rig.running(rig.executor()):
        leases = MemoryLeases(MemoryJournal(rig.store))
        assert await leases.acquire("risk", "gate", 600_000) is not None
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        assert rig.venue.sent == []
        ended = rig.order_of().expired
        assert ended is not None
        assert ended.reason == f"approved under risk epoch {rig.risk_epoch}"


@pytest.mark.row("A03")
async def test_every_fact_of_an_order_names_its_parent(rig: Rig) -> None:
    """Correlation is the intent; causation is the intent, or an event that stands before it in the journal."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.LOST_ACK, Fault.NOT_SENT)
        for number in (1, 2, 3):
            await rig.approve(rig.place(number))
        await rig.clock.run_for(4)
        rig.exchange.trade(SYMBOL, Decimal("49900.0"), Decimal("0.005"))
        await rig.approve(rig.cancel(1))
        await rig.clock.run_for(4)
    seen: set[str] = set()
    for row in rig.store.rows:
        if row.stream.startswith(("intent/", "order/")):
            assert row.correlation_id.startswith(("intent-", "cancel-")), row
            intents = {row.correlation_id, "cancel-1"}
            assert row.causation_id in seen | intents, (row.type, row.causation_id)
        seen.add(row.event_id)
    assert {type(fact) for fact in rig.facts()} >= {Fill, Canceled}


@pytest.mark.row("C06")
async def test_evidence_against_an_end_is_recorded_once_and_its_fill_booked(rig: Rig) -> None:
    """The venue said cancelled, then shows a trade of that order: it counts, and the contradiction is an event."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        (resting,) = rig.exchange.orders
        rig.exchange.end(resting, Status.CANCELED)
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.CANCELED
        fill_ended(rig.exchange, resting, Decimal("0.002"))
        await rig.clock.run_for(20)
    assert rig.order_of().filled == Decimal("0.002")
    (alarm,) = [fact for fact in rig.facts() if isinstance(fact, OrderContradicted)]
    assert alarm.client_order_id == rig.order_of().client_order_id
    assert alarm.evidence == "canceled with 0 filled, yet filled 0.002"


@pytest.mark.row("C06")
async def test_not_found_for_a_cancel_while_its_place_is_under_way_proves_nothing(
    rig: Rig,
) -> None:
    """The cancel overtakes the place on the wire: it is said again until the order that arrives late is gone."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place())
        await rig.clock.run_for(0.2)
        await rig.approve(rig.cancel())
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.UNRESOLVED
        rig.venue.faults.deliver_late()
        await rig.clock.run_for(3)
        assert rig.order_of().phase is OrderStatus.CANCELED
        assert not any(isinstance(fact, NeverPlaced) for fact in rig.facts())


@pytest.mark.row("J03")
async def test_nothing_is_sent_before_the_longest_request_of_a_predecessor_has_passed(
    rig: Rig,
) -> None:
    """A start is a take-over: commands that wait are taken when a request signed before it can no longer arrive."""
    rig.risk_epoch = 1  # of the gate that is started with the executor
    await rig.approve(rig.place(1, valid_until_ms=START_MS + 60_000))
    async with rig.running(rig.executor()):
        await rig.clock.run_for(1)
        (request,) = rig.venue.sent
        assert request.signed_ms >= START_MS + DEADLINE_S * 1000


@pytest.mark.row("J03")
async def test_a_standby_fetches_nothing(rig: Rig) -> None:
    """While another holds the lease a command stays in its queue, and no durable of the standby stands there."""
    holder = MemoryLeases(MemoryJournal(rig.store))
    assert await holder.acquire("executor/binance/main", "leader", 600_000) is not None
    await rig.start_risk()
    await rig.approve(rig.place(1, valid_until_ms=START_MS + 60_000))
    standby = rig.executor()
    task = asyncio.create_task(standby.run(asyncio.Event()))
    await rig.clock.run_for(8)
    assert not standby.ready
    assert rig.venue.sent == []
    assert rig.broker.stream(Stream.COMMANDS).state().messages == 1
    assert rig.broker.stream(Stream.COMMANDS).durables == {}
    await rig.crash(standby, task)


async def test_what_the_venue_does_while_the_bus_is_gone_is_recorded(rig: Rig) -> None:
    """No command comes without NATS; fills and ends go on into the journal, which needs no bus."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.broker.down()
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.FILLED
        await rig.broker.up()
        await rig.clock.run_for(1)


class ShortPages:
    """A journal that is read in pages of two rows, whatever was asked for."""

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    async def read(self, position: int, limit: int) -> list[Recorded]:
        """Return the next rows, at most two."""
        return (await self._journal.read(position, limit))[:2]


async def test_a_successor_folds_to_the_head_of_its_take_over_before_it_judges(rig: Rig) -> None:
    """A short page is no end: what the predecessor did up to the take-over is known before anything is served."""
    async with rig.dying(rig.executor()):
        for number in (1, 2, 3):
            await rig.approve(rig.place(number))
        await rig.clock.run_for(1)
    head = rig.store.rows[-1].position
    rig.wire = lambda port: ShortPages(port) if isinstance(port, MemoryJournal) else port
    standby = rig.executor()
    rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 1000)  # the venue tells nothing
    task = asyncio.create_task(standby.run(asyncio.Event()))
    await rig.clock.run_for(5)
    status = standby.status()
    assert status["journal_position"] >= head
    assert status["orders_open"] == 3
    assert not standby.ready, "the venue has not been read"
    await rig.crash(standby, task)
