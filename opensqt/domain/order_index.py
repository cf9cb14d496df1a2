"""The one fold of orders: each by every id it has, its trades each once, and who holds what. Pure.

Executor, risk and ledger hold one and add only what is theirs. Facts may be repeated and come in any order: a trade
that is told before its order, or under the venue's id only, counts as nobody's until the order is known.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from opensqt.domain import order_state
from opensqt.domain.account import AccountEvent
from opensqt.domain.control import ControlEvent
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.open_orders import OpenOrders
from opensqt.domain.order_events import Fill, OrderEvent, OrderRef
from opensqt.domain.order_state import Order
from opensqt.domain.owned_positions import NOBODY, OwnedPositions, Place
from opensqt.domain.received import received
from opensqt.domain.recon_events import Adjustment, Discrepancy, VenueEvent
from opensqt.domain.strategy_events import PositionAdopted, StrategyNote
from opensqt.domain.trading_controls import Switch
from opensqt.domain.unattributed import UnattributedTrades
from opensqt.domain.verdict import RiskEvent

TradeKey = tuple[str, str, str]  # account, symbol, the venue's id of the trade


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one fact changed.

    `booked` are trades that were not known, under the name of their order and owner where that is known; `claimed` are
    trades that were booked as nobody's before and have their owner now.
    """

    order: Order | None = None
    before: Order | None = None  # the order as it was, where it was known
    booked: tuple[Fill, ...] = ()
    claimed: tuple[Fill, ...] = ()


NOTHING = Change()

_MovesNothing = (MarketEvent | RiskEvent | AccountEvent | VenueEvent | ControlEvent | FeedEvent) | (
    Switch | Discrepancy | StrategyNote
)


class OrderIndex:
    """Orders, trades and positions in base units of as many accounts as are folded.

    `trades_max` bounds the memory for repeated trades, `ended_max` the orders kept after their end; None keeps all.
    Corrections (`Adjustment`, `PositionAdopted`) count as often as they are folded.
    """

    def __init__(self, *, trades_max: int | None = None, ended_max: int | None = None) -> None:
        self.orders: dict[str, Order] = {}
        self.open = OpenOrders()
        self.ended: dict[str, None] = {}  # settled orders and those of others, oldest first
        self.positions = OwnedPositions()
        self.unattributed = UnattributedTrades()
        self._attempts: dict[str, list[str]] = {}  # intent id -> our order ids, oldest first
        self._venue_ids: dict[TradeKey, str] = {}  # account, symbol, the venue's id of the order
        self._trades: dict[TradeKey, None] = {}  # oldest first
        self._trades_max = trades_max
        self._ended_max = ended_max

    @classmethod
    def restored(
        cls, orders: Iterable[Order], fills: Iterable[Fill], owned: dict[tuple[str, Place], Decimal]
    ) -> "OrderIndex":
        """Return the index of what was kept; `owned` leaves out the `fills` that are nobody's.

        What a venue owes of ended orders is owed again, also where an adjustment had set it right.
        """
        index = cls()
        for order in orders:
            index._file(order)
        for fill in fills:
            index._keep(fill, moves=not fill.ref.strategy)
        for (strategy, place), quantity in owned.items():
            index.positions.move(strategy, place, quantity)
        return index

    def fold(self, event: Event) -> Change:
        """Take in one fact; what concerns no order and no position changes nothing."""
        if isinstance(event, Fill):
            return self._trade(event)
        if isinstance(event, OrderEvent):
            return self._evidence(event)
        match event:
            case Adjustment():
                self.positions.move(event.strategy, (event.account, event.symbol), event.quantity)
                self.open.set_right(event)
            case PositionAdopted():
                self.positions.move(event.strategy, (event.account, event.symbol), event.quantity)
            case _:
                _not_mine: _MovesNothing = event
        return NOTHING

    def find(self, place: Place, client_order_id: str, venue_order_id: str) -> Order | None:
        """Return the order that the venue means, by our id or by its own."""
        name = client_order_id if client_order_id in self.orders else ""
        return self.orders.get(name or self._venue_ids.get((*place, venue_order_id), ""))

    def order_of_intent(self, intent_id: str) -> Order | None:
        """Return the newest attempt of a place intent."""
        attempts = self._attempts.get(intent_id)
        return self.orders[attempts[-1]] if attempts else None

    def knows_trade(self, key: TradeKey) -> bool:
        """Tell whether a trade was folded; the journal guards it for ever, this only spares the asking."""
        return key in self._trades

    def forget_ended_before(self, time_ms: int) -> None:
        """Forget the orders whose last evidence is older than a market time, the oldest first."""
        for name in list(self.ended):
            if order_state.last_ms(self.orders[name]) >= time_ms:
                return
            self._forget(name)

    def _trade(self, fill: Fill) -> Change:
        place = (fill.ref.account, fill.ref.symbol)
        key = (*place, fill.trade_id)
        order = self.find(place, fill.ref.client_order_id, fill.venue_order_id)
        fill = _named(fill, order)
        news = key not in self._trades
        if news:
            self._keep(fill, moves=True)
        if not fill.ref.client_order_id:
            return Change(booked=(fill,)) if news else NOTHING
        change = self._evidence(fill)
        return msgspec.structs.replace(change, booked=(fill,)) if news else change

    def _evidence(self, event: OrderEvent) -> Change:
        name = event.ref.client_order_id
        if not name:
            return NOTHING
        before = self.orders.get(name)
        order = order_state.fold(before or order_state.begin(name), event)
        claimed: tuple[Fill, ...] = ()
        if order.placed is not None:
            order, claimed = self._claim(order, order.placed.ref)
        self._file(order)
        return Change(order=order, before=before, claimed=claimed)

    def _claim(self, order: Order, ref: OrderRef) -> tuple[Order, tuple[Fill, ...]]:
        """Give an order of ours the trades that were told before it was known."""
        place = (ref.account, ref.symbol)
        claimed = tuple(
            msgspec.structs.replace(fill, ref=ref)
            for fill in self.unattributed.claim(*place, order.client_order_id, order.venue_order_id)
        )
        for fill in claimed:
            self.positions.move(NOBODY, place, -received(fill))
            self.positions.move(ref.strategy, place, received(fill))
        return order_state.with_fills(order, claimed) if claimed else order, claimed

    def _file(self, order: Order) -> None:
        name, ref = order.client_order_id, order_state.ref_of(order)
        self.orders[name] = order
        self.open.file(order)
        if order.venue_order_id:
            self._venue_ids[ref.account, ref.symbol, order.venue_order_id] = name
        if order.placed is not None and name not in self._attempts.get(ref.intent_id, ()):
            self._attempts.setdefault(ref.intent_id, []).append(name)
        self.ended.pop(name, None)
        if order.settled or order.placed is None:
            self.ended[name] = None
            if self._ended_max is not None and len(self.ended) > self._ended_max:
                self._forget(next(iter(self.ended)))

    def _forget(self, name: str) -> None:
        order = self.orders.pop(name)
        del self.ended[name]
        ref = order_state.ref_of(order)
        self._venue_ids.pop((ref.account, ref.symbol, order.venue_order_id), None)
        attempts = [one for one in self._attempts.pop(ref.intent_id, ()) if one != name]
        if attempts:
            self._attempts[ref.intent_id] = attempts

    def _keep(self, fill: Fill, *, moves: bool) -> None:
        place = (fill.ref.account, fill.ref.symbol)
        if moves:
            self.positions.move(fill.ref.strategy, place, received(fill))
        if not fill.ref.strategy:
            self.unattributed.add(fill)
        self._trades[*place, fill.trade_id] = None
        if self._trades_max is not None and len(self._trades) > self._trades_max:
            del self._trades[next(iter(self._trades))]


def _named(fill: Fill, order: Order | None) -> Fill:
    """Return a trade under the name of its order and owner, if that is known to be an order of ours."""
    if fill.ref.strategy or order is None or order.placed is None:
        return fill
    return msgspec.structs.replace(fill, ref=order.placed.ref)
