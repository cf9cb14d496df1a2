"""The JSON of orders, executions, wallets and positions, the same in answers and in private frames. Shapes only."""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.bybit.listing import CATEGORIES
from opensqt.simulation.engine.orders import Execution, Status, VenueOrder
from opensqt.simulation.engine.records import Income
from opensqt.simulation.engine.wallets import MarginPosition

Json = dict[str, object]
RATE_STEP = Decimal("0.00000001")
SIDES = {"buy": "Buy", "sell": "Sell"}
TIMES = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
STATUSES = {
    Status.NEW: "New",
    Status.PARTIALLY_FILLED: "PartiallyFilled",
    Status.FILLED: "Filled",
    Status.CANCELED: "Cancelled",
    Status.EXPIRED: "Cancelled",
    Status.EXPIRED_IN_MATCH: "Cancelled",
    Status.EXPIRED_POST_ONLY: "Cancelled",
}
REASONS = {
    Status.CANCELED: ("CancelByUser", "EC_PerCancelRequest"),
    Status.EXPIRED_IN_MATCH: ("CancelBySmp", "EC_BySelfMatch"),
    Status.EXPIRED_POST_ONLY: ("UNKNOWN", "EC_PostOnlyWillTakeLiquidity"),
}


def order_view(order: VenueOrder, rules: InstrumentRules) -> Json:
    """An order; of spot a part that was filled before the end makes a status of its own."""
    cancel, reject = _end(order)
    status = STATUSES[order.status]
    if status == "Cancelled" and order.filled and order.market is Market.SPOT:
        status = "PartiallyFilledCanceled"
    left = order.remaining if order.is_open else ZERO
    average = EXACT.divide(order.cost, order.filled) if order.filled else None
    return {
        "category": CATEGORIES[order.market],
        "orderId": order.venue_order_id,
        "orderLinkId": order.client_order_id,
        "blockTradeId": "",
        "symbol": rules.venue_symbol,
        "price": canonical(order.price),
        "qty": canonical(order.quantity),
        "side": SIDES[order.side.value],
        "isLeverage": "0" if order.market is Market.SPOT else "",
        "positionIdx": 0,
        "orderStatus": status,
        "cancelType": cancel,
        "rejectReason": reject,
        "avgPrice": "" if average is None else canonical(average.quantize(Decimal("1e-8"))),
        "leavesQty": canonical(left),
        "leavesValue": canonical(EXACT.multiply(left, order.price)),
        "cumExecQty": canonical(order.filled),
        "cumExecValue": canonical(order.cost),
        "timeInForce": "IOC" if order.type is OrderType.MARKET else TIMES[order.time_in_force],
        "orderType": order.type.value.capitalize(),
        "reduceOnly": order.reduce_only,
        "closeOnTrigger": False,
        "smpType": "CancelTaker",
        **({} if order.market is Market.SPOT else {"tpslMode": ""}),  # spot does not have it
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
    }


def execution_view(fill: Execution, order: VenueOrder | None, rules: InstrumentRules) -> Json:
    """An execution; the fee is positive when paid."""
    worth = EXACT.multiply(fill.price, fill.quantity)
    return {
        "category": CATEGORIES[fill.market],
        "symbol": rules.venue_symbol,
        "execId": fill.venue_trade_id,
        "orderId": fill.venue_order_id,
        "orderLinkId": fill.client_order_id,
        "side": SIDES[fill.side.value],
        "orderPrice": canonical(order.price) if order else "",
        "orderQty": canonical(order.quantity) if order else "",
        "leavesQty": canonical(order.remaining) if order else "",
        "orderType": order.type.value.capitalize() if order else "UNKNOWN",
        "stopOrderType": "UNKNOWN",
        "execFee": canonical(fill.fee),
        "feeCurrency": fill.fee_asset if fill.market is Market.SPOT else "",
        "feeRate": canonical(rules.maker_fee if fill.maker else rules.taker_fee),
        "execPrice": canonical(fill.price),
        "execQty": canonical(fill.quantity),
        "execPnl": canonical(fill.realized_pnl),
        "execType": "Trade",
        "execValue": canonical(worth),
        "execTime": str(fill.time_ms),
        "isMaker": fill.maker,
        "seq": fill.trade_id,
    }


def coin_view(
    asset: str, total: Decimal, locked: Decimal, margins: tuple[Decimal, Decimal]
) -> Json:
    """What is held of an asset; `margins` of positions and of orders."""
    return {
        "coin": asset,
        "equity": canonical(total),
        "walletBalance": canonical(total),
        "locked": canonical(locked),
        "totalPositionIM": canonical(margins[0]),
        "totalOrderIM": canonical(margins[1]),
        "availableToWithdraw": "",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
    }


def wallet_view(coins: list[Json], maintenance: Decimal) -> Json:
    """A unified wallet, with its maintenance margin as a share of its equity."""
    rate = canonical(maintenance.quantize(RATE_STEP, context=EXACT))
    return {"accountType": "UNIFIED", "accountMMRate": rate, "coin": coins}


def position_view(held: MarginPosition, rules: InstrumentRules, mark: Decimal) -> Json:
    """A one-way position, flat ones too."""
    side = "" if held.quantity == 0 else SIDES["buy" if held.quantity > 0 else "sell"]
    value = EXACT.multiply(abs(held.quantity), held.entry_price)
    return {
        "positionIdx": 0,
        "symbol": rules.venue_symbol,
        "side": side,
        "size": canonical(abs(held.quantity)),
        "avgPrice": canonical(held.entry_price),
        "positionValue": canonical(value),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "leverage": str(held.leverage),
        "markPrice": canonical(mark),
        "liqPrice": "",
        "unrealisedPnl": canonical(held.unrealized(mark)),
        "cumRealisedPnl": canonical(held.realized_pnl),
        "createdTime": str(held.updated_ms),
        "updatedTime": str(held.updated_ms),
    }


def booking_view(row: Income, rules: InstrumentRules) -> Json:
    """A booked funding payment: negative is paid."""
    return {
        "id": str(row.tran_id),
        "symbol": rules.venue_symbol,
        "category": CATEGORIES[rules.market],
        "currency": row.asset,
        "type": "SETTLEMENT",
        "funding": row.income,
        "change": row.income,
        "cashFlow": "0",
        "fee": "0",
        "tradeId": str(row.tran_id),
        "transactionTime": str(row.time_ms),
    }


def _end(order: VenueOrder) -> tuple[str, str]:
    """Why an order ended, as cancel type and reject reason."""
    if order.status is not Status.EXPIRED:
        return REASONS.get(order.status, ("UNKNOWN", "EC_NoError"))
    if order.reduce_only and order.time_in_force in (TimeInForce.GTC, TimeInForce.POST_ONLY):
        return "CancelByReduceOnly", "EC_Others"
    unfilled = "EC_NoImmediateQtyToFill" if order.filled == 0 else "EC_CancelForNoFullFill"
    return "UNKNOWN", unfilled
