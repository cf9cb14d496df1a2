"""What risk knows: a fold of FEED, plus its own approvals that have not come back yet. Pure; it never asks anybody."""

from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple

import msgspec

from opensqt.domain import order_state as life
from opensqt.domain.control import FeedGeneration
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import OrderType, PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.messages import Message
from opensqt.domain.open_orders import OpenOrders
from opensqt.domain.order_events import Fill, IntentPlaced
from opensqt.domain.received import received
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.trading_controls import TradingControls, thrown
from opensqt.domain.unattributed import UnattributedTrades
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.risk.grounds import Exposure

TRADES_MAX = 100_000  # a repetition comes at once or not at all
SETTLED_KEPT_MS = 60_000  # market ms that verdicts and ended orders are remembered

Verdict = RiskApproved | RiskRefused


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An approval of ours that no order event has confirmed yet; counted as if it were live."""

    intent: PlaceIntent
    price: Decimal


class _Stake(NamedTuple):
    """What one live or approved order may still fill."""

    strategy: str
    side: Side
    quantity: Decimal
    type: OrderType
    price: Decimal


class RiskState:
    """The books of the gate. Everything is rebuilt from the journal at every start."""

    def __init__(self) -> None:
        self.rules: dict[tuple[str, str], InstrumentRules] = {}
        self.ticks: dict[tuple[str, str], Tick] = {}
        self.orders: dict[str, life.Order] = {}
        self.positions: dict[tuple[str, str, str], Decimal] = {}  # strategy, account, symbol
        self.verdicts: dict[str, Verdict] = {}
        self.pending: dict[str, Pending] = {}
        self.switches = TradingControls()
        self.parked: dict[tuple[str, str], Decimal] = {}  # account, symbol: fills of unknown orders
        self.trades: dict[tuple[str, str, str], None] = {}  # the newest TRADES_MAX, oldest first
        self.now_ms = 0
        self._register = OpenOrders()
        self._strays = UnattributedTrades()
        self.venue_ids: dict[tuple[str, str, str], str] = {}  # account, symbol, id -> our id
        self._over: dict[str, int] = {}  # orders that ended -> market ms of their last evidence

    def anew(self) -> "RiskState":
        """Return books to fold again from the journal's beginning.

        Verdicts of ours that nobody has recorded yet are not in the journal: they are kept, or an intent said again
        would be judged twice and its exposure forgotten meanwhile.
        """
        fresh = RiskState()
        fresh.verdicts = dict(self.verdicts)
        fresh.pending = dict(self.pending)
        fresh.now_ms = self.now_ms
        return fresh

    def fold(self, message: Message) -> None:
        """Take in one message of FEED; repeated messages change nothing."""
        self.now_ms = max(self.now_ms, getattr(message, "time_ms", 0))
        self.switches = thrown(self.switches, message)
        match message:
            case Tick():
                self.ticks[message.venue, message.symbol] = message
            case InstrumentRules():
                self.rules[message.venue, message.symbol] = message
            case RiskApproved() | RiskRefused():
                self.verdicts[message.intent_id] = message
                if isinstance(message, RiskRefused):
                    self.pending.pop(message.intent_id, None)
            case PositionAdopted():
                self._move(message.strategy, message.account, message.symbol, message.quantity)
            case Adjustment():
                self._move(message.strategy, message.account, message.symbol, message.quantity)
                self._register.set_right(message)
            case FeedGeneration():
                return
            case _:
                if life.is_order_event(message):
                    self._fold_order(message)

    def reserve(self, approval: RiskApproved, price: Decimal) -> None:
        """Count an approval as live until the journal shows the order or its horizon has passed."""
        self.verdicts[approval.intent_id] = approval
        if approval.place is not None:
            self.pending[approval.intent_id] = Pending(intent=approval.place, price=price)

    def exposure(self, intent: PlaceIntent) -> Exposure:
        """Return what the account has at stake in the intent's symbol, at worst."""
        account = _of(intent.account, self._register.living())
        owed = [
            _stake(order)
            for order in _of(intent.account, self._register.owed())
            if _symbol(order) == intent.symbol
        ]
        waiting = [
            pending.intent
            for pending in self.pending.values()
            if pending.intent.account == intent.account
            and pending.intent.intent_id != intent.intent_id
        ]
        here = [_stake(order) for order in account if _symbol(order) == intent.symbol] + [
            _Stake(i.strategy, i.side, i.quantity, i.type, i.price)
            for i in waiting
            if i.symbol == intent.symbol
        ]
        bids = [stake for stake in here if stake.side is Side.BUY]
        asks = [stake for stake in here if stake.side is Side.SELL]
        due = {side: [one for one in (*here, *owed) if one.side is side] for side in Side}
        own = (one.quantity for one in due[intent.side] if one.strategy == intent.strategy)
        return Exposure(
            net=self.net(intent.account, intent.symbol),
            buys=sum((one.quantity for one in due[Side.BUY]), ZERO),
            sells=sum((one.quantity for one in due[Side.SELL]), ZERO),
            orders_open=len(account) + len(waiting),
            nobodys=_nobodys(self, intent.account, intent.symbol),
            own=self.positions.get((intent.strategy, intent.account, intent.symbol), ZERO),
            own_closing=sum(own, ZERO),
            own_bid=max((s.price for s in bids if s.type is OrderType.LIMIT), default=None),
            orders_here=len(here),
            own_ask=min((s.price for s in asks if s.type is OrderType.LIMIT), default=None),
        )

    def net(self, account: str, symbol: str) -> Decimal:
        """Return the net position of an account in a symbol, parked fills included."""
        owned = sum(
            (
                quantity
                for (_, owner, name), quantity in self.positions.items()
                if owner == account and name == symbol
            ),
            ZERO,
        )
        return owned + self.parked.get((account, symbol), ZERO)

    def forget(self, horizon_ms: int) -> None:
        """Drop approvals that can no longer be sent and what ended long ago; `horizon_ms` is market time."""
        for intent_id, pending in list(self.pending.items()):
            if pending.intent.valid_until_ms < horizon_ms:
                del self.pending[intent_id]
        old = horizon_ms - SETTLED_KEPT_MS
        # Both stand in order of time, but for those that the journal held at the start: the oldest come first.
        for intent_id in list(takewhile(lambda i: self.verdicts[i].time_ms < old, self.verdicts)):
            del self.verdicts[intent_id]
        for client_order_id in list(takewhile(lambda i: self._over[i] < old, self._over)):
            self.venue_ids.pop(_place(self.orders.pop(client_order_id)), None)
            del self._over[client_order_id]

    def _fold_order(self, event: Message) -> None:
        if isinstance(event, Fill):
            event = _owned(self, event)
            if self._book(event) and not event.ref.client_order_id:
                self._strays.add(event)
        client_order_id = event.ref.client_order_id  # type: ignore[attr-defined]
        if not client_order_id:
            return
        if isinstance(event, IntentPlaced):
            self.pending.pop(event.ref.intent_id, None)
        order = self.orders.get(client_order_id) or life.begin(client_order_id)
        order = life.fold(order, event)  # type: ignore[arg-type]
        self._file(self._with_strays(order))

    def _with_strays(self, order: life.Order) -> life.Order:
        """Give an order of ours the trades that named only the venue's id of it."""
        placed, place = order.placed, _place(order)
        if placed is None or not order.venue_order_id:
            return order
        self.venue_ids[place] = order.client_order_id
        for fill in self._strays.claim(*place):
            quantity = received(fill)
            _park(self, fill, -quantity)
            self._move(placed.ref.strategy, placed.ref.account, placed.ref.symbol, quantity)
            order = life.fold(order, msgspec.structs.replace(fill, ref=placed.ref))
        return order

    def _file(self, order: life.Order) -> None:
        name = order.client_order_id
        self.orders[name] = order
        self._register.file(order)
        self._over.pop(name, None)
        if _over(order):
            self._over[name] = _last_ms(order)

    def _book(self, fill: Fill) -> bool:
        """Count a trade once; tell whether it was news."""
        key = (fill.ref.account, fill.ref.symbol, fill.trade_id)
        if key in self.trades:
            return False
        self.trades[key] = None
        if len(self.trades) > TRADES_MAX:
            del self.trades[next(iter(self.trades))]
        quantity = received(fill)
        if fill.ref.strategy:
            self._move(fill.ref.strategy, fill.ref.account, fill.ref.symbol, quantity)
        else:
            _park(self, fill, quantity)
        return True

    def _move(self, strategy: str, account: str, symbol: str, quantity: Decimal) -> None:
        key = (strategy, account, symbol)
        self.positions[key] = self.positions.get(key, ZERO) + quantity


def _owned(state: RiskState, fill: Fill) -> Fill:
    """Return a fill with its order's name where the venue told only its own id of it."""
    ref = fill.ref
    name = state.venue_ids.get((ref.account, ref.symbol, fill.venue_order_id), "")
    placed = state.orders[name].placed if name in state.orders else None
    if ref.client_order_id or placed is None:
        return fill
    return msgspec.structs.replace(fill, ref=placed.ref)


def _park(state: RiskState, fill: Fill, quantity: Decimal) -> None:
    place = (fill.ref.account, fill.ref.symbol)
    parked = state.parked.pop(place, ZERO) + quantity
    if parked:
        state.parked[place] = parked


def _nobodys(state: RiskState, account: str, symbol: str) -> Decimal:
    adjusted = state.positions.get(("", account, symbol), ZERO)
    return adjusted + state.parked.get((account, symbol), ZERO)


def _of(account: str, orders: list[life.Order]) -> list[life.Order]:
    return [one for one in orders if one.placed and one.placed.ref.account == account]


def _place(order: life.Order) -> tuple[str, str, str]:
    """Return account, symbol and the venue's id of an order."""
    placed = order.placed
    account, symbol = (placed.ref.account, placed.ref.symbol) if placed is not None else ("", "")
    return account, symbol, order.venue_order_id


def _symbol(order: life.Order) -> str:
    return order.placed.ref.symbol if order.placed is not None else ""


def _stake(order: life.Order) -> _Stake:
    placed = order.placed
    if placed is None:
        raise ValueError(f"order {order.client_order_id} is not known to be placed")
    return _Stake(placed.ref.strategy, placed.side, order.remaining, placed.type, placed.price)


def _over(order: life.Order) -> bool:
    # Without IntentPlaced it is no order of ours, or one that was forgotten before.
    return order.settled or order.placed is None


def _last_ms(order: life.Order) -> int:
    ends = (order.accepted, order.rejected, order.canceled, order.expired, order.never_placed)
    times = [event.time_ms for event in (*ends, *order.fills) if event is not None]
    return max(times, default=0)
