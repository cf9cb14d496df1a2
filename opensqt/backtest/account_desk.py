"""One account's executor without a wire: admission, requests and what the venue says of them, each some ms later.

The rules are those of the executor: what it admits, what it records before a request leaves, and what an answer proves.
An answer here is never lost, so nothing is ever in doubt.
"""

from collections.abc import Callable, Iterable
from functools import partial

from opensqt.backtest.agenda import Agenda, Rank
from opensqt.backtest.desk_books import DeskBooks
from opensqt.domain.account import Deposit, FundingPaid, VenueSnapshot
from opensqt.domain.intent import CancelIntent
from opensqt.domain.journal import Fence, NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.order_state import AT_VENUE
from opensqt.domain.venue import Held, OrderView, PrivateEvent, TradeView
from opensqt.domain.verdict import RiskApproved
from opensqt.execution import events as facts
from opensqt.execution.admission import EndIntent, IgnoreCommand, SendOrder, admit_place
from opensqt.execution.bounded_set import BoundedSet
from opensqt.execution.caps import Caps, SubmissionTerms
from opensqt.execution.events import EventSource
from opensqt.execution.evidence import after_place, after_trade, after_view
from opensqt.execution.order_actions import OrderAction, permit
from opensqt.simulation.account_orders import ALL, SimulatedOrders, VenueTerms
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.notices import Notice, PerpWalletNotice
from opensqt.simulation.engine.records import Window
from opensqt.simulation.views import account_view, funding_paid, private_events

EPOCH = 1
REMEMBERED_MAX = 100_000
FUNDING_FEE = "FUNDING_FEE"


class AccountDesk:
    """The executor of one account."""

    def __init__(
        self,
        author: EventSource,
        exchange: Exchange,
        terms: VenueTerms,
        caps: Caps,
        books: DeskBooks,
        agenda: Agenda,
        latency_ms: int,
    ) -> None:
        self._author, self._caps, self._agenda = author, caps, agenda
        self._exchange, self._policy = exchange, terms.policy
        self._orders = SimulatedOrders(exchange, author.account, terms)
        self._books, self.state = books, books.execution[author.account]
        self._latency_ms = latency_ms
        self._recorded: BoundedSet[str] = BoundedSet(REMEMBERED_MAX)
        self._income_ms = 0
        exchange.listeners.append(self._hear)

    def begin(self, symbols: tuple[str, ...]) -> None:
        """Record what the account holds at the start."""
        opening = _opening(self._author, self._exchange, symbols, self._agenda.now_ms)
        self._books.record(*opening)

    def obey(self, approval: RiskApproved) -> None:
        """Carry out what the gate approved."""
        if approval.place is not None:
            self._place(approval)
        elif approval.cancel is not None:
            self._cancel(approval, approval.cancel)

    def _place(self, approval: RiskApproved) -> None:
        fence = Fence(name=f"executor/{self._author.account}", epoch=EPOCH)
        admission = admit_place(self.state, self._author, approval, fence, self._terms())
        match admission:
            case IgnoreCommand():
                return
            case EndIntent():
                self._record(admission.entry.events)
            case SendOrder():
                self._record(admission.entry.events)
                self._later(partial(self._arrive, admission))

    def _arrive(self, sent: SendOrder) -> None:
        """Let a place request reach the venue; its answer comes back later."""
        outcome = self._orders.take(sent.request)
        self._later(
            lambda: self._record(after_place(self._author, sent.ref, outcome, "", self._terms()))
        )

    def _cancel(self, approval: RiskApproved, cancel: CancelIntent) -> None:
        if approval.intent_id in self.state.judged:
            return
        events = [facts.verdict(self._author, approval)]
        order = self.state.order_of_intent(cancel.target_intent_id)
        if order is None or order.placed is None or order.terminal:
            self._record(events)
            return
        permit(order, OrderAction.CANCEL)
        ref, now_ms = order.placed.ref, self._agenda.now_ms
        wish = facts.cancel_requested(self._author, ref, cancel.intent_id, cancel.reason, now_ms)
        self._record([*events, wish])
        self._later(partial(self._take_back, ref.symbol, ref.client_order_id))

    def _take_back(self, symbol: str, client_order_id: str) -> None:
        """Let a cancel reach the venue; where it finds nothing, news of the end is on its way already."""
        outcome = self._orders.take_back(symbol, client_order_id)
        if isinstance(outcome, Held) and outcome.order is not None:
            self._later(partial(self._learn, outcome.order))

    def _hear(self, notices: list[Notice]) -> None:
        """Take what the exchange tells the account; it arrives later."""
        for notice in notices:
            if notice.account != self._author.account:
                continue
            if isinstance(notice, PerpWalletNotice) and notice.reason == FUNDING_FEE:
                self._later(partial(self._read_income, notice.symbol))
            for event in private_events(notice, self._exchange.settlement, self._exchange.open):
                if isinstance(event, OrderView | TradeView):
                    self._later(partial(self._learn, event))

    def _learn(self, event: PrivateEvent) -> None:
        if isinstance(event, TradeView):
            self._record(after_trade(self.state, self._author, event, ""))
            return
        if not isinstance(event, OrderView):
            return
        order = self.state.find(event.symbol, event.client_order_id, event.venue_order_id)
        if order is None or order.placed is None:
            return
        known = order.phase in AT_VENUE or order.terminal
        if event.status in ("open", "filled") and known:
            return
        self._record(after_view(self._author, order.placed.ref, event, ""))

    def _read_income(self, symbol: str) -> None:
        """Book the funding payments that were not booked yet."""
        window = Window(start_ms=self._income_ms, limit=ALL)
        records = self._exchange.store.records
        for row in records.income(self._author.account, symbol, FUNDING_FEE, window):
            paid: FundingPaid = funding_paid(self._author.venue, row)
            if paid.income_id not in self.state.income:
                self._books.record(paid)
        self._income_ms = max(self._income_ms, self._agenda.now_ms - 2 * self._latency_ms)

    def _record(self, events: Iterable[NewEvent]) -> None:
        for event in events:
            if event.event_id not in self._recorded:
                self._recorded.add(event.event_id)
                self._books.record(event.message)

    def _later(self, act: Callable[[], None]) -> None:
        self._agenda.at(self._agenda.now_ms + self._latency_ms, Rank.WIRE, act)

    def _terms(self) -> SubmissionTerms:
        now_ms, policy = self._agenda.now_ms, self._policy
        return SubmissionTerms(
            now_ms=now_ms,
            epoch=EPOCH,
            deadline_ms=now_ms + policy.deadline_ms,
            fence_ms=now_ms + policy.deadline_ms + policy.fence_ms,
            valid_until_wall_ms=now_ms + policy.deadline_ms,
            caps=self._caps,
        )


def _opening(
    author: EventSource, exchange: Exchange, symbols: tuple[str, ...], now_ms: int
) -> tuple[Event, ...]:
    """Return what an account holds before the first order, as an executor records it."""
    view = account_view(exchange.settlement, author.account, exchange.open)
    deposits = (
        Deposit(
            venue=author.venue,
            account=author.account,
            wallet=held.wallet,
            asset=held.asset,
            amount=held.total,
            reason="opening balance",
            time_ms=now_ms,
        )
        for held in view.balances
        if held.total != 0
    )
    snapshot = VenueSnapshot(
        venue=author.venue,
        account=author.account,
        trigger="start",
        journal_position=0,
        positions=view.positions,
        balances=view.balances,
        symbols=symbols,
        evidence_hash="",
        started_ms=now_ms,
        time_ms=now_ms,
    )
    return (*deposits, snapshot)
