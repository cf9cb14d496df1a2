"""The JSON of what anybody may see: instruments, books, tickers, trades. Shapes only."""

import itertools

from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.bybit.listing import wire_id
from opensqt.simulation.dialects.bybit.views import SIDES
from opensqt.simulation.engine.book import MergedBook
from opensqt.simulation.market.tape import PublicTrade
from opensqt.simulation.server.context import VenueContext

Json = dict[str, object]


def spot_instrument(rules: InstrumentRules, status: str) -> Json:
    """A pair of spot."""
    return {
        "symbol": rules.venue_symbol,
        "baseCoin": rules.base,
        "quoteCoin": rules.quote,
        "innovation": "0",
        "status": status,
        "marginTrading": "utaOnly",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": canonical(rules.quantity_step),
            "quotePrecision": "0.00000001",
            "minOrderQty": canonical(rules.quantity_min),
            "maxOrderQty": canonical(rules.quantity_max),
            "minOrderAmt": canonical(rules.notional_min),
            "maxOrderAmt": canonical(rules.notional_max),
            "maxLimitOrderQty": canonical(rules.quantity_max),
            "maxMarketOrderQty": canonical(rules.quantity_max),
        },
        "priceFilter": {"tickSize": canonical(rules.tick_size)},
        "riskParameters": {"priceLimitRatioX": "0.05", "priceLimitRatioY": "0.05"},
    }


def linear_instrument(rules: InstrumentRules, status: str, interval_minutes: int) -> Json:
    """A linear perpetual."""
    return {
        "symbol": rules.venue_symbol,
        "contractType": "LinearPerpetual",
        "status": status,
        "baseCoin": rules.base,
        "quoteCoin": rules.quote,
        "settleCoin": rules.settles_in,
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {
            "minPrice": canonical(rules.price_min),
            "maxPrice": canonical(rules.price_max),
            "tickSize": canonical(rules.tick_size),
        },
        "lotSizeFilter": {
            "minNotionalValue": canonical(rules.notional_min),
            "maxOrderQty": canonical(rules.quantity_max),
            "maxMktOrderQty": canonical(rules.quantity_max),
            "minOrderQty": canonical(rules.quantity_min),
            "qtyStep": canonical(rules.quantity_step),
            "postOnlyMaxOrderQty": canonical(rules.quantity_max),
        },
        "unifiedMarginTrade": True,
        "fundingInterval": interval_minutes,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": False,
    }


def levels(book: MergedBook, side: Side, most: int) -> list[list[str]]:
    """The best levels of a side."""
    return [
        [canonical(price), canonical(quantity)]
        for price, quantity in itertools.islice(book.levels(side), most)
    ]


def ticker_view(context: VenueContext, rules: InstrumentRules) -> Json:
    """A ticker: best prices, the last trade; of a perpetual mark and funding, the mark being mid."""
    exchange = context.exchange
    book, mark = exchange.matchers[rules.symbol].book, exchange.settlement.marks[rules.symbol]
    printed_trades = exchange.settlement.tapes[rules.symbol].trades
    last = printed_trades[-1].price if printed_trades else mark
    best = {side: book.best(side) or ZERO for side in Side}
    row: Json = {
        "symbol": rules.venue_symbol,
        "lastPrice": canonical(last),
        "prevPrice24h": canonical(last),
        "price24hPcnt": "0",
        "highPrice24h": canonical(last),
        "lowPrice24h": canonical(last),
        "volume24h": canonical(sum((one.quantity for one in printed_trades), ZERO)),
        "turnover24h": canonical(sum((one.quantity * one.price for one in printed_trades), ZERO)),
        "bid1Price": canonical(best[Side.BUY]),
        "bid1Size": canonical(book.level(Side.BUY, best[Side.BUY])),
        "ask1Price": canonical(best[Side.SELL]),
        "ask1Size": canonical(book.level(Side.SELL, best[Side.SELL])),
    }
    if rules.market is Market.SPOT:
        return row | {"usdIndexPrice": canonical(mark)}
    terms = context.chores.terms[rules.symbol]
    return row | {
        "indexPrice": canonical(mark),
        "markPrice": canonical(mark),
        "fundingRate": canonical(terms.rate),
        "nextFundingTime": str(context.chores.next_funding_ms(rules.symbol)),
        "fundingIntervalHour": str(terms.interval_hours),
        "openInterest": "0",
        "openInterestValue": "0",
    }


def printed(trade: PublicTrade, rules: InstrumentRules) -> Json:
    """A public trade as it is read."""
    return {
        "execId": wire_id(rules.market, trade.trade_id),
        "symbol": rules.venue_symbol,
        "price": canonical(trade.price),
        "size": canonical(trade.quantity),
        "side": SIDES[trade.taker.value],
        "time": str(trade.time_ms),
        "isBlockTrade": False,
    }
