"""What an account is told of the exchange, in the words of the venue port: no more than a venue's wire tells. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market
from opensqt.domain.margin_health import of_maintenance_share
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import (
    AccountView,
    BalanceView,
    EndReason,
    OrderView,
    PrivateEvent,
    TradeView,
)
from opensqt.domain.wallets import serving
from opensqt.simulation.engine.forced_orders import forced_by
from opensqt.simulation.engine.margin import OpenOrders, maintenance_share, perp_orders
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


REASONS = {
    Status.EXPIRED_IN_MATCH: EndReason.SELF_TRADE.value,
    Status.EXPIRED_POST_ONLY: EndReason.POST_ONLY.value,
}


class WireManner(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue's wire tells of the same facts; defaults are Binance's.

    `names_only`: places and cancels are answered with ids alone. `tells_ends`: every view says why the venue ended an
    order, which then counts as canceled. `lists_ids`: lists of trades name our id, and are read on by a cursor.
    `pushes_wallets`: what is pushed of a wallet is what a read shows, and all of it comes when a stream begins.
    `names_forced`: the id of an order that the venue makes by itself says why.
    """

    wallets: tuple[str, ...] = (Market.SPOT.value, Market.PERP.value)
    names_only: bool = False
    tells_ends: bool = False
    lists_ids: bool = False
    pushes_wallets: bool = False
    names_forced: bool = True


USUAL = WireManner()


def order_view(order: VenueOrder, *, pushed: bool = False, manner: WireManner = USUAL) -> OrderView:
    """An order as the venue shows it; of Binance only spot, and what is pushed, say that it met an order of its own."""
    telling = manner.tells_ends or pushed or order.market is Market.SPOT
    status = STATUSES[order.status]
    shown = OrderView(
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        symbol=order.symbol,
        side=order.side,
        price=order.price,
        quantity=order.quantity,
        filled_quantity=order.filled,
        status="canceled" if manner.tells_ends and status == "expired" else status,
        reason=REASONS.get(order.status, "") if telling else "",
        time_ms=order.updated_ms,
        evidence=b"",
    )
    return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


def trade_view(fill: Execution, *, pushed: bool = False, manner: WireManner = USUAL) -> TradeView:
    """A trade as the venue shows it; of Binance only what is pushed names our id."""
    shown = TradeView(
        trade_id=fill.venue_trade_id,
        venue_order_id=fill.venue_order_id,
        client_order_id=fill.client_order_id if pushed or manner.lists_ids else "",
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
        cursor=str(fill.trade_id) if manner.lists_ids and not pushed else "",
        wallet=serving(manner.wallets, fill.market),
        forced=forced_by(fill.client_order_id) if pushed and manner.names_forced else None,
    )
    return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


def private_events(
    notice: Notice,
    settlement: Settlement,
    open_orders: OpenOrders,
    manner: WireManner = USUAL,
) -> Iterator[PrivateEvent]:
    """What a private stream says of one notice."""
    match notice:
        case OrderNotice():
            if notice.execution is not None:
                yield trade_view(notice.execution, pushed=True, manner=manner)
            yield order_view(notice.order, pushed=True, manner=manner)
        case PerpWalletNotice() if not manner.pushes_wallets:
            asset = settlement.rules[notice.symbol].settles_in
            yield _pushed(Market.PERP, asset, notice.balance, notice.balance, notice)
        case PerpWalletNotice():
            pass  # a position moved; the wallet is told by itself
        case _ if manner.pushes_wallets:
            assets = [asset for asset, _, _ in notice.balances]
            yield from pushed_wallet(settlement, notice.account, open_orders, manner, assets)
        case _:
            for asset, free, locked in notice.balances:
                yield _pushed(Market.SPOT, asset, free + locked, free, notice)


def pushed_wallet(
    settlement: Settlement,
    account: str,
    open_orders: OpenOrders,
    manner: WireManner,
    assets: Iterable[str] = (),
) -> Iterator[BalanceView]:
    """What is pushed of the one wallet, of these assets or (none given) of all."""
    (wallet,) = manner.wallets
    time_ms = settlement.accounts[account].updated_ms
    for balance in joint_balances(settlement, account, open_orders, wallet, assets):
        yield BalanceView(balance=balance, reason="ACCOUNT", time_ms=time_ms)


def _pushed(
    market: Market, asset: str, total: Decimal, free: Decimal, notice: Notice
) -> BalanceView:
    return BalanceView(
        balance=SnapshotBalance(wallet=market.value, asset=asset, total=total, free=free),
        reason=notice.reason if isinstance(notice, PerpWalletNotice) else "ORDER",
        time_ms=notice.time_ms,
    )


def joint_balances(
    settlement: Settlement,
    account: str,
    open_orders: OpenOrders,
    wallet: str,
    assets: Iterable[str] = (),
) -> list[SnapshotBalance]:
    """What the one wallet of an account holds, of these assets or (none given) of all; margin is not free."""
    owner, found = settlement.accounts[account], []
    for asset in sorted(assets or owner.spot):
        held = owner.holding(asset)
        free = held.free
        if asset in owner.wallets:
            orders = perp_orders(account, open_orders, settlement.rules, asset)
            free = max(ZERO, min(free, owner.available(asset, settlement.marks, orders)))
        found.append(SnapshotBalance(wallet=wallet, asset=asset, total=held.total, free=free))
    return found


def account_view(
    settlement: Settlement,
    account: str,
    open_orders: OpenOrders,
    manner: WireManner = USUAL,
) -> AccountView:
    """Balances of all wallets and the positions that are not flat."""
    owner = settlement.accounts[account]
    spot = serving(manner.wallets, Market.SPOT)
    balances = [
        SnapshotBalance(wallet=spot, asset=asset, total=held.total, free=held.free)
        for asset, held in sorted(owner.spot.items())
    ]
    if owner.one_wallet:
        balances = joint_balances(settlement, account, open_orders, spot)
    positions: dict[str, SnapshotPosition] = {}
    for asset, wallet in owner.wallets.items():
        if not owner.one_wallet:
            orders = perp_orders(account, open_orders, settlement.rules, asset)
            free = max(ZERO, wallet.available(settlement.marks, orders))
            perp = serving(manner.wallets, Market.PERP)
            balances.append(
                SnapshotBalance(wallet=perp, asset=asset, total=wallet.balance, free=free)
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
        margin_health=of_maintenance_share(maintenance_share(settlement, account))
        if owner.one_wallet
        else None,
    )
    return msgspec.structs.replace(shown, evidence=msgspec.json.encode(shown))


def funding_paid(venue: str, row: Income, manner: WireManner = USUAL) -> FundingPaid:
    """A booked funding payment."""
    return FundingPaid(
        venue=venue,
        account=row.account,
        symbol=row.symbol,
        asset=row.asset,
        amount=Decimal(row.income),
        income_id=str(row.tran_id),
        time_ms=row.time_ms,
        wallet=serving(manner.wallets, Market.PERP),
    )
