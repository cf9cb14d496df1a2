"""When a lease counts as held: never longer than certain, whatever happens to the clock."""

from opensqt.runtime.clock import RunClock
from opensqt.runtime.lease import LeaseKeeper
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore


class SetClock(RunClock):
    """A clock whose wall time and monotonic time a test sets apart."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000
        self.up_s = 100.0
        super().__init__(wall=lambda: self.now_ms)

    def monotonic_s(self) -> float:
        """Return what was set."""
        return self.up_s


async def _held() -> tuple[SetClock, LeaseKeeper]:
    clock = SetClock()
    leases = MemoryLeases(MemoryJournal(MemoryStore(clock)))
    keeper = LeaseKeeper(leases, clock, name="executor/x", holder="me", ttl_ms=3000)
    await keeper.take()
    return clock, keeper


async def test_a_system_clock_that_is_set_back_lengthens_no_lease() -> None:
    """Five seconds after the last renewal the lease is gone, also where the wall clock says it is early."""
    clock, keeper = await _held()
    assert keeper.held
    clock.now_ms -= 60_000
    clock.up_s += 5
    assert not keeper.held


async def test_a_machine_that_slept_holds_nothing() -> None:
    """The monotonic clock stands still during a suspend; wall time tells that the lease ran out."""
    clock, keeper = await _held()
    clock.now_ms += 5000
    assert not keeper.held
