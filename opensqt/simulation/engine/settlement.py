"""Settlement: books every match into wallets, fees, executions, prints, audit rows and notices. No I/O, no clock.

It is the `MatchingAccounts` of all matching engines; time is set by the exchange before each step.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType
from opensqt.simulation.engine.audit import AuditRow, Kind, fill_row, rfc3339
from opensqt.simulation.engine.fees import FeeAsset, spot_fee
from opensqt.simulation.engine.notices import (
    Happening,
    Notice,
    OrderNotice,
    PerpWalletNotice,
    SpotBalanceNotice,
)
from opensqt.simulation.engine.orders import (
    USUAL_CONDUCT,
    Execution,
    VenueConduct,
    VenueOrder,
)
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.store import Changes
from opensqt.simulation.engine.wallets import PerpWallet, SimulatedAccount, rounded
from opensqt.simulation.market.tape import PublicTrade, Tape


class Settlement:
    """The books behind the matching engines."""

    def __init__(
        self,
        venue: str,
        rules: Mapping[str, InstrumentRules],
        accounts: dict[str, SimulatedAccount],
        fee_asset: FeeAsset | None = None,
        conduct: VenueConduct = USUAL_CONDUCT,
    ) -> None:
        self.venue = venue
        self.fee_asset = fee_asset
        self._wire_id = conduct.wire_id
        self.rules = rules
        self.accounts = accounts
        self.tapes = {symbol: Tape() for symbol in rules}
        self.marks: dict[str, Decimal] = dict.fromkeys(rules, ZERO)
        self.changes = Changes()
        self.notices: list[Notice] = []
        self.now_ms = 0
        self.taking = False
        self.income_id = 0
        self._dirty_assets: dict[str, set[str]] = {}

    def fillable(self, order: VenueOrder) -> Decimal:
        """The remaining quantity; for a reduce-only order at most the position it reduces."""
        if not order.reduce_only:
            return order.remaining
        held = wallet_of(self, order.account, order.symbol).position(order.symbol).quantity
        held *= -order.side.sign
        return min(order.remaining, max(ZERO, held))

    def matched(self, order: VenueOrder, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        """Book a fill of an order that already carries it."""
        rules, tape = self.rules[order.symbol], self.tapes[order.symbol]
        rate = rules.maker_fee if maker else rules.taker_fee
        trade_id = tape.next_id()
        book = self._spot_fill if order.market is Market.SPOT else self._perp_fill
        fee, fee_asset, realized = book(order, price, quantity, rate)
        execution = Execution(
            trade_id=trade_id,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            account=order.account,
            symbol=order.symbol,
            market=order.market,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=fee_asset,
            maker=maker,
            time_ms=self.now_ms,
            realized_pnl=realized,
            name=self._wire_id(order.market, trade_id),
            order_name=order.name,
        )
        self.changes.executions.append(execution)
        self.changes.audit.append(fill_row(self.venue, execution, rules.venue_symbol))
        if order.market is Market.PERP:
            self._list_income(execution)
        self.note(order, Happening.TRADE, execution)
        if not (maker and self.taking):
            taker = order.side.opposite if maker else order.side
            self.tapes[order.symbol].print(
                PublicTrade(
                    trade_id=trade_id,
                    price=price,
                    quantity=quantity,
                    taker=taker,
                    time_ms=self.now_ms,
                )
            )

    def note(
        self, order: VenueOrder, happening: Happening, execution: Execution | None = None
    ) -> None:
        """Remember that an order changed, for the commit and for the account's stream."""
        order.updated_ms = self.now_ms
        self.changes.orders[order.market, order.order_id] = order
        self.notices.append(
            OrderNotice(
                account=order.account,
                happening=happening,
                order=msgspec.structs.replace(order),
                execution=execution,
                time_ms=self.now_ms,
            )
        )

    def move_spot(self, account: str, asset: str, free: Decimal, locked: Decimal) -> None:
        """Add to free and locked of a spot balance (units of the asset)."""
        holding = self.accounts[account].holding(asset)
        holding.free += free
        holding.locked += locked
        self._dirty_assets.setdefault(account, set()).add(asset)
        self.touch(account)

    def touch(self, account: str) -> None:
        """Mark an account for the commit."""
        self.accounts[account].updated_ms = self.now_ms
        self.changes.accounts[account] = self.accounts[account]

    def pay_funding(self, account: str, symbol: str, rate: Decimal) -> None:
        """Pay funding on a position: -position x mark x rate, rounded to 8 digits."""
        wallet = wallet_of(self, account, symbol)
        position = wallet.position(symbol)
        if position.quantity == 0:
            return
        amount = rounded(
            EXACT.multiply(EXACT.multiply(-position.quantity, self.marks[symbol]), rate)
        )
        _pay(self, account, symbol, amount)
        wallet.funding += amount
        self._add_income(account, symbol, "FUNDING_FEE", amount, "FUNDING_FEE", "")
        self.changes.audit.append(
            AuditRow(
                time=rfc3339(self.now_ms),
                venue=self.venue,
                account=account,
                kind=Kind.FUNDING,
                symbol=self.rules[symbol].venue_symbol,
                market=Market.PERP.value,
                quantity=canonical(amount),
                price=canonical(self.marks[symbol]),
                fee_asset=self.rules[symbol].settles_in,
            )
        )
        self.note_wallet(account, symbol, "FUNDING_FEE", amount)

    def note_wallet(self, account: str, symbol: str, reason: str, change: Decimal) -> None:
        """Tell an account about its perp wallet and one position."""
        wallet = wallet_of(self, account, symbol)
        position = wallet.position(symbol)
        self.notices.append(
            PerpWalletNotice(
                account=account,
                reason=reason,
                balance=self.accounts[account].balance(self.rules[symbol].settles_in),
                change=change,
                symbol=symbol,
                quantity=position.quantity,
                entry_price=position.entry_price,
                realized_total=position.realized_pnl,
                unrealized=position.unrealized(self.marks[symbol]),
                time_ms=self.now_ms,
            )
        )

    def note_balances(self) -> None:
        """Tell accounts about spot balances that moved since the last call."""
        for account, assets in self._dirty_assets.items():
            holdings = self.accounts[account].spot
            stated = tuple(
                (asset, holdings[asset].free, holdings[asset].locked) for asset in sorted(assets)
            )
            self.notices.append(
                SpotBalanceNotice(account=account, balances=stated, time_ms=self.now_ms)
            )
        self._dirty_assets.clear()

    def _spot_fill(
        self, order: VenueOrder, price: Decimal, quantity: Decimal, rate: Decimal
    ) -> tuple[Decimal, str, Decimal]:
        rules = self.rules[order.symbol]
        worth = EXACT.multiply(price, quantity)
        resting = order.type is OrderType.LIMIT
        fee, fee_asset = spot_fee(
            self.accounts[order.account],
            rules,
            order.side,
            price=price,
            quantity=quantity,
            rate=rate,
            pays_with=self.fee_asset,
        )
        if order.side is Side.BUY:
            held = EXACT.multiply(order.price, quantity) if resting else ZERO
            self.move_spot(order.account, rules.quote, held - worth, -held)
            self.move_spot(order.account, rules.base, quantity, ZERO)
        else:
            held = quantity if resting else ZERO
            self.move_spot(order.account, rules.base, held - quantity, -held)
            self.move_spot(order.account, rules.quote, worth, ZERO)
        self.move_spot(order.account, fee_asset, -fee, ZERO)
        return fee, fee_asset, ZERO

    def _perp_fill(
        self, order: VenueOrder, price: Decimal, quantity: Decimal, rate: Decimal
    ) -> tuple[Decimal, str, Decimal]:
        wallet = wallet_of(self, order.account, order.symbol)
        position = wallet.position(order.symbol)
        realized = position.trade(order.side, price, quantity)
        position.updated_ms = self.now_ms
        fee = rounded(EXACT.multiply(EXACT.multiply(price, quantity), rate))
        _pay(self, order.account, order.symbol, realized - fee)
        wallet.realized_pnl += realized
        wallet.fees += fee
        self.note_wallet(order.account, order.symbol, "ORDER", ZERO)
        return fee, self.rules[order.symbol].settles_in, realized

    def _list_income(self, execution: Execution) -> None:
        trade_id = str(execution.trade_id)
        account, symbol = execution.account, execution.symbol
        if execution.fee != 0:
            self._add_income(account, symbol, "COMMISSION", -execution.fee, trade_id, trade_id)
        if execution.realized_pnl != 0:
            self._add_income(
                account, symbol, "REALIZED_PNL", execution.realized_pnl, trade_id, trade_id
            )

    def _add_income(
        self, account: str, symbol: str, kind: str, amount: Decimal, info: str, trade_id: str
    ) -> None:
        self.income_id += 1
        self.changes.income.append(
            Income(
                tran_id=self.income_id,
                account=account,
                symbol=symbol,
                kind=kind,
                income=canonical(amount),
                asset=self.rules[symbol].settles_in,
                info=info,
                trade_id=trade_id,
                time_ms=self.now_ms,
            )
        )


def wallet_of(settlement: Settlement, account: str, symbol: str) -> PerpWallet:
    """The cross wallet of an account in which a perpetual settles."""
    return settlement.accounts[account].wallet(settlement.rules[symbol].settles_in)


def _pay(settlement: Settlement, account: str, symbol: str, amount: Decimal) -> None:
    """Add to what a perpetual is paid from (quote, signed)."""
    if settlement.accounts[account].one_wallet:
        settlement.move_spot(account, settlement.rules[symbol].settles_in, amount, ZERO)
    else:
        wallet_of(settlement, account, symbol).balance += amount
        settlement.touch(account)
