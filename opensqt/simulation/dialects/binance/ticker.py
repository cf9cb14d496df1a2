"""The rolling 24 hours of a symbol as REST ticker and as stream frames. Shapes only."""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.binance.numbers import eight, level
from opensqt.simulation.market.tape import MinuteCandle
from opensqt.simulation.server.context import VenueContext

Json = dict[str, object]
DAY_MS = 86_400_000


def _day(context: VenueContext, rules: InstrumentRules) -> MinuteCandle:
    price = context.exchange.settlement.marks[rules.symbol]
    flat = MinuteCandle(open_ms=context.now_ms(), open=price, high=price, low=price, close=price)
    return context.exchange.settlement.tapes[rules.symbol].day() or flat


def _change(day: MinuteCandle) -> tuple[Decimal, str, Decimal]:
    change = day.close - day.open
    percent = EXACT.divide(change * 100, day.open) if day.open else ZERO
    average = EXACT.divide(day.turnover, day.volume) if day.volume else day.close
    return change, format(percent.quantize(Decimal("0.001")), "f"), average


def day_ticker(context: VenueContext, rules: InstrumentRules) -> Json:
    """GET ticker/24hr of one symbol."""
    day = _day(context, rules)
    change, percent, average = _change(day)
    tape = context.exchange.settlement.tapes[rules.symbol]
    last_quantity = tape.trades[-1].quantity if tape.trades else ZERO

    def price(number: Decimal) -> str:
        return level(rules, number, ZERO)[0]

    row: Json = {
        "symbol": rules.venue_symbol,
        "priceChange": price(change),
        "priceChangePercent": percent,
        "weightedAvgPrice": price(average),
        "lastPrice": price(day.close),
        "lastQty": level(rules, ZERO, last_quantity)[1],
        "openPrice": price(day.open),
        "highPrice": price(day.high),
        "lowPrice": price(day.low),
        "volume": level(rules, ZERO, day.volume)[1],
        "quoteVolume": eight(day.turnover),
        "openTime": context.now_ms() - DAY_MS,
        "closeTime": context.now_ms(),
        "firstId": day.first_id,
        "lastId": day.last_id,
        "count": day.trades,
    }
    return row | _spot_extras(context, rules, day) if rules.market is Market.SPOT else row


def _spot_extras(context: VenueContext, rules: InstrumentRules, day: MinuteCandle) -> Json:
    book = context.exchange.matchers[rules.symbol].book
    extras: Json = {"prevClosePrice": eight(day.open)}
    for name, side in (("bid", Side.BUY), ("ask", Side.SELL)):
        best = book.best(side) or ZERO
        extras[f"{name}Price"], extras[f"{name}Qty"] = eight(best), eight(book.level(side, best))
    return extras


def mini_ticker_frame(context: VenueContext, rules: InstrumentRules) -> Json:
    """A 24hrMiniTicker frame."""
    day = _day(context, rules)
    return {
        "e": "24hrMiniTicker",
        "E": context.now_ms(),
        "s": rules.venue_symbol,
        "c": level(rules, day.close, ZERO)[0],
        "o": level(rules, day.open, ZERO)[0],
        "h": level(rules, day.high, ZERO)[0],
        "l": level(rules, day.low, ZERO)[0],
        "v": level(rules, ZERO, day.volume)[1],
        "q": eight(day.turnover),
    }


def ticker_frame(context: VenueContext, rules: InstrumentRules) -> Json:
    """A 24hrTicker frame."""
    row = day_ticker(context, rules)
    frame: Json = {
        "e": "24hrTicker",
        "E": context.now_ms(),
        "s": rules.venue_symbol,
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "w": row["weightedAvgPrice"],
        "c": row["lastPrice"],
        "Q": row["lastQty"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "O": row["openTime"],
        "C": row["closeTime"],
        "F": row["firstId"],
        "L": row["lastId"],
        "n": row["count"],
    }
    if rules.market is Market.SPOT:
        names = {
            "x": "prevClosePrice",
            "b": "bidPrice",
            "B": "bidQty",
            "a": "askPrice",
            "A": "askQty",
        }
        frame |= {short: row[name] for short, name in names.items()}
    return frame
