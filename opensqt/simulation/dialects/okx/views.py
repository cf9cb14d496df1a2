"""Orders, trades, bills, balances and positions as OKX shows them. Shapes only."""

from collections.abc import Iterable
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ONE, ZERO
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.intent import OrderType
from opensqt.simulation.dialects.okx.listing import KINDS, counted
from opensqt.simulation.dialects.okx.order_parsing import MODES, WORDS
from opensqt.simulation.engine.margin import OpenOrders, maintenance_share
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.settlement import Settlement
from opensqt.simulation.engine.wallets import MarginPosition
from opensqt.simulation.server.numbers import plain
from opensqt.simulation.views import joint_balances

RATIO_STEP = Decimal("0.00000001")
Json = dict[str, object]
STATES = {
    Status.NEW: "live",
    Status.PARTIALLY_FILLED: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELED: "canceled",
    Status.EXPIRED: "canceled",
    Status.EXPIRED_IN_MATCH: "canceled",
    Status.EXPIRED_POST_ONLY: "canceled",
}
CANCEL_SOURCES = {
    Status.CANCELED: "1",
    Status.EXPIRED: "0",
    Status.EXPIRED_IN_MATCH: "32",
    Status.EXPIRED_POST_ONLY: "31",
}
NO_TRADE: Json = {
    "tradeId": "",
    "fillPx": "",
    "fillSz": "0",
    "fillTime": "",
    "fillFee": "0",
    "fillFeeCcy": "",
    "fillPnl": "0",
    "execType": "",
}


def placed(order: VenueOrder) -> Json:
    """The row of an order that was taken, or whose cancel was."""
    return {
        "clOrdId": order.client_order_id,
        "ordId": str(order.order_id),
        "tag": "",
        "ts": str(order.updated_ms),
        "sCode": "0",
        "sMsg": "",
    }


def order_row(order: VenueOrder, rules: InstrumentRules, fills: Iterable[Execution] = ()) -> Json:
    """An order as queries and lists show it; `fills` are all of its trades, oldest first."""
    trades = list(fills)
    last = told(trades[-1], rules) if trades else NO_TRADE
    perp = order.market is Market.PERP
    limit = order.type is OrderType.LIMIT
    return {
        "instType": KINDS[order.market],
        "instId": rules.venue_symbol,
        "ccy": "",
        "ordId": str(order.order_id),
        "clOrdId": order.client_order_id,
        "tag": "",
        "px": plain(order.price) if limit else "",
        "sz": counted(rules, order.quantity),
        "ordType": WORDS[order.type, order.time_in_force],
        "side": order.side.value,
        "posSide": "net" if perp else "",
        "tdMode": MODES[order.market],
        "tgtCcy": "" if perp or limit else "base_ccy",
        "accFillSz": counted(rules, order.filled),
        "avgPx": plain(EXACT.divide(order.cost, order.filled)) if order.filled else "",
        "state": STATES[order.status],
        "cancelSource": CANCEL_SOURCES.get(order.status, ""),
        "stpMode": "cancel_taker",
        "lever": "",
        "fee": plain(-sum((fill.fee for fill in trades), ZERO)),
        "feeCcy": trades[-1].fee_asset if trades else "",
        "rebate": "0",
        "rebateCcy": "",
        "pnl": plain(sum((fill.realized_pnl for fill in trades), ZERO)),
        "category": "normal",
        "reduceOnly": "true" if order.reduce_only else "false",
        "uTime": str(order.updated_ms),
        "cTime": str(order.created_ms),
        **last,
    }


def told(fill: Execution, rules: InstrumentRules) -> Json:
    """A trade as an order tells it."""
    return {
        "tradeId": str(fill.trade_id),
        "fillPx": plain(fill.price),
        "fillSz": counted(rules, fill.quantity),
        "fillTime": str(fill.time_ms),
        "fillFee": plain(-fill.fee),
        "fillFeeCcy": fill.fee_asset,
        "fillPnl": plain(fill.realized_pnl),
        "execType": "M" if fill.maker else "T",
    }


def trade_row(fill: Execution, rules: InstrumentRules) -> Json:
    """A row of the lists of trades; the id of its bill is what the list is paged by."""
    return {
        "instType": KINDS[fill.market],
        "instId": rules.venue_symbol,
        "tradeId": str(fill.trade_id),
        "ordId": str(fill.order_id),
        "clOrdId": fill.client_order_id,
        "billId": str(fill.trade_id),
        "subType": "1",
        "tag": "",
        "fillPx": plain(fill.price),
        "fillSz": counted(rules, fill.quantity),
        "side": fill.side.value,
        "posSide": "net",
        "execType": "M" if fill.maker else "T",
        "feeCcy": fill.fee_asset,
        "fee": plain(-fill.fee),
        "fillPnl": plain(fill.realized_pnl),
        "fillTime": str(fill.time_ms),
        "ts": str(fill.time_ms),
    }


def bill_row(row: Income, rules: InstrumentRules) -> Json:
    """A bill of a funding payment."""
    paid = row.income.startswith("-")
    return {
        "instType": KINDS[rules.market],
        "instId": rules.venue_symbol,
        "billId": str(row.tran_id),
        "type": "8",
        "subType": "173" if paid else "174",
        "ccy": row.asset,
        "balChg": row.income,
        "pnl": row.income,
        "fee": "0",
        "ts": str(row.time_ms),
    }


def balance_row(
    settlement: Settlement, account: str, open_orders: OpenOrders, assets: Iterable[str] = ()
) -> Json:
    """The one wallet, of these assets or (none given) of all."""
    owner, share = settlement.accounts[account], maintenance_share(settlement, account)
    details: list[Json] = []
    for held in joint_balances(settlement, account, open_orders, "", assets):
        perps = owner.wallets.get(held.asset)
        gain = ZERO if perps is None else perps.unrealized(settlement.marks)
        details.append(_detail(held.asset, held.total, held.free, gain, owner.updated_ms))
    return {
        "uTime": str(owner.updated_ms),
        "totalEq": "",
        "adjEq": "",
        "isoEq": "0",
        "imr": "",
        "mmr": "",
        "mgnRatio": plain(EXACT.divide(ONE, share).quantize(RATIO_STEP, context=EXACT))
        if share
        else "",
        "details": details,
    }


def position_row(rules: InstrumentRules, held: MarginPosition, mark: Decimal) -> Json:
    """A net position."""
    return {
        "instType": KINDS[rules.market],
        "instId": rules.venue_symbol,
        "posId": rules.venue_symbol,
        "posSide": "net",
        "mgnMode": "cross",
        "pos": counted(rules, held.quantity),
        "posCcy": "",
        "ccy": rules.settles_in,
        "avgPx": plain(held.entry_price) if held.quantity else "",
        "markPx": plain(mark),
        "upl": plain(held.unrealized(mark)),
        "realizedPnl": plain(held.realized_pnl),
        "lever": str(held.leverage),
        "liqPx": "",
        "notionalUsd": plain(abs(EXACT.multiply(held.quantity, mark))),
        "margin": "",
        "mgnRatio": "",
        "imr": "",
        "mmr": "",
        "cTime": str(held.updated_ms),
        "uTime": str(held.updated_ms),
    }


def _detail(asset: str, total: Decimal, free: Decimal, gain: Decimal, time_ms: int) -> Json:
    return {
        "ccy": asset,
        "cashBal": plain(total),
        "eq": plain(total + gain),
        "availBal": plain(free),
        "availEq": plain(free),
        "frozenBal": plain(total - min(total, free)),
        "ordFrozen": "0",
        "upl": plain(gain),
        "liab": "0",
        "interest": "0",
        "uTime": str(time_ms),
    }
