"""The JSON of what anybody may see: pairs, contracts, books, tickers, trades, candles. Shapes only."""

import itertools
from collections.abc import Iterable

from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.gate.listing import contracts
from opensqt.simulation.market.flow import Level
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.numbers import digits, plain

Json = dict[str, object]
MINUTE = "1m"
HOUR_S = 3600


def pair(rules: InstrumentRules, *, closed: bool) -> Json:
    """A pair of spot; its fee is in percent."""
    return {
        "id": rules.venue_symbol,
        "base": rules.base,
        "base_name": rules.base,
        "quote": rules.quote,
        "quote_name": rules.quote,
        "fee": plain(rules.taker_fee * 100),
        "min_base_amount": canonical(rules.quantity_min),
        "min_quote_amount": canonical(rules.notional_min),
        "max_base_amount": canonical(rules.quantity_max),
        "max_quote_amount": "5000000",
        "amount_precision": digits(rules.quantity_step),
        "precision": digits(rules.tick_size),
        "trade_status": "untradable" if closed else "tradable",
        "sell_start": 0,
        "buy_start": 0,
        "type": "normal",
    }


def contract(context: VenueContext, rules: InstrumentRules, *, closed: bool) -> Json:
    """A perpetual; its mark is mid, and so is its index."""
    exchange, terms = context.exchange, context.chores.terms[rules.symbol]
    mark = canonical(exchange.settlement.marks[rules.symbol])
    return {
        "name": rules.venue_symbol,
        "type": "direct",
        "quanto_multiplier": plain(rules.contract_size),
        "leverage_min": "1",
        "leverage_max": "100",
        "maintenance_rate": "0.005",
        "mark_type": "index",
        "mark_price": mark,
        "index_price": mark,
        "last_price": _last(context, rules),
        "maker_fee_rate": canonical(rules.maker_fee),
        "taker_fee_rate": canonical(rules.taker_fee),
        "order_price_round": plain(rules.tick_size),
        "mark_price_round": "0.01",
        "funding_rate": canonical(terms.rate),
        "funding_rate_indicative": canonical(terms.rate),
        "funding_interval": terms.interval_hours * HOUR_S,
        "funding_next_apply": context.chores.next_funding_ms(rules.symbol) // 1000,
        "funding_offset": 0,
        "order_size_min": int(contracts(rules, rules.quantity_min)),
        "order_size_max": int(contracts(rules, rules.quantity_max)),
        "order_price_deviate": "0.5",
        "enable_decimal": False,
        "orders_limit": rules.orders_max,
        "in_delisting": False,
        "status": "suspend" if closed else "trading",
        "create_time": 1546300800,
    }


def levels(rules: InstrumentRules, found: Iterable[Level]) -> list[object]:
    """Levels: pairs of spot, objects of perpetuals."""
    if rules.market is Market.SPOT:
        return [[canonical(price), canonical(quantity)] for price, quantity in found]
    return [
        {"p": canonical(price), "s": plain(contracts(rules, quantity))} for price, quantity in found
    ]


def whole(context: VenueContext, rules: InstrumentRules, depth: int) -> dict[Side, list[Level]]:
    """The best levels of both sides."""
    book = context.exchange.matchers[rules.symbol].book
    return {side: list(itertools.islice(book.levels(side), depth)) for side in Side}


def printed(rules: InstrumentRules, trade: PublicTrade) -> Json:
    """A public trade; the sign of a size is the side of the taker."""
    if rules.market is Market.SPOT:
        return {
            "id": trade.trade_id,
            "create_time": trade.time_ms // 1000,
            "create_time_ms": f"{trade.time_ms}.0",
            "side": trade.taker.value,
            "currency_pair": rules.venue_symbol,
            "amount": canonical(trade.quantity),
            "price": canonical(trade.price),
        }
    size = contracts(rules, trade.quantity) * trade.taker.sign
    return {
        "id": trade.trade_id,
        "create_time": trade.time_ms // 1000,
        "create_time_ms": trade.time_ms,
        "size": plain(size),
        "contract": rules.venue_symbol,
        "price": canonical(trade.price),
    }


def candle(rules: InstrumentRules, one: MinuteCandle, *, closed: bool) -> Json:
    """A one-minute candle as a frame tells it; only spot says whether its window is closed."""
    prices = {name[0]: canonical(getattr(one, name)) for name in ("open", "high", "low", "close")}
    head = {**prices, "n": f"{MINUTE}_{rules.venue_symbol}"}
    if rules.market is Market.SPOT:
        start, turnover = str(one.open_ms // 1000), canonical(one.turnover)
        return {**head, "t": start, "v": turnover, "a": canonical(one.volume), "w": closed}
    count = plain(contracts(rules, one.volume))
    return {**head, "t": one.open_ms // 1000, "v": count, "a": canonical(one.volume)}


def ticker(context: VenueContext, rules: InstrumentRules) -> Json:
    """The rolling day; of a perpetual also mark, index and funding."""
    exchange = context.exchange
    book, day = exchange.matchers[rules.symbol].book, exchange.settlement.tapes[rules.symbol].day()
    last = _last(context, rules)
    volume, turnover = (day.volume, day.turnover) if day else (ZERO, ZERO)
    row: Json = {
        "last": last,
        "lowest_ask": canonical(book.best(Side.SELL) or ZERO),
        "highest_bid": canonical(book.best(Side.BUY) or ZERO),
        "change_percentage": "0",
        "high_24h": canonical(day.high) if day else last,
        "low_24h": canonical(day.low) if day else last,
    }
    if rules.market is Market.SPOT:
        names = {"base_volume": canonical(volume), "quote_volume": canonical(turnover)}
        return {"currency_pair": rules.venue_symbol, **row, **names}
    terms, mark = context.chores.terms[rules.symbol], exchange.settlement.marks[rules.symbol]
    return {
        "contract": rules.venue_symbol,
        **row,
        "mark_price": canonical(mark),
        "index_price": canonical(mark),
        "funding_rate": canonical(terms.rate),
        "funding_rate_indicative": canonical(terms.rate),
        "total_size": "0",
        "volume_24h": plain(EXACT.divide(volume, rules.contract_size)),
        "volume_24h_base": canonical(volume),
        "volume_24h_quote": canonical(turnover),
        "volume_24h_settle": canonical(turnover),
    }


def _last(context: VenueContext, rules: InstrumentRules) -> str:
    settlement = context.exchange.settlement
    trades = settlement.tapes[rules.symbol].trades
    return canonical(trades[-1].price if trades else settlement.marks[rules.symbol])
