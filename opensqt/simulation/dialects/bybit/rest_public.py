"""Public REST market data: time, instruments, books, trades, candles, tickers, funding. It only reads."""

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.bybit.answers import Json, enveloped, page
from opensqt.simulation.dialects.bybit.errors import wrong
from opensqt.simulation.dialects.bybit.listing import CATEGORIES
from opensqt.simulation.dialects.bybit.parameters import instrument, instruments, integer
from opensqt.simulation.dialects.bybit.public_views import (
    levels,
    linear_instrument,
    printed,
    spot_instrument,
    ticker_view,
)
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext

MINUTES = 60
NS_PER_MS = 1_000_000


def server_time(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/time."""
    now_ms = context.now_ms() + call.skew_ms
    return {"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * NS_PER_MS)}


def instruments_info(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/instruments-info; in maintenance nothing trades."""
    if call.text("status", "Trading") != "Trading":
        return page(call, [], usual=500, most=1000)
    status = "Closed" if call.closed else "Trading"
    rows: list[Json] = []
    for rules in instruments(context, call):
        if rules.market is Market.SPOT:
            rows.append(spot_instrument(rules, status))
        else:
            hours = context.chores.terms[rules.symbol].interval_hours
            rows.append(linear_instrument(rules, status, hours * MINUTES))
    return page(call, rows, usual=500, most=1000)


def orderbook(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/orderbook."""
    rules = instrument(context, call)
    book = context.exchange.matchers[rules.symbol].book
    most = min(integer(call, "limit", 25), 200)
    return {
        "s": rules.venue_symbol,
        "b": levels(book, Side.BUY, most),
        "a": levels(book, Side.SELL, most),
        "ts": context.now_ms(),
        "u": book.update_id,
        "seq": book.update_id,
    }


def tickers(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/tickers."""
    rows = [ticker_view(context, rules) for rules in instruments(context, call)]
    return {"category": CATEGORIES[call.market], "list": rows}


def recent_trades(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/recent-trade: newest first."""
    rules = instrument(context, call)
    limit = min(integer(call, "limit", 60), 1000)
    seen = list(context.exchange.settlement.tapes[rules.symbol].trades)[-limit:]
    rows = [printed(trade, rules) for trade in reversed(seen)]
    return {"category": CATEGORIES[call.market], "list": rows}


def kline(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/kline: one-minute candles made from trades, newest first."""
    rules = instrument(context, call)
    if call.text("interval") != "1":
        raise wrong("interval: the paper venue has minutes only")
    start_ms, end_ms = integer(call, "start", 0), integer(call, "end", 1 << 62)
    candles = [
        candle
        for candle in context.exchange.settlement.tapes[rules.symbol].candles
        if start_ms <= candle.open_ms <= end_ms
    ]
    limit = min(integer(call, "limit", 200), 1000)
    rows = [
        [
            str(candle.open_ms),
            *map(canonical, (candle.open, candle.high, candle.low, candle.close)),
            canonical(candle.volume),
            canonical(candle.turnover),
        ]
        for candle in candles[-limit:][::-1]
    ]
    return {"category": CATEGORIES[call.market], "symbol": rules.venue_symbol, "list": rows}


def funding_history(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/market/funding/history: settled fundings, newest first."""
    rules: InstrumentRules = instrument(context, call)
    start_ms, end_ms = integer(call, "startTime", 0), integer(call, "endTime", 1 << 62)
    rows: list[Json] = [
        {
            "symbol": rules.venue_symbol,
            "fundingRate": canonical(point.rate),
            "fundingRateTimestamp": str(point.time_ms),
        }
        for point in context.chores.points
        if point.symbol == rules.symbol and start_ms <= point.time_ms <= end_ms
    ]
    return page(call, rows[::-1], usual=200, most=200)


ROUTES: Routes = {
    ("GET", "/v5/market/time"): Route(handler=enveloped(server_time), always=True),
    ("GET", "/v5/market/instruments-info"): Route(handler=enveloped(instruments_info), always=True),
    ("GET", "/v5/market/orderbook"): Route(handler=enveloped(orderbook)),
    ("GET", "/v5/market/tickers"): Route(handler=enveloped(tickers)),
    ("GET", "/v5/market/recent-trade"): Route(handler=enveloped(recent_trades)),
    ("GET", "/v5/market/kline"): Route(handler=enveloped(kline)),
    ("GET", "/v5/market/funding/history"): Route(handler=enveloped(funding_history)),
}
