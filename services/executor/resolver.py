"""What is pursued until it is certain: unknown orders, orders that the venue shows no more, wishes to cancel.

An unknown order is looked for until the venue shows it or its absence is proved; it is never sent again. A cancel is
repeated until the order is terminal; "not found" proves nothing while its place may still be under way.
"""

import asyncio

import msgspec

from opensqt.domain import order_state
from opensqt.domain.journal import Entry
from opensqt.domain.order_events import OrderRef
from opensqt.domain.venue import Held, NotFound, Throttled
from opensqt.execution import absence
from opensqt.execution import events as facts
from opensqt.execution.absence import AbsenceSearch, Observation
from opensqt.execution.evidence import ACKNOWLEDGED
from opensqt.execution.to_ask import doubtful, wished_away
from opensqt.runtime.keyed_executor import Spawn
from services.executor.account import ExecutorAccount
from services.executor.account_sync import AccountSync
from services.executor.order_lookup import OrderLookup

LOOK_PAUSES_S = (0.1, 0.3, 1.0, 3.0, 5.0)
CANCEL_PAUSES_S = (0.1, 0.25, 0.5, 1.0, 2.0)
LOST_MS = 30_000  # wall; as long as an order that the venue held must be out of its sight to be called vanished
MS_PER_S = 1000


class OrderResolver:
    """The pursuit of unknown orders and of cancel wishes."""

    def __init__(self, account: ExecutorAccount, evidence: AccountSync, spawn: Spawn) -> None:
        self._account = account
        self._evidence = evidence
        self._spawn = spawn
        self._wake = asyncio.Event()
        self._pursued: set[str] = set()
        self._cancelling: set[str] = set()
        self._lost: set[str] = set()  # the venue held them and shows them no more
        # Only what was out of sight for long is no witness: reads that are blind for a while must prove nothing.
        self._unseen: set[str] = set()
        self._looks = OrderLookup(account, evidence, self._unseen)
        evidence.tell_missing(self.seek)

    def wake(self) -> None:
        """Look now whether there is anything new to pursue."""
        self._wake.set()

    def wish_away(self, client_order_id: str) -> None:
        """Cancel an order, again and again until it is terminal."""
        if client_order_id not in self._cancelling:
            self._cancelling.add(client_order_id)
            self._spawn(self._cancel(client_order_id))

    def seek(self, client_order_id: str) -> None:
        """Look for an order that the venue held and does not show any more."""
        if client_order_id not in self._lost:
            self._lost.add(client_order_id)
            self._spawn(self._find(client_order_id))

    async def run(self) -> None:
        """Pursue every unknown order and every open wish, for ever."""
        while True:
            self._wake.clear()
            state = self._account.state
            for order in doubtful(state):
                name = order.client_order_id
                if name not in self._account.sending and name not in self._pursued:
                    self._pursued.add(name)
                    self._spawn(self._resolve(name))
            for order in wished_away(state):
                self.wish_away(order.client_order_id)
            await self._wake.wait()

    async def _resolve(self, name: str) -> None:
        account = self._account
        try:
            order = account.state.orders[name]
            search = self._begin(order)
            if order.unresolved is not None and order.unresolved.cause == ACKNOWLEDGED:
                # The stream tells what became of it, and sooner than a look could.
                await account.clock.sleep(account.venue.policy.ack_grace_ms / MS_PER_S)
                order = account.state.orders[name]
            for turn in range(1_000_000):
                if order.phase not in order_state.IN_DOUBT:
                    return
                look = await self._look(order, search)
                order = account.state.orders[name]
                if isinstance(look, Observation) and order.phase in order_state.IN_DOUBT:
                    search, proof = absence.judge(search, look)
                    if proof and order.placed is not None:
                        now_ms = account.clock.market_ms()
                        event = facts.never_placed(account.author, order.placed.ref, proof, now_ms)
                        await account.record((event,))
                        return
                await self._pause(search, turn)
                order = account.state.orders[name]
        finally:
            self._pursued.discard(name)

    async def _find(self, name: str) -> None:
        """Look until the venue shows the order, open or ended, or has shown for long enough that it knows nothing."""
        account = self._account
        try:
            lost_ms = account.clock.market_ms() + account.market_span_ms(LOST_MS)
            search = _search(account, lost_ms)
            for turn in range(1_000_000):
                if account.clock.market_ms() >= lost_ms:
                    self._unseen.add(name)
                order = account.state.orders[name]
                look = await self._look(order, search)
                order = account.state.orders[name]
                if order.phase not in order_state.AT_VENUE or look is True:
                    return
                if isinstance(look, Observation):
                    if look.found_by_id or look.found_open:
                        return
                    # Our trades are no sign that the rest of it is still open.
                    look = msgspec.structs.replace(look, traded=False)
                    search, proof = absence.judge(search, look)
                    if proof:
                        await _vanish(account, order, proof)
                        return
                await self._pause(search, turn)
        finally:
            self._lost.discard(name)
            self._unseen.discard(name)

    def _begin(self, order: order_state.Order) -> AbsenceSearch:
        """Begin the search for an order: a request lives no longer than its deadline from its sending.

        One that this process did not send may have left just now, by a clock that need not agree with ours.
        """
        account = self._account
        now_ms = account.clock.market_ms()
        sent_ms = account.sent_ms.get(order.client_order_id, now_ms)
        deadline_ms = sent_ms + account.market_span_ms(account.venue.policy.deadline_ms)
        if order.submitting is not None:
            deadline_ms = max(deadline_ms, order.submitting.deadline_ms)
        return _search(account, deadline_ms)

    async def _look(
        self, order: order_state.Order, search: AbsenceSearch
    ) -> Observation | bool | None:
        """Ask by id; look everywhere as soon as that can prove something. True: shown, None: no answer."""
        if order.placed is None:
            return None
        ref = order.placed.ref
        if self._account.clock.market_ms() < search.fence_ms:
            return await self._looks.ask(ref)
        return await self._looks.look(ref, absence.next_look_ms(search))

    async def _pause(self, search: AbsenceSearch, turn: int) -> None:
        clock = self._account.clock
        pause_s = LOOK_PAUSES_S[min(turn, len(LOOK_PAUSES_S) - 1)]
        ahead_ms = absence.next_look_ms(search) - clock.market_ms()
        ahead_s = float(ahead_ms / clock.speed) / MS_PER_S
        # Behind the fence the next look comes as soon as it can complete the proof.
        await clock.sleep(min(pause_s, ahead_s) if ahead_s > 0 else pause_s)

    async def _cancel(self, name: str) -> None:
        account = self._account
        try:
            for turn in range(1_000_000):
                order = account.state.orders[name]
                if order.terminal or order.placed is None:
                    return
                if name not in account.sending:
                    wait_ms = await self._cancel_once(order, order.placed.ref)
                else:
                    wait_ms = 0
                pause_s = CANCEL_PAUSES_S[min(turn, len(CANCEL_PAUSES_S) - 1)]
                if account.state.orders[name].terminal:
                    return
                await account.clock.sleep(max(pause_s, wait_ms / MS_PER_S))
        finally:
            self._cancelling.discard(name)

    async def _cancel_once(self, order: order_state.Order, ref: OrderRef) -> int:
        account = self._account
        outcome = await account.cancels.cancel(ref.symbol, ref.client_order_id)
        match outcome:
            case Held():
                await self._looks.show(ref, outcome.order)
            case NotFound() if order.phase in order_state.IN_DOUBT:
                # The place may still arrive; only the search behind the fence may end this order.
                self.wake()
            case Throttled():
                return outcome.retry_after_ms
            case _:
                await self._looks.ask(ref)
        return 0


async def _vanish(account: ExecutorAccount, order: order_state.Order, proof: str) -> None:
    account.log.error(
        "order_vanished",
        order=order.client_order_id,
        proof=proof,
        fix="openings of its symbol are halted: look at the venue's history, then `opensqt resume`",
    )
    events = facts.vanished(account.author, order, proof, account.clock.market_ms())
    await account.commit_surely(Entry(events=events, fence=account.lease.fence))


def _search(account: ExecutorAccount, deadline_ms: int) -> AbsenceSearch:
    policy = account.venue.policy
    return absence.begin(
        deadline_ms=deadline_ms,
        lag_ms=account.market_span_ms(policy.visibility_lag_ms),
        skew_ms=account.market_span_ms(policy.clock_skew_ms_max + policy.queue_ms),
    )
