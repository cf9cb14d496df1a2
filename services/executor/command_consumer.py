"""From an approved intent to the venue: believe risk alone, commit first, send second, and only once.

One reader a queue; commits of one batch share the journal's fsync, requests run beside each other.
"""

import asyncio

from opensqt.domain.bulkhead import Bulkhead
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.domain.journal import Appended, Conflict, Duplicate, Entry, Fenced, NewEvent, TooLate
from opensqt.domain.scope import Scope
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.execution import events as facts
from opensqt.execution.admission import (
    EndIntent,
    IgnoreCommand,
    SendOrder,
    admit_place,
    refuse_place,
)
from opensqt.execution.events import EventSource
from opensqt.execution.order_actions import OrderAction, permit
from opensqt.runtime.approval_proof import Unproved
from opensqt.runtime.bus.admission import NOT_ADMITTED, Misplaced, content
from opensqt.runtime.bus.dead_letters import refuse
from opensqt.runtime.bus.port import Bus, BusDown, Delivery, Queue
from opensqt.runtime.keyed_executor import Spawn
from opensqt.runtime.lease import LeaseLost
from opensqt.runtime.progress import Loop
from opensqt.runtime.redelivery_limit import RedeliveryLimit
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.waiting import event_within
from services.executor.account import ExecutorAccount
from services.executor.account_sync import AccountSync
from services.executor.resolver import OrderResolver
from services.executor.sender import OrderSender

EXECUTOR = "executor"
BATCH_MAX = 64
FETCH_WAIT_S = 1.0
CANCEL_COMMIT_S_MAX = 0.3


class CommandConsumer:
    """The intake of one account."""

    def __init__(
        self,
        account: ExecutorAccount,
        doubts: OrderResolver,
        evidence: AccountSync,
        bus: Bus,
        metrics: Metrics,
        spawn: Spawn,
    ) -> None:
        self._account = account
        self._doubts = doubts
        self._bus = bus
        self._metrics = metrics
        self._spawn = spawn
        self._requests = OrderSender(account, doubts, evidence, metrics, spawn)
        author = account.author
        scope = str(Scope(venue=author.venue, account=author.account))
        self._strikes = RedeliveryLimit(bus, EXECUTOR, scope, metrics, self._record)
        self._obeying: set[str] = set()  # intents whose command is being carried out now

    async def serve(self, queue: Queue, loop: Loop) -> None:
        """Take commands from a queue until its durable is taken away by a successor (`BusDown`).

        No command waits for another: a place that waits for the journal must not hold up the cancel behind it. How
        many are under way is bounded by what the queue hands out without an ack.
        """
        while True:
            loop.step()
            batch = await queue.fetch(BATCH_MAX, FETCH_WAIT_S)
            if self._account.closing:
                # Left in the queue, for a successor or to expire.
                return
            for delivery in batch:
                self._spawn(self._take(queue, delivery))

    async def _take(self, queue: Queue, delivery: Delivery) -> None:
        try:
            await self._understand(queue, delivery)
        except BusDown:
            # It comes again, finds its verdict in the journal and is skipped.
            self._account.log.warning("command_not_acked", subject=delivery.subject)

    async def _understand(self, queue: Queue, delivery: Delivery) -> None:
        try:
            approval = _command(delivery, self._account.clock.market_ms()).approval
            self._account.approval_keys.check(approval)
        except (*NOT_ADMITTED, Unproved) as error:
            await refuse(self._bus, queue, EXECUTOR, delivery, error, self._metrics)
            return
        if approval.intent_id in self._obeying:
            # An earlier delivery is at it; this one is acked when it comes again and finds the verdict.
            return
        self._obeying.add(approval.intent_id)
        trace = delivery.headers.get("traceparent", "")
        try:
            with (
                Bulkhead(BusDown, LeaseLost) as bulkhead,
                self._account.traces.command(
                    _streams(self._account.author, approval), trace, self._account.author.account
                ),
            ):
                await self._obey(approval)
        finally:
            self._obeying.discard(approval.intent_id)
        if bulkhead.error is not None:
            await self._strikes.count(delivery, bulkhead.error, self._account.clock.market_ms())
        await queue.ack(delivery)

    async def _record(self, event: NewEvent) -> None:
        await self._account.commit_surely(Entry(events=(event,), fence=self._account.lease.fence))

    async def _obey(self, approval: RiskApproved) -> None:
        if approval.place is not None:
            await self._place(approval, approval.place)
        elif approval.cancel is not None:
            await self._cancel(approval)

    async def _place(self, approval: RiskApproved, intent: PlaceIntent) -> None:
        account = self._account
        terms = account.terms(intent.valid_until_ms)
        fence = account.lease.fence
        silent = account.venue.contact.why() if intent.purpose is Purpose.OPEN else ""
        admission = admit_place(account.state, account.author, approval, fence, terms)
        match admission:
            case IgnoreCommand():
                return
            case EndIntent():
                await self._settle(admission)
            case SendOrder() if silent:
                # What leaves now is in doubt for longer than anybody can tell; exits are tried all the same.
                await self._settle(refuse_place(account.author, approval, fence, terms, silent))
            case SendOrder():
                account.state.admitted[intent.intent_id] = intent
                try:
                    outcome = await account.commit_surely(admission.entry)
                finally:
                    account.state.admitted.pop(intent.intent_id, None)
                match outcome:
                    case Appended():
                        self._requests.start(admission)
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
                        if isinstance(outcome, Conflict) and outcome.stream.startswith("order/"):
                            account.log.error(
                                "order_id_taken",
                                intent=intent.intent_id,
                                stream=outcome.stream,
                                fix="another intent has this slot and cycle: its strategy must go on",
                            )
                        # An earlier delivery won; if it died before sending, the doubts find that out.
                        account.state.judged.add(intent.intent_id)
                        self._doubts.wake()

    async def _settle(self, settle: EndIntent) -> None:
        outcome = await self._account.commit_surely(settle.entry)
        self._account.log.info("intent_ended", reason=settle.reason, outcome=type(outcome).__name__)

    async def _cancel(self, approval: RiskApproved) -> None:
        account = self._account
        cancel = approval.cancel
        if cancel is None or approval.intent_id in account.state.judged:
            return
        events = [facts.verdict(account.author, approval)]
        order = account.state.order_of_intent(cancel.target_intent_id)
        if order is not None and order.placed is not None and not order.terminal:
            permit(order, OrderAction.CANCEL)
            now_ms = account.clock.market_ms()
            ref = order.placed.ref
            events.append(
                facts.cancel_requested(account.author, ref, cancel.intent_id, cancel.reason, now_ms)
            )
        recorded = asyncio.Event()
        self._spawn(self._commit_cancel(tuple(events), recorded))
        if not await event_within(account.clock, recorded, CANCEL_COMMIT_S_MAX):
            # A cancel takes risk away: it does not wait for the journal, its record does.
            for event in events:
                account.state.fold(event.message)
        if order is not None:
            self._doubts.wish_away(order.client_order_id)
        # The place may have been committed while we were: then the tombstone is the wish.
        self._doubts.wake()
        await recorded.wait()

    async def _commit_cancel(self, events: tuple[NewEvent, ...], recorded: asyncio.Event) -> None:
        await self._account.commit_surely(Entry(events=events, fence=self._account.lease.fence))
        recorded.set()


def _streams(author: EventSource, approval: RiskApproved) -> list[str]:
    """Return the streams that tell of an approval, that of its order first."""
    orders = []
    if approval.place is not None:
        orders.append(f"order/{facts.ref_of(author, approval.place, 1).client_order_id}")
    return [*orders, f"intent/{approval.intent_id}"]


def _command(delivery: Delivery, now_ms: int) -> Command:
    message = content(delivery, 0, now_ms)
    if not isinstance(message, Command):
        raise Misplaced(f"{type(message).__name__} is no command")
    return message
