"""Who leads an account: the standby that waits behind the leader, and the leader that makes way when the bus lost him.

A leader without journal loses its lease by itself. One without bus would keep it and be deaf: it gives the lease away,
but only to a standby that hears the bus, for where nobody does nothing would be won.
"""

import asyncio
import math

from opensqt.domain.journal import Lease
from opensqt.runtime.bus.port import Bus, BusDown, Stream
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.lease import LeaseLost
from services.executor.account import ExecutorAccount

SEAT = "/standby"  # the lease of the one who waits and hears the bus
SEAT_MS = 1000
SEAT_RENEWED_S = 0.3
PROBE_S = 0.25
PROBE_S_MAX = 0.5
FIT_S_MAX = 0.75  # a standby that has not heard the bus for longer leaves its seat
LEASES_REFUSED = (
    1.2  # a lease that was refused for so many times its length is one that somebody renews
)
BUS_SILENT_S_MAX = 2.25  # longer than FIT_S_MAX and a seat: where the bus is gone for all nobody sits there any more


class LeaderElection:
    """The lease of an account as its executors take, leave and give it."""

    def __init__(self, account: ExecutorAccount, bus: Bus) -> None:
        self._account = account
        self._bus = bus
        self._seat = account.lease.beside(SEAT, SEAT_MS)
        self._heard_s = -math.inf
        self._refused_s = math.inf  # since when somebody else has held the lease

    @property
    def stands_by(self) -> bool:
        """True once the journal has said that somebody else holds the lease: nobody waits before that."""
        return self._refused_s < math.inf

    @property
    def can_follow(self) -> bool:
        """True while a living leader has us behind him: we hear journal and bus, and his lease is renewed.

        One that nobody renews would have been ours by now.
        """
        lease, now_s = self._account.lease, self._account.clock.monotonic_s()
        waited_s = now_s - self._refused_s
        hears = now_s - self._heard_s <= BUS_SILENT_S_MAX and lease.silent_s <= BUS_SILENT_S_MAX
        return hears and waited_s > lease.ttl_s * LEASES_REFUSED

    async def take(self) -> Lease:
        """Wait until the lease is ours, in the standby's seat as long as we hear the bus."""
        account = self._account
        seated_s = account.clock.monotonic_s()
        asked = True
        while True:
            try:
                lease = await account.lease.attempt()
                if lease is not None:
                    await self._seat.release()
                    return lease
                now_s = account.clock.monotonic_s()
                self._refused_s = min(self._refused_s, now_s)
                if now_s - self._heard_s > FIT_S_MAX:
                    if self._seat.held:
                        await self._seat.release()
                elif now_s >= seated_s:
                    seated_s = now_s + SEAT_RENEWED_S
                    await self._seat.attempt()
                asked = True
            except JournalDown as error:
                if asked:
                    account.log.warning("lease_not_asked_for", detail=str(error))
                asked = False
            await account.clock.sleep(account.lease.attempt_pause_s)

    async def watch(self) -> None:
        """Probe the bus for ever; raise `LeaseLost` when it is silent and somebody who hears it stands by."""
        clock = self._account.clock
        while True:
            try:
                async with asyncio.timeout(PROBE_S_MAX):
                    await self._bus.state(Stream.EXITS)
                self._heard_s = clock.monotonic_s()
            except (BusDown, TimeoutError):
                await self._judge(clock.monotonic_s() - self._heard_s)
            await clock.sleep(PROBE_S)

    async def _judge(self, silent_s: float) -> None:
        lease = self._account.lease
        if not lease.held:
            return
        try:
            # Asked for from the first silence on: a seat is free when it was seen to stand still.
            taken = await self._seat.attempt()
        except JournalDown:
            return
        if taken is not None:
            # Nobody stands by: the seat was free.
            await self._seat.release()
            return
        if silent_s < BUS_SILENT_S_MAX:
            return
        await lease.release()
        raise LeaseLost(f"given to the standby: the bus has been silent for {silent_s:.1f} s")


class PhaseTimer:
    """What a take-over spends its time on, in wall seconds, for whoever asks why one took long."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since_s = clock.monotonic_s()
        self.took: dict[str, float] = {}

    def end(self, name: str) -> None:
        """Note that a stage has ended and the next one begins."""
        now_s = self._clock.monotonic_s()
        self.took[name] = round(now_s - self._since_s, 3)
        self._since_s = now_s
