"""Requests under way: each place leaves once, after its commit, and its outcome is recorded whatever it is.

What was committed together leaves together where the venue takes batches; nothing waits for company. The one retry
layer of places: only what provably never reached the venue goes again, as a new attempt.
"""

import asyncio
from collections.abc import Iterator

import msgspec

from opensqt.domain.instruments import Market, Side, market_of
from opensqt.domain.journal import Appended, NewEvent
from opensqt.domain.order_events import OrderRef
from opensqt.domain.venue import Held, NotSent, PlaceOutcome, Refusal, Refused, Throttled
from opensqt.execution.admission import SendOrder, admit_retry
from opensqt.execution.evidence import after_place
from opensqt.runtime.keyed_executor import Spawn
from opensqt.runtime.telemetry.metrics import Metrics
from services.executor.account import REMEMBERED_MAX, ExecutorAccount
from services.executor.account_sync import AccountSync
from services.executor.resolver import OrderResolver

RETRY_PAUSE_MS = 100
MS_PER_S = 1000


class OrderBatch(msgspec.Struct, kw_only=True):
    """Places of one symbol, committed together, that draw on the same funds; `broke` says that these are spent."""

    submits: list[SendOrder] = []
    broke: str = ""


class OrderSender:
    """What one account has on the wire."""

    def __init__(
        self,
        account: ExecutorAccount,
        doubts: OrderResolver,
        evidence: AccountSync,
        metrics: Metrics,
        spawn: Spawn,
    ) -> None:
        self._account = account
        self._doubts = doubts
        self._evidence = evidence
        self._metrics = metrics
        self._spawn = spawn
        self._waiting: list[SendOrder] = []

    def start(self, submit: SendOrder) -> None:
        """Send what was committed, once, with what was committed in the same turn; record what came of each."""
        _note(self._account, submit.ref.client_order_id)
        self._waiting.append(submit)
        if len(self._waiting) == 1:
            self._spawn(self._depart())

    async def _depart(self) -> None:
        """Let everything leave that waits by now: all whose commit came back in one group have asked by then."""
        waiting, self._waiting = self._waiting, []
        policy = self._account.venue.policy
        for group in _groups(waiting):
            most = policy.places_at_once(group.submits[0].ref.symbol)
            for part in _parts(group.submits, most, max(2, policy.places_min)):
                self._spawn(self._send(part, group))

    async def _send(self, submits: tuple[SendOrder, ...], group: OrderBatch) -> None:
        """Send one request; each of its orders then goes its own way."""
        try:
            with self._account.traces.request([submit.ref for submit in submits]):
                outcomes = await self._request(submits, group)
            _stop_the_rest(group, outcomes)
            if len(submits) == 1:
                await self._settle(submits[0], outcomes[0], group)
                return
            async with asyncio.TaskGroup() as tasks:
                for submit, outcome in zip(submits, outcomes, strict=True):
                    tasks.create_task(self._settle(submit, outcome, group))
        finally:
            for submit in submits:
                self._account.sending.discard(submit.ref.client_order_id)

    async def _request(
        self, submits: tuple[SendOrder, ...], group: OrderBatch
    ) -> tuple[PlaceOutcome, ...]:
        venue = self._account.venue
        refs = {submit.ref.client_order_id: submit.ref for submit in submits}

        def obstacle(client_order_id: str) -> str:
            return group.broke or self._obstacle(refs[client_order_id])

        if len(submits) == 1:
            return (await venue.place(submits[0].request, obstacle=obstacle),)
        requests = [submit.request for submit in submits]
        return await venue.place_batch(requests, obstacle=obstacle)

    def _obstacle(self, ref: OrderRef) -> str:
        """Say what keeps an order from leaving at this moment, however long it has waited for its turn."""
        account = self._account
        if not account.lease.held:
            # Somebody else may act already.
            return "the lease ran out before the request left"
        if account.closing:
            return "stopped before the request left"
        if account.state.killed_for(ref.strategy) is not None:
            return "killed before the request left"
        if ref.intent_id in account.state.tombstones:
            return "canceled before the request left"
        placed = account.state.orders[ref.client_order_id].placed
        if placed is not None and account.clock.market_ms() >= placed.valid_until_ms:
            return f"valid until {placed.valid_until_ms}, its turn came later"
        return ""

    async def _settle(self, submit: SendOrder, outcome: PlaceOutcome, group: OrderBatch) -> None:
        account, ref = self._account, submit.ref
        try:
            self._measure(submit, outcome)
            evidence = getattr(outcome, "evidence", b"")
            evidence_hash = await account.keep("place", evidence)
            terms = account.terms(submit.request.deadline_ms)
            events = after_place(account.author, ref, outcome, evidence_hash, terms)
            unsent = outcome if isinstance(outcome, Throttled | NotSent) else None
            if unsent and not group.broke and await self._again(ref, unsent, events[0]):
                return
            await account.record(events)
            view = outcome.order if isinstance(outcome, Held) else None
            if view is not None and view.filled_quantity > 0:
                self._evidence.poke(ref.symbol)
        finally:
            account.sending.discard(ref.client_order_id)
            self._doubts.wake()

    def _measure(self, submit: SendOrder, outcome: PlaceOutcome) -> None:
        account = self._account
        elapsed_ms = (account.clock.market_ms() - submit.created_ms) / account.clock.speed
        labels = (account.author.venue, type(outcome).__name__)
        self._metrics.decision_to_ack_seconds.labels(*labels).observe(float(elapsed_ms) / MS_PER_S)

    async def _again(
        self, ref: OrderRef, outcome: Throttled | NotSent, rejection: NewEvent
    ) -> bool:
        account = self._account
        wait_ms = outcome.retry_after_ms if isinstance(outcome, Throttled) else RETRY_PAUSE_MS
        order = account.state.orders[ref.client_order_id]
        placed = order.placed
        left_ms = 0 if placed is None else placed.valid_until_ms - account.clock.market_ms()
        if account.market_span_ms(wait_ms) >= left_ms or not account.lease.held or account.closing:
            return False
        await account.clock.sleep(wait_ms / MS_PER_S)
        order = account.state.orders[ref.client_order_id]
        if placed is None:
            return False
        terms = account.terms(placed.valid_until_ms)
        fence = account.lease.fence
        retry = admit_retry(account.state, account.author, order, rejection, fence, terms)
        if retry is None or not isinstance(await account.commit_surely(retry.entry), Appended):
            return False
        self.start(retry)
        return True


def _note(account: ExecutorAccount, client_order_id: str) -> None:
    """Note that the request of an order is let go from now on; the oldest notes are forgotten."""
    account.sending.add(client_order_id)
    account.sent_ms[client_order_id] = account.clock.market_ms()
    if len(account.sent_ms) > REMEMBERED_MAX:
        del account.sent_ms[next(iter(account.sent_ms))]


def _stop_the_rest(group: OrderBatch, outcomes: tuple[PlaceOutcome, ...]) -> None:
    """Keep what has not left yet of a group whose funds are spent: it would be refused as well."""
    for outcome in outcomes:
        if isinstance(outcome, Refused) and outcome.kind is Refusal.FUNDS:
            why = f"{outcome.code} {outcome.reason}"
            group.broke = f"margin: an order that was committed with it was refused, {why}"


def _groups(waiting: list[SendOrder]) -> list[OrderBatch]:
    """Group what may leave in one request: one symbol, and exits apart; on spot each side has funds of its own."""
    groups: dict[tuple[str, bool, Side | None], OrderBatch] = {}
    for submit in waiting:
        request = submit.request
        side = request.side if market_of(request.symbol) is Market.SPOT else None
        key = (request.symbol, request.reduce_only, side)
        groups.setdefault(key, OrderBatch()).submits.append(submit)
    return list(groups.values())


def _parts(submits: list[SendOrder], most: int, least: int) -> Iterator[tuple[SendOrder, ...]]:
    """Cut a group into requests of `most` orders; what is left over goes one by one if it is fewer than `least`."""
    for start in range(0, len(submits), most):
        part = tuple(submits[start : start + most])
        if len(part) >= least:
            yield part
        else:
            yield from ((submit,) for submit in part)
