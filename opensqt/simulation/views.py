"""What an account is told of the exchange, in the words of the venue port: no more than a venue's wire tells. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import (
    AccountView,
    BalanceView,
    EndReason,
    OrderView,
    PrivateEvent,
    TradeView,
)
from opensqt.simulation.engine.margin import OpenOrders, perp_orders
from opensqt.simulation.engine.notices import Notice, OrderNotice, PerpWalletNotice
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.settlement import Settlement

STATUSES = {
    Status.NEW: "open",
    Status.PARTIALLY_FILLED: "open",
    Status.FILLED: "filled",
    Status.CANCELED: "canceled",
    Status.EXPIRED: "expired",
    Status.EXPIRED_IN_MATCH: "expired",
    Status.EXPIRED_POST_ONLY: "expired",
}


def order_view(order: VenueOrder, *, pushed: bool = False) -> OrderView:
    """An order as the venue shows it; only spot, and what is pushed, say that it met an order of its own account."""
    telling = order.status is Status.EXPIRED_IN_MATCH and (pushed or order.market is Market.SPOT)
    shown = OrderView(
        client_order_id=order.client_order_id,
        venue_order_id=str(order.order_id),
        symbol=order.symbol,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        filled_quantity=order.filled,
        status=STATUSES[order.status],
        reason=EndReason.SELF_TRADE.value if telling else "",
        time_ms=order.updated_ms,
        evidence=b"",
    )
    return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


def trade_view(fill: Execution, *, pushed: bool = False) -> TradeView:
    """A trade as the venue shows it; only what is pushed names our id."""
    shown = TradeView(
        trade_id=str(fill.trade_id),
        venue_order_id=str(fill.order_id),
        client_order_id=fill.client_order_id if pushed else "",
        symbol=fill.symbol,
        side=fill.side,
        price=fill.price,
        quantity=fill.quantity,
        fee=fill.fee,
        fee_asset=fill.fee_asset,
        liquidity=Liquidity.MAKER if fill.maker else Liquidity.TAKER,
        realized_pnl=fill.realized_pnl,
        time_ms=fill.time_ms,
        evidence=b"",
        wallet=fill.market.value,
    )
    return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


def private_events(notice: Notice, rules: Mapping[str, InstrumentRules]) -> Iterator[PrivateEvent]:
    """What a private stream says of one notice."""
    match notice:
        case OrderNotice():
            if notice.execution is not None:
                yield trade_view(notice.execution, pushed=True)
            yield order_view(notice.order, pushed=True)
        case PerpWalletNotice():
            asset = rules[notice.symbol].settles_in
            yield _pushed(Market.PERP, asset, notice.balance, notice.balance, notice)
        case _:
            for asset, free, locked in notice.balances:
                yield _pushed(Market.SPOT, asset, free + locked, free, notice)


def _pushed(
    market: Market, asset: str, total: Decimal, free: Decimal, notice: Notice
) -> BalanceView:
    return BalanceView(
        balance=SnapshotBalance(wallet=market.value, asset=asset, total=total, free=free),
        reason=notice.reason if isinstance(notice, PerpWalletNotice) else "ORDER",
        time_ms=notice.time_ms,
    )


def account_view(settlement: Settlement, account: str, open_orders: OpenOrders) -> AccountView:
    """Balances of all wallets and the positions that are not flat."""
    owner = settlement.accounts[account]
    balances = [
        SnapshotBalance(wallet=Market.SPOT.value, asset=asset, total=held.total, free=held.free)
        for asset, held in sorted(owner.spot.items())
    ]
    positions: dict[str, SnapshotPosition] = {}
    for asset, wallet in owner.wallets.items():
        orders = perp_orders(account, open_orders, settlement.rules, asset)
        free = max(ZERO, wallet.available(settlement.marks, orders))
        balances.append(
            SnapshotBalance(wallet=Market.PERP.value, asset=asset, total=wallet.balance, free=free)
        )
        for symbol, held in wallet.positions.items():
            if held.quantity != 0:
                positions[symbol] = SnapshotPosition(
                    symbol=symbol, quantity=held.quantity, entry_price=held.entry_price
                )
    shown = AccountView(
        balances=tuple(balances),
        positions=tuple(positions[symbol] for symbol in settlement.rules if symbol in positions),
        evidence=b"",
    )
    return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


def funding_paid(venue: str, row: Income) -> FundingPaid:
    """A booked funding payment."""
    return FundingPaid(
        venue=venue,
        account=row.account,
        symbol=row.symbol,
        asset=row.asset,
        amount=Decimal(row.income),
        income_id=str(row.tran_id),
        time_ms=row.time_ms,
        wallet=Market.PERP.value,
    )
