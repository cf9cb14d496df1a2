"""The world behind the in-memory venue: orders, wallets, a private stream. Has no clock of its own, draws nothing."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import BalanceView, OrderRequest, OrderView, TradeView
from opensqt.runtime.clock import Clock
from tests.support.fakes.venue_checks import (
    UNKNOWN_SYMBOL,
    Denial,
    Standing,
    crosses,
    denial,
    reserved,
)
from tests.support.fakes.venue_stream import MemoryStream
from tests.support.fakes.venue_wallet import MemoryWallet


class Ending(StrEnum):
    """How an order of the venue can stand."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"


class MemoryOrder(msgspec.Struct, kw_only=True):
    """An order as the exchange keeps it; `seen_ms` is the wall time from which reads show it."""

    request: OrderRequest
    venue_order_id: str
    filled: Decimal = ZERO
    ending: Ending = Ending.OPEN
    time_ms: int
    seen_ms: int

    def view(self) -> OrderView:
        """Return the order as the venue shows it now."""
        shown = OrderView(
            client_order_id=self.request.client_order_id,
            venue_order_id=self.venue_order_id,
            symbol=self.request.symbol,
            side=self.request.side,
            price=self.request.price,
            quantity=self.request.quantity,
            filled_quantity=self.filled,
            status=self.ending.value,
            reason="",
            time_ms=self.time_ms,
            evidence=b"",
        )
        return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


class MemoryExchange:
    """One account at one simulated venue; `trade` moves prices and fills what they cross, at the limit price."""

    def __init__(
        self,
        *,
        clock: Clock,
        rules: Sequence[InstrumentRules],
        balances: dict[str, Decimal],
        account: str = "main",
        visibility_lag_ms: int = 0,
    ) -> None:
        self.clock = clock
        self.rules = {rule.symbol: rule for rule in rules}
        self.account = account
        self.venue = rules[0].venue
        self.visibility_lag_ms = visibility_lag_ms
        self.wallet = MemoryWallet(balances)
        self.stream = MemoryStream(clock)
        self.orders: list[MemoryOrder] = []
        self.trades: list[tuple[int, TradeView]] = []
        self.funding: list[FundingPaid] = []
        self.prices: dict[str, Decimal] = {}

    def open_order(self, client_order_id: str) -> MemoryOrder | None:
        """Return the open order of this id, visible or not."""
        for order in self.orders:
            if order.request.client_order_id == client_order_id and order.ending is Ending.OPEN:
                return order
        return None

    def newest(self, client_order_id: str) -> MemoryOrder | None:
        """Return the newest order of this id that reads show by now."""
        now = self.clock.wall_ms()
        for order in reversed(self.orders):
            if order.request.client_order_id == client_order_id and order.seen_ms <= now:
                return order
        return None

    def take(self, request: OrderRequest) -> MemoryOrder | Denial:
        """Book a place request as the venue's engine does, or deny it."""
        rule = self.rules.get(request.symbol)
        denied = UNKNOWN_SYMBOL if rule is None else denial(request, rule, self._standing(request))
        if denied is not None:
            return denied
        order = MemoryOrder(
            request=request,
            venue_order_id=str(len(self.orders) + 1),
            time_ms=self.clock.market_ms(),
            seen_ms=self.clock.wall_ms() + self.visibility_lag_ms,
        )
        self.orders.append(order)
        self.stream.push(order.view())
        if crosses(request, self.prices.get(request.symbol)):
            self._fill(order, self.prices[request.symbol], request.quantity, Liquidity.TAKER)
        elif (
            request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK)
            or request.type is OrderType.MARKET
        ):
            self.end(order, Ending.EXPIRED)
        return order

    def end(self, order: MemoryOrder, ending: Ending) -> None:
        """Close an open order and say so on the private stream."""
        order.ending, order.time_ms = ending, self.clock.market_ms()
        self.stream.push(order.view())

    def trade(self, symbol: str, price: Decimal, quantity: Decimal | None = None) -> None:
        """Let the market trade: resting orders at or beyond `price` fill, best and oldest first, up to `quantity`."""
        self.prices[symbol] = price
        left = quantity
        resting = [o for o in self.orders if o.request.symbol == symbol and _reached(o, price)]
        for order in sorted(resting, key=lambda o: -o.request.side.sign * o.request.price):
            open_quantity = order.request.quantity - order.filled
            amount = open_quantity if left is None else min(left, open_quantity)
            if amount > 0:
                self._fill(order, order.request.price, amount, Liquidity.MAKER)
            left = None if left is None else left - amount

    def pay_funding(self, symbol: str, rate: Decimal, mark_price: Decimal) -> None:
        """Book a funding payment: longs pay a positive rate. The stream shows the balance only, as Binance does."""
        position = self.wallet.position(symbol)
        if position.quantity == 0:
            return
        asset = self.rules[symbol].settles_in
        amount = -position.quantity * mark_price * rate
        paid = FundingPaid(
            venue=self.venue,
            account=self.account,
            symbol=symbol,
            asset=asset,
            amount=amount,
            income_id=f"{len(self.funding) + 1}",
            time_ms=self.clock.market_ms(),
        )
        self.wallet.add(Market.PERP, asset, amount)
        self.funding.append(paid)
        self._push_balance(Market.PERP, asset, "FUNDING_FEE")

    def balances(self) -> tuple[SnapshotBalance, ...]:
        """Return all wallet balances; spot reserves what open orders need."""
        return self.wallet.balances(self._reserved())

    def _standing(self, request: OrderRequest) -> Standing:
        rule = self.rules[request.symbol]
        asset = rule.quote if request.side is Side.BUY else rule.base
        held = self._reserved().get(asset, ZERO)
        return Standing(
            now_ms=self.clock.market_ms(),
            price=self.prices.get(request.symbol),
            free=self.wallet.total(Market.SPOT, asset) - held,
            position=self.wallet.position(request.symbol).quantity,
        )

    def _reserved(self) -> dict[str, Decimal]:
        resting = [(o.request, o.filled) for o in self.orders if o.ending is Ending.OPEN]
        return reserved(resting, self.rules)

    def _fill(
        self, order: MemoryOrder, price: Decimal, quantity: Decimal, liquidity: Liquidity
    ) -> None:
        rule, side = self.rules[order.request.symbol], order.request.side
        order.filled += quantity
        order.time_ms = self.clock.market_ms()
        if order.filled == order.request.quantity:
            order.ending = Ending.FILLED
        rate = rule.maker_fee if liquidity is Liquidity.MAKER else rule.taker_fee
        booked = self.wallet.book(rule, side, price, quantity, rate)
        shown = TradeView(
            trade_id=str(len(self.trades) + 1),
            venue_order_id=order.venue_order_id,
            client_order_id=order.request.client_order_id,
            symbol=order.request.symbol,
            side=side,
            price=price,
            quantity=quantity,
            fee=booked.fee,
            fee_asset=booked.fee_asset,
            liquidity=liquidity,
            realized_pnl=booked.realized_pnl,
            time_ms=order.time_ms,
            evidence=b"",
        )
        shown = msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))
        # Trades and orders lag apart: every other trade is shown before its order can be found by our id.
        lag_ms = self.visibility_lag_ms if len(self.trades) % 2 else 0
        self.trades.append((self.clock.wall_ms() + lag_ms, shown))
        self.stream.push(shown)
        self.stream.push(order.view())
        for asset in booked.assets:
            self._push_balance(rule.market, asset, "ORDER")

    def _push_balance(self, market: Market, asset: str, reason: str) -> None:
        for balance in self.balances():
            if (balance.wallet, balance.asset) == (market, asset):
                now = self.clock.market_ms()
                self.stream.push(BalanceView(balance=balance, reason=reason, time_ms=now))


def _reached(order: MemoryOrder, price: Decimal) -> bool:
    beyond = (price - order.request.price) * order.request.side.sign <= 0
    return order.ending is Ending.OPEN and beyond
