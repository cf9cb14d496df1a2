"""When a lease counts as held: never longer than certain, and never by two at once, whatever is set."""

import pytest

from opensqt.runtime.clock import NS_PER_MS, RunClock
from opensqt.runtime.lease import LeaseKeeper
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore

TTL_MS = 3000


class Machine:
    """A machine whose time of day somebody sets; what its processes count goes on."""

    def __init__(self) -> None:
        self.counted_ms = 1_700_000_000_000
        self.set_ms = 0

    def clock(self) -> RunClock:
        """Return the clock of a process that starts now."""
        return RunClock(
            host=lambda: (self.counted_ms + self.set_ms) * NS_PER_MS,
            counter=lambda: self.counted_ms * NS_PER_MS,
        )

    def keeper(self, store: MemoryStore, holder: str) -> LeaseKeeper:
        """Return how a process that starts now keeps the lease of the tests."""
        clock = self.clock()
        leases = MemoryLeases(MemoryJournal(store, clock))
        return LeaseKeeper(leases, clock, name="executor/x", holder=holder, ttl_ms=TTL_MS)


@pytest.mark.parametrize("set_ms", [-60_000, 60_000])
async def test_a_system_clock_that_is_set_changes_no_lease(set_ms: int) -> None:
    """A lease is held for its time to live after the last renewal, whatever the time of day is set to."""
    machine = Machine()
    keeper = machine.keeper(MemoryStore(machine.clock()), "me")
    await keeper.take()
    machine.set_ms = set_ms
    machine.counted_ms += TTL_MS - 10
    assert keeper.held
    machine.counted_ms += 20
    assert not keeper.held


@pytest.mark.row("J03")
@pytest.mark.parametrize("set_ms", [-60_000, 0, 60_000])
async def test_a_standby_takes_over_only_when_the_leader_has_let_go(set_ms: int) -> None:
    """A time of day that is set forward makes no standby take the lease while its holder still counts on it."""
    machine = Machine()
    store = MemoryStore(machine.clock())
    leader, standby = machine.keeper(store, "leader"), machine.keeper(store, "standby")
    await leader.take()
    machine.set_ms = set_ms
    for _ in range(TTL_MS // 50 * 2):
        if await standby.attempt() is not None:
            break
        machine.counted_ms += 50
    assert standby.held
    assert not leader.held
