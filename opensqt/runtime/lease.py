"""Holding a lease: taking it, renewing it in time, and knowing at any instant whether it is still ours.

It never assumes: a lease counts as held only until `ttl_ms` after the last renewal *began*, by a clock that nobody sets
and that counts while the machine sleeps.
"""

import asyncio
import contextlib
import math
import socket

from opensqt.domain.journal import Fence, Lease
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import JournalDown, Leases
from opensqt.runtime.progress import Progress

RENEWALS_PER_TTL = 3
ATTEMPTS_PER_TTL = 15
RELEASE_S_MAX = 1.0
MS_PER_S = 1000


class LeaseLost(RuntimeError):
    """Another process holds the lease now; this one must stop at once."""


class LeaseKeeper:
    """One lease of one process."""

    def __init__(
        self, leases: Leases, clock: Clock, *, name: str, holder: str, ttl_ms: int
    ) -> None:
        self._leases = leases
        self._clock = clock
        self._name = name
        self.holder = holder  # among all that may ever hold it no two processes have the same name
        self._ttl_ms = ttl_ms
        self.ttl_s = ttl_ms / MS_PER_S  # wall: for so long it lasts without being renewed
        self._lease: Lease | None = None
        self._held_until_s = -math.inf
        self._heard_s = clock.monotonic_s()

    @property
    def lease(self) -> Lease:
        """Return the lease that was taken; raise `LeaseLost` before the first take."""
        if self._lease is None:
            raise LeaseLost(f"lease {self._name} has not been taken")
        return self._lease

    @property
    def epoch(self) -> int:
        """Return the epoch of the lease that was taken; 0 before the first take."""
        return self._lease.epoch if self._lease is not None else 0

    @property
    def fence(self) -> Fence:
        """Return what appends under this lease carry."""
        return self.lease.fence

    @property
    def held(self) -> bool:
        """Tell whether the lease is certainly still ours at this instant."""
        return self._lease is not None and self._clock.monotonic_s() < self._held_until_s

    @property
    def silent_s(self) -> float:
        """Wall seconds since the journal last answered a question about this lease; small while it is kept."""
        return self._clock.monotonic_s() - self._heard_s

    async def take(self) -> Lease:
        """Wait until the lease is ours, as a standby if need be."""
        while True:
            try:
                lease = await self.attempt()
            except JournalDown:
                lease = None
            if lease is not None:
                return lease
            await self._clock.sleep(self.attempt_pause_s)

    async def attempt(self) -> Lease | None:
        """Take the lease if it is free or ours already; raise `JournalDown`."""
        began_s = self._clock.monotonic_s()
        lease = await self._leases.acquire(self._name, self.holder, self._ttl_ms)
        self._heard_s = self._clock.monotonic_s()
        if lease is not None:
            self._lease = lease
            self._hold(began_s)
        return lease

    def beside(self, suffix: str, ttl_ms: int) -> "LeaseKeeper":
        """Return a lease of its own for the same holder, named after this one."""
        name = self._name + suffix
        return LeaseKeeper(self._leases, self._clock, name=name, holder=self.holder, ttl_ms=ttl_ms)

    async def keep(self, progress: Progress | None = None) -> None:
        """Renew for ever; raise `LeaseLost` when somebody else holds it, or when our own work stands still.

        Who does nothing any more must not keep a standby from doing it.
        """
        while True:
            await self._clock.sleep(self.ttl_s / RENEWALS_PER_TTL)
            if progress is not None and progress.standing:
                self._held_until_s = -math.inf
                raise LeaseLost(f"lease {self._name} is not renewed: {progress.standing}")
            began_s = self._clock.monotonic_s()
            try:
                kept = await self._leases.renew(self.lease)
            except JournalDown:
                # The journal may come back within the ttl; nothing is sent once `held` turns false.
                continue
            self._heard_s = self._clock.monotonic_s()
            if not kept:
                raise LeaseLost(f"lease {self._name} epoch {self.lease.epoch} was taken over")
            self._hold(began_s)

    async def release(self) -> None:
        """Give the lease back so that a standby need not wait; harmless when the journal is away."""
        if self._lease is None:
            return
        self._held_until_s = -math.inf
        given = asyncio.ensure_future(_give_back(self._leases, self._lease))
        # A connection that does not answer takes its time to be cancelled as well: nobody waits for that.
        await asyncio.wait((given,), timeout=RELEASE_S_MAX)
        if given.done():
            given.result()
        given.cancel()

    def _hold(self, began_s: float) -> None:
        self._held_until_s = began_s + self.ttl_s

    @property
    def attempt_pause_s(self) -> float:
        """Wall seconds between two attempts: what a standby loses of the take-over at most."""
        return self.ttl_s / ATTEMPTS_PER_TTL


def holder_of(process: str) -> str:
    """Name a process as a lease holder: its restart is known again at once, another host's twin waits."""
    return f"{process}@{socket.gethostname()}"


async def _give_back(leases: Leases, lease: Lease) -> None:
    with contextlib.suppress(JournalDown):
        await leases.release(lease)
