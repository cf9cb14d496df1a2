"""The executor on in-memory twins: committed before sent, sent once, certain in the end."""

import asyncio
from decimal import Decimal

import pytest

from opensqt.domain.control import KillLatched
from opensqt.domain.order_events import Expired, NeverPlaced, Submitting, Unresolved
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime import latch
from opensqt.runtime.codec import encode
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.faults import Fault


@pytest.mark.row("A06")
async def test_an_approved_intent_is_committed_and_then_sent_once(rig: Rig) -> None:
    """Verdict, order and Submitting stand in the journal before the one request, and the order goes live."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        kinds = [type(fact).__name__ for fact in rig.facts()]
        assert kinds.index("RiskApproved") < kinds.index("Submitting") < kinds.index("Accepted")
        assert [request.client_order_id for request in rig.venue.sent] == [
            rig.order_of().client_order_id
        ]
        assert rig.order_of().phase is OrderStatus.LIVE


@pytest.mark.row("A06")
async def test_without_the_journal_nothing_leaves(rig: Rig) -> None:
    """While Submitting cannot be committed no request is sent, and the intent dies with its validity."""
    async with rig.running(rig.executor()):
        rig.store.down = True
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        assert rig.venue.sent == []
        await rig.clock.run_for(1.5)
        rig.store.down = False
        await rig.clock.run_for(1)
        assert rig.venue.sent == []
        assert isinstance(rig.facts()[-1], Expired)


async def test_a_command_delivered_twice_is_sent_once(rig: Rig) -> None:
    """The journal holds one verdict per intent, so a redelivery finds it and is skipped."""
    async with rig.running(rig.executor()):
        intent = rig.place()
        await rig.approve(intent)
        await rig.clock.run_for(0.5)
        rig.broker.publish(
            "cmd.open.binance.main.BTC-USDT-USDT",
            {"Nats-Msg-Id": "again"},
            _last_command(rig),
        )
        await rig.clock.run_for(0.5)
        assert len(rig.venue.sent) == 1
        assert sum(isinstance(fact, RiskApproved) for fact in rig.facts()) == 1


def _last_command(rig: Rig) -> bytes:
    approval = next(fact for fact in rig.facts() if isinstance(fact, RiskApproved))
    return encode(Command(approval=approval))


@pytest.mark.row("C06")
async def test_a_lost_answer_is_unresolved_and_then_found(rig: Rig) -> None:
    """An order whose answer was lost is looked for by its id, found, and never sent again."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.LOST_ACK)
        await rig.approve(rig.place())
        await rig.clock.run_for(4)
        assert any(isinstance(fact, Unresolved) for fact in rig.facts())
        assert rig.order_of().phase is OrderStatus.LIVE
        assert len(rig.venue.sent) == 1


@pytest.mark.row("C06")
async def test_a_lost_request_is_proved_absent_only_behind_the_fence(rig: Rig) -> None:
    """An order that never arrived stays unresolved until deadline and lag have passed, then it is NeverPlaced."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.LOST_REQUEST)
        await rig.approve(rig.place())
        await rig.clock.run_for(2)
        assert rig.order_of().phase is OrderStatus.UNRESOLVED
        await rig.clock.run_for(8)
        proof = next(fact for fact in rig.facts() if isinstance(fact, NeverPlaced))
        submitting = next(fact for fact in rig.facts() if isinstance(fact, Submitting))
        assert proof.time_ms > submitting.deadline_ms
        assert rig.order_of().phase is OrderStatus.NEVER_PLACED
        assert len(rig.venue.sent) == 1


@pytest.mark.row("C03")
@pytest.mark.parametrize("fault", [Fault.NOT_SENT, Fault.THROTTLED])
async def test_what_provably_never_arrived_is_sent_under_a_new_id(rig: Rig, fault: Fault) -> None:
    """A place that was not sent or was throttled becomes a new attempt with a new id, within its validity."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", fault)
        await rig.approve(rig.place())
        await rig.clock.run_for(2)
        sent = [request.client_order_id for request in rig.venue.sent]
        assert len(sent) == len(set(sent)) == 2
        assert rig.order_of().phase is OrderStatus.LIVE
        first = rig.orders()[sent[0]]
        assert first.phase is OrderStatus.REJECTED


async def test_a_cancel_ends_the_order(rig: Rig) -> None:
    """A cancel intent takes the live order off the venue and its end is in the journal."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        await rig.approve(rig.cancel())
        await rig.clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.CANCELED
        assert await rig.venue.open_orders(SYMBOL) == []


async def test_a_cancel_that_comes_first_refuses_the_place(rig: Rig) -> None:
    """Order across the two queues is not assumed: a cancel of an unknown intent leaves a tombstone."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.cancel())
        await rig.clock.run_for(0.5)
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        assert rig.venue.sent == []
        assert rig.order_of().phase is OrderStatus.EXPIRED


async def test_a_lost_cancel_is_repeated(rig: Rig) -> None:
    """A cancel without an answer stays a wish on the order until the order is terminal."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.venue.faults.set("cancel", Fault.LOST_REQUEST, Fault.LOST_REQUEST)
        await rig.approve(rig.cancel())
        await rig.clock.run_for(3)
        assert rig.order_of().phase is OrderStatus.CANCELED


async def test_fills_reach_the_journal_once_from_stream_and_rest(rig: Rig) -> None:
    """The same trade seen by the stream and by every sweep is one fill."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        rig.exchange.trade(SYMBOL, Decimal("49899.0"))
        await rig.clock.run_for(20)
        order = rig.order_of()
        assert order.phase is OrderStatus.FILLED
        assert len(order.fills) == 1


@pytest.mark.row("A06")
async def test_a_successor_resolves_what_its_predecessor_left(rig: Rig) -> None:
    """After a death between commit and answer the next process finds the order, and does not send it."""
    await rig.start_risk()
    first = rig.executor()
    stop = asyncio.Event()
    task = asyncio.create_task(first.run(stop))
    while not first.ready:
        await rig.clock.run_for(0.1)
    rig.venue.faults.set("place", Fault.LOST_ACK)
    await rig.approve(rig.place())
    while not rig.venue.sent:
        await rig.clock.run_for(0.001)
    await rig.crash(first, task)
    async with rig.running(rig.executor()):
        await rig.clock.run_for(6)
        assert len(rig.venue.sent) == 1
        assert rig.order_of().phase is OrderStatus.LIVE


@pytest.mark.row("E10")
async def test_kill_cancels_everything_latches_and_stays_latched(rig: Rig) -> None:
    """After a kill nothing is open, nothing is sent, and a restart finds the latch in file and journal."""
    async with rig.running(rig.executor()) as executor:
        for number in range(1, 6):
            await rig.approve(rig.place(number, price=Decimal(49_900 - number)))
        await rig.clock.run_for(1)
        assert len(await rig.venue.open_orders(SYMBOL)) == 5
        assert (await executor.kill.kill("desk", "drill", "alice")).asked == 5
        assert await rig.venue.open_orders(SYMBOL) == []
        await rig.approve(rig.place(9))
        await rig.clock.run_for(4)
        assert len(rig.venue.sent) == 5
        assert isinstance(latch.read(rig.folder), latch.Latch)
    assert any(isinstance(fact, KillLatched) for fact in rig.facts())
    latch.release(rig.folder)
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place(10))
        await rig.clock.run_for(1)
        assert executor.status()["killed"], "the journal alone keeps it latched"
        await executor.kill.resume(
            "desk", "drill over", "alice", executor.kill.in_force().get("desk", ())
        )
        await rig.approve(rig.place(11))
        await rig.clock.run_for(1)
        assert rig.order_of(10).phase is OrderStatus.EXPIRED
        assert rig.order_of(11).phase is OrderStatus.LIVE


@pytest.mark.row("E10")
async def test_kill_needs_no_journal(rig: Rig) -> None:
    """With the journal dead, orders are cancelled at once and the record follows later."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        rig.store.down = True
        await executor.kill.kill("desk", "drill", "alice")
        assert await rig.venue.open_orders(SYMBOL) == []
        await rig.clock.run_for(1)
        rig.store.down = False
        await rig.clock.run_for(2)
        assert any(isinstance(fact, KillLatched) for fact in rig.facts())


async def test_silence_of_risk_cancels_openings(rig: Rig) -> None:
    """Five seconds without risk's heartbeat and the executor takes its openings off by itself."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(4)
        assert rig.order_of().phase is OrderStatus.LIVE
        rig.risk_alive = False
        await rig.clock.run_for(7)
        assert rig.order_of().phase is OrderStatus.CANCELED


async def test_a_clean_stop_leaves_no_order(rig: Rig) -> None:
    """With on_stop = cancel nothing is open when the executor has ended."""
    async with rig.running(rig.executor(cancel_on_stop=True)):
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
    assert await rig.venue.open_orders(SYMBOL) == []
