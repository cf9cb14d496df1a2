"""The JSON of Binance USDⓈ-M orders, fills, positions and the account. Shapes only; it reads nothing."""

from decimal import ROUND_HALF_EVEN, Decimal

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.binance.numbers import eight
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.wallets import MarginPosition
from opensqt.simulation.server.numbers import grid, plain

Json = dict[str, object]
LEVERAGE_MAX = 125
NOTIONAL_MAX = "100000000"


def time_in_force(order: VenueOrder) -> str:
    """The time in force as the venue states it."""
    if order.type is OrderType.MARKET:
        return "GTC"
    return (
        "GTX" if order.time_in_force is TimeInForce.POST_ONLY else order.time_in_force.value.upper()
    )


def average_price(order: VenueOrder) -> str:
    """The average fill price, zero before the first fill."""
    if order.filled == 0:
        return "0.00000"
    average = EXACT.divide(order.cost, order.filled)
    return format(average.quantize(Decimal("0.00001"), ROUND_HALF_EVEN, context=EXACT), "f")


def order_view(order: VenueOrder, rules: InstrumentRules, *, queried: bool) -> Json:
    """An order as answered to place and cancel, or to queries (with its time of creation)."""
    tick, step = rules.tick_size, rules.quantity_step
    status = "EXPIRED" if order.status is Status.EXPIRED_IN_MATCH else order.status.value.upper()
    row: Json = {
        "orderId": order.order_id,
        "symbol": rules.venue_symbol,
        "status": status,
        "clientOrderId": order.client_order_id,
        "price": grid(order.price, tick),
        "avgPrice": average_price(order),
        "origQty": grid(order.quantity, step),
        "executedQty": grid(order.filled, step),
        "cumQuote": plain(order.cost),
        "timeInForce": time_in_force(order),
        "type": order.type.value.upper(),
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": order.side.value.upper(),
        "positionSide": "BOTH",
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": order.type.value.upper(),
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_TAKER",
        "goodTillDate": 0,
        "updateTime": order.updated_ms,
    }
    return row | ({"time": order.created_ms} if queried else {"cumQty": grid(order.filled, step)})


def user_trade(fill: Execution, rules: InstrumentRules) -> Json:
    """GET /fapi/v1/userTrades."""
    return {
        "symbol": rules.venue_symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "side": fill.side.value.upper(),
        "price": grid(fill.price, rules.tick_size),
        "qty": grid(fill.quantity, rules.quantity_step),
        "realizedPnl": eight(fill.realized_pnl),
        "quoteQty": plain(EXACT.multiply(fill.price, fill.quantity)),
        "commission": eight(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "positionSide": "BOTH",
        "buyer": fill.side is Side.BUY,
        "maker": fill.maker,
    }


def income_view(row: Income, rules: InstrumentRules) -> Json:
    """GET /fapi/v1/income."""
    return {
        "symbol": rules.venue_symbol,
        "incomeType": row.kind,
        "income": eight(Decimal(row.income)),
        "asset": row.asset,
        "info": row.info,
        "time": row.time_ms,
        "tranId": row.tran_id,
        "tradeId": row.trade_id,
    }


def position_risk(
    position: MarginPosition,
    rules: InstrumentRules,
    mark: Decimal,
    margins: tuple[Decimal, Decimal],
) -> Json:
    """GET /fapi/v3/positionRisk; there is no liquidation engine, so no liquidation price."""
    return {
        "symbol": rules.venue_symbol,
        "positionSide": "BOTH",
        "positionAmt": grid(position.quantity, rules.quantity_step),
        "entryPrice": plain(position.entry_price),
        "breakEvenPrice": plain(position.entry_price),
        "markPrice": eight(mark),
        "unRealizedProfit": eight(position.unrealized(mark)),
        "liquidationPrice": "0",
        "isolatedMargin": "0",
        "notional": eight(EXACT.multiply(position.quantity, mark)),
        "marginAsset": rules.settles_in,
        "isolatedWallet": "0",
        "initialMargin": eight(sum(margins, ZERO)),
        "maintMargin": eight(ZERO),
        "positionInitialMargin": eight(margins[0]),
        "openOrderInitialMargin": eight(margins[1]),
        "leverage": str(position.leverage),
        "marginType": "cross",
        "maxNotionalValue": NOTIONAL_MAX,
        "isAutoAddMargin": "false",
        "adl": 1,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": position.updated_ms,
    }


def bracket(rules: InstrumentRules) -> Json:
    """GET /fapi/v1/leverageBracket: one bracket, margin tiers are not simulated."""
    only = {
        "bracket": 1,
        "initialLeverage": LEVERAGE_MAX,
        "notionalCap": int(NOTIONAL_MAX),
        "notionalFloor": 0,
        "maintMarginRatio": 0.004,
        "cum": 0,
    }
    return {"symbol": rules.venue_symbol, "notionalCoef": 1.0, "brackets": [only]}
