"""From an approved intent to the venue: commit first, send second, and only once.

One reader a queue; commits of one batch share the journal's fsync, requests run beside each other.
"""

import asyncio

from opensqt.domain import life
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.order import OrderRef
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime.bus.dlq import refuse
from opensqt.runtime.bus.port import Bus, BusDown, Delivery, Queue
from opensqt.runtime.codec import Undecodable, decode
from opensqt.runtime.journal.port import (
    Appended,
    AppendOutcome,
    Conflict,
    Duplicate,
    Entry,
    Fenced,
    JournalDown,
    NewEvent,
    TooLate,
)
from opensqt.runtime.metrics import Metrics
from opensqt.runtime.telemetry import Tracer
from opensqt.runtime.venue.port import Held, NotSent, PlaceOutcome, Throttled
from opensqt.runtime.waiting import event_within
from services.executor import facts
from services.executor.account import PAUSE_S, Account, Spawn
from services.executor.decide import (
    Settle,
    Skip,
    Submit,
    admit_place,
    admit_retry,
    after_place,
    refuse_place,
)
from services.executor.doubts import Doubts
from services.executor.evidence import Evidence

BATCH_MAX = 64
FETCH_WAIT_S = 1.0
CANCEL_COMMIT_S_MAX = 0.3
RETRY_PAUSE_MS = 100
MS_PER_S = 1000


class Commands:
    """The intake of one account."""

    def __init__(
        self,
        account: Account,
        doubts: Doubts,
        evidence: Evidence,
        bus: Bus,
        metrics: Metrics,
        tracer: Tracer,
        spawn: Spawn,
    ) -> None:
        self._account = account
        self._doubts = doubts
        self._evidence = evidence
        self._bus = bus
        self._metrics = metrics
        self._tracer = tracer
        self._spawn = spawn

    async def serve(self, queue: Queue) -> None:
        """Take commands from a queue until its durable is taken away by a successor (`BusDown`)."""
        while True:
            batch = await queue.fetch(BATCH_MAX, FETCH_WAIT_S)
            await asyncio.gather(*(self._take(queue, delivery) for delivery in batch))

    async def _take(self, queue: Queue, delivery: Delivery) -> None:
        try:
            command = _command(delivery.data)
        except Undecodable as error:
            await refuse(self._bus, queue, "executor", delivery, error, self._metrics)
            return
        trace = delivery.headers.get("traceparent", "")
        approval = command.approval
        with self._tracer.span(
            "executor.obey", trace, account=self._account.author.account
        ) as span:
            self._trace(approval, span.traceparent)
            await self._obey(approval)
        try:
            await queue.ack(delivery)
        except BusDown:
            # It comes again, finds its verdict in the journal and is skipped.
            self._account.log.warning("command_not_acked", subject=delivery.subject)

    def _trace(self, approval: RiskApproved, traceparent: str) -> None:
        traces = self._account.traces
        traces[f"intent/{approval.intent_id}"] = traceparent
        if approval.place is not None:
            ref = facts.ref_of(self._account.author, approval.place, 1)
            traces[f"order/{ref.client_order_id}"] = traceparent

    async def _obey(self, approval: RiskApproved) -> None:
        if approval.place is not None:
            await self._place(approval, approval.place)
        elif approval.cancel is not None:
            await self._cancel(approval)

    async def _place(self, approval: RiskApproved, intent: PlaceIntent) -> None:
        account = self._account
        terms = account.terms(intent.valid_until_ms)
        fence = account.lease.fence
        admission = admit_place(account.state, account.author, approval, fence, terms)
        match admission:
            case Skip():
                return
            case Settle():
                await self._settle(admission)
            case Submit():
                account.state.admitted[intent.intent_id] = intent
                try:
                    outcome = await self._commit(admission.entry)
                finally:
                    account.state.admitted.pop(intent.intent_id, None)
                match outcome:
                    case Appended():
                        self._start(admission)
                    case TooLate():
                        reason = f"{outcome.late_ms} ms late at the journal"
                        await self._settle(
                            refuse_place(account.author, approval, fence, terms, reason)
                        )
                    case Fenced():
                        reason = f"approved under risk epoch {approval.risk_epoch}"
                        await self._settle(
                            refuse_place(account.author, approval, fence, terms, reason)
                        )
                    case Duplicate() | Conflict():
                        # An earlier delivery won; if it died before sending, the doubts find that out.
                        account.state.judged.add(intent.intent_id)
                        self._doubts.wake()

    async def _commit(self, entry: Entry) -> AppendOutcome:
        """Append, again after a lost answer: what we committed ourselves a moment ago is still ours to send."""
        tried = False
        while True:
            try:
                outcome = await self._account.commit(entry)
            except JournalDown:
                tried = True
                await self._account.clock.sleep(PAUSE_S)
                continue
            if tried and isinstance(outcome, Duplicate):
                return Appended(positions=outcome.positions)
            return outcome

    async def _settle(self, settle: Settle) -> None:
        outcome = await self._commit(settle.entry)
        self._account.log.info("intent_ended", reason=settle.reason, outcome=type(outcome).__name__)

    def _start(self, submit: Submit) -> None:
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
            # Somebody else may act already: leave the order to the successor, who proves its absence.
            return NotSent(cause="the lease ran out before the request left")
        if account.state.killed_for(submit.ref.strategy) is not None:
            return NotSent(cause="killed before the request left")
        return await account.venue.place(submit.request)

    async def _again(
        self, ref: OrderRef, outcome: Throttled | NotSent, rejection: NewEvent
    ) -> bool:
        account = self._account
        wait_ms = outcome.retry_after_ms if isinstance(outcome, Throttled) else RETRY_PAUSE_MS
        order = account.state.orders[ref.client_order_id]
        placed = order.placed
        left_ms = 0 if placed is None else placed.valid_until_ms - account.clock.market_ms()
        if account.market_span_ms(wait_ms) >= left_ms or not account.lease.held:
            return False
        await account.clock.sleep(wait_ms / MS_PER_S)
        order = account.state.orders[ref.client_order_id]
        if placed is None:
            return False
        terms = account.terms(placed.valid_until_ms)
        fence = account.lease.fence
        retry = admit_retry(account.state, account.author, order, rejection, fence, terms)
        if retry is None or not isinstance(await self._commit(retry.entry), Appended):
            return False
        self._start(retry)
        return True

    async def _cancel(self, approval: RiskApproved) -> None:
        account = self._account
        cancel = approval.cancel
        if cancel is None or approval.intent_id in account.state.judged:
            return
        events = [facts.verdict(account.author, approval)]
        order = account.state.order_of_intent(cancel.target_intent_id)
        if order is not None and order.placed is not None and not order.terminal:
            life.permit(order, life.Step.CANCEL)
            now_ms = account.clock.market_ms()
            ref = order.placed.ref
            events.append(
                facts.cancel_requested(account.author, ref, cancel.intent_id, cancel.reason, now_ms)
            )
        tried = asyncio.Event()
        self._spawn(self._commit_cancel(tuple(events), tried))
        if not await event_within(account.clock, tried, CANCEL_COMMIT_S_MAX):
            # A cancel takes risk away: it does not wait for the journal, its record does.
            for event in events:
                account.state.fold(event.message)
        if order is not None:
            self._doubts.wish_away(order.client_order_id)

    async def _commit_cancel(self, events: tuple[NewEvent, ...], tried: asyncio.Event) -> None:
        account = self._account
        try:
            await account.commit(Entry(events=events, fence=account.lease.fence))
            tried.set()
        except JournalDown:
            await account.record(events)


def _command(data: bytes) -> Command:
    message = decode(data)
    if not isinstance(message, Command):
        raise Undecodable(f"{type(message).__name__} is no command")
    return message
