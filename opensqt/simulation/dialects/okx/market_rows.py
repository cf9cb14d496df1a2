"""Books, prints, candles, tickers, marks and funding as OKX shows them, by REST and in frames. Shapes only."""

from collections.abc import Iterable
from decimal import Decimal

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.okx.listing import KINDS, counted, family
from opensqt.simulation.market.flow import Level
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.numbers import grid, plain

Json = dict[str, object]
HOUR_MS = 3_600_000
BOOK_LEVELS = 400


def price_of(rules: InstrumentRules, price: Decimal) -> str:
    """Write a price on the instrument's grid."""
    return grid(price, rules.tick_size)


def levels(rules: InstrumentRules, found: Iterable[Level]) -> list[list[str]]:
    """Levels: price, size as it is counted, and how many orders; the third is always 0."""
    return [
        [price_of(rules, price), counted(rules, quantity), "0", "1" if quantity else "0"]
        for price, quantity in found
    ]


def whole_book(context: VenueContext, rules: InstrumentRules, depth: int) -> Json:
    """The best levels of both sides."""
    book = context.exchange.matchers[rules.symbol].book
    sides = {}
    for name, side in (("bids", Side.BUY), ("asks", Side.SELL)):
        found = [level for _, level in zip(range(depth), book.levels(side), strict=False)]
        sides[name] = levels(rules, found)
    return {**sides, "ts": str(context.now_ms())}


def trade_row(rules: InstrumentRules, trade: PublicTrade) -> Json:
    """A print."""
    return {
        "instId": rules.venue_symbol,
        "tradeId": str(trade.trade_id),
        "px": price_of(rules, trade.price),
        "sz": counted(rules, trade.quantity),
        "side": trade.taker.value,
        "ts": str(trade.time_ms),
        "count": "1",
    }


def candle_row(rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> list[str]:
    """A one-minute candle: volume as it is counted, in base and in quote units."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [
        str(candle.open_ms),
        *(price_of(rules, price) for price in prices),
        counted(rules, candle.volume),
        plain(candle.volume),
        plain(candle.turnover),
        "1" if closed else "0",
    ]


def ticker_row(context: VenueContext, rules: InstrumentRules) -> Json:
    """The rolling day of an instrument."""
    tape = context.exchange.settlement.tapes[rules.symbol]
    book = context.exchange.matchers[rules.symbol].book
    mark, day = context.exchange.settlement.marks[rules.symbol], tape.day()
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    perp = rules.market is Market.PERP
    volume, turnover = (day.volume, day.turnover) if day else (ZERO, ZERO)
    return {
        "instType": KINDS[rules.market],
        "instId": rules.venue_symbol,
        "last": price_of(rules, day.close if day else mark),
        "lastSz": counted(rules, tape.trades[-1].quantity) if tape.trades else "0",
        "askPx": "" if ask is None else price_of(rules, ask),
        "askSz": "0" if ask is None else counted(rules, book.level(Side.SELL, ask)),
        "bidPx": "" if bid is None else price_of(rules, bid),
        "bidSz": "0" if bid is None else counted(rules, book.level(Side.BUY, bid)),
        "open24h": price_of(rules, day.open if day else mark),
        "high24h": price_of(rules, day.high if day else mark),
        "low24h": price_of(rules, day.low if day else mark),
        "vol24h": counted(rules, volume),
        "volCcy24h": plain(volume if perp else turnover),
        "sodUtc0": price_of(rules, day.open if day else mark),
        "sodUtc8": price_of(rules, day.open if day else mark),
        "ts": str(context.now_ms()),
    }


def mark_row(context: VenueContext, rules: InstrumentRules) -> Json:
    """The mark price, which is mid."""
    return {
        "instType": KINDS[rules.market],
        "instId": rules.venue_symbol,
        "markPx": plain(context.exchange.settlement.marks[rules.symbol]),
        "ts": str(context.now_ms()),
    }


def index_row(context: VenueContext, rules: InstrumentRules) -> Json:
    """The index of an instrument, which is its mark."""
    mark = plain(context.exchange.settlement.marks[rules.symbol])
    day = dict.fromkeys(("high24h", "low24h", "open24h", "sodUtc0", "sodUtc8"), mark)
    return {"instId": family(rules), "idxPx": mark, **day, "ts": str(context.now_ms())}


def funding_row(context: VenueContext, rules: InstrumentRules) -> Json:
    """The funding rate that is paid next, and when the one behind it is due."""
    terms = context.chores.terms[rules.symbol]
    next_ms = context.chores.next_funding_ms(rules.symbol)
    return {
        "instType": KINDS[rules.market],
        "instId": rules.venue_symbol,
        "method": "current_period",
        "formulaType": "noRate",
        "fundingRate": plain(terms.rate),
        "fundingTime": str(next_ms),
        "nextFundingRate": "",
        "nextFundingTime": str(next_ms + terms.interval_hours * HOUR_MS),
        "minFundingRate": "-0.00375",
        "maxFundingRate": "0.00375",
        "settState": "settled",
        "settFundingRate": plain(terms.rate),
        "premium": "0",
        "ts": str(context.now_ms()),
    }
