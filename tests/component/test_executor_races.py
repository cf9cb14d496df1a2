"""Interleavings on the executor's in-memory rig: what may happen between any two awaits must not cost an order."""

from decimal import Decimal

import pytest

from opensqt.domain.order_state import OrderStatus
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.faults import Fault


async def test_a_fill_missed_by_the_stream_is_read_although_a_later_one_was_pushed(
    rig: Rig,
) -> None:
    """A hole in the private stream is read by REST, also when the trade behind the hole was pushed first."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1, price=Decimal("49900.0")))
        await rig.approve(rig.place(2, price=Decimal("49800.0")))
        await rig.clock.run_for(0.5)
        rig.exchange.stream.break_off("cut by the test")
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.stream.restore()
        rig.exchange.trade(SYMBOL, Decimal("49800.0"))
        await rig.clock.run_for(12)
        assert rig.order_of(2).phase is OrderStatus.FILLED
        assert rig.order_of(1).phase is OrderStatus.FILLED


async def test_a_fill_missed_before_a_restart_is_read_after_it(rig: Rig) -> None:
    """A successor reads trades from the last snapshot on, not from the newest trade that happened to be pushed."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1, price=Decimal("49900.0")))
        await rig.approve(rig.place(2, price=Decimal("49800.0")))
        await rig.clock.run_for(0.5)
        rig.exchange.stream.break_off("cut by the test")
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.stream.restore()
        rig.venue.faults.set("read", *[Fault.LOST_REQUEST] * 10)
        rig.exchange.trade(SYMBOL, Decimal("49800.0"))
        await rig.clock.run_for(0.1)
    while rig.venue.faults.take("read"):
        pass
    async with rig.running(rig.executor()):
        await rig.clock.run_for(2)
        assert rig.order_of(2).phase is OrderStatus.FILLED
        assert rig.order_of(1).phase is OrderStatus.FILLED


async def test_a_cancel_that_meets_its_place_in_the_journal_is_not_forgotten(rig: Rig) -> None:
    """A cancel that arrives while its place is being committed knows no order yet, and still takes it away."""
    async with rig.running(rig.executor()):
        rig.journals[-1].answers_lost = 1
        await rig.approve(rig.place())
        await rig.clock.run_for(0.01)
        await rig.approve(rig.cancel())
        await rig.clock.run_for(6)
        assert await rig.venue.open_orders(SYMBOL) == []
        assert rig.order_of().terminal


async def test_a_cancel_that_meets_a_retry_in_the_journal_is_not_forgotten(rig: Rig) -> None:
    """A cancel aims at the intent: the attempt that is being committed when it comes is taken away as well."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.NOT_SENT)
        await rig.approve(rig.place())
        while not rig.venue.sent:
            await rig.clock.run_for(0.001)
        await rig.clock.run_for(0.095)
        rig.store.down = True
        await rig.clock.run_for(0.3)
        await rig.approve(rig.cancel())
        await rig.clock.run_for(0.01)
        rig.store.down = False
        await rig.clock.run_for(6)
        assert await rig.venue.open_orders(SYMBOL) == []
        assert rig.order_of().terminal


async def test_two_deliveries_of_a_place_while_answers_are_lost_send_it_once(rig: Rig) -> None:
    """Two copies of a command in one batch and a journal that commits without answering: one request leaves."""
    async with rig.running(rig.executor()):
        rig.journals[-1].answers_lost = 2
        await rig.approve(rig.place())
        rig.approve_again()
        await rig.clock.run_for(0.1)
        rig.exchange.trade(SYMBOL, Decimal("49000.0"))
        await rig.clock.run_for(3)
        assert len(rig.venue.sent) == 1


@pytest.mark.row("C02")
async def test_a_place_that_waits_for_the_journal_holds_up_no_cancel(rig: Rig) -> None:
    """With the journal down a reducing place cannot leave; the cancel behind it in the queue of exits can."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.5)
        rig.store.down = True
        await rig.approve(rig.place(2), is_exit=True)
        await rig.clock.run_for(0.5)
        await rig.approve(rig.cancel(1))
        await rig.clock.run_for(1)
        assert await rig.venue.open_orders(SYMBOL) == []
        rig.store.down = False
        await rig.clock.run_for(2)
        assert rig.order_of(1).phase is OrderStatus.CANCELED


async def test_a_cancel_is_acked_only_when_it_is_in_the_journal(rig: Rig) -> None:
    """A cancel that was carried out and not recorded comes again to a successor: the wish outlives the process."""
    async with rig.dying(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.5)
        rig.store.down = True
        rig.venue.faults.set("cancel", *[Fault.LOST_REQUEST] * 9)
        await rig.approve(rig.cancel(1))
        await rig.clock.run_for(1)
    rig.store.down = False
    while rig.venue.faults.take("cancel"):
        pass
    async with rig.running(rig.executor()):
        await rig.clock.run_for(2)
        assert rig.order_of(1).phase is OrderStatus.CANCELED
