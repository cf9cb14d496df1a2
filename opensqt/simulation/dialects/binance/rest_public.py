"""Public REST market data of both markets: time, depth, trades, candles, tickers, mark and funding. It only reads."""

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.binance.exchange_info import coinm_info, spot_info, usdm_info
from opensqt.simulation.dialects.binance.numbers import eight, level
from opensqt.simulation.dialects.binance.parameters import (
    instrument,
    instruments,
    integer,
    required,
)
from opensqt.simulation.dialects.binance.ticker import day_ticker
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext

Json = dict[str, object]
DEPTH_DEFAULT = {Market.SPOT: 100, Market.PERP: 500}
DEPTH_MAX = 5000


def ping(_context: VenueContext, _call: ApiCall) -> object:
    """GET ping."""
    return {}


def server_time(context: VenueContext, call: ApiCall) -> object:
    """GET time."""
    return {"serverTime": context.now_ms() + call.skew_ms}


def system_status(_context: VenueContext, call: ApiCall) -> object:
    """GET /sapi/v1/system/status."""
    if call.closed:
        return {"status": 1, "msg": "system_maintenance"}
    return {"status": 0, "msg": "normal"}


def exchange_info(context: VenueContext, call: ApiCall) -> object:
    """GET exchangeInfo."""
    listed = context.directory.of(call.market)
    make = spot_info if call.market is Market.SPOT else usdm_info
    return make(listed, context.now_ms() + call.skew_ms, closed=call.closed)


def coinm_exchange_info(context: VenueContext, _call: ApiCall) -> object:
    """GET /dapi/v1/exchangeInfo."""
    return coinm_info(context.now_ms())


def depth(context: VenueContext, call: ApiCall) -> object:
    """GET depth: the merged book with the id of its last update."""
    rules = instrument(context, call)
    limit = min(integer(call, "limit") or DEPTH_DEFAULT[call.market], DEPTH_MAX)
    book = context.exchange.matchers[rules.symbol].book
    sides: dict[str, list[list[str]]] = {}
    for name, side in (("bids", Side.BUY), ("asks", Side.SELL)):
        rows: list[list[str]] = []
        for price, quantity in book.levels(side):
            if len(rows) >= limit:
                break
            rows.append(level(rules, price, quantity))
        sides[name] = rows
    head: Json = {"lastUpdateId": book.update_id}
    if call.market is Market.PERP:
        head |= {"E": context.now_ms(), "T": context.now_ms()}
    return head | sides


def trades(context: VenueContext, call: ApiCall) -> object:
    """GET trades."""
    rules = instrument(context, call)
    return [_trade(rules, trade) for trade in _recent(context, call, rules)]


def agg_trades(context: VenueContext, call: ApiCall) -> object:
    """GET aggTrades: one aggregate per trade."""
    rules = instrument(context, call)
    start_ms, end_ms = integer(call, "startTime") or 0, integer(call, "endTime")
    chosen = [
        trade
        for trade in _recent(context, call, rules)
        if trade.time_ms >= start_ms and (end_ms is None or trade.time_ms <= end_ms)
    ]
    best_match = {"M": True} if call.market is Market.SPOT else {}
    return [
        {
            "a": trade.trade_id,
            "p": level(rules, trade.price, trade.quantity)[0],
            "q": level(rules, trade.price, trade.quantity)[1],
            "f": trade.trade_id,
            "l": trade.trade_id,
            "T": trade.time_ms,
            "m": trade.taker is Side.SELL,
            **best_match,
        }
        for trade in chosen
    ]


def klines(context: VenueContext, call: ApiCall) -> object:
    """GET klines: one-minute candles made from trades."""
    rules = instrument(context, call)
    if required(call, "interval") != "1m":
        raise VenueError(-1120, "Invalid interval.")
    start_ms, end_ms = integer(call, "startTime"), integer(call, "endTime")
    candles = [
        candle
        for candle in context.exchange.settlement.tapes[rules.symbol].candles
        if (start_ms is None or candle.open_ms >= start_ms)
        and (end_ms is None or candle.open_ms <= end_ms)
    ]
    limit = min(integer(call, "limit") or 500, 1500)
    chosen = candles[:limit] if start_ms is not None else candles[-limit:]
    return [_kline(rules, candle) for candle in chosen]


def ticker(context: VenueContext, call: ApiCall) -> object:
    """GET ticker/24hr."""
    if call.text("symbol"):
        return day_ticker(context, instrument(context, call))
    return [day_ticker(context, rules) for rules in context.directory.of(call.market)]


def book_ticker(context: VenueContext, call: ApiCall) -> object:
    """GET ticker/bookTicker."""
    if call.text("symbol"):
        return _book_ticker(context, instrument(context, call))
    return [_book_ticker(context, rules) for rules in context.directory.of(call.market)]


def price_ticker(context: VenueContext, call: ApiCall) -> object:
    """GET ticker/price: the last trade, or mid before the first."""
    chosen = instruments(context, call)
    rows: list[Json] = []
    for rules in chosen:
        trades_seen = context.exchange.settlement.tapes[rules.symbol].trades
        last = (
            trades_seen[-1].price
            if trades_seen
            else context.exchange.settlement.marks[rules.symbol]
        )
        rows.append({"symbol": rules.venue_symbol, "price": level(rules, last, ZERO)[0]})
    return rows[0] if call.text("symbol") else rows


def premium_index(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/premiumIndex: mark is mid; the funding rate is the configured one."""
    if call.text("symbol"):
        return _premium(context, instrument(context, call))
    return [_premium(context, rules) for rules in context.directory.of(call.market)]


def funding_rate(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/fundingRate: settled fundings, oldest first."""
    symbol = instrument(context, call).symbol if call.text("symbol") else ""
    start_ms, end_ms = integer(call, "startTime") or 0, integer(call, "endTime")
    limit = min(integer(call, "limit") or 100, 1000)
    points = [
        {
            "symbol": context.exchange.rules[point.symbol].venue_symbol,
            "fundingTime": point.time_ms,
            "fundingRate": eight(point.rate),
            "markPrice": eight(point.mark),
        }
        for point in context.chores.points
        if symbol in ("", point.symbol)
        and point.time_ms >= start_ms
        and (end_ms is None or point.time_ms <= end_ms)
    ]
    return points[:limit] if start_ms else points[-limit:]


def funding_info(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/fundingInfo."""
    return [
        {
            "symbol": rules.venue_symbol,
            "adjustedFundingRateCap": "0.03000000",
            "adjustedFundingRateFloor": "-0.03000000",
            "fundingIntervalHours": context.chores.terms[rules.symbol].interval_hours,
            "disclaimer": False,
        }
        for rules in context.directory.of(call.market)
    ]


def _recent(context: VenueContext, call: ApiCall, rules: InstrumentRules) -> list[PublicTrade]:
    limit = min(integer(call, "limit") or 500, 1000)
    recent = context.exchange.settlement.tapes[rules.symbol].trades
    from_id = integer(call, "fromId")
    if from_id is not None:
        return [trade for trade in recent if trade.trade_id >= from_id][:limit]
    return list(recent)[-limit:]


def _trade(rules: InstrumentRules, trade: PublicTrade) -> Json:
    price, quantity = level(rules, trade.price, trade.quantity)
    worth = EXACT.multiply(trade.price, trade.quantity)
    row: Json = {
        "id": trade.trade_id,
        "price": price,
        "qty": quantity,
        "quoteQty": eight(worth),
        "time": trade.time_ms,
        "isBuyerMaker": trade.taker is Side.SELL,
    }
    return row | {"isBestMatch": True} if rules.market is Market.SPOT else row


def _kline(rules: InstrumentRules, candle: MinuteCandle) -> list[object]:
    prices = [
        level(rules, price, ZERO)[0]
        for price in (candle.open, candle.high, candle.low, candle.close)
    ]
    return [
        candle.open_ms,
        *prices,
        eight(candle.volume),
        candle.close_ms,
        eight(candle.turnover),
        candle.trades,
        eight(candle.taker_volume),
        eight(candle.taker_turnover),
        "0",
    ]


def _book_ticker(context: VenueContext, rules: InstrumentRules) -> Json:
    book = context.exchange.matchers[rules.symbol].book
    row: Json = {"symbol": rules.venue_symbol}
    for name, side in (("bid", Side.BUY), ("ask", Side.SELL)):
        best = book.best(side)
        price, quantity = (best, book.level(side, best)) if best is not None else (ZERO, ZERO)
        row[f"{name}Price"], row[f"{name}Qty"] = level(rules, price, quantity)
    if rules.market is Market.PERP:
        row |= {"time": context.now_ms(), "lastUpdateId": book.update_id}
    return row


def _premium(context: VenueContext, rules: InstrumentRules) -> Json:
    mark = eight(context.exchange.settlement.marks[rules.symbol])
    rate = eight(context.chores.terms[rules.symbol].rate)
    return {
        "symbol": rules.venue_symbol,
        "markPrice": mark,
        "indexPrice": mark,
        "estimatedSettlePrice": mark,
        "lastFundingRate": rate,
        "interestRate": "0.00010000",
        "nextFundingTime": context.chores.next_funding_ms(rules.symbol),
        "time": context.now_ms(),
    }


def _shared(prefix: str) -> Routes:
    return {
        ("GET", f"{prefix}/ping"): Route(handler=ping, always=True),
        ("GET", f"{prefix}/time"): Route(handler=server_time, always=True),
        ("GET", f"{prefix}/exchangeInfo"): Route(handler=exchange_info, weight=20, always=True),
        ("GET", f"{prefix}/depth"): Route(handler=depth, weight=20),
        ("GET", f"{prefix}/trades"): Route(handler=trades, weight=5),
        ("GET", f"{prefix}/aggTrades"): Route(handler=agg_trades, weight=4),
        ("GET", f"{prefix}/klines"): Route(handler=klines, weight=2),
        ("GET", f"{prefix}/ticker/24hr"): Route(handler=ticker, weight=2),
        ("GET", f"{prefix}/ticker/price"): Route(handler=price_ticker, weight=2),
        ("GET", f"{prefix}/ticker/bookTicker"): Route(handler=book_ticker, weight=2),
    }


ROUTES: Routes = {
    **_shared("/api/v3"),
    **_shared("/fapi/v1"),
    ("GET", "/sapi/v1/system/status"): Route(handler=system_status, always=True),
    ("GET", "/fapi/v1/premiumIndex"): Route(handler=premium_index),
    ("GET", "/fapi/v1/fundingRate"): Route(handler=funding_rate),
    ("GET", "/fapi/v1/fundingInfo"): Route(handler=funding_info),
    ("GET", "/dapi/v1/exchangeInfo"): Route(handler=coinm_exchange_info, always=True),
}
