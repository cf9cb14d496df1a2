"""Public REST market data: time, instruments, books, trades, candles, tickers, funding. It only reads."""

from opensqt.simulation.dialects.bitget.answers import (
    Json,
    enveloped,
    instrument,
    instruments,
    integer,
)
from opensqt.simulation.dialects.bitget.errors import wrong
from opensqt.simulation.dialects.bitget.listing import category_of, instrument_row, wire_id
from opensqt.simulation.dialects.bitget.market_rows import candle_row, ticker_row, whole_book
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.numbers import plain

MARKET = "/api/v3/market"
BOOK_MAX, LIST_MAX = 200, 100


def server_time(context: VenueContext, call: ApiCall) -> Json:
    """GET v2/public/time."""
    return {"serverTime": str(context.now_ms() + call.skew_ms)}


def coins(context: VenueContext, call: ApiCall) -> list[Json]:
    """GET v2/spot/public/coins: the coins of what is listed, on no chain."""
    del call
    listed = context.exchange.rules.values()
    names = sorted({name for rules in listed for name in (rules.base, rules.settles_in)})
    return [{"coinId": name, "coin": name, "transfer": "true", "chains": []} for name in names]


def instruments_of(context: VenueContext, call: ApiCall) -> list[Json]:
    """GET instruments of a category; in maintenance nothing trades."""
    status = "offline" if call.closed else "online"
    terms = context.chores.terms
    return [
        instrument_row(
            rules, status, terms[rules.symbol].interval_hours if rules.symbol in terms else 0
        )
        for rules in instruments(context, call)
    ]


def orderbook(context: VenueContext, call: ApiCall) -> Json:
    """GET orderbook: without a number."""
    limit = min(integer(call, "limit", 5), BOOK_MAX)
    return whole_book(context, instrument(context, call), limit)


def tickers(context: VenueContext, call: ApiCall) -> list[Json]:
    """GET tickers."""
    now = {"ts": str(context.now_ms())}
    return [
        {"category": category_of(rules), **now, **ticker_row(context, rules)}
        for rules in instruments(context, call)
    ]


def fills(context: VenueContext, call: ApiCall) -> list[Json]:
    """GET fills: what was printed, newest first."""
    rules = instrument(context, call)
    limit = min(integer(call, "limit", LIST_MAX), LIST_MAX)
    seen = list(context.exchange.settlement.tapes[rules.symbol].trades)[-limit:]
    return [
        {
            "execId": wire_id(rules.market, trade.trade_id),
            "price": plain(trade.price),
            "size": plain(trade.quantity),
            "side": trade.taker.value,
            "ts": str(trade.time_ms),
        }
        for trade in reversed(seen)
    ]


def candles(context: VenueContext, call: ApiCall) -> list[list[str]]:
    """GET candles: of one minute, made from trades, newest first."""
    rules = instrument(context, call)
    if call.text("interval") != "1m":
        raise wrong("interval: the paper venue has minutes only")
    start_ms, end_ms = integer(call, "startTime", 0), integer(call, "endTime", 1 << 62)
    found = [
        candle
        for candle in context.exchange.settlement.tapes[rules.symbol].candles
        if start_ms <= candle.open_ms <= end_ms
    ]
    limit = min(integer(call, "limit", LIST_MAX), LIST_MAX)
    names = ("start", "open", "high", "low", "close", "volume", "turnover")
    rows = [candle_row(candle) for candle in found[-limit:][::-1]]
    return [[row[name] for name in names] for row in rows]


def fund_rate(context: VenueContext, call: ApiCall) -> list[Json]:
    """GET current-fund-rate."""
    rules = instrument(context, call)
    terms = context.chores.terms[rules.symbol]
    return [
        {
            "symbol": rules.venue_symbol,
            "fundingRate": plain(terms.rate),
            "fundingRateInterval": str(terms.interval_hours),
            "nextUpdate": str(context.chores.next_funding_ms(rules.symbol)),
            "minFundingRate": "-0.003",
            "maxFundingRate": "0.003",
        }
    ]


ROUTES: Routes = {
    ("GET", "/api/v2/public/time"): Route(handler=enveloped(server_time), always=True),
    ("GET", "/api/v2/spot/public/coins"): Route(handler=enveloped(coins), always=True),
    ("GET", f"{MARKET}/instruments"): Route(handler=enveloped(instruments_of), always=True),
    ("GET", f"{MARKET}/orderbook"): Route(handler=enveloped(orderbook)),
    ("GET", f"{MARKET}/tickers"): Route(handler=enveloped(tickers)),
    ("GET", f"{MARKET}/fills"): Route(handler=enveloped(fills)),
    ("GET", f"{MARKET}/candles"): Route(handler=enveloped(candles)),
    ("GET", f"{MARKET}/current-fund-rate"): Route(handler=enveloped(fund_rate)),
}
