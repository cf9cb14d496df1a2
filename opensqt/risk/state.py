"""What risk knows: a fold of FEED, plus its own approvals that have not come back yet. Pure; it never asks anybody."""

from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple

from opensqt.domain import order_state
from opensqt.domain.control import LimitChanged
from opensqt.domain.decimals import ZERO
from opensqt.domain.grounds import Exposure
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import OrderType, PlaceIntent, Purpose
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event
from opensqt.domain.order_events import IntentPlaced
from opensqt.domain.order_index import OrderIndex
from opensqt.domain.owned_positions import NOBODY
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.verdict import RiskApproved, RiskRefused, Verdict

TRADES_MAX = 100_000  # a repetition comes at once or not at all
SETTLED_KEPT_MS = 60_000  # market ms that verdicts and ended orders are remembered


class _Stake(NamedTuple):
    """What one live or approved order may still fill."""

    strategy: str
    side: Side
    quantity: Decimal
    type: OrderType
    price: Decimal
    purpose: Purpose


class RiskState:
    """The books of the gate. Everything is rebuilt from the journal at every start."""

    def __init__(self) -> None:
        self.rules: dict[tuple[str, str], InstrumentRules] = {}
        self.ticks: dict[tuple[str, str], Tick] = {}
        self.index = OrderIndex(trades_max=TRADES_MAX)
        self.verdicts: dict[str, Verdict] = {}
        self.pending: dict[
            str, PlaceIntent
        ] = {}  # approved, by no order event confirmed yet; they count as live
        self.switches = TradingControls()
        self.limits: dict[str, LimitChanged] = {}  # field -> its newest change
        self.now_ms = 0

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

    def fold(self, event: Event) -> None:
        """Take in one event of FEED; repeated events change nothing."""
        self.now_ms = max(self.now_ms, event.time_ms)
        match event:
            case Tick():
                self.ticks[event.venue, event.symbol] = event
            case InstrumentRules():
                self.rules[event.venue, event.symbol] = event
            case RiskApproved() | RiskRefused():
                self.verdicts[event.intent_id] = event
                if isinstance(event, RiskRefused):
                    self.pending.pop(event.intent_id, None)
            case LimitChanged():
                known = self.limits.get(event.field)
                if known is None or known.time_ms <= event.time_ms:
                    self.limits[event.field] = event
            case _ if isinstance(event, Switch):
                self.switches = thrown(self.switches, event)
            case _:
                self.index.fold(event)
                if isinstance(event, IntentPlaced):
                    self.pending.pop(event.ref.intent_id, None)

    def reserve(self, approval: RiskApproved) -> None:
        """Count an approval as live until the journal shows the order or its horizon has passed."""
        self.verdicts[approval.intent_id] = approval
        if approval.place is not None:
            self.pending[approval.intent_id] = approval.place

    def exposure(self, intent: PlaceIntent) -> Exposure:
        """Return what the account has at stake in the intent's symbol, at worst."""
        place = (intent.account, intent.symbol)
        account = _of(intent.account, self.index.open.living())
        owed = [
            _stake(order)
            for order in _of(intent.account, self.index.open.owed())
            if _symbol(order) == intent.symbol
        ]
        waiting = [
            pending
            for pending in self.pending.values()
            if pending.account == intent.account and pending.intent_id != intent.intent_id
        ]
        here = [_stake(order) for order in account if _symbol(order) == intent.symbol] + [
            _Stake(i.strategy, i.side, i.quantity, i.type, i.price, i.purpose)
            for i in waiting
            if i.symbol == intent.symbol
        ]
        bids = [stake for stake in here if stake.side is Side.BUY]
        asks = [stake for stake in here if stake.side is Side.SELL]
        due = {side: [one for one in (*here, *owed) if one.side is side] for side in Side}
        own = [one for one in due[intent.side] if one.strategy == intent.strategy]
        return Exposure(
            net=self.index.positions.net(place),
            buys_open=sum((one.quantity for one in due[Side.BUY]), ZERO),
            sells_open=sum((one.quantity for one in due[Side.SELL]), ZERO),
            orders_open=len(account) + len(waiting),
            nobodys=self.index.positions.own(NOBODY, place),
            own=self.index.positions.own(intent.strategy, place),
            own_closing=_sum(own, Purpose.CLOSE),
            own_opening=_sum(own, Purpose.OPEN),
            own_bid=max((s.price for s in bids if s.type is OrderType.LIMIT), default=None),
            orders_here=len(here),
            own_ask=min((s.price for s in asks if s.type is OrderType.LIMIT), default=None),
        )

    def forget(self, horizon_ms: int) -> None:
        """Drop approvals that can no longer be sent and what ended long ago; `horizon_ms` is market time."""
        for intent_id, pending in list(self.pending.items()):
            if pending.valid_until_ms < horizon_ms:
                del self.pending[intent_id]
        old = horizon_ms - SETTLED_KEPT_MS
        # Both stand in order of time, but for those that the journal held at the start: the oldest come first.
        for intent_id in list(takewhile(lambda i: self.verdicts[i].time_ms < old, self.verdicts)):
            del self.verdicts[intent_id]
        self.index.forget_ended_before(old)


def _of(account: str, orders: list[order_state.Order]) -> list[order_state.Order]:
    return [one for one in orders if one.placed and one.placed.ref.account == account]


def _sum(stakes: list[_Stake], purpose: Purpose) -> Decimal:
    return sum((one.quantity for one in stakes if one.purpose is purpose), ZERO)


def _symbol(order: order_state.Order) -> str:
    return order.placed.ref.symbol if order.placed is not None else ""


def _stake(order: order_state.Order) -> _Stake:
    placed = order.placed
    if placed is None:
        raise ValueError(f"order {order.client_order_id} is not known to be placed")
    return _Stake(
        placed.ref.strategy,
        placed.side,
        order.remaining,
        placed.type,
        placed.price,
        placed.purpose,
    )
