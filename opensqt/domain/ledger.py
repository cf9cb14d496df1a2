"""The books of a desk as a fold of its journal: orders, fills, positions, wallets, runs, halts and sagas.

Pure and exact. Every fact is folded once, in journal order; a fill is booked once by (venue, account, symbol, trade
id), also when nobody knows yet whose it is. It never asks the venue and never repairs anything.
"""

from decimal import Decimal

import msgspec

from opensqt.domain import order_state, position
from opensqt.domain.account import (
    BalanceChanged,
    Deposit,
    FundingPaid,
    PositionStated,
    VenueSnapshot,
)
from opensqt.domain.control import (
    AlertDelivery,
    CallAudited,
    DeskGeneration,
    LimitChanged,
    OrderedByHand,
    StrategyChange,
)
from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import Market
from opensqt.domain.intent import Purpose
from opensqt.domain.ledger_entry import Key, LedgerTable, Net, StrategyRun
from opensqt.domain.ledger_wallet import (
    Flow,
    Wallet,
    booked,
    booked_in,
    flows_of,
    gain_of,
    quote_fee,
    shared,
)
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.order_events import Fill, OrderEvent
from opensqt.domain.order_index import Change, OrderIndex
from opensqt.domain.position import FLAT, Position
from opensqt.domain.recon_events import Adjustment, Discrepancy, Transferred, VenueNotice
from opensqt.domain.strategy_events import (
    AnchorSet,
    PositionAdopted,
    SagaStep,
    StrategyFaulted,
    StrategyFlattened,
    StrategyStarted,
)
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused

__all__ = ["Key", "Ledger", "LedgerTable", "Net", "StrategyRun"]

# What is said about the books, not booked; and what no version says yet.
_Unbooked = (
    (VenueSnapshot | BalanceChanged | PositionStated)
    | (IntentConflict | Discrepancy | CallAudited | AlertDelivery | OrderedByHand)
    | VenueNotice
) | (StrategyChange | StrategyFlattened)


class Ledger:
    """Everything that the journal says; `touched` names what changed since it was last taken."""

    def __init__(self) -> None:
        self.position = 0  # of the journal, folded
        self.desk = ""
        self.approved = 0
        self.refused = 0
        self.index = OrderIndex()
        self.fills: dict[Key, Fill] = {}
        self.parked: set[Key] = set()  # fills of which nobody knows the owner
        self.holdings: dict[Key, Position] = {}
        self.nets: dict[Key, Net] = {}
        self.wallets: dict[Key, Wallet] = {}
        self.funding: dict[Key, FundingPaid] = {}
        self.strategies: dict[str, StrategyRun] = {}
        self.sagas: dict[Key, SagaStep] = {}
        self.controls = TradingControls()
        self.limits: dict[str, LimitChanged] = {}
        self.touched: dict[tuple[LedgerTable, Key], None] = {}

    def fold(self, at: int, event: Event) -> Change:
        """Take in the fact of a journal position, each once and in order; return what it changed of orders."""
        self.position = at
        change = self.index.fold(event)
        for fill in change.booked:
            self._book(fill)
        for fill in change.claimed:
            self._claim(fill)
        if change.order is not None:
            self._touch(LedgerTable.ORDERS, (change.order.client_order_id,))
            if _has_closed(change.order) and not (change.before and _has_closed(change.before)):
                _count_round_trip(self, change.order)
        elif not isinstance(event, OrderEvent):
            _take(self, event)
        return change

    @property
    def orders(self) -> dict[str, order_state.Order]:
        """Every order of the journal, by our id."""
        return self.index.orders

    def take_touched(self) -> list[tuple[LedgerTable, Key]]:
        """Return what changed since the last call."""
        touched = list(self.touched)
        self.touched.clear()
        return touched

    def move(self, key: Key, flow: Flow) -> None:
        """Add a flow to the wallet (venue, account, wallet, asset)."""
        self.wallets[key] = booked(self.wallets.get(key, Wallet()), flow)
        self._touch(LedgerTable.BALANCES, key)

    def hold(self, strategy: str, place: Key, quantity: Decimal, price: Decimal | None) -> None:
        """Add signed base units to an owner and to the net; without a price at the average cost."""
        held, net = (strategy, *place), self.nets.get(place, Net())
        before = self.holdings.get(held, FLAT)
        for_owner = before.entry_price if price is None else price
        for_net = net.position.entry_price if price is None else price
        self.holdings[held] = position.trade(before, quantity, for_owner)
        self.nets[place] = msgspec.structs.replace(
            net, position=position.trade(net.position, quantity, for_net)
        )
        self._touch(LedgerTable.HOLDINGS, held)
        self._touch(LedgerTable.POSITIONS, place)

    def pay(self, paid: FundingPaid) -> None:
        """Book a funding payment once by its income id."""
        key = (paid.venue, paid.account, paid.income_id)
        if key in self.funding:
            return
        self.funding[key] = paid
        self._touch(LedgerTable.FUNDING, key)
        place = (paid.venue, paid.account, paid.symbol)
        net = self.nets.get(place, Net())
        after = position.funding(net.position, paid.amount)
        self.nets[place] = msgspec.structs.replace(net, position=after)
        self._touch(LedgerTable.POSITIONS, place)
        owners = {key: held for key, held in self.holdings.items() if key[1:] == place}
        for owner, amount in shared(paid.amount, owners):
            self.holdings[owner] = position.funding(owners[owner], amount)
            self._touch(LedgerTable.HOLDINGS, owner)
        wallet = paid.wallet or Market.PERP.value
        self.move((paid.venue, paid.account, wallet, paid.asset), Flow(funding=paid.amount))

    def _touch(self, table: LedgerTable, key: Key) -> None:
        self.touched[table, key] = None

    def _book(self, fill: Fill) -> None:
        ref = fill.ref
        place = (ref.venue, ref.account, ref.symbol)
        key = (*place, fill.trade_id)
        self.fills[key] = fill
        self._touch(LedgerTable.FILLS, key)
        net = self.nets.get(place, Net())
        after = position.fill(net.position, fill)
        for asset, flow in flows_of(fill, gain_of(fill, net.position, after)):
            self.move((ref.venue, ref.account, booked_in(fill), asset), flow)
        self.nets[place] = Net(
            position=after,
            fees_quote=EXACT.add(net.fees_quote, quote_fee(fill)),
            last_price=fill.price,
        )
        self._touch(LedgerTable.POSITIONS, place)
        if ref.strategy:
            self._own(place, fill)
        else:
            self.parked.add(key)

    def _claim(self, fill: Fill) -> None:
        """Give a parked fill to its order, which has become known."""
        place = (fill.ref.venue, fill.ref.account, fill.ref.symbol)
        key = (*place, fill.trade_id)
        self.parked.discard(key)
        self.fills[key] = fill
        self._touch(LedgerTable.FILLS, key)
        self._own(place, fill)

    def _own(self, place: Key, fill: Fill) -> None:
        held = (fill.ref.strategy, *place)
        self.holdings[held] = position.fill(self.holdings.get(held, FLAT), fill)
        self._touch(LedgerTable.HOLDINGS, held)


def _has_closed(order: order_state.Order) -> bool:
    """Tell whether this order closed what another had opened, to its last unit."""
    placed = order.placed
    closes = placed is not None and placed.purpose is Purpose.CLOSE
    return closes and order.filled >= order.quantity > 0


def _count_round_trip(books: Ledger, order: order_state.Order) -> None:
    if order.placed is None:
        return
    ref = order.placed.ref
    held = (ref.strategy, ref.venue, ref.account, ref.symbol)
    before = books.holdings.get(held, FLAT)
    books.holdings[held] = msgspec.structs.replace(before, round_trips=before.round_trips + 1)
    books.touched[LedgerTable.HOLDINGS, held] = None


def _take(books: Ledger, event: Event) -> None:
    """Take in a fact that is not about an order."""
    match event:
        case RiskApproved():
            books.approved += 1
        case RiskRefused():
            books.refused += 1
        case Deposit():
            key = (event.venue, event.account, event.wallet, event.asset)
            books.move(key, Flow(deposited=event.amount))
        case FundingPaid():
            books.pay(event)
        case Transferred():
            _transfer(books, event)
        case Adjustment():
            place = (event.venue, event.account, event.symbol)
            books.hold(event.strategy, place, event.quantity, None)
        case PositionAdopted():
            place = (event.venue, event.account, event.symbol)
            books.hold(event.strategy, place, event.quantity, event.entry_price)
        case _ if isinstance(event, Switch):
            _switch(books, event)
        case DeskGeneration():
            books.desk = event.generation
        case LimitChanged():
            books.limits[event.field] = event
        case StrategyStarted() | StrategyFaulted() | AnchorSet():
            run = _after(_run(books, event.strategy), event)
            books.strategies[run.strategy] = run
            books.touched[LedgerTable.STRATEGIES, (run.strategy,)] = None
        case SagaStep():
            books.sagas[event.strategy, event.saga_id] = event
            books.touched[LedgerTable.SAGAS, (event.strategy, event.saga_id)] = None
        case _:
            _not_mine: MarketEvent | OrderEvent | FeedEvent | _Unbooked = event


def _transfer(books: Ledger, message: Transferred) -> None:
    scope = (message.venue, message.account)
    wallets = {key[2] for key in books.wallets if key[:2] == scope} | set(Market)
    for wallet, amount in (
        (message.from_wallet, -message.amount),
        (message.to_wallet, message.amount),
    ):
        if wallet in wallets:
            key = (message.venue, message.account, wallet, message.asset)
            books.move(key, Flow(transferred=amount))


def _switch(books: Ledger, event: Switch) -> None:
    before, books.controls = books.controls, thrown(books.controls, event)
    for kind, was, now in (
        ("kill", before.kills.scopes, books.controls.kills.scopes),
        ("halt", before.halts, books.controls.halts),
    ):
        for scope in sorted(was.keys() | now.keys()):
            if was.get(scope) != now.get(scope):
                books.touched[LedgerTable.HALTS, (kind, scope)] = None


def _after(run: StrategyRun, event: StrategyStarted | StrategyFaulted | AnchorSet) -> StrategyRun:
    match event:
        case StrategyStarted():
            return StrategyRun(
                strategy=event.strategy,
                run=event.run,
                config_hash=event.config_hash,
                code_version=event.code_version,
                state_fingerprint=event.state_fingerprint,
                started_ms=event.time_ms,
                anchor=run.anchor,
            )
        case StrategyFaulted():
            return msgspec.structs.replace(run, fault=event.error)
        case AnchorSet():
            return msgspec.structs.replace(run, anchor=event)


def _run(books: Ledger, strategy: str) -> StrategyRun:
    return books.strategies.get(strategy) or StrategyRun(strategy=strategy)
