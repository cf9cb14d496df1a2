"""What time may do to an order: it leaves within its validity or not at all, and a set clock proves nothing."""

import asyncio
from decimal import Decimal

import pytest

from opensqt.domain.order_events import NeverPlaced
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import LookOutcome
from opensqt.runtime.clock import NS_PER_MS, VirtualClock
from opensqt.runtime.slewed_time import SlewedTime
from tests.component.rig import START_MS, Rig
from tests.component.test_executor_looks import Blind
from tests.support.venue.faults import Fault

LATE_ANSWER_S = 3.6  # behind the fence of the order that was asked for
BETWEEN_SWEEPS_S = 3.2  # an order that is placed then is looked for by nobody else during its four seconds of doubt


class SetClock(VirtualClock):
    """The clock of a process on a machine whose time of day somebody sets."""

    def __init__(self) -> None:
        super().__init__(wall_ms=START_MS)
        self.set_ms = 0
        self._slewed = SlewedTime(START_MS * NS_PER_MS, START_MS * NS_PER_MS)

    def true_ms(self) -> int:
        """Return the time as it would be if nobody had set it."""
        return super().wall_ms()

    def wall_ms(self) -> int:
        """Return wall time in ms UTC as the process has it."""
        counter_ns = self.true_ms() * NS_PER_MS
        return self._slewed.read(counter_ns + self.set_ms * NS_PER_MS, counter_ns) // NS_PER_MS


class RightClock(VirtualClock):
    """The same time as it would be if nobody had set it: the venue's."""

    def __init__(self, desk: SetClock, behind_ms: int = 0) -> None:
        super().__init__()
        self._desk = desk
        self._behind_ms = behind_ms

    def wall_ms(self) -> int:
        """Return wall time in ms UTC."""
        return self._desk.true_ms() - self._behind_ms

    async def sleep(self, seconds_wall: float) -> None:
        """Wait as everybody does."""
        await self._desk.sleep(seconds_wall)


class Asleep(Blind):
    """Answers the first question for a hidden order late, as where it must wait for request weight."""

    slow_once_s = LATE_ANSWER_S

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id."""
        if client_order_id in self.hidden():
            late_s, self.slow_once_s = self.slow_once_s, 0.0
            await self.exchange.clock.sleep(late_s)
        return await super().look(symbol, client_order_id)


def _disproved(rig: Rig) -> int:
    """Return how often an order was called never placed; one that is shown afterwards is no longer."""
    return len([fact for fact in rig.facts() if isinstance(fact, NeverPlaced)])


@pytest.mark.row("C03")
async def test_a_place_whose_turn_comes_behind_its_validity_does_not_leave(rig: Rig) -> None:
    """It waited for the rate budget: nobody wants a stale price at the venue."""
    async with rig.running(rig.executor()):
        rig.venue.line = asyncio.Lock()
        async with rig.venue.line:
            await rig.approve(rig.place(valid_until_ms=rig.clock.market_ms() + 500))
            await rig.clock.run_for(1.8)
        await rig.clock.run_for(0.5)
        assert rig.venue.sent == []
        assert rig.order_of().phase is OrderStatus.REJECTED


@pytest.mark.row("C03")
async def test_a_retry_whose_turn_comes_behind_its_validity_does_not_leave(rig: Rig) -> None:
    """It was throttled and committed anew in time; its turn came too late."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", Fault.THROTTLED)
        rig.venue.line = asyncio.Lock()
        await rig.approve(rig.place(valid_until_ms=rig.clock.market_ms() + 1200))
        await rig.clock.run_for(0.5)
        async with rig.venue.line:
            await rig.clock.run_for(2.4)
            sent = len(rig.venue.sent)
        await rig.clock.run_for(0.5)
        assert (len(rig.venue.sent), len(rig.exchange.orders)) == (sent, 0)
        order = rig.order_of()
        assert order.placed is not None
        assert (order.placed.ref.attempt, order.phase) == (2, OrderStatus.REJECTED)


@pytest.mark.row("C06")
async def test_a_clock_that_is_set_forward_proves_no_absence(rig: Rig) -> None:
    """The request is still on its way when the time jumps behind its fence; it arrives and is known."""
    clock = rig.clock = rig.store.clock = SetClock()
    rig.exchange.clock = RightClock(clock)
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(9, price=Decimal("49000.0")))
        await clock.run_for(10)
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place())
        await clock.run_for(0.05)
        clock.set_ms = 4000
        await clock.run_for(1.9)
        assert rig.order_of().phase is OrderStatus.UNRESOLVED
        rig.venue.faults.deliver_late()
        await clock.run_for(5)
        assert rig.order_of().phase is OrderStatus.LIVE
        assert _disproved(rig) == 0


@pytest.mark.row("C06")
async def test_a_set_clock_does_not_hide_what_a_venue_that_is_behind_still_takes(rig: Rig) -> None:
    """A venue whose clock is behind ours takes a request for that much longer; the fence counts it in."""
    policy = rig.venue.policy
    clock = rig.clock = rig.store.clock = SetClock()
    rig.exchange.clock = RightClock(clock, behind_ms=policy.clock_skew_ms_max - 100)
    rig.exchange.visibility_lag_ms = policy.visibility_lag_ms - 100
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(9, price=Decimal("49000.0")))
        await clock.run_for(BETWEEN_SWEEPS_S)
        rig.exchange.stream.break_off("cut")
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place())
        await clock.run_for(0.05)
        clock.set_ms = 4000
        last_ms = policy.deadline_ms + policy.clock_skew_ms_max - 100
        await clock.run_for(last_ms / 1000 - 0.05)
        assert rig.order_of().phase is OrderStatus.UNRESOLVED
        rig.venue.faults.deliver_late()
        assert len(rig.exchange.orders) == 2, "the venue took it: by its own clock it came in time"
        await clock.run_for(5)
        assert rig.order_of().phase is OrderStatus.LIVE
        assert _disproved(rig) == 0


@pytest.mark.row("C06")
async def test_a_clock_that_is_set_between_two_looks_does_not_bring_them_closer(rig: Rig) -> None:
    """Reads that are blind for less than a visibility lag are seen through, whatever the clock says of the time."""
    clock = rig.clock = rig.store.clock = SetClock()
    rig.exchange.clock = RightClock(clock)
    venue = rig.venue = Asleep(rig.exchange)
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(9, price=Decimal("49000.0")))
        await clock.run_for(BETWEEN_SWEEPS_S)
        rig.exchange.stream.break_off("cut")
        venue.since = len(venue.sent)
        venue.faults.set("place", Fault.LOST_ACK)
        await rig.approve(rig.place())
        read = venue.accounts_read
        while venue.accounts_read == read:
            await clock.run_for(0.02)
        clock.set_ms = 4000
        await clock.run_for((venue.policy.visibility_lag_ms - 50) / 1000)
        venue.since = None
        await clock.run_for(1)
        assert rig.order_of().phase is OrderStatus.LIVE
        assert _disproved(rig) == 0


@pytest.mark.row("C06")
async def test_an_order_of_another_process_is_proved_absent_only_after_its_longest_life(
    rig: Rig,
) -> None:
    """A successor, whose clock may be ahead, waits by its own measure as long as any request of ours may live."""
    async with rig.dying(rig.executor()):
        rig.venue.faults.set("place", Fault.LATE)
        await rig.approve(rig.place())
        await rig.clock.run_for(0.3)
    policy = rig.venue.policy
    longest_ms = policy.deadline_ms + policy.clock_skew_ms_max + policy.visibility_lag_ms
    successor = rig.executor()
    async with rig.running(successor):
        began_ms = rig.clock.market_ms()
        while rig.order_of().phase is not OrderStatus.NEVER_PLACED:
            await rig.clock.run_for(0.1)
        # It has looked since its fence was waited out, a deadline before it took commands.
        assert rig.clock.market_ms() >= began_ms - policy.deadline_ms + longest_ms
