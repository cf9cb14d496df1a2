"""Frames of the public streams: trades, depth, best prices, candles, mark. Shapes only."""

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.binance.numbers import eight, level
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.context import VenueContext

Json = dict[str, object]


def trade_frame(rules: InstrumentRules, trade: PublicTrade, now_ms: int) -> Json:
    """A trade frame."""
    price, quantity = level(rules, trade.price, trade.quantity)
    spot = rules.market is Market.SPOT
    return {
        "e": "trade",
        "E": now_ms,
        **({} if spot else {"T": trade.time_ms}),
        "s": rules.venue_symbol,
        "t": trade.trade_id,
        "p": price,
        "q": quantity,
        **({"T": trade.time_ms} if spot else {"X": "MARKET"}),
        "m": trade.taker is Side.SELL,
        **({"M": True} if spot else {}),
    }


def agg_trade_frame(rules: InstrumentRules, trade: PublicTrade, now_ms: int) -> Json:
    """An aggTrade frame: one aggregate per trade."""
    price, quantity = level(rules, trade.price, trade.quantity)
    return {
        "e": "aggTrade",
        "E": now_ms,
        "s": rules.venue_symbol,
        "a": trade.trade_id,
        "p": price,
        "q": quantity,
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": trade.time_ms,
        "m": trade.taker is Side.SELL,
        **({"M": True} if rules.market is Market.SPOT else {}),
    }


def depth_frame(
    context: VenueContext,
    rules: InstrumentRules,
    changed: dict[Side, list[list[str]]],
    previous_id: int,
) -> Json:
    """A depthUpdate frame: spot carries U and u, USDⓈ-M also pu and T."""
    now_ms = context.now_ms()
    last_id = context.exchange.matchers[rules.symbol].book.update_id
    perp = rules.market is Market.PERP
    return {
        "e": "depthUpdate",
        "E": now_ms,
        **({"T": now_ms} if perp else {}),
        "s": rules.venue_symbol,
        "U": previous_id + 1,
        "u": last_id,
        **({"pu": previous_id} if perp else {}),
        "b": changed[Side.BUY],
        "a": changed[Side.SELL],
    }


def book_ticker_frame(context: VenueContext, rules: InstrumentRules) -> Json | None:
    """A bookTicker frame, or None while a side is empty."""
    book, now_ms = context.exchange.matchers[rules.symbol].book, context.now_ms()
    bid, ask = book.best(Side.BUY), book.best(Side.SELL)
    if bid is None or ask is None:
        return None
    best_bid, best_ask = (
        level(rules, bid, book.level(Side.BUY, bid)),
        level(rules, ask, book.level(Side.SELL, ask)),
    )
    core: Json = {
        "u": book.update_id,
        "s": rules.venue_symbol,
        "b": best_bid[0],
        "B": best_bid[1],
        "a": best_ask[0],
        "A": best_ask[1],
    }
    if rules.market is Market.SPOT:
        return core
    return {"e": "bookTicker", **core, "T": now_ms, "E": now_ms}


def kline_frame(rules: InstrumentRules, candle: MinuteCandle, now_ms: int, *, closed: bool) -> Json:
    """A kline frame of a one-minute candle."""
    opened, high, low, close = (
        level(rules, p, ZERO)[0] for p in (candle.open, candle.high, candle.low, candle.close)
    )
    inner: Json = {
        "t": candle.open_ms,
        "T": candle.close_ms,
        "s": rules.venue_symbol,
        "i": "1m",
        "f": candle.first_id,
        "L": candle.last_id,
        "o": opened,
        "c": close,
        "h": high,
        "l": low,
        "v": level(rules, ZERO, candle.volume)[1],
        "n": candle.trades,
        "x": closed,
        "q": eight(candle.turnover),
        "V": level(rules, ZERO, candle.taker_volume)[1],
        "Q": eight(candle.taker_turnover),
        "B": "0",
    }
    return {"e": "kline", "E": now_ms, "s": rules.venue_symbol, "k": inner}


def mark_frame(context: VenueContext, rules: InstrumentRules) -> Json:
    """A markPriceUpdate frame."""
    mark = eight(context.exchange.settlement.marks[rules.symbol])
    return {
        "e": "markPriceUpdate",
        "E": context.now_ms(),
        "s": rules.venue_symbol,
        "p": mark,
        "i": mark,
        "P": mark,
        "r": eight(context.chores.terms[rules.symbol].rate),
        "T": context.chores.next_funding_ms(rules.symbol),
    }
