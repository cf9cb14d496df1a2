"""The JSON of orders, executions, wallets and positions, the same in answers and in private frames. Shapes only."""

from collections.abc import Iterable
from decimal import Decimal

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import OrderType
from opensqt.simulation.dialects.bitget.listing import category_of
from opensqt.simulation.dialects.bitget.placing import TIMES
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.wallets import MarginPosition
from opensqt.simulation.server.numbers import plain
from opensqt.simulation.views import joint_balances

Json = dict[str, object]
WORDS = {time: word for word, time in TIMES.items()}
STATUSES = {
    Status.NEW: "live",
    Status.PARTIALLY_FILLED: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELED: "cancelled",
    Status.EXPIRED: "cancelled",
    Status.EXPIRED_IN_MATCH: "cancelled",
    Status.EXPIRED_POST_ONLY: "cancelled",
}
# From memory: the documentation names the field, and no word of it.
CANCEL_REASONS = {
    Status.CANCELED: "normal_cancel",
    Status.EXPIRED_IN_MATCH: "stp_cancel",
    Status.EXPIRED_POST_ONLY: "post_only_cancel",
}
ONE_WAY = "one_way_mode"


def ack(order: VenueOrder) -> Json:
    """The row of an order that was taken, or whose cancel was."""
    return {"orderId": order.venue_order_id, "clientOid": order.client_order_id}


def order_row(order: VenueOrder, rules: InstrumentRules) -> Json:
    """An order as queries, lists and frames show it."""
    average = EXACT.divide(order.cost, order.filled) if order.filled else Decimal(0)
    market = order.type is OrderType.MARKET
    return {
        **ack(order),
        "category": category_of(rules),
        "symbol": rules.venue_symbol,
        "orderType": order.type.value,
        "side": order.side.value,
        "price": "0" if market else plain(order.price),
        "qty": plain(order.quantity),
        "amount": "0",
        "cumExecQty": plain(order.filled),
        "cumExecValue": plain(order.cost),
        "avgPrice": plain(average.quantize(Decimal("1e-8"))),
        "timeInForce": "gtc" if market else WORDS[order.time_in_force],
        "orderStatus": STATUSES[order.status],
        "posSide": "",
        "holdMode": ONE_WAY,
        "reduceOnly": "YES" if order.reduce_only else "NO",
        "feeDetail": [],
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
        "cancelReason": CANCEL_REASONS.get(order.status, ""),
        "execType": "normal",
        "stpMode": "cancel_taker",
    }


def trade_row(fill: Execution, rules: InstrumentRules) -> Json:
    """An execution; a fee is positive when paid."""
    return {
        "execId": fill.venue_trade_id,
        "execLinkId": fill.venue_trade_id,
        "orderId": fill.venue_order_id,
        "clientOid": fill.client_order_id,
        "category": category_of(rules),
        "symbol": rules.venue_symbol,
        "orderType": "limit",
        "side": fill.side.value,
        "execPrice": plain(fill.price),
        "execQty": plain(fill.quantity),
        "execValue": plain(EXACT.multiply(fill.price, fill.quantity)),
        "tradeScope": "maker" if fill.maker else "taker",
        "feeDetail": [{"feeCoin": fill.fee_asset, "fee": plain(fill.fee)}],
        "execPnl": plain(fill.realized_pnl),
        "createdTime": str(fill.time_ms),
        "updatedTime": str(fill.time_ms),
    }


def coin_rows(exchange: Exchange, account: str, assets: Iterable[str] = ()) -> list[Json]:
    """What an account holds of these assets, or (none given) of all."""
    settlement, rows = exchange.settlement, list[Json]()
    perps = settlement.accounts[account].wallets
    for held in joint_balances(settlement, account, exchange.open, "", assets):
        wallet = perps.get(held.asset)
        gain = Decimal(0) if wallet is None else wallet.unrealized(settlement.marks)
        row = {
            "coin": held.asset,
            "equity": plain(held.total + gain),
            "usdValue": "0",
            "balance": plain(held.total),
            "available": plain(held.free),
            "debt": "0",
            "locked": plain(held.total - min(held.total, held.free)),
        }
        rows.append(dict(row))
    return rows


def position_row(rules: InstrumentRules, held: MarginPosition, mark: Decimal) -> Json:
    """A one-way position."""
    size = plain(abs(held.quantity))
    return {
        "category": category_of(rules),
        "symbol": rules.venue_symbol,
        "marginCoin": rules.settles_in,
        "holdMode": ONE_WAY,
        "posSide": "long" if held.quantity >= 0 else "short",
        "marginMode": "crossed",
        "positionBalance": "0",
        "available": size,
        "frozen": "0",
        "total": size,
        "size": size,
        "leverage": str(held.leverage),
        "curRealisedPnl": plain(held.realized_pnl),
        "avgPrice": plain(held.entry_price),
        "positionStatus": "normal",
        "unrealisedPnl": plain(held.unrealized(mark)),
        "liquidationPrice": "0",
        "mmr": "0.004",
        "profitRate": "0",
        "markPrice": plain(mark),
        "breakEvenPrice": plain(held.entry_price),
        "totalFunding": "0",
        "openFeeTotal": "0",
        "closeFeeTotal": "0",
        "createdTime": str(held.updated_ms),
        "updatedTime": str(held.updated_ms),
    }


def record_row(row: Income, rules: InstrumentRules) -> Json:
    """A booked funding payment: what is paid is negative, and named so."""
    way = "OUT" if row.income.startswith("-") else "IN"
    return {
        "category": category_of(rules),
        "id": str(row.tran_id),
        "symbol": rules.venue_symbol,
        "coin": row.asset,
        "type": f"CONTRACT_MAIN_SETTLE_FEE_USER_{way}",
        "positionType": "crossed",
        "amount": row.income,
        "fee": "0",
        "balance": "0",
        "ts": str(row.time_ms),
    }
