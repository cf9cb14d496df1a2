"""Taking orders away without being asked by a strategy: at once what is known, then whatever the venue still shows.

Needs only the venue: no history, no journal, no lease. Places nothing and decides nothing.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from opensqt.domain import ids
from opensqt.domain.intent import Purpose
from opensqt.domain.scope import DESK, parsed
from opensqt.domain.venue import Held, VenueDown
from opensqt.runtime.keyed_executor import Spawn
from services.executor.account import ExecutorAccount
from services.executor.account_sync import AccountSync
from services.executor.resolver import OrderResolver

CANCELS_AT_ONCE = 16
SWEEP_PAUSE_S = 0.2
SILENCE_S_MAX = 5.0
WATCH_S = 0.5
AGAIN_PAUSES_S = (2.0, 5.0, 10.0, 30.0)  # between cancels of one opening while the silence lasts
MS_PER_S = 1000


class SweepResult(NamedTuple):
    """Cancels that were asked for at once, and how many orders the venue confirmed to be closed by them."""

    asked: int = 0
    confirmed: int = 0


class CancelSweep:
    """The ways in which orders of one account are taken off the venue."""

    def __init__(
        self, account: ExecutorAccount, evidence: AccountSync, doubts: OrderResolver, spawn: Spawn
    ) -> None:
        self._account = account
        self._evidence = evidence
        self._doubts = doubts
        self._spawn = spawn

    async def cancel_all(self, seconds_max: float) -> bool:
        """Cancel every order of ours until none is left that could appear; False when wall time ran out before."""
        work = asyncio.ensure_future(self._cancel_and_sweep())
        limit = asyncio.ensure_future(self._account.clock.sleep(seconds_max))
        try:
            await asyncio.wait((work, limit), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            return work.done()
        finally:
            work.cancel()
            limit.cancel()

    async def _cancel_and_sweep(self) -> None:
        await self.cancel_known(DESK)
        await self.sweep(DESK, over=lambda: False)

    async def cancel_known(self, scope: str) -> SweepResult:
        """Ask at once to cancel every living order that we know of in a scope; return what came of it."""
        names: dict[str, str] = {}
        for order in self._account.state.living():
            if order.placed is not None and _covers(scope, order.placed.ref.strategy):
                names[order.client_order_id] = order.placed.ref.symbol
        return await self._cancel_these(names)

    async def cancel_openings(self, claim: Callable[[str], bool]) -> int:
        """Ask at once to cancel the living openings that `claim` grants, asked once for each; return how many."""
        names: dict[str, str] = {}
        for order in self._account.state.living():
            placed, name = order.placed, order.client_order_id
            if placed is not None and placed.purpose is Purpose.OPEN and claim(name):
                names[name] = placed.ref.symbol
        await self._cancel_these(names)
        return len(names)

    async def _cancel_these(self, names: dict[str, str]) -> SweepResult:
        gate = asyncio.Semaphore(CANCELS_AT_ONCE)

        async def one(name: str, symbol: str) -> bool:
            async with gate:
                outcome = await self._account.cancels.cancel(symbol, name, urgent=True)
            if isinstance(outcome, Held) and outcome.order is not None:
                self._spawn(self._evidence.show(outcome.order))
            elif name in self._account.state.orders:
                # What is not there may still arrive; a wish lives until the order is terminal.
                self._doubts.wish_away(name)
            return isinstance(outcome, Held)

        done = await asyncio.gather(*(one(name, symbol) for name, symbol in names.items()))
        return SweepResult(asked=len(names), confirmed=sum(done))

    async def sweep(self, scope: str, over: Callable[[], bool]) -> None:
        """Look at the venue itself until, behind every deadline, nothing of ours is open, or until it is over."""
        account = self._account
        policy = account.venue.policy
        wall_ms = policy.deadline_ms + policy.clock_skew_ms_max + policy.visibility_lag_ms
        last_s = account.clock.monotonic_s() + wall_ms / MS_PER_S
        while not over():
            left = 0
            for symbol in account.watched():
                left += await self._left_of(scope, symbol)
            if left == 0 and account.clock.monotonic_s() >= last_s:
                return
            await account.clock.sleep(SWEEP_PAUSE_S)

    async def _left_of(self, scope: str, symbol: str) -> int:
        """Sweep one symbol, whatever the others answer; an unanswered one counts as if something were left."""
        try:
            return await self._sweep_symbol(scope, symbol)
        except VenueDown as error:
            self._account.log.warning("sweep_not_answered", symbol=symbol, detail=str(error))
            return 1
        except LookupError as error:
            # What the venue does not trade cannot be open there.
            self._account.log.error("symbol_not_traded", symbol=symbol, detail=str(error))
            return 0

    async def _sweep_symbol(self, scope: str, symbol: str) -> int:
        account = self._account
        found: dict[str, str] = {}
        for view in await account.venue.open_orders(symbol):
            order = account.state.orders.get(view.client_order_id)
            strategy = order.placed.ref.strategy if order and order.placed else ""
            # Before the history is read every id of our shape is ours; foreign orders are left alone.
            if ids.is_ours(view.client_order_id) and _covers(scope, strategy):
                found[view.client_order_id] = symbol
        await self._cancel_these(found)
        return len(found)


class LivenessWatchdog:
    """The watch over risk and journal: when either says nothing for too long, openings come off.

    Without journal no order ends in our books, whatever the venue answered: each is asked for again, but ever more
    rarely, since the weight of these cancels is what a successor needs for his first look.
    """

    def __init__(self, account: ExecutorAccount, sweeps: CancelSweep) -> None:
        self._account = account
        self._sweeps = sweeps
        self._risk_heard_s = account.clock.monotonic_s()
        self._asked: dict[str, tuple[int, float]] = {}  # order -> times, and when it is due again

    def hear_risk(self) -> None:
        """Note that risk is alive."""
        self._risk_heard_s = self._account.clock.monotonic_s()

    async def watch(self) -> None:
        """Cancel all openings when risk or the journal have been silent too long, for ever."""
        account = self._account
        # Silence counts from here: before this the loop may have been blocked by our own start.
        self.hear_risk()
        while True:
            await account.clock.sleep(WATCH_S)
            risk_s = account.clock.monotonic_s() - self._risk_heard_s
            # The lease is asked about every second; whether anything is to be appended is chance.
            silent_s = max(risk_s, account.silent_s, account.lease.silent_s)
            if silent_s <= SILENCE_S_MAX:
                self._asked.clear()
            elif sent := await self._sweeps.cancel_openings(self._claim):
                account.log.error("openings_cancelled", silent_s=round(silent_s, 1), cancels=sent)

    def _claim(self, name: str) -> bool:
        """Claim the turn to ask for the cancel of an order; False while it is not due, True takes the turn."""
        now_s = self._account.clock.monotonic_s()
        times, due_s = self._asked.get(name, (0, now_s))
        if now_s < due_s:
            return False
        pause_s = AGAIN_PAUSES_S[min(times, len(AGAIN_PAUSES_S) - 1)]
        self._asked[name] = times + 1, now_s + pause_s
        return True


def _covers(scope: str, strategy: str) -> bool:
    meant = parsed(scope)
    return meant is not None and not meant.venue and meant.covers(strategy=strategy)
