"""Batches: what was committed together leaves together, and each order of it lives or fails for itself."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.order_events import NeverPlaced, Rejected, Submitting, Unresolved
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import Held
from services.executor import sender
from tests.component.rig import Rig
from tests.support.venue.faults import Fault
from tests.support.venue.incidents import end_unheard

EXIT_PRICE = Decimal("50100.0")


async def approve_many(rig: Rig, *numbers: int) -> None:
    """Queue places that are taken in one turn."""
    for number in numbers:
        await rig.approve(rig.place(number))


@pytest.mark.row("C07")
async def test_places_of_one_turn_leave_in_batches_of_the_venues_size(rig: Rig) -> None:
    """Seven places that are committed together are two requests, five orders and two, each sent once."""
    async with rig.running(rig.executor()):
        await approve_many(rig, *range(1, 8))
        await rig.clock.run_for(0.5)
        assert rig.venue.batches == [5, 2]
        assert len({request.client_order_id for request in rig.venue.sent}) == 7
        assert {rig.order_of(number).phase for number in range(1, 8)} == {OrderStatus.LIVE}


@pytest.mark.row("C07")
async def test_a_single_place_waits_for_nobody(rig: Rig) -> None:
    """A place that is alone leaves in the turn after its commit; the clock does not move."""
    async with rig.running(rig.executor()):
        before_ms = rig.clock.wall_ms()
        await rig.approve(rig.place())
        await rig.clock.run_for(0)
        while not rig.venue.sent:
            await asyncio.sleep(0)
        assert rig.clock.wall_ms() == before_ms
        assert rig.venue.batches == [1]


async def one_leg_is_refused(rig: Rig) -> None:
    """One order of three is refused by the venue; the others must not notice."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("order", None, Fault.REFUSED)
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(1)
        phases = [rig.order_of(number).phase for number in (1, 2, 3)]
        assert phases == [OrderStatus.LIVE, OrderStatus.REJECTED, OrderStatus.LIVE]
        assert len(rig.venue.sent) == 3


async def margin_runs_out(rig: Rig) -> None:
    """Five of eight leave and one of them finds no margin, while the rest waits for its turn."""
    async with rig.running(rig.executor()):
        rig.venue.line = asyncio.Lock()
        rig.venue.faults.set("order", None, Fault.NO_FUNDS)
        await approve_many(rig, *range(1, 9))
        await rig.clock.run_for(1)
        assert rig.venue.batches == [5]
        phases = [rig.order_of(number).phase for number in range(1, 9)]
        assert phases[:5] == [OrderStatus.LIVE, OrderStatus.REJECTED, *[OrderStatus.LIVE] * 3]
        assert phases[5:] == [OrderStatus.REJECTED] * 3
        rejected = [fact for fact in rig.facts() if isinstance(fact, Rejected)]
        unsent = [fact for fact in rejected if fact.code == "not_sent"]
        assert len(unsent) == 3
        assert all(fact.reason.startswith("margin: ") for fact in unsent)
        assert sum(isinstance(fact, Submitting) for fact in rig.facts()) == 8


@pytest.mark.row("C07")
async def test_each_order_of_a_batch_has_its_own_outcome(rig: Rig) -> None:
    """A refused order ends alone and is not sent again; its neighbours live."""
    await one_leg_is_refused(rig)


@pytest.mark.row("C07")
async def test_a_margin_error_stops_what_has_not_left_yet(rig: Rig) -> None:
    """What waited behind the margin error is never sent and ends with a proof: not sent."""
    await margin_runs_out(rig)


def one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worst outcome of a batch be that of every order in it."""
    real = sender.OrderSender._request

    async def request(self: sender.OrderSender, *args: Any) -> Any:
        outcomes = await real(self, *args)
        bad = [outcome for outcome in outcomes if not isinstance(outcome, Held)]
        return (bad[0],) * len(outcomes) if bad else outcomes

    monkeypatch.setattr(sender.OrderSender, "_request", request)


def margin_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a group go on without funds."""
    monkeypatch.setattr(sender, "_stop_the_rest", lambda *_: None)


@pytest.mark.row("C07")
@pytest.mark.parametrize(
    "switched_off,scenario",
    [(one_for_all, one_leg_is_refused), (margin_ignored, margin_runs_out)],
)
async def test_the_scenarios_notice_what_is_switched_off(
    rig: Rig,
    monkeypatch: pytest.MonkeyPatch,
    switched_off: Callable[[pytest.MonkeyPatch], None],
    scenario: Callable[[Rig], Awaitable[None]],
) -> None:
    """Without the isolation of orders, or without the margin stop, the scenario above fails."""
    switched_off(monkeypatch)
    with pytest.raises(AssertionError):
        await scenario(rig)


@pytest.mark.row("C07")
async def test_a_leg_that_was_throttled_goes_again_alone(rig: Rig) -> None:
    """A rate-limit refusal of one leg makes a new attempt of that leg only."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("order", None, Fault.THROTTLED)
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(2)
        assert rig.venue.batches == [3, 1]
        assert [rig.order_of(number).placed.ref.attempt for number in (1, 2, 3)] == [1, 2, 1]  # type: ignore[union-attr]


@pytest.mark.row("C07")
@pytest.mark.parametrize("fault", [Fault.LOST_ACK, Fault.LOST_REQUEST])
async def test_a_batch_without_an_answer_leaves_every_leg_in_doubt(rig: Rig, fault: Fault) -> None:
    """All legs are Unresolved, are looked for one by one, and none is ever sent again."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", fault)
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(10)
        facts = rig.facts()
        assert sum(isinstance(fact, Unresolved) for fact in facts) == 3
        absent = sum(isinstance(fact, NeverPlaced) for fact in facts)
        assert absent == (3 if fault is Fault.LOST_REQUEST else 0)
        assert len(rig.venue.sent) == 3


@pytest.mark.row("C07")
async def test_a_kill_reaches_what_still_waits_for_its_turn(rig: Rig) -> None:
    """Each order is checked when it would leave: what was killed meanwhile is not sent."""
    async with rig.running(rig.executor()) as executor:
        rig.venue.line = asyncio.Lock()
        await rig.venue.line.acquire()
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(0.3)
        await executor.kill.kill("desk", "test", "trader")
        rig.venue.line.release()
        await rig.clock.run_for(1)
        assert rig.venue.sent == []
        assert {rig.order_of(number).phase for number in (1, 2, 3)} == {OrderStatus.REJECTED}


async def cancel_many(rig: Rig, *numbers: int) -> None:
    """Queue cancels that are taken in one turn."""
    for number in numbers:
        await rig.approve(rig.cancel(number))


@pytest.mark.row("C07")
async def test_an_exit_is_not_stopped_by_the_margin_error_of_an_opening(rig: Rig) -> None:
    """An opening of the turn finds no margin; exits leave in a request of their own and live."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(20, price=EXIT_PRICE, time_in_force=TimeInForce.GTC))
        await rig.clock.run_for(1)
        rig.venue.batches.clear()
        rig.venue.line = asyncio.Lock()
        rig.venue.faults.set("order", Fault.NO_FUNDS)
        await approve_many(rig, *range(1, 6))
        for number in range(6, 9):
            close = rig.place(number, side=Side.SELL, purpose=Purpose.CLOSE, price=EXIT_PRICE)
            await rig.approve(close, reduce_only=True, is_exit=False)
        await rig.clock.run_for(1)
        assert rig.venue.batches == [5, 3]
        phases = [rig.order_of(number).phase for number in range(1, 9)]
        assert phases == [OrderStatus.REJECTED, *[OrderStatus.LIVE] * 7]


@pytest.mark.row("C08")
async def test_cancels_of_one_turn_leave_in_batches(rig: Rig) -> None:
    """Twelve orders are cancelled with two requests, and each ends in the journal."""
    async with rig.running(rig.executor()):
        await approve_many(rig, *range(1, 13))
        await rig.clock.run_for(0.5)
        await cancel_many(rig, *range(1, 13))
        await rig.clock.run_for(1)
        assert rig.venue.cancels == [10, 2]
        assert {rig.order_of(number).phase for number in range(1, 13)} == {OrderStatus.CANCELED}


@pytest.mark.row("C08")
async def test_a_cancel_that_failed_in_a_batch_is_repeated_alone(rig: Rig) -> None:
    """The second of three was not answered for; it alone is cancelled again."""
    async with rig.running(rig.executor()):
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(0.5)
        rig.venue.faults.set("end", None, Fault.THROTTLED)
        await cancel_many(rig, 1, 2, 3)
        await rig.clock.run_for(3)
        assert rig.venue.cancels == [3, 1]
        assert {rig.order_of(number).phase for number in (1, 2, 3)} == {OrderStatus.CANCELED}


@pytest.mark.row("C08")
async def test_an_order_that_is_gone_already_is_cancelled_successfully(rig: Rig) -> None:
    """A trader took one order off by hand and its frame was lost: its end is looked up, and nothing is repeated."""
    async with rig.running(rig.executor()):
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(0.5)
        end_unheard(rig.exchange, rig.exchange.orders[1])
        await cancel_many(rig, 1, 2, 3)
        await rig.clock.run_for(3)
        assert rig.venue.cancels == [3]
        assert {rig.order_of(number).phase for number in (1, 2, 3)} == {OrderStatus.CANCELED}


@pytest.mark.row("C08")
async def test_the_kill_switch_cancels_in_batches(rig: Rig) -> None:
    """A kill takes ten orders off with one request."""
    async with rig.running(rig.executor()) as executor:
        await approve_many(rig, *range(1, 11))
        await rig.clock.run_for(0.5)
        await executor.kill.kill("desk", "test", "trader")
        assert rig.venue.cancels == [10]
        await rig.clock.run_for(1)
        assert {rig.order_of(number).phase for number in range(1, 11)} == {OrderStatus.CANCELED}
