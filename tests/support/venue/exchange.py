"""One account at a simulated exchange with the hands of a test: its market trades, its reads may lag or lose orders."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.venue import OrderRequest, PlaceOutcome, TradeView
from opensqt.runtime.clock import Clock
from opensqt.simulation.account_orders import ALL, SimulatedOrders
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.fees import FeeAsset
from opensqt.simulation.engine.notices import Notice, OrderNotice
from opensqt.simulation.engine.orders import IdentityPolicy, Placement, Status, VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.store import Store
from opensqt.simulation.engine.wallets import MarginPosition
from opensqt.simulation.market.flow import BookSnapshot, MarketTrade
from opensqt.simulation.views import account_view, funding_paid, trade_view
from tests.support.venue.simulated import BINANCE, terms
from tests.support.venue.stream import BreakableStream

DEEP = Decimal(1_000_000)  # base units: more than any test trades


class RiggedExchange(Exchange):
    """`orders` are those that the venue still shows: an order that a test takes out of it has vanished from all reads.

    `trade` moves the price: the book is deep at one price, so that takers pay it and nobody queues.
    """

    clock: Clock

    def __init__(
        self,
        *,
        clock: Clock,
        rules: Iterable[InstrumentRules],
        balances: Mapping[str, Decimal],
        account: str = "main",
        visibility_lag_ms: int = 0,
        fee_asset: FeeAsset | None = None,
        stream_of: Callable[[Exchange, str], BreakableStream] = BreakableStream,
    ) -> None:
        instruments = tuple(map(BINANCE.listed, rules))
        super().__init__(
            venue=instruments[0].venue,
            instruments=instruments,
            clock=clock,
            store=Store(),
            policy=IdentityPolicy(),
            fee_asset=fee_asset,
        )
        self.account = account
        self.visibility_lag_ms = visibility_lag_ms
        self.open_accounts({account: balances})
        self.orders: list[VenueOrder] = []
        self.trades: list[TradeView] = []
        self._traded_ms: dict[tuple[str, str], int] = {}  # when reads show a trade (wall ms)
        self.seen_ms: dict[str, int] = {}  # client order id -> when reads show it (wall ms)
        self.stream = stream_of(self, account)
        self.listeners.append(self._note)
        self._hand = SimulatedOrders(self, account, terms())

    def place(self, placement: Placement) -> VenueOrder:
        """Accept and match an order."""
        order = super().place(placement)
        self.orders.append(order)
        self.seen_ms[order.client_order_id] = self.clock.wall_ms() + self.visibility_lag_ms
        return order

    def take(self, request: OrderRequest) -> PlaceOutcome:
        """Let a request arrive that nobody waits for."""
        return self._hand.take(request)

    def end(self, order: VenueOrder, status: Status = Status.CANCELED) -> None:
        """Let the venue end an open order."""
        self.settlement.now_ms = self.clock.market_ms()
        self.close(order, status, Kind.CANCEL if status is Status.CANCELED else Kind.EXPIRE)
        self.tidy(order.symbol)
        self.commit()

    def holds(self, client_order_id: str) -> bool:
        """Whether the venue has not lost the order of this id."""
        return any(order.client_order_id == client_order_id for order in self.orders)

    def shows(self, client_order_id: str) -> bool:
        """Whether reads show the order of this id by now."""
        seen_ms = self.seen_ms.get(client_order_id, 0)
        return seen_ms <= self.clock.wall_ms() and self.holds(client_order_id)

    def shows_trade(self, symbol: str, trade_id: str) -> bool:
        """Whether reads show a trade by now."""
        return self._traded_ms.get((symbol, trade_id), 0) <= self.clock.wall_ms()

    def trade(self, symbol: str, price: Decimal, quantity: Decimal | None = None) -> None:
        """Let the market trade: resting orders at or beyond `price` fill, best and oldest first, up to `quantity`."""
        now_ms, book = self.clock.market_ms(), self.matchers[symbol].book
        bid = book.best_resting(Side.BUY)
        taker = Side.SELL if bid is not None and bid >= price else Side.BUY
        self.play(
            MarketTrade(
                symbol=symbol, time_ms=now_ms, price=price, quantity=quantity or DEEP, taker=taker
            )
        )
        level = ((price, DEEP),)
        self.play(
            BookSnapshot(symbol=symbol, time_ms=now_ms, bids=level, asks=level), match_trades=False
        )
        self.commit()

    def price(self, symbol: str) -> Decimal:
        """Return the last price, 0 before the first."""
        return self.settlement.marks[symbol]

    def position(self, symbol: str) -> MarginPosition:
        """Return the position of a perpetual."""
        wallet = self.settlement.accounts[self.account].wallet(self.rules[symbol].settles_in)
        return wallet.position(symbol)

    @property
    def funding(self) -> list[FundingPaid]:
        """Return all payments of funding."""
        rows = self.store.records.income(self.account, "", "FUNDING_FEE", Window(limit=ALL))
        return [funding_paid(self.settlement.venue, row) for row in rows]

    def positions(self) -> tuple[SnapshotPosition, ...]:
        """Return the positions that are not flat."""
        return account_view(self.settlement, self.account, self.open).positions

    def balances(self) -> tuple[SnapshotBalance, ...]:
        """Return all wallet balances."""
        return account_view(self.settlement, self.account, self.open).balances

    def _note(self, notices: list[Notice]) -> None:
        """Trades and orders lag apart: every other trade is shown before its order can be found by our id."""
        for notice in notices:
            if isinstance(notice, OrderNotice) and notice.execution is not None:
                lag_ms = self.visibility_lag_ms if len(self.trades) % 2 else 0
                trade = trade_view(notice.execution, pushed=True)
                self.trades.append(trade)
                seen_ms = self.clock.wall_ms() + lag_ms
                self._traded_ms[trade.symbol, trade.trade_id] = seen_ms
