"""Books, prints, candles and tickers as Bitget shows them, by REST and in frames. Shapes only."""

import itertools
from collections.abc import Iterable

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.bitget.listing import wire_id
from opensqt.simulation.market.flow import Level
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.numbers import grid, plain

Json = dict[str, object]
BOOK_LEVELS = 200


def levels(rules: InstrumentRules, found: Iterable[Level]) -> list[list[str]]:
    """Levels: price and size."""
    return [[grid(price, rules.tick_size), plain(quantity)] for price, quantity in found]


def whole_book(context: VenueContext, rules: InstrumentRules, depth: int) -> Json:
    """The best levels of both sides."""
    book = context.exchange.matchers[rules.symbol].book
    sides = {
        name: levels(rules, itertools.islice(book.levels(side), depth))
        for name, side in (("a", Side.SELL), ("b", Side.BUY))
    }
    return {**sides, "ts": str(context.now_ms())}


def print_row(rules: InstrumentRules, trade: PublicTrade) -> Json:
    """A print, as frames tell it."""
    name = wire_id(rules.market, trade.trade_id)
    return {
        "i": name,
        "L": name,
        "p": plain(trade.price),
        "v": plain(trade.quantity),
        "S": trade.taker.value,
        "T": str(trade.time_ms),
    }


def candle_row(candle: MinuteCandle) -> dict[str, str]:
    """A one-minute candle."""
    names = ("open", "close", "high", "low", "volume", "turnover")
    return {
        "start": str(candle.open_ms),
        **{name: plain(getattr(candle, name)) for name in names},
    }


def ticker_row(context: VenueContext, rules: InstrumentRules) -> Json:
    """A ticker: best prices and the last day; of a perpetual mark and funding, the mark being mid."""
    exchange = context.exchange
    book, mark = exchange.matchers[rules.symbol].book, exchange.settlement.marks[rules.symbol]
    day, best = exchange.settlement.tapes[rules.symbol].day(), {}
    for side in Side:
        best[side] = book.best(side) or ZERO
    row: Json = {
        "symbol": rules.venue_symbol,
        "lastPrice": plain(day.close if day else mark),
        "openPrice24h": plain(day.open if day else mark),
        "highPrice24h": plain(day.high if day else mark),
        "lowPrice24h": plain(day.low if day else mark),
        "ask1Price": plain(best[Side.SELL]),
        "bid1Price": plain(best[Side.BUY]),
        "bid1Size": plain(book.level(Side.BUY, best[Side.BUY])),
        "ask1Size": plain(book.level(Side.SELL, best[Side.SELL])),
        "price24hPcnt": "0",
        "volume24h": plain(day.volume if day else ZERO),
        "turnover24h": plain(day.turnover if day else ZERO),
    }
    if rules.market is Market.SPOT:
        return row
    return row | {
        "indexPrice": plain(mark),
        "markPrice": plain(mark),
        "fundingRate": plain(context.chores.terms[rules.symbol].rate),
        "nextFundingTime": str(context.chores.next_funding_ms(rules.symbol)),
        "openInterest": "0",
    }
