"""OKX's public REST endpoints: time, instruments, books, trades, candles, tickers, mark and funding. They only read."""

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.okx import market_rows as rows
from opensqt.simulation.dialects.okx.answers import good, instrument, instruments, integer, page
from opensqt.simulation.dialects.okx.listing import family, instrument_row
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.numbers import plain

CANDLES_MAX, TRADES_MAX = 300, 500


def server_time(context: VenueContext, call: ApiCall) -> object:
    """GET public/time."""
    return good([{"ts": str(context.now_ms() + call.skew_ms)}])


def status(_context: VenueContext, call: ApiCall) -> object:
    """GET system/status."""
    if not call.closed:
        return good([])
    return good([{"title": "maintenance", "state": "ongoing", "system": "unified"}])


def list_instruments(context: VenueContext, call: ApiCall) -> object:
    """GET public/instruments."""
    return good([instrument_row(one, closed=call.closed) for one in instruments(context, call)])


def books(context: VenueContext, call: ApiCall) -> object:
    """GET market/books."""
    depth = min(integer(call, "sz") or 1, rows.BOOK_LEVELS)
    return good([rows.whole_book(context, instrument(context, call), depth)])


def trades(context: VenueContext, call: ApiCall) -> object:
    """GET market/trades: the newest first."""
    rules = instrument(context, call)
    limit = min(integer(call, "limit") or 100, TRADES_MAX)
    recent = list(context.exchange.settlement.tapes[rules.symbol].trades)[-limit:]
    return good([rows.trade_row(rules, trade) for trade in reversed(recent)])


def candles(context: VenueContext, call: ApiCall) -> object:
    """GET market/candles: one-minute candles made from trades, the newest first."""
    rules = instrument(context, call)
    if call.text("bar", "1m") != "1m":
        raise VenueError(51000, "Parameter bar error", 400)
    found = list(context.exchange.settlement.tapes[rules.symbol].candles)
    newer, older = integer(call, "before"), integer(call, "after")
    chosen = [
        (candle, candle is not found[-1])
        for candle in found
        if candle.open_ms > newer and (not older or candle.open_ms < older)
    ]
    limit = min(integer(call, "limit") or 100, CANDLES_MAX)
    newest = chosen[::-1][:limit]
    return good([rows.candle_row(rules, candle, closed=closed) for candle, closed in newest])


def ticker(context: VenueContext, call: ApiCall) -> object:
    """GET market/ticker and market/tickers."""
    return good([rows.ticker_row(context, one) for one in instruments(context, call)])


def mark_price(context: VenueContext, call: ApiCall) -> object:
    """GET public/mark-price."""
    return good([rows.mark_row(context, one) for one in _perps(context, call)])


def index_tickers(context: VenueContext, call: ApiCall) -> object:
    """GET market/index-tickers: an index is named by the family of its perpetual."""
    named = call.text("instId")
    found = [one for one in context.directory.of(Market.PERP) if named in ("", family(one))]
    return good([rows.index_row(context, one) for one in found])


def funding_rate(context: VenueContext, call: ApiCall) -> object:
    """GET public/funding-rate."""
    return good([rows.funding_row(context, one) for one in _perps(context, call)])


def funding_history(context: VenueContext, call: ApiCall) -> object:
    """GET public/funding-rate-history: what was settled, the newest first."""
    rules = instrument(context, call)
    found = [point for point in context.chores.points if point.symbol == rules.symbol]
    return good(
        [
            {
                "instType": "SWAP",
                "instId": rules.venue_symbol,
                "fundingRate": plain(point.rate),
                "realizedRate": plain(point.rate),
                "fundingTime": str(point.time_ms),
                "method": "current_period",
            }
            for point in page(call, found, lambda point: point.time_ms)
        ]
    )


def open_interest(context: VenueContext, call: ApiCall) -> object:
    """GET public/open-interest: nobody's but our own is known, so that it is none."""
    now = str(context.now_ms())
    return good(
        [
            {
                "instType": "SWAP",
                "instId": one.venue_symbol,
                "oi": "0",
                "oiCcy": "0",
                "oiUsd": "0",
                "ts": now,
            }
            for one in _perps(context, call)
        ]
    )


def _perps(context: VenueContext, call: ApiCall) -> list[InstrumentRules]:
    return [one for one in instruments(context, call) if one.market is Market.PERP]


ROUTES: Routes = {
    ("GET", "/api/v5/public/time"): Route(handler=server_time, always=True),
    ("GET", "/api/v5/system/status"): Route(handler=status, always=True),
    ("GET", "/api/v5/public/instruments"): Route(handler=list_instruments, always=True),
    ("GET", "/api/v5/market/books"): Route(handler=books),
    ("GET", "/api/v5/market/books-full"): Route(handler=books),
    ("GET", "/api/v5/market/trades"): Route(handler=trades),
    ("GET", "/api/v5/market/candles"): Route(handler=candles),
    ("GET", "/api/v5/market/history-candles"): Route(handler=candles),
    ("GET", "/api/v5/market/ticker"): Route(handler=ticker),
    ("GET", "/api/v5/market/tickers"): Route(handler=ticker),
    ("GET", "/api/v5/market/index-tickers"): Route(handler=index_tickers),
    ("GET", "/api/v5/public/mark-price"): Route(handler=mark_price),
    ("GET", "/api/v5/public/funding-rate"): Route(handler=funding_rate),
    ("GET", "/api/v5/public/funding-rate-history"): Route(handler=funding_history),
    ("GET", "/api/v5/public/open-interest"): Route(handler=open_interest),
}
