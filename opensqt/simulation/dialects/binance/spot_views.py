"""The JSON of Binance spot orders, fills and balances. Shapes only; it reads nothing."""

from collections.abc import Iterable

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.binance.numbers import eight
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.wallets import SimulatedAccount

Json = dict[str, object]
STATUS = {status: status.value.upper() for status in Status}


def order_type(order: VenueOrder) -> str:
    """The type as the client sent it."""
    if order.type is OrderType.MARKET:
        return "MARKET"
    return "LIMIT_MAKER" if order.time_in_force is TimeInForce.POST_ONLY else "LIMIT"


def time_in_force(order: VenueOrder) -> str:
    """The time in force as the venue states it."""
    if order.type is OrderType.MARKET or order.time_in_force is TimeInForce.POST_ONLY:
        return "GTC"
    return order.time_in_force.value.upper()


def _core(order: VenueOrder) -> Json:
    return {
        "price": eight(order.price),
        "origQty": eight(order.quantity),
        "executedQty": eight(order.filled),
        "origQuoteOrderQty": eight(ZERO),
        "cummulativeQuoteQty": eight(order.cost),
        "status": STATUS[order.status],
        "timeInForce": time_in_force(order),
        "type": order_type(order),
        "side": order.side.value.upper(),
    }


def placed(order: VenueOrder, rules: InstrumentRules, fills: Iterable[Execution]) -> Json:
    """POST /api/v3/order with newOrderRespType=FULL."""
    return {
        "symbol": rules.venue_symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": order.updated_ms,
        **_core(order),
        "workingTime": order.created_ms,
        "fills": [
            {
                "price": eight(fill.price),
                "qty": eight(fill.quantity),
                "commission": eight(fill.fee),
                "commissionAsset": fill.fee_asset,
                "tradeId": fill.trade_id,
            }
            for fill in fills
        ],
        "selfTradePreventionMode": "EXPIRE_TAKER",
    }


def cancelled(order: VenueOrder, rules: InstrumentRules) -> Json:
    """DELETE /api/v3/order."""
    return {
        "symbol": rules.venue_symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.cancel_id,
        "transactTime": order.updated_ms,
        **_core(order),
        "selfTradePreventionMode": "EXPIRE_TAKER",
    }


def queried(order: VenueOrder, rules: InstrumentRules) -> Json:
    """GET /api/v3/order, openOrders, allOrders."""
    return {
        "symbol": rules.venue_symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        **_core(order),
        "stopPrice": eight(ZERO),
        "icebergQty": eight(ZERO),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": True,
        "workingTime": order.created_ms,
        "selfTradePreventionMode": "EXPIRE_TAKER",
    }


def my_trade(fill: Execution, rules: InstrumentRules) -> Json:
    """GET /api/v3/myTrades."""
    return {
        "symbol": rules.venue_symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": eight(fill.price),
        "qty": eight(fill.quantity),
        "quoteQty": eight(EXACT.multiply(fill.price, fill.quantity)),
        "commission": eight(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.side is Side.BUY,
        "isMaker": fill.maker,
        "isBestMatch": True,
    }


def account(owner: SimulatedAccount, fees: InstrumentRules) -> Json:
    """GET /api/v3/account."""
    maker, taker = fees.maker_fee, fees.taker_fee
    return {
        "makerCommission": int(maker * 10_000),
        "takerCommission": int(taker * 10_000),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": eight(maker),
            "taker": eight(taker),
            "buyer": eight(ZERO),
            "seller": eight(ZERO),
        },
        "canTrade": True,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": owner.updated_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": eight(held.free), "locked": eight(held.locked)}
            for asset, held in sorted(owner.spot.items())
        ],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def commission(rules: InstrumentRules) -> Json:
    """GET /api/v3/account/commission."""
    nothing = {
        "maker": eight(ZERO),
        "taker": eight(ZERO),
        "buyer": eight(ZERO),
        "seller": eight(ZERO),
    }
    standard = {**nothing, "maker": eight(rules.maker_fee), "taker": eight(rules.taker_fee)}
    discount = {
        "enabledForAccount": False,
        "enabledForSymbol": False,
        "discountAsset": "BNB",
        "discount": "0.75000000",
    }
    return {
        "symbol": rules.venue_symbol,
        "standardCommission": standard,
        "taxCommission": nothing,
        "discount": discount,
    }
