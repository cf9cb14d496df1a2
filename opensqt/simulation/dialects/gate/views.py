"""The JSON of orders, trades, wallets and positions, the same in answers and in private frames. Shapes only."""

from collections.abc import Iterable
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.gate.listing import sized, text_of, user_of
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.wallets import MarginPosition
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.numbers import plain

Json = dict[str, object]
TIMES = {
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "poc",
}
ENDS = {
    Status.FILLED: "filled",
    Status.CANCELED: "cancelled",
    Status.EXPIRED_IN_MATCH: "stp",
    Status.EXPIRED_POST_ONLY: "poc",
}


def finish_as(order: VenueOrder) -> str:
    """How an order ended."""
    if order.status is not Status.EXPIRED:
        return ENDS[order.status]
    if order.reduce_only and order.time_in_force in (TimeInForce.GTC, TimeInForce.POST_ONLY):
        return "reduce_only"
    if order.market is Market.PERP or order.time_in_force is not TimeInForce.FOK:
        return "ioc"
    return "fok"


def spot_order(order: VenueOrder, rules: InstrumentRules, fills: Iterable[Execution] = ()) -> Json:
    """A spot order; `fills` are its trades as far as they are told."""
    fees = sum((fill.fee for fill in fills), ZERO)
    closed = "closed" if order.status is Status.FILLED else "cancelled"
    average = EXACT.divide(order.cost, order.filled) if order.filled else ZERO
    return {
        "id": str(order.order_id),
        "text": text_of(order),
        "amend_text": "-",
        "create_time": str(order.created_ms // 1000),
        "update_time": str(order.updated_ms // 1000),
        "create_time_ms": order.created_ms,
        "update_time_ms": order.updated_ms,
        "status": "open" if order.is_open else closed,
        "currency_pair": rules.venue_symbol,
        "type": order.type.value,
        "account": "spot",
        "side": order.side.value,
        "amount": canonical(order.quantity),
        "price": canonical(order.price),
        "time_in_force": TIMES[order.time_in_force],
        "iceberg": "0",
        "left": plain(order.remaining),
        "filled_amount": canonical(order.filled),
        "filled_total": canonical(order.cost),
        "avg_deal_price": canonical(average.quantize(Decimal("1e-8"))) if average else "0",
        "fee": canonical(fees),
        "fee_currency": rules.base if order.side is Side.BUY else rules.quote,
        "point_fee": "0",
        "gt_fee": "0",
        "gt_discount": False,
        "rebated_fee": "0",
        "rebated_fee_currency": rules.quote,
        "finish_as": "open" if order.is_open else finish_as(order),
        "stp_id": 1,
        "stp_act": "cn",
    }


def perp_order(call: ApiCall, order: VenueOrder, rules: InstrumentRules) -> Json:
    """An order of a perpetual: sizes are signed contracts, times seconds."""
    average = EXACT.divide(order.cost, order.filled) if order.filled else ZERO
    ended: Json = {}
    if not order.is_open:
        ended = {"finish_time": order.updated_ms / 1000, "finish_as": finish_as(order)}
    return {
        "id": order.order_id,
        "user": user_of(order.account),
        "contract": rules.venue_symbol,
        "create_time": order.created_ms / 1000,
        "update_time": order.updated_ms / 1000,
        "size": sized(call, rules, order.quantity * order.side.sign),
        "iceberg": 0,
        "left": sized(call, rules, order.remaining * order.side.sign),
        "price": canonical(order.price),
        "fill_price": canonical(average.quantize(Decimal("1e-8"))) if average else "0",
        "mkfr": canonical(rules.maker_fee),
        "tkfr": canonical(rules.taker_fee),
        "tif": "ioc" if order.type is OrderType.MARKET else TIMES[order.time_in_force],
        "refu": 0,
        "is_reduce_only": order.reduce_only,
        "is_close": False,
        "is_liq": False,
        "text": text_of(order),
        "status": "open" if order.is_open else "finished",
        "stp_id": 1,
        "stp_act": "cn",
        "amend_text": "-",
        **ended,
    }


def spot_trade(fill: Execution, rules: InstrumentRules, text: str) -> Json:
    """A spot trade of an account."""
    return {
        "id": str(fill.trade_id),
        "create_time": str(fill.time_ms // 1000),
        "create_time_ms": f"{fill.time_ms}.000000",
        "currency_pair": rules.venue_symbol,
        "side": fill.side.value,
        "role": "maker" if fill.maker else "taker",
        "amount": canonical(fill.quantity),
        "price": canonical(fill.price),
        "order_id": str(fill.order_id),
        "fee": canonical(fill.fee),
        "fee_currency": fill.fee_asset,
        "point_fee": "0",
        "gt_fee": "0",
        "sequence_id": str(fill.trade_id),
        "text": text,
    }


def perp_trade(call: ApiCall, fill: Execution, rules: InstrumentRules, text: str) -> Json:
    """A trade of an account in a perpetual."""
    return {
        "trade_id": str(fill.trade_id),
        "id": str(fill.trade_id),
        "create_time": fill.time_ms / 1000,
        "contract": rules.venue_symbol,
        "order_id": str(fill.order_id),
        "size": sized(call, rules, fill.quantity * fill.side.sign),
        "price": canonical(fill.price),
        "role": "maker" if fill.maker else "taker",
        "text": text,
        "fee": canonical(fill.fee),
        "point_fee": "0",
    }


def position(call: ApiCall, held: MarginPosition, rules: InstrumentRules, mark: Decimal) -> Json:
    """A one-way position, flat ones too."""
    value = EXACT.multiply(abs(held.quantity), mark)
    return {
        "user": user_of(call.account),
        "contract": rules.venue_symbol,
        "size": sized(call, rules, held.quantity),
        "leverage": "0",
        "cross_leverage_limit": str(held.leverage),
        "leverage_max": "100",
        "risk_limit": "1000000",
        "maintenance_rate": "0.005",
        "value": canonical(value),
        "margin": canonical(EXACT.divide(value, Decimal(held.leverage))),
        "entry_price": canonical(held.entry_price),
        "liq_price": "0",
        "mark_price": canonical(mark),
        "unrealised_pnl": canonical(held.unrealized(mark)),
        "realised_pnl": canonical(held.realized_pnl),
        "history_pnl": "0",
        "last_close_pnl": "0",
        "adl_ranking": 5,
        "pending_orders": 0,
        "mode": "single",
        "update_time": held.updated_ms // 1000,
    }


def booking(row: Income, rules: InstrumentRules) -> Json:
    """A booked funding payment: negative is paid."""
    return {
        "time": row.time_ms / 1000,
        "change": row.income,
        "balance": "0",
        "type": "fund",
        "text": rules.venue_symbol,
        "contract": rules.venue_symbol,
        "trade_id": "",
        "id": str(row.tran_id),
    }
