"""What a journal amounts to: orders, trades, positions, wallets and funding, counted row by row by the judge itself."""

from collections import Counter, defaultdict
from decimal import localcontext

import msgspec

from opensqt.domain.account import (
    BalanceChanged,
    Deposit,
    FundingPaid,
    PositionStated,
    VenueSnapshot,
)
from opensqt.domain.control import ControlEvent
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.order_events import Accepted, Canceled, Expired, Fill, OrderEvent, OrderRef
from opensqt.domain.recon_events import (
    Adjustment,
    Discrepancy,
    Halted,
    OrderContradicted,
    Resumed,
    Transferred,
    VenueNotice,
)
from opensqt.domain.strategy_events import PositionAdopted, StrategyNote
from opensqt.domain.verdict import RiskEvent
from opensqt.oracle.average_cost import AverageCost, shares
from opensqt.oracle.order_evidence import OrderEvidence
from opensqt.oracle.strategy_rows import StrategyRows
from opensqt.oracle.tables import Row, moment
from opensqt.oracle.wallet_flows import WalletFlows, arrived, fee_in_quote

DIGITS = 80  # of every product and sum
Place = tuple[str, str, str]  # venue, account, symbol
TradeKey = tuple[str, str, str, str]  # place, trade id

_Uncounted = (
    (MarketEvent | OrderEvent | RiskEvent | ControlEvent | FeedEvent)
    | (VenueSnapshot | BalanceChanged | PositionStated)
    | (Discrepancy | Halted | Resumed | OrderContradicted)
    | VenueNotice
)


class JournalAccount:
    """Hears every message of a journal in its order and tells the rows that they make."""

    def __init__(self) -> None:
        self._orders: defaultdict[str, OrderEvidence] = defaultdict(OrderEvidence)
        self._named: dict[tuple[Place, str], str] = {}  # venue order id -> client order id
        self._trades: dict[TradeKey, Fill] = {}
        self._ownerless: set[TradeKey] = set()
        self._nets: defaultdict[Place, AverageCost] = defaultdict(AverageCost)
        self._held: defaultdict[Place, defaultdict[str, AverageCost]] = defaultdict(
            lambda: defaultdict(AverageCost)
        )
        self._wallets = WalletFlows()
        self._runs = StrategyRows()

    @property
    def ownerless(self) -> int:
        """How many trades have no owner yet."""
        return len(self._ownerless)

    def hear(self, message: Event) -> None:
        """Take in the next message."""
        with localcontext() as context:
            context.prec = DIGITS
            if isinstance(message, Fill):
                self._traded(message)
            elif isinstance(message, OrderEvent):
                self._evidence(message.ref, message)
            else:
                self._other(message)

    def rows(self) -> dict[str, set[Row]]:
        """Return the rows of every table that the judge counts for itself."""
        with localcontext() as context:
            context.prec = DIGITS
            orders = (order.row() for order in self._orders.values())
            trips = Counter(
                (*_place(order.ref), order.ref.strategy)
                for order in self._orders.values()
                if order.is_round_trip and order.ref is not None
            )
            return {
                "orders": {row for row in orders if row is not None},
                "fills": {_fill_row(fill) for fill in self._trades.values()},
                "positions": {
                    (*at, *net.numbers(), net.fees, net.cost, net.last_price)
                    for at, net in self._nets.items()
                },
                "holdings": {
                    (name, *at, *held.numbers(), held.cost, held.trades, trips[(*at, name)])
                    for at, owners in self._held.items()
                    for name, held in owners.items()
                },
                **self._wallets.rows(),
                **self._runs.rows(),
            }

    def _evidence(self, ref: OrderRef, event: OrderEvent) -> None:
        """Give evidence to its order, and trades that waited for it to their owner."""
        name, place = ref.client_order_id, _place(ref)
        if not name:
            return
        self._orders[name].hear(event)
        if isinstance(event, Accepted | Canceled | Expired | Fill) and event.venue_order_id:
            self._named.setdefault((place, event.venue_order_id), name)
        while (key := self._claimable(place)) is not None:
            self._claim(key)

    def _traded(self, fill: Fill) -> None:
        place = _place(fill.ref)
        key = (*place, fill.trade_id)
        if key in self._trades:
            return
        self._trades[key] = fill
        net = self._nets[place]
        realized_before = net.realized
        net.add(arrived(fill), fill.price)
        reckoned = net.realized - realized_before
        self._wallets.traded(fill, reckoned if fill.realized_untold else fill.realized_pnl)
        net.fees += fee_in_quote(fill)
        net.last_price = fill.price
        if fill.ref.strategy:
            self._own(fill)
        else:
            self._ownerless.add(key)
            if self._claimable(place) == key:
                self._claim(key)

    def _claimable(self, place: Place) -> TradeKey | None:
        """Return the first trade without an owner whose order is known."""
        found = (
            key
            for key in sorted(self._ownerless)
            if key[:3] == place and self._order_of(self._trades[key]) is not None
        )
        return next(found, None)

    def _order_of(self, fill: Fill) -> OrderRef | None:
        by_venue = self._named.get((_place(fill.ref), fill.venue_order_id), "")
        order = self._orders.get(fill.ref.client_order_id or by_venue)
        return order.ref if order is not None else None

    def _claim(self, key: TradeKey) -> None:
        fill = self._trades[key]
        ref = self._order_of(fill)
        if ref is None:
            return
        self._ownerless.discard(key)
        owned = msgspec.structs.replace(fill, ref=ref)
        self._trades[key] = owned
        self._own(owned)

    def _own(self, fill: Fill) -> None:
        held = self._held[_place(fill.ref)][fill.ref.strategy]
        came = arrived(fill)
        held.add(came, fill.price)
        held.trades += 1
        self._evidence(fill.ref, fill)

    def _other(self, message: Event) -> None:
        match message:
            case Deposit() | Transferred():
                self._wallets.moved(message)
            case FundingPaid():
                self._funded(message)
            case Adjustment() | PositionAdopted():
                self._corrected(message)
            case _ if isinstance(message, StrategyNote):
                self._runs.hear(message)
            case _:
                _counts_nowhere: _Uncounted = message

    def _corrected(self, message: Adjustment | PositionAdopted) -> None:
        place = (message.venue, message.account, message.symbol)
        for held in (self._held[place][message.strategy], self._nets[place]):
            price = (
                held.entry_price
            )  # an adjustment names none: what it takes or gives is worth the average
            if isinstance(message, PositionAdopted):
                price = message.entry_price
            held.add(message.quantity, price)

    def _funded(self, paid: FundingPaid) -> None:
        if not self._wallets.funded(paid):
            return
        place = (paid.venue, paid.account, paid.symbol)
        self._nets[place].funding += paid.amount
        owners = self._held[place]
        parts = shares(paid.amount, {name: held.quantity for name, held in owners.items()})
        for name, part in parts.items():
            owners[name].funding += part


def _place(ref: OrderRef) -> Place:
    return ref.venue, ref.account, ref.symbol


def _fill_row(fill: Fill) -> Row:
    ref = fill.ref
    return (
        fill.trade_id,
        ref.client_order_id,
        ref.strategy,
        ref.venue,
        ref.account,
        ref.symbol,
        fill.side.value,
        fill.price,
        fill.quantity,
        fill.fee,
        fill.fee_asset,
        fill.liquidity.value,
        moment(fill.time_ms),
    )
