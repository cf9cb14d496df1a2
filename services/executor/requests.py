"""Requests under way: each leaves once, after its commit, and its outcome is recorded whatever it is.

The one retry layer of places: only what provably never reached the venue goes again, as a new attempt.
"""

from opensqt.domain.order import OrderRef
from opensqt.runtime.journal.port import Appended, NewEvent
from opensqt.runtime.metrics import Metrics
from opensqt.runtime.telemetry import Tracer
from opensqt.runtime.venue.port import Held, NotSent, PlaceOutcome, Throttled
from services.executor.account import Account, Spawn
from services.executor.decide import Submit, admit_retry, after_place
from services.executor.doubts import Doubts
from services.executor.evidence import Evidence

RETRY_PAUSE_MS = 100
MS_PER_S = 1000


class Requests:
    """What one account has on the wire."""

    def __init__(
        self,
        account: Account,
        doubts: Doubts,
        evidence: Evidence,
        metrics: Metrics,
        tracer: Tracer,
        spawn: Spawn,
    ) -> None:
        self._account = account
        self._doubts = doubts
        self._evidence = evidence
        self._metrics = metrics
        self._tracer = tracer
        self._spawn = spawn

    def start(self, submit: Submit) -> None:
        """Send what was committed, once, and record what came of it."""
        self._account.sending.add(submit.ref.client_order_id)
        self._spawn(self._send(submit))

    async def _send(self, submit: Submit) -> None:
        account, ref = self._account, submit.ref
        try:
            trace = account.traces.get(f"order/{ref.client_order_id}", "")
            with self._tracer.span("executor.place", trace, symbol=ref.symbol):
                outcome = await self._request(submit)
            self._measure(submit, outcome)
            evidence = getattr(outcome, "evidence", b"")
            evidence_hash = await account.keep("place", evidence)
            terms = account.terms(submit.request.deadline_ms)
            events = after_place(account.author, ref, outcome, evidence_hash, terms)
            if isinstance(outcome, Throttled | NotSent) and await self._again(
                ref, outcome, events[0]
            ):
                return
            await account.record(events)
            view = outcome.order if isinstance(outcome, Held) else None
            if view is not None and view.filled_quantity > 0:
                self._evidence.poke(ref.symbol)
        finally:
            account.sending.discard(ref.client_order_id)
            self._doubts.wake()

    def _measure(self, submit: Submit, outcome: PlaceOutcome) -> None:
        account = self._account
        elapsed_ms = float((account.clock.market_ms() - submit.created_ms) / account.clock.speed)
        labels = (account.author.venue, type(outcome).__name__)
        self._metrics.intent_to_ack_ms.labels(*labels).observe(elapsed_ms)

    async def _request(self, submit: Submit) -> PlaceOutcome:
        account = self._account
        if not account.lease.held:
            # Somebody else may act already.
            return NotSent(cause="the lease ran out before the request left")
        if account.closing:
            return NotSent(cause="stopped before the request left")
        if account.state.killed_for(submit.ref.strategy) is not None:
            return NotSent(cause="killed before the request left")
        if submit.ref.intent_id in account.state.tombstones:
            return NotSent(cause="canceled before the request left")
        return await account.venue.place(submit.request)

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
