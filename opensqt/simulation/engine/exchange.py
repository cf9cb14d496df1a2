"""The exchange: places, cancels, settles and remembers. Every public step ends in `commit` before anybody hears of it.

It knows no wire format and no socket. It never reads a clock of its own: market time comes from the run's clock.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from opensqt.domain.decimals import EXACT, ZERO, ceil_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType
from opensqt.simulation.engine.audit import AuditRow, Kind, balance_row, order_row
from opensqt.simulation.engine.fees import FeeAsset
from opensqt.simulation.engine.margin import refuse_unfunded
from opensqt.simulation.engine.matching import Matcher
from opensqt.simulation.engine.notices import Happening, Notice
from opensqt.simulation.engine.order_ids import refuse_duplicate
from opensqt.simulation.engine.orders import (
    USUAL_CONDUCT,
    IdentityPolicy,
    OrderRefusal,
    Placement,
    Reason,
    Status,
    VenueConduct,
    VenueOrder,
    named_order,
)
from opensqt.simulation.engine.queue_position import QueueModel
from opensqt.simulation.engine.settlement import Settlement, wallet_of
from opensqt.simulation.engine.store import Changes, Store
from opensqt.simulation.engine.wallets import LEVERAGE_DEFAULT, born, spot_claim
from opensqt.simulation.market.flow import BestQuotes, Frame, MarketTrade
from opensqt.simulation.market.tape import RESTART_GAP, PublicTrade

FIRST_ORDER_ID = 1_000_000_000


class VenueClock(Protocol):
    """The run's clock as the venue needs it."""

    def market_ms(self) -> int:
        """Market time in ms UTC."""

    def wall_ms(self) -> int:
        """Wall time in ms UTC."""


class Exchange:
    """One simulated venue with all its accounts and symbols."""

    def __init__(
        self,
        *,
        venue: str,
        instruments: tuple[InstrumentRules, ...],
        clock: VenueClock,
        store: Store,
        policy: IdentityPolicy,
        fee_asset: FeeAsset | None = None,
        conduct: VenueConduct = USUAL_CONDUCT,
        queue: QueueModel = QueueModel.PROPORTIONAL,
    ) -> None:
        self.clock, self.store, self.policy, self._conduct = clock, store, policy, conduct
        self.rules = {rules.symbol: rules for rules in instruments}
        accounts = store.records.accounts()
        self.settlement = Settlement(venue, self.rules, accounts, fee_asset, conduct)
        self.matchers = {
            symbol: Matcher(rules, self.settlement, conduct, queue)
            for symbol, rules in self.rules.items()
        }
        self.open: dict[tuple[str, str], dict[int, VenueOrder]] = {}
        self.listeners: list[Callable[[list[Notice]], None]] = []
        self.frame_ms = int(store.records.meta("frame_ms") or 0)
        self.settlement.now_ms = clock.market_ms()
        self.settlement.income_id = store.records.last_income_id()
        self._order_ids = {m: store.records.last_order_id(m) or FIRST_ORDER_ID for m in Market}
        for symbol, last in msgspec.json.decode(
            store.records.meta("ids") or b"{}", type=dict[str, int]
        ).items():
            if symbol in self.rules:
                self.settlement.tapes[symbol].last_id = last + RESTART_GAP
                self.matchers[symbol].book.update_id = last + RESTART_GAP
        for order in store.records.open_orders():
            self.open.setdefault((order.account, order.symbol), {})[order.order_id] = order

    def open_accounts(
        self, balances: Mapping[str, Mapping[str, Decimal]], leverages: Mapping[str, int] = {}
    ) -> None:
        """Give birth to the accounts that do not exist yet, with their first deposits in the audit."""
        perps = [rules for rules in self.rules.values() if rules.market is Market.PERP]
        settles = [rules.settles_in for rules in perps]
        for name, amounts in balances.items():
            if name not in self.settlement.accounts:
                self.settlement.accounts[name] = born(
                    name,
                    amounts,
                    settles,
                    one_wallet=self._conduct.one_wallet,
                    leverage=leverages.get(name, LEVERAGE_DEFAULT),
                )
                self.settlement.touch(name)
                self.state_balances((name,))
        self.commit()

    def state_balances(self, names: tuple[str, ...] = ()) -> None:
        """Write a balance row for each asset of these accounts (all when empty)."""
        venue, now_ms = self.settlement.venue, self.clock.market_ms()
        for name in names or tuple(self.settlement.accounts):
            account = self.settlement.accounts[name]
            perps = {} if account.one_wallet else account.wallets
            for asset, holding in account.spot.items():
                self.settlement.changes.audit.append(
                    balance_row(venue, name, Market.SPOT, asset, holding.total, now_ms)
                )
            for asset, wallet in perps.items():
                self.settlement.changes.audit.append(
                    balance_row(venue, name, Market.PERP, asset, wallet.balance, now_ms)
                )

    def reinstate(self) -> None:
        """Put the open orders of the last run back into the books and fill those that the market has reached."""
        for orders in self.open.values():
            for order in sorted(orders.values(), key=lambda o: o.order_id):
                if order.symbol in self.matchers:
                    ahead = ceil_to(order.ahead, self.rules[order.symbol].quantity_step)
                    self.matchers[order.symbol].book.rest(order, ahead)
        self.settlement.now_ms = self.clock.market_ms()
        for symbol, matcher in self.matchers.items():
            matcher.uncross()
            self.tidy(symbol)

    def play(self, frame: Frame | BestQuotes, *, match_trades: bool = True) -> None:
        """Apply one frame of other people's market; fills of ours wait for `commit`."""
        settlement, matcher = self.settlement, self.matchers[frame.symbol]
        settlement.now_ms = self.clock.market_ms()
        left = matcher.play(frame, match_trades=match_trades)
        if isinstance(frame, MarketTrade):
            tape = settlement.tapes[frame.symbol]
            if match_trades and left > 0:
                tape.print(
                    PublicTrade(
                        trade_id=tape.next_id(),
                        price=frame.price,
                        quantity=left,
                        taker=frame.taker,
                        time_ms=settlement.now_ms,
                    )
                )
        else:
            bid, ask = matcher.book.flow[Side.BUY].best, matcher.book.flow[Side.SELL].best
            if bid is not None and ask is not None:
                settlement.marks[frame.symbol] = EXACT.divide(bid + ask, Decimal(2))
        if settlement.changes.executions:
            self.tidy(frame.symbol)

    def place(self, placement: Placement) -> VenueOrder:
        """Accept and match an order, or raise `OrderRefusal` and change nothing."""
        settlement, rules = self.settlement, self.rules[placement.symbol]
        settlement.now_ms = self.clock.market_ms()
        refuse_duplicate(placement, self.policy, self.open)
        order = self._order(placement, rules.market)
        refuse_unfunded(order, rules, settlement, self.matchers[rules.symbol].book, self.open)
        audit_mark, notice_mark = len(settlement.changes.audit), len(settlement.notices)
        self._claim(order, 1)
        settlement.taking = True
        try:
            self.matchers[order.symbol].place(order)
        except OrderRefusal:
            self._claim(order, -1)
            raise
        finally:
            settlement.taking = False
        self._order_ids[order.market] = order.order_id
        row = order_row(
            settlement.venue,
            Kind.PLACE,
            order,
            rules.venue_symbol,
            settlement.now_ms,
            order.quantity,
        )
        settlement.changes.audit.insert(audit_mark, row)
        fresh = msgspec.structs.replace(order, status=Status.NEW, filled=ZERO, cost=ZERO)
        settlement.note(fresh, Happening.NEW)
        settlement.notices.insert(notice_mark, settlement.notices.pop())
        settlement.changes.orders[order.market, order.order_id] = order
        order.updated_ms = settlement.now_ms
        if order.is_open:
            self.open.setdefault((order.account, order.symbol), {})[order.order_id] = order
        elif order.status is not Status.FILLED:
            self.close(order, order.status, Kind.EXPIRE)
        self.tidy(order.symbol)
        return order

    def cancel(
        self, account: str, symbol: str, *, order_id: int | None, client_id: str, cancel_id: str
    ) -> VenueOrder:
        """Cancel an open order by one of its ids; raise `OrderRefusal` when there is no such open order."""
        self.settlement.now_ms = self.clock.market_ms()
        pending = self.open.get((account, symbol), {}).values()
        order = named_order(pending, order_id=order_id, client_id=client_id)
        if order is None:
            raise OrderRefusal(Reason.UNKNOWN_CANCEL)
        order.cancel_id = cancel_id
        self.close(order, Status.CANCELED, Kind.CANCEL)
        self.tidy(symbol)
        return order

    def refuse(self, row: AuditRow) -> None:
        """Write a refused request into the audit."""
        self.settlement.changes.audit.append(row)
        self.commit()

    def commit(self, meta: Mapping[str, bytes] | None = None) -> None:
        """Make everything since the last commit durable, then tell the listeners."""
        settlement = self.settlement
        settlement.note_balances()
        changes = settlement.changes
        changes.meta.update(meta or {})
        if changes:
            for matcher in self.matchers.values():
                for order in matcher.book.requeued.values():
                    if order.is_open:
                        changes.orders[order.market, order.order_id] = order
                matcher.book.requeued.clear()
            changes.meta["frame_ms"] = str(self.frame_ms).encode()
            self.store.commit(changes)
            settlement.changes = Changes()
        notices, settlement.notices = settlement.notices, []
        if notices:
            for listener in self.listeners:
                listener(notices)

    def _order(self, placement: Placement, market: Market) -> VenueOrder:
        order_id = self._order_ids[market] + 1
        return VenueOrder(
            order_id=order_id,
            client_order_id=placement.client_order_id or f"auto{order_id}",
            account=placement.account,
            symbol=placement.symbol,
            market=market,
            side=placement.side,
            type=placement.type,
            time_in_force=placement.time_in_force,
            quantity=placement.quantity,
            price=placement.price,
            reduce_only=placement.reduce_only,
            created_ms=self.settlement.now_ms,
            updated_ms=self.settlement.now_ms,
            name=self._conduct.wire_id(market, order_id),
        )

    def _claim(self, order: VenueOrder, sign: int) -> None:
        """Lock (+1) or release (-1) what the unfilled part of a spot limit order claims."""
        if order.market is Market.SPOT and order.type is OrderType.LIMIT:
            claim = spot_claim(order, self.rules[order.symbol])
            self.settlement.move_spot(
                order.account, claim.asset, -claim.amount * sign, claim.amount * sign
            )

    def close(self, order: VenueOrder, status: Status, kind: Kind) -> None:
        """End an open order with the rest of it unfilled."""
        settlement = self.settlement
        self._claim(order, -1)
        self.matchers[order.symbol].book.remove(order)
        order.status = status
        venue_symbol = self.rules[order.symbol].venue_symbol
        self.settlement.changes.audit.append(
            order_row(
                settlement.venue, kind, order, venue_symbol, settlement.now_ms, order.remaining
            )
        )
        settlement.note(order, Happening.CANCELED if kind is Kind.CANCEL else Happening.EXPIRED)

    def tidy(self, symbol: str) -> None:
        """Forget closed orders, and expire reduce-only orders that have nothing left to reduce."""
        for (account, known), orders in self.open.items():
            if known != symbol:
                continue
            wallet = wallet_of(self.settlement, account, symbol)
            for order in list(orders.values()):
                if order.is_open and order.reduce_only:
                    held = wallet.position(symbol).quantity
                    if held * -order.side.sign <= 0:
                        self.close(order, Status.EXPIRED, Kind.EXPIRE)
                if not order.is_open:
                    del orders[order.order_id]
