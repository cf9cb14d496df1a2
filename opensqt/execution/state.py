"""What the executor of one account knows: its orders, trades and latches, folded from the journal. Pure."""

from collections.abc import Container
from decimal import Decimal
from typing import TypeVar

import msgspec

from opensqt.domain import order_state as life
from opensqt.domain.account import Deposit, FundingPaid, VenueSnapshot
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.kills import DESK, Kills, folded
from opensqt.domain.messages import Message
from opensqt.domain.open_orders import OpenOrders
from opensqt.domain.order_events import Accepted, Canceled, Expired, Fill, IntentPlaced, NeverPlaced
from opensqt.domain.received import received
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.unattributed import UnattributedTrades
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.execution.bounded_set import BoundedSet

__all__ = ["DESK", "ExecutionState"]

SETTLED_MAX = 20_000  # ended orders that late evidence may still name
REMEMBERED_MAX = 100_000
DISPROVED_MAX = 16  # orders called never placed that are asked for once more

_Owner = TypeVar("_Owner", str, tuple[str, str])


class ExecutionState:
    """The books of one account; every change comes through `fold`.

    Repeated facts change nothing, but for corrections: who folds must give each journal position of theirs once.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.orders: dict[str, life.Order] = {}
        self.attempts: dict[str, list[str]] = {}  # intent id -> client order ids, oldest first
        self.venue_ids: dict[tuple[str, str], str] = {}  # symbol, venue order id -> client order id
        # The journal guards verdicts and fills for ever; these only spare the asking.
        self.judged: BoundedSet[str] = BoundedSet(
            REMEMBERED_MAX
        )  # intents whose verdict is in the journal
        self.tombstones: BoundedSet[str] = BoundedSet(
            REMEMBERED_MAX
        )  # place intents that were cancelled
        self.trades: BoundedSet[tuple[str, str]] = BoundedSet(REMEMBERED_MAX)
        self.income: BoundedSet[str] = BoundedSet(REMEMBERED_MAX)
        self.read_ms: dict[str, int] = {}  # symbol -> up to when a snapshot read all trades
        self.net: dict[str, Decimal] = {}  # what our trades made, as it was corrected
        self.corrected: dict[str, Decimal] = {}  # how much of the net no trade of ours made
        self.own: dict[tuple[str, str], Decimal] = {}  # strategy, symbol: its part of the net
        self.prices: dict[str, Decimal] = {}  # of the newest fill of a symbol
        self.kills = Kills()
        self.deposits: set[tuple[Market, str]] = set()
        self.income_ms = 0
        self.admitted: dict[str, PlaceIntent] = {}  # being committed now; they count as live
        self._register = OpenOrders()
        self._strays = UnattributedTrades()
        self._disproved: BoundedSet[str] = BoundedSet(DISPROVED_MAX)
        self._settled: BoundedSet[str] = BoundedSet(
            SETTLED_MAX
        )  # ended orders, and those of others

    def fold(self, message: Message) -> None:
        """Take in one fact of the journal."""
        match message:
            case RiskApproved() | RiskRefused():
                _judge(self, message)
            case KillLatched() | KillReleased():
                self.kills = folded(self.kills, message)
            case Deposit() if message.account == self.account:
                self.deposits.add((message.market, message.asset))
            case VenueSnapshot() if message.account == self.account:
                self.read_ms |= dict.fromkeys(message.symbols, message.started_ms)
            case FundingPaid() if message.account == self.account:
                self.income.add(message.income_id)
                self.income_ms = max(self.income_ms, message.time_ms)
            case PositionAdopted() if message.account == self.account:
                _correct(self, message)
            case Adjustment() if message.account == self.account:
                _correct(self, message)
                self._register.set_right(message)
            case _ if life.is_order_event(message):
                if message.ref.account == self.account:  # type: ignore[attr-defined]
                    self._fold_order(message)

    def killed_for(self, strategy: str) -> KillLatched | None:
        """Return the latch that stops a strategy's orders, if any."""
        return self.kills.stopping(strategy)

    def order_of_intent(self, intent_id: str) -> life.Order | None:
        """Return the newest attempt of a place intent."""
        attempts = self.attempts.get(intent_id)
        return self.orders[attempts[-1]] if attempts else None

    def find(self, symbol: str, client_order_id: str, venue_order_id: str) -> life.Order | None:
        """Return the order that the venue means, by our id or by its own."""
        name = client_order_id if client_order_id in self.orders else ""
        name = name or self.venue_ids.get((symbol, venue_order_id), "")
        return self.orders.get(name)

    def living(self) -> list[life.Order]:
        """Return our orders that are not terminal."""
        return self._register.living()

    def doubtful(self) -> list[life.Order]:
        """Return the orders of which nobody knows whether the venue holds them."""
        return [order for order in self.living() if order.phase in life.IN_DOUBT]

    def wished_away(self) -> list[life.Order]:
        """Return the living orders that somebody asked to cancel, also before they were known."""
        return [
            order
            for order in self.living()
            if order.cancel_requested is not None
            or (order.placed is not None and order.placed.ref.intent_id in self.tombstones)
        ]

    def queued(self, symbol: str, side: Side, strategy: str | None = None) -> Decimal:
        """Return what orders of a side, of one strategy or of all, may still fill or have filled unseen (base units).

        Admitted ones that are being committed count, too.
        """
        living = (*self._register.living(), *self._register.owed())
        placed = ((o.placed, o.remaining) for o in living if o.placed is not None)
        stakes = [(p.ref.symbol, p.side, p.ref.strategy, left) for p, left in placed]
        stakes += [(i.symbol, i.side, i.strategy, i.quantity) for i in self.admitted.values()]
        return sum(
            (
                left
                for *at, owner, left in stakes
                if at == [symbol, side] and strategy in (None, owner)
            ),
            ZERO,
        )

    def witness(self, symbol: str, but: Container[str], since_ms: int) -> str:
        """Return our id of an order that a query must see, or an empty text; those in `but` are looked for themselves.

        Best is one that the venue holds now; else one that it took since `since_ms` (market), as venues forget.
        """
        for order in self.living():
            if (
                order.phase in life.AT_VENUE
                and _took(order, symbol)
                and order.client_order_id not in but
            ):
                return order.client_order_id
        for name in reversed(self.orders):
            order = self.orders[name]
            if _took(order, symbol) and name not in but:
                taken_ms = order.accepted.time_ms if order.accepted is not None else 0
                return name if taken_ms >= since_ms else ""
        return ""

    def disproved(self, symbol: str, since_ms: int) -> list[life.Order]:
        """Return the newest orders of a symbol that were called never placed since `since_ms` (market)."""
        orders = [self.orders[name] for name in self._disproved if name in self.orders]
        ended = ((order, order.never_placed) for order in orders)
        return [
            o for o, end in ended if end and end.ref.symbol == symbol and end.time_ms >= since_ms
        ]

    def _fold_order(self, event: Message) -> None:
        if isinstance(event, Fill):
            event = _owned(self, event)
            news = _book(self, event)
            if news and not event.ref.client_order_id:
                self._strays.add(event)
        ref = event.ref  # type: ignore[attr-defined]
        if not ref.client_order_id:
            return
        name = ref.client_order_id
        order = self.orders.get(name) or life.begin(name)
        order = self.orders[name] = life.fold(order, event)  # type: ignore[arg-type]
        if isinstance(event, IntentPlaced):
            attempts = self.attempts.setdefault(ref.intent_id, [])
            if name not in attempts:
                attempts.append(name)
        if isinstance(event, NeverPlaced):
            self._disproved.add(name)
        if isinstance(event, Accepted | Canceled | Expired | Fill) and event.venue_order_id:
            self.venue_ids[ref.symbol, event.venue_order_id] = name
            for fill in self._strays.claim(ref.account, ref.symbol, event.venue_order_id):
                order = self.orders[name] = life.fold(order, _given(fill, name))
                _own(self, name, fill)
        self._file(order)

    def _file(self, order: life.Order) -> None:
        name = order.client_order_id
        self._register.file(order)
        if order.settled or order.placed is None:
            oldest = self._settled.add(name)
            if oldest is not None:
                _forget(self, self.orders.pop(oldest))
        else:
            self._settled.discard(name)


def _forget(state: ExecutionState, order: life.Order) -> None:
    ends = (order.accepted, order.canceled, order.expired, *order.fills)
    for event in ends:
        if event is not None:
            state.venue_ids.pop((event.ref.symbol, event.venue_order_id), None)
    intent_id = order.placed.ref.intent_id if order.placed is not None else ""
    attempts = state.attempts.get(intent_id, [])
    if order.client_order_id in attempts:
        attempts.remove(order.client_order_id)
    if not attempts:
        state.attempts.pop(intent_id, None)


def _owned(state: ExecutionState, fill: Fill) -> Fill:
    """Return a fill under our id where only the venue's was told."""
    if fill.ref.client_order_id:
        return fill
    return _given(fill, state.venue_ids.get((fill.ref.symbol, fill.venue_order_id), ""))


def _given(fill: Fill, name: str) -> Fill:
    ref = msgspec.structs.replace(fill.ref, client_order_id=name)
    return msgspec.structs.replace(fill, ref=ref)


def _took(order: life.Order, symbol: str) -> bool:
    return order.accepted is not None and order.accepted.ref.symbol == symbol


def _judge(state: ExecutionState, verdict: RiskApproved | RiskRefused) -> None:
    intent = verdict.place or verdict.cancel
    if intent is None or intent.account != state.account:
        return
    state.judged.add(verdict.intent_id)
    if isinstance(verdict, RiskApproved) and verdict.cancel is not None:
        state.tombstones.add(verdict.cancel.target_intent_id)


def _book(state: ExecutionState, fill: Fill) -> bool:
    """Count a trade once; tell whether it was news."""
    symbol = fill.ref.symbol
    if (symbol, fill.trade_id) in state.trades:
        return False
    state.trades.add((symbol, fill.trade_id))
    _add(state.net, symbol, received(fill))
    state.prices[symbol] = fill.price
    _own(state, fill.ref.client_order_id, fill)
    return True


def _own(state: ExecutionState, client_order_id: str, fill: Fill) -> None:
    """Book a trade to the strategy whose order it filled; one of no known order is nobody's until it has one."""
    order = state.orders.get(client_order_id)
    if order is not None and order.placed is not None and order.placed.ref.strategy:
        _add(state.own, (order.placed.ref.strategy, fill.ref.symbol), received(fill))


def _correct(state: ExecutionState, message: Adjustment | PositionAdopted) -> None:
    """Count what no trade made; a trade that is found later comes with an adjustment that takes this one back."""
    _add(state.net, message.symbol, message.quantity)
    _add(state.corrected, message.symbol, message.quantity)
    if message.strategy:
        _add(state.own, (message.strategy, message.symbol), message.quantity)


def _add(held: dict[_Owner, Decimal], owner: _Owner, quantity: Decimal) -> None:
    held[owner] = held.get(owner, ZERO) + quantity
