"""The rows of ExchangeService."""

from opensqt.api import (
    candles,
    exchange,
    exchange_shapes,
    hand_acts,
    hand_shapes,
    hearings,
    requests,
)
from opensqt.api.row import NAMED, PRICED, hears, missing, orders, reads

_HISTORY = "past funding rates and open interest are not kept yet"

EXCHANGE = (
    reads(
        "ExchangeService.GetName",
        (requests.OfAccount, exchange_shapes.NameReply),
        exchange.get_name,
        "the venue of an account",
        NAMED,
    ),
    reads(
        "ExchangeService.GetType",
        (requests.OfAccount, exchange_shapes.TypeReply),
        exchange.get_type,
        "the markets of an account",
        NAMED,
    ),
    orders(
        "ExchangeService.PlaceOrder",
        (hand_shapes.NewOrder, requests.OrderLine),
        hand_acts.place_order,
        "one order by hand, judged by risk, owned by `manual`",
    ),
    orders(
        "ExchangeService.BatchPlaceOrders",
        (hand_shapes.NewOrders, hand_shapes.OrdersDone),
        hand_acts.place_orders,
        "several orders by hand; each is judged by itself",
    ),
    orders(
        "ExchangeService.CancelOrder",
        (hand_shapes.OrderEnd, requests.OrderLine),
        hand_acts.cancel_order,
        "cancel one order, whoever owns it",
    ),
    orders(
        "ExchangeService.BatchCancelOrders",
        (hand_shapes.OrderEnds, hand_shapes.OrdersDone),
        hand_acts.cancel_orders,
        "cancel several orders, whoever owns them",
    ),
    orders(
        "ExchangeService.CancelAllOrders",
        (hand_shapes.AllOrders, hand_shapes.OrdersDone),
        hand_acts.cancel_all_orders,
        "cancel what is open; strategies may place again",
    ),
    reads(
        "ExchangeService.GetOrder",
        (exchange_shapes.OfVenueOrder, requests.OrderLine),
        exchange.get_order,
        "one order by our id or the venue's",
        NAMED,
    ),
    reads(
        "ExchangeService.GetOpenOrders",
        (exchange_shapes.OfAccountSymbol, requests.OpenOrdersReply),
        exchange.get_open_orders,
        "orders that may still fill",
    ),
    reads(
        "ExchangeService.GetAccount",
        (requests.OfAccount, exchange_shapes.AccountReply),
        exchange.get_account,
        "what an account holds and is worth",
        NAMED,
    ),
    reads(
        "ExchangeService.GetPositions",
        (exchange_shapes.OfAccountSymbol, requests.PositionsReply),
        exchange.get_positions,
        "net positions of an account",
    ),
    reads(
        "ExchangeService.GetBalance",
        (exchange_shapes.OfAsset, exchange_shapes.BalanceReply),
        exchange.get_balance,
        "what is held of an asset",
        NAMED,
    ),
    reads(
        "ExchangeService.GetLatestPrice",
        (requests.OfSymbol, exchange_shapes.PriceReply),
        exchange.get_latest_price,
        "the price of now",
        PRICED,
    ),
    reads(
        "ExchangeService.GetTickers",
        (requests.OfSymbols, exchange_shapes.TickersReply),
        candles.get_tickers,
        "every symbol as its candles show it",
    ),
    missing("ExchangeService.GetOpenInterest", _HISTORY),
    reads(
        "ExchangeService.GetHistoricalKlines",
        (exchange_shapes.OfKlines, exchange_shapes.KlinesReply),
        candles.get_klines,
        "the newest candles, up to four hours back",
        NAMED,
    ),
    reads(
        "ExchangeService.FetchExchangeInfo",
        (requests.OfSymbols, exchange_shapes.ExchangeInfoReply),
        exchange.get_exchange_info,
        "the venue's rules of all symbols",
    ),
    reads(
        "ExchangeService.GetSymbolInfo",
        (requests.OfSymbol, exchange_shapes.SymbolInfo),
        exchange.get_symbol_info,
        "the venue's rules of one symbol",
        PRICED,
    ),
    reads(
        "ExchangeService.GetSymbols",
        (requests.OfSymbols, exchange_shapes.SymbolsReply),
        exchange.get_symbols,
        "the symbols that the desk knows",
    ),
    reads(
        "ExchangeService.GetFundingRate",
        (requests.OfSymbol, exchange_shapes.FundingLine),
        exchange.get_funding_rate,
        "the funding of one perpetual",
        NAMED,
    ),
    reads(
        "ExchangeService.GetFundingRates",
        (requests.OfSymbols, exchange_shapes.FundingReply),
        exchange.get_funding_rates,
        "the funding of every perpetual",
    ),
    missing("ExchangeService.GetHistoricalFundingRates", _HISTORY),
    hears(
        "ExchangeService.SubscribeFundingRate",
        (requests.OfNews, exchange_shapes.FundingLine),
        hearings.funding,
        "each word of a venue about funding",
    ),
    hears(
        "ExchangeService.SubscribePrice",
        (requests.OfNews, exchange_shapes.PriceChange),
        hearings.prices,
        "each new top of a book",
    ),
    hears(
        "ExchangeService.SubscribeOrders",
        (requests.OfNews, exchange_shapes.OrderNews),
        hearings.orders,
        "what happens to orders",
    ),
    hears(
        "ExchangeService.SubscribeKlines",
        (requests.OfNews, exchange_shapes.CandleLine),
        hearings.klines,
        "each change of a candle of a minute",
    ),
    hears(
        "ExchangeService.SubscribeAccount",
        (exchange_shapes.OfAccountNews, exchange_shapes.AccountNews),
        hearings.account,
        "an account whenever it may have changed",
    ),
    hears(
        "ExchangeService.SubscribePositions",
        (requests.OfNews, exchange_shapes.PositionNews),
        hearings.positions,
        "a position after each trade of ours",
    ),
)
