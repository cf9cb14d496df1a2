from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExchangeServiceGetNameRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetNameResponse(_message.Message):
    __slots__ = ("name", "account")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    account: str
    def __init__(self, name: _Optional[str] = ..., account: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetTypeRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetTypeResponse(_message.Message):
    __slots__ = ("types", "is_unified_margin")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    IS_UNIFIED_MARGIN_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedScalarFieldContainer[str]
    is_unified_margin: bool
    def __init__(self, types: _Optional[_Iterable[str]] = ..., is_unified_margin: _Optional[bool] = ...) -> None: ...

class ExchangeServicePlaceOrderRequest(_message.Message):
    __slots__ = ("symbol", "side", "quantity", "type", "price", "time_in_force", "post_only", "reduce_only", "account", "venue", "reason")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    side: str
    quantity: str
    type: str
    price: str
    time_in_force: str
    post_only: bool
    reduce_only: bool
    account: str
    venue: str
    reason: str
    def __init__(self, symbol: _Optional[str] = ..., side: _Optional[str] = ..., quantity: _Optional[str] = ..., type: _Optional[str] = ..., price: _Optional[str] = ..., time_in_force: _Optional[str] = ..., post_only: _Optional[bool] = ..., reduce_only: _Optional[bool] = ..., account: _Optional[str] = ..., venue: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ExchangeServicePlaceOrderResponse(_message.Message):
    __slots__ = ("client_order_id", "venue_order_id", "intent_id", "attempt", "strategy", "venue", "account", "symbol", "side", "type", "price", "quantity", "filled", "status", "reason", "created_at", "updated_at")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    venue_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    type: str
    price: str
    quantity: str
    filled: str
    status: str
    reason: str
    created_at: str
    updated_at: str
    def __init__(self, client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., attempt: _Optional[int] = ..., strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[str] = ..., type: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., filled: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., created_at: _Optional[str] = ..., updated_at: _Optional[str] = ...) -> None: ...

class ExchangeServiceBatchPlaceOrdersRequest(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[NewOrder]
    def __init__(self, orders: _Optional[_Iterable[_Union[NewOrder, _Mapping]]] = ...) -> None: ...

class ExchangeServiceBatchPlaceOrdersResponse(_message.Message):
    __slots__ = ("orders", "all_success", "errors")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ALL_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    all_success: bool
    errors: _containers.RepeatedCompositeFieldContainer[OrderFailure]
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., all_success: _Optional[bool] = ..., errors: _Optional[_Iterable[_Union[OrderFailure, _Mapping]]] = ...) -> None: ...

class ExchangeServiceCancelOrderRequest(_message.Message):
    __slots__ = ("account", "client_order_id", "venue_order_id", "reason")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    account: str
    client_order_id: str
    venue_order_id: str
    reason: str
    def __init__(self, account: _Optional[str] = ..., client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ExchangeServiceCancelOrderResponse(_message.Message):
    __slots__ = ("client_order_id", "venue_order_id", "intent_id", "attempt", "strategy", "venue", "account", "symbol", "side", "type", "price", "quantity", "filled", "status", "reason", "created_at", "updated_at")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    venue_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    type: str
    price: str
    quantity: str
    filled: str
    status: str
    reason: str
    created_at: str
    updated_at: str
    def __init__(self, client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., attempt: _Optional[int] = ..., strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[str] = ..., type: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., filled: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., created_at: _Optional[str] = ..., updated_at: _Optional[str] = ...) -> None: ...

class ExchangeServiceBatchCancelOrdersRequest(_message.Message):
    __slots__ = ("client_order_ids", "reason")
    CLIENT_ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    client_order_ids: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    def __init__(self, client_order_ids: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ...) -> None: ...

class ExchangeServiceBatchCancelOrdersResponse(_message.Message):
    __slots__ = ("orders", "all_success", "errors")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ALL_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    all_success: bool
    errors: _containers.RepeatedCompositeFieldContainer[OrderFailure]
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., all_success: _Optional[bool] = ..., errors: _Optional[_Iterable[_Union[OrderFailure, _Mapping]]] = ...) -> None: ...

class ExchangeServiceCancelAllOrdersRequest(_message.Message):
    __slots__ = ("account", "symbol", "strategy", "reason")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    account: str
    symbol: str
    strategy: str
    reason: str
    def __init__(self, account: _Optional[str] = ..., symbol: _Optional[str] = ..., strategy: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ExchangeServiceCancelAllOrdersResponse(_message.Message):
    __slots__ = ("orders", "all_success", "errors")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    ALL_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    all_success: bool
    errors: _containers.RepeatedCompositeFieldContainer[OrderFailure]
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., all_success: _Optional[bool] = ..., errors: _Optional[_Iterable[_Union[OrderFailure, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetOrderRequest(_message.Message):
    __slots__ = ("account", "client_order_id", "venue_order_id")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    account: str
    client_order_id: str
    venue_order_id: str
    def __init__(self, account: _Optional[str] = ..., client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetOrderResponse(_message.Message):
    __slots__ = ("client_order_id", "venue_order_id", "intent_id", "attempt", "strategy", "venue", "account", "symbol", "side", "type", "price", "quantity", "filled", "status", "reason", "created_at", "updated_at")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    venue_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    type: str
    price: str
    quantity: str
    filled: str
    status: str
    reason: str
    created_at: str
    updated_at: str
    def __init__(self, client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., attempt: _Optional[int] = ..., strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[str] = ..., type: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., filled: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., created_at: _Optional[str] = ..., updated_at: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetOpenOrdersRequest(_message.Message):
    __slots__ = ("account", "symbol")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    account: str
    symbol: str
    def __init__(self, account: _Optional[str] = ..., symbol: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetOpenOrdersResponse(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetAccountRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetAccountResponse(_message.Message):
    __slots__ = ("venue", "account", "currency", "total_wallet_balance", "total_margin_balance", "available_balance", "leverage", "balances", "positions")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_WALLET_BALANCE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MARGIN_BALANCE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_BALANCE_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    currency: str
    total_wallet_balance: str
    total_margin_balance: str
    available_balance: str
    leverage: int
    balances: _containers.RepeatedCompositeFieldContainer[BalanceLine]
    positions: _containers.RepeatedCompositeFieldContainer[PositionLine]
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., currency: _Optional[str] = ..., total_wallet_balance: _Optional[str] = ..., total_margin_balance: _Optional[str] = ..., available_balance: _Optional[str] = ..., leverage: _Optional[int] = ..., balances: _Optional[_Iterable[_Union[BalanceLine, _Mapping]]] = ..., positions: _Optional[_Iterable[_Union[PositionLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetPositionsRequest(_message.Message):
    __slots__ = ("account", "symbol")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    account: str
    symbol: str
    def __init__(self, account: _Optional[str] = ..., symbol: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetPositionsResponse(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[PositionLine]
    def __init__(self, positions: _Optional[_Iterable[_Union[PositionLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetBalanceRequest(_message.Message):
    __slots__ = ("account", "asset", "wallet")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    account: str
    asset: str
    wallet: str
    def __init__(self, account: _Optional[str] = ..., asset: _Optional[str] = ..., wallet: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetBalanceResponse(_message.Message):
    __slots__ = ("asset", "balance", "wallets")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    BALANCE_FIELD_NUMBER: _ClassVar[int]
    WALLETS_FIELD_NUMBER: _ClassVar[int]
    asset: str
    balance: str
    wallets: _containers.RepeatedCompositeFieldContainer[BalanceLine]
    def __init__(self, asset: _Optional[str] = ..., balance: _Optional[str] = ..., wallets: _Optional[_Iterable[_Union[BalanceLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetLatestPriceRequest(_message.Message):
    __slots__ = ("symbol", "venue")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue: str
    def __init__(self, symbol: _Optional[str] = ..., venue: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetLatestPriceResponse(_message.Message):
    __slots__ = ("venue", "symbol", "price", "bid", "ask", "time")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    BID_FIELD_NUMBER: _ClassVar[int]
    ASK_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    price: str
    bid: str
    ask: str
    time: str
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., price: _Optional[str] = ..., bid: _Optional[str] = ..., ask: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetTickersRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class ExchangeServiceGetTickersResponse(_message.Message):
    __slots__ = ("tickers",)
    TICKERS_FIELD_NUMBER: _ClassVar[int]
    tickers: _containers.RepeatedCompositeFieldContainer[TickerLine]
    def __init__(self, tickers: _Optional[_Iterable[_Union[TickerLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetOpenInterestRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExchangeServiceGetOpenInterestResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExchangeServiceGetHistoricalKlinesRequest(_message.Message):
    __slots__ = ("symbol", "venue", "interval", "limit")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue: str
    interval: str
    limit: int
    def __init__(self, symbol: _Optional[str] = ..., venue: _Optional[str] = ..., interval: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class ExchangeServiceGetHistoricalKlinesResponse(_message.Message):
    __slots__ = ("candles",)
    CANDLES_FIELD_NUMBER: _ClassVar[int]
    candles: _containers.RepeatedCompositeFieldContainer[CandleLine]
    def __init__(self, candles: _Optional[_Iterable[_Union[CandleLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceFetchExchangeInfoRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class ExchangeServiceFetchExchangeInfoResponse(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedCompositeFieldContainer[SymbolInfo]
    def __init__(self, symbols: _Optional[_Iterable[_Union[SymbolInfo, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetSymbolInfoRequest(_message.Message):
    __slots__ = ("symbol", "venue")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue: str
    def __init__(self, symbol: _Optional[str] = ..., venue: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetSymbolInfoResponse(_message.Message):
    __slots__ = ("venue", "symbol", "venue_symbol", "market", "base_asset", "quote_asset", "tick_size", "step_size", "price_precision", "quantity_precision", "min_quantity", "max_quantity", "min_notional", "maker_fee", "taker_fee")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    BASE_ASSET_FIELD_NUMBER: _ClassVar[int]
    QUOTE_ASSET_FIELD_NUMBER: _ClassVar[int]
    TICK_SIZE_FIELD_NUMBER: _ClassVar[int]
    STEP_SIZE_FIELD_NUMBER: _ClassVar[int]
    PRICE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_PRECISION_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MAX_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MIN_NOTIONAL_FIELD_NUMBER: _ClassVar[int]
    MAKER_FEE_FIELD_NUMBER: _ClassVar[int]
    TAKER_FEE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    venue_symbol: str
    market: str
    base_asset: str
    quote_asset: str
    tick_size: str
    step_size: str
    price_precision: int
    quantity_precision: int
    min_quantity: str
    max_quantity: str
    min_notional: str
    maker_fee: str
    taker_fee: str
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., venue_symbol: _Optional[str] = ..., market: _Optional[str] = ..., base_asset: _Optional[str] = ..., quote_asset: _Optional[str] = ..., tick_size: _Optional[str] = ..., step_size: _Optional[str] = ..., price_precision: _Optional[int] = ..., quantity_precision: _Optional[int] = ..., min_quantity: _Optional[str] = ..., max_quantity: _Optional[str] = ..., min_notional: _Optional[str] = ..., maker_fee: _Optional[str] = ..., taker_fee: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetSymbolsRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class ExchangeServiceGetSymbolsResponse(_message.Message):
    __slots__ = ("symbols",)
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ...) -> None: ...

class ExchangeServiceGetFundingRateRequest(_message.Message):
    __slots__ = ("symbol", "venue")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue: str
    def __init__(self, symbol: _Optional[str] = ..., venue: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetFundingRateResponse(_message.Message):
    __slots__ = ("sequence", "venue", "symbol", "rate", "interval_hours", "next_funding_time", "time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FUNDING_TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    venue: str
    symbol: str
    rate: str
    interval_hours: int
    next_funding_time: str
    time: str
    def __init__(self, sequence: _Optional[int] = ..., venue: _Optional[str] = ..., symbol: _Optional[str] = ..., rate: _Optional[str] = ..., interval_hours: _Optional[int] = ..., next_funding_time: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class ExchangeServiceGetFundingRatesRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class ExchangeServiceGetFundingRatesResponse(_message.Message):
    __slots__ = ("rates",)
    RATES_FIELD_NUMBER: _ClassVar[int]
    rates: _containers.RepeatedCompositeFieldContainer[FundingLine]
    def __init__(self, rates: _Optional[_Iterable[_Union[FundingLine, _Mapping]]] = ...) -> None: ...

class ExchangeServiceGetHistoricalFundingRatesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExchangeServiceGetHistoricalFundingRatesResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExchangeServiceSubscribeFundingRateRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class ExchangeServiceSubscribeFundingRateResponse(_message.Message):
    __slots__ = ("sequence", "venue", "symbol", "rate", "interval_hours", "next_funding_time", "time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FUNDING_TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    venue: str
    symbol: str
    rate: str
    interval_hours: int
    next_funding_time: str
    time: str
    def __init__(self, sequence: _Optional[int] = ..., venue: _Optional[str] = ..., symbol: _Optional[str] = ..., rate: _Optional[str] = ..., interval_hours: _Optional[int] = ..., next_funding_time: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class ExchangeServiceSubscribePriceRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class ExchangeServiceSubscribePriceResponse(_message.Message):
    __slots__ = ("sequence", "venue", "symbol", "price", "bid", "ask", "time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    BID_FIELD_NUMBER: _ClassVar[int]
    ASK_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    venue: str
    symbol: str
    price: str
    bid: str
    ask: str
    time: str
    def __init__(self, sequence: _Optional[int] = ..., venue: _Optional[str] = ..., symbol: _Optional[str] = ..., price: _Optional[str] = ..., bid: _Optional[str] = ..., ask: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class ExchangeServiceSubscribeOrdersRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class ExchangeServiceSubscribeOrdersResponse(_message.Message):
    __slots__ = ("sequence", "event", "order")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    event: str
    order: OrderLine
    def __init__(self, sequence: _Optional[int] = ..., event: _Optional[str] = ..., order: _Optional[_Union[OrderLine, _Mapping]] = ...) -> None: ...

class ExchangeServiceSubscribeKlinesRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class ExchangeServiceSubscribeKlinesResponse(_message.Message):
    __slots__ = ("sequence", "venue", "symbol", "open", "high", "low", "close", "volume", "time", "is_closed")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    IS_CLOSED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    venue: str
    symbol: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    time: str
    is_closed: bool
    def __init__(self, sequence: _Optional[int] = ..., venue: _Optional[str] = ..., symbol: _Optional[str] = ..., open: _Optional[str] = ..., high: _Optional[str] = ..., low: _Optional[str] = ..., close: _Optional[str] = ..., volume: _Optional[str] = ..., time: _Optional[str] = ..., is_closed: _Optional[bool] = ...) -> None: ...

class ExchangeServiceSubscribeAccountRequest(_message.Message):
    __slots__ = ("account", "after")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    account: str
    after: int
    def __init__(self, account: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...

class ExchangeServiceSubscribeAccountResponse(_message.Message):
    __slots__ = ("sequence", "event", "account")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    event: str
    account: AccountReply
    def __init__(self, sequence: _Optional[int] = ..., event: _Optional[str] = ..., account: _Optional[_Union[AccountReply, _Mapping]] = ...) -> None: ...

class ExchangeServiceSubscribePositionsRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class ExchangeServiceSubscribePositionsResponse(_message.Message):
    __slots__ = ("sequence", "update_type", "position", "trade_id", "client_order_id")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TYPE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    update_type: str
    position: PositionLine
    trade_id: str
    client_order_id: str
    def __init__(self, sequence: _Optional[int] = ..., update_type: _Optional[str] = ..., position: _Optional[_Union[PositionLine, _Mapping]] = ..., trade_id: _Optional[str] = ..., client_order_id: _Optional[str] = ...) -> None: ...

class RiskServiceGetRiskMetricsRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class RiskServiceGetRiskMetricsResponse(_message.Message):
    __slots__ = ("metrics",)
    METRICS_FIELD_NUMBER: _ClassVar[int]
    metrics: _containers.RepeatedCompositeFieldContainer[SymbolRisk]
    def __init__(self, metrics: _Optional[_Iterable[_Union[SymbolRisk, _Mapping]]] = ...) -> None: ...

class RiskServiceGetPositionLimitsRequest(_message.Message):
    __slots__ = ("symbol", "venue")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue: str
    def __init__(self, symbol: _Optional[str] = ..., venue: _Optional[str] = ...) -> None: ...

class RiskServiceGetPositionLimitsResponse(_message.Message):
    __slots__ = ("currency", "order_notional_quote_max", "position_notional_quote_max", "open_orders_max", "price_collar_bps", "tick_age_ms_max", "leverage_max", "symbol", "max_order_size", "max_position_size")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ORDER_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    POSITION_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_MAX_FIELD_NUMBER: _ClassVar[int]
    PRICE_COLLAR_BPS_FIELD_NUMBER: _ClassVar[int]
    TICK_AGE_MS_MAX_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_MAX_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    MAX_ORDER_SIZE_FIELD_NUMBER: _ClassVar[int]
    MAX_POSITION_SIZE_FIELD_NUMBER: _ClassVar[int]
    currency: str
    order_notional_quote_max: str
    position_notional_quote_max: str
    open_orders_max: int
    price_collar_bps: str
    tick_age_ms_max: int
    leverage_max: int
    symbol: str
    max_order_size: str
    max_position_size: str
    def __init__(self, currency: _Optional[str] = ..., order_notional_quote_max: _Optional[str] = ..., position_notional_quote_max: _Optional[str] = ..., open_orders_max: _Optional[int] = ..., price_collar_bps: _Optional[str] = ..., tick_age_ms_max: _Optional[int] = ..., leverage_max: _Optional[int] = ..., symbol: _Optional[str] = ..., max_order_size: _Optional[str] = ..., max_position_size: _Optional[str] = ...) -> None: ...

class RiskServiceUpdatePositionLimitsRequest(_message.Message):
    __slots__ = ("reason", "order_notional_quote_max", "position_notional_quote_max", "open_orders_max", "price_collar_bps", "tick_age_ms_max", "exposure_notional_quote_max", "asset_notional_quote_max", "leverage_max", "margin_health_min", "liquidation_distance_bps_min", "order_age_ms_max")
    REASON_FIELD_NUMBER: _ClassVar[int]
    ORDER_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    POSITION_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_MAX_FIELD_NUMBER: _ClassVar[int]
    PRICE_COLLAR_BPS_FIELD_NUMBER: _ClassVar[int]
    TICK_AGE_MS_MAX_FIELD_NUMBER: _ClassVar[int]
    EXPOSURE_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    ASSET_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_MAX_FIELD_NUMBER: _ClassVar[int]
    MARGIN_HEALTH_MIN_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATION_DISTANCE_BPS_MIN_FIELD_NUMBER: _ClassVar[int]
    ORDER_AGE_MS_MAX_FIELD_NUMBER: _ClassVar[int]
    reason: str
    order_notional_quote_max: str
    position_notional_quote_max: str
    open_orders_max: int
    price_collar_bps: str
    tick_age_ms_max: int
    exposure_notional_quote_max: str
    asset_notional_quote_max: str
    leverage_max: int
    margin_health_min: str
    liquidation_distance_bps_min: str
    order_age_ms_max: int
    def __init__(self, reason: _Optional[str] = ..., order_notional_quote_max: _Optional[str] = ..., position_notional_quote_max: _Optional[str] = ..., open_orders_max: _Optional[int] = ..., price_collar_bps: _Optional[str] = ..., tick_age_ms_max: _Optional[int] = ..., exposure_notional_quote_max: _Optional[str] = ..., asset_notional_quote_max: _Optional[str] = ..., leverage_max: _Optional[int] = ..., margin_health_min: _Optional[str] = ..., liquidation_distance_bps_min: _Optional[str] = ..., order_age_ms_max: _Optional[int] = ...) -> None: ...

class RiskServiceUpdatePositionLimitsResponse(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[LimitStep]
    def __init__(self, changes: _Optional[_Iterable[_Union[LimitStep, _Mapping]]] = ...) -> None: ...

class RiskServiceGetExposureRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RiskServiceGetExposureResponse(_message.Message):
    __slots__ = ("currency", "total_notional", "total_unrealized_pnl", "portfolio_leverage", "exposures")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_NOTIONAL_FIELD_NUMBER: _ClassVar[int]
    TOTAL_UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    PORTFOLIO_LEVERAGE_FIELD_NUMBER: _ClassVar[int]
    EXPOSURES_FIELD_NUMBER: _ClassVar[int]
    currency: str
    total_notional: str
    total_unrealized_pnl: str
    portfolio_leverage: str
    exposures: _containers.RepeatedCompositeFieldContainer[SymbolExposure]
    def __init__(self, currency: _Optional[str] = ..., total_notional: _Optional[str] = ..., total_unrealized_pnl: _Optional[str] = ..., portfolio_leverage: _Optional[str] = ..., exposures: _Optional[_Iterable[_Union[SymbolExposure, _Mapping]]] = ...) -> None: ...

class RiskServiceSubscribeRiskAlertsRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class RiskServiceSubscribeRiskAlertsResponse(_message.Message):
    __slots__ = ("sequence", "alert_type", "severity", "scope", "message", "time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ALERT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    alert_type: str
    severity: str
    scope: str
    message: str
    time: str
    def __init__(self, sequence: _Optional[int] = ..., alert_type: _Optional[str] = ..., severity: _Optional[str] = ..., scope: _Optional[str] = ..., message: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class RiskServiceTriggerReconciliationRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RiskServiceTriggerReconciliationResponse(_message.Message):
    __slots__ = ("reconciliation_id", "status")
    RECONCILIATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    reconciliation_id: str
    status: str
    def __init__(self, reconciliation_id: _Optional[str] = ..., status: _Optional[str] = ...) -> None: ...

class RiskServiceGetReconciliationStatusRequest(_message.Message):
    __slots__ = ("reconciliation_id",)
    RECONCILIATION_ID_FIELD_NUMBER: _ClassVar[int]
    reconciliation_id: str
    def __init__(self, reconciliation_id: _Optional[str] = ...) -> None: ...

class RiskServiceGetReconciliationStatusResponse(_message.Message):
    __slots__ = ("reconciliation_id", "status", "started_at", "completed_at", "results")
    RECONCILIATION_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    reconciliation_id: str
    status: str
    started_at: str
    completed_at: str
    results: _containers.RepeatedCompositeFieldContainer[SymbolMatch]
    def __init__(self, reconciliation_id: _Optional[str] = ..., status: _Optional[str] = ..., started_at: _Optional[str] = ..., completed_at: _Optional[str] = ..., results: _Optional[_Iterable[_Union[SymbolMatch, _Mapping]]] = ...) -> None: ...

class RiskServiceGetCircuitBreakerStatusRequest(_message.Message):
    __slots__ = ("strategy", "symbol")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    symbol: str
    def __init__(self, strategy: _Optional[str] = ..., symbol: _Optional[str] = ...) -> None: ...

class RiskServiceGetCircuitBreakerStatusResponse(_message.Message):
    __slots__ = ("breakers", "mode")
    BREAKERS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    breakers: _containers.RepeatedCompositeFieldContainer[BreakerStatus]
    mode: str
    def __init__(self, breakers: _Optional[_Iterable[_Union[BreakerStatus, _Mapping]]] = ..., mode: _Optional[str] = ...) -> None: ...

class RiskServiceOpenCircuitBreakerRequest(_message.Message):
    __slots__ = ("strategy", "symbol", "reason", "breaker")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    symbol: str
    reason: str
    breaker: str
    def __init__(self, strategy: _Optional[str] = ..., symbol: _Optional[str] = ..., reason: _Optional[str] = ..., breaker: _Optional[str] = ...) -> None: ...

class RiskServiceOpenCircuitBreakerResponse(_message.Message):
    __slots__ = ("success", "detail", "open")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    success: bool
    detail: str
    open: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, success: _Optional[bool] = ..., detail: _Optional[str] = ..., open: _Optional[_Iterable[str]] = ...) -> None: ...

class RiskServiceCloseCircuitBreakerRequest(_message.Message):
    __slots__ = ("strategy", "symbol", "reason", "breaker")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    symbol: str
    reason: str
    breaker: str
    def __init__(self, strategy: _Optional[str] = ..., symbol: _Optional[str] = ..., reason: _Optional[str] = ..., breaker: _Optional[str] = ...) -> None: ...

class RiskServiceCloseCircuitBreakerResponse(_message.Message):
    __slots__ = ("success", "detail", "open")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    success: bool
    detail: str
    open: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, success: _Optional[bool] = ..., detail: _Optional[str] = ..., open: _Optional[_Iterable[str]] = ...) -> None: ...

class PositionServiceGetPositionsRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class PositionServiceGetPositionsResponse(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[PositionLine]
    def __init__(self, positions: _Optional[_Iterable[_Union[PositionLine, _Mapping]]] = ...) -> None: ...

class PositionServiceGetPositionRequest(_message.Message):
    __slots__ = ("symbol", "venue")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    venue: str
    def __init__(self, symbol: _Optional[str] = ..., venue: _Optional[str] = ...) -> None: ...

class PositionServiceGetPositionResponse(_message.Message):
    __slots__ = ("positions", "open_orders")
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[PositionLine]
    open_orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    def __init__(self, positions: _Optional[_Iterable[_Union[PositionLine, _Mapping]]] = ..., open_orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ...) -> None: ...

class PositionServiceSubscribePositionsRequest(_message.Message):
    __slots__ = ("symbols", "venues", "after")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    after: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., after: _Optional[int] = ...) -> None: ...

class PositionServiceSubscribePositionsResponse(_message.Message):
    __slots__ = ("sequence", "update_type", "position", "trade_id", "client_order_id")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TYPE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    update_type: str
    position: PositionLine
    trade_id: str
    client_order_id: str
    def __init__(self, sequence: _Optional[int] = ..., update_type: _Optional[str] = ..., position: _Optional[_Union[PositionLine, _Mapping]] = ..., trade_id: _Optional[str] = ..., client_order_id: _Optional[str] = ...) -> None: ...

class PositionServiceGetOpenOrdersRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class PositionServiceGetOpenOrdersResponse(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ...) -> None: ...

class PositionServiceGetOrderHistoryRequest(_message.Message):
    __slots__ = ("symbols", "venues", "start_ms", "end_ms", "limit", "cursor")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    start_ms: int
    end_ms: int
    limit: int
    cursor: str
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class PositionServiceGetOrderHistoryResponse(_message.Message):
    __slots__ = ("orders", "next_cursor")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderLine]
    next_cursor: str
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderLine, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class PositionServiceGetOrderRequest(_message.Message):
    __slots__ = ("order_id",)
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    def __init__(self, order_id: _Optional[str] = ...) -> None: ...

class PositionServiceGetOrderResponse(_message.Message):
    __slots__ = ("order", "fills")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FILLS_FIELD_NUMBER: _ClassVar[int]
    order: OrderLine
    fills: _containers.RepeatedCompositeFieldContainer[FillLine]
    def __init__(self, order: _Optional[_Union[OrderLine, _Mapping]] = ..., fills: _Optional[_Iterable[_Union[FillLine, _Mapping]]] = ...) -> None: ...

class PositionServiceGetFillsRequest(_message.Message):
    __slots__ = ("symbols", "venues", "start_ms", "end_ms", "limit", "cursor")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    start_ms: int
    end_ms: int
    limit: int
    cursor: str
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class PositionServiceGetFillsResponse(_message.Message):
    __slots__ = ("fills", "next_cursor")
    FILLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    fills: _containers.RepeatedCompositeFieldContainer[FillLine]
    next_cursor: str
    def __init__(self, fills: _Optional[_Iterable[_Union[FillLine, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class PositionServiceGetPositionHistoryRequest(_message.Message):
    __slots__ = ("symbols", "venues", "start_ms", "end_ms", "limit", "cursor")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    start_ms: int
    end_ms: int
    limit: int
    cursor: str
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...

class PositionServiceGetPositionHistoryResponse(_message.Message):
    __slots__ = ("snapshots", "next_cursor")
    SNAPSHOTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    snapshots: _containers.RepeatedCompositeFieldContainer[PositionSnapshot]
    next_cursor: str
    def __init__(self, snapshots: _Optional[_Iterable[_Union[PositionSnapshot, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class PositionServiceGetRealizedPnLRequest(_message.Message):
    __slots__ = ("symbols", "venues", "start_ms", "end_ms")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    START_MS_FIELD_NUMBER: _ClassVar[int]
    END_MS_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    start_ms: int
    end_ms: int
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ..., start_ms: _Optional[int] = ..., end_ms: _Optional[int] = ...) -> None: ...

class PositionServiceGetRealizedPnLResponse(_message.Message):
    __slots__ = ("total_pnl", "by_symbol")
    TOTAL_PNL_FIELD_NUMBER: _ClassVar[int]
    BY_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    total_pnl: str
    by_symbol: _containers.RepeatedCompositeFieldContainer[SymbolPnL]
    def __init__(self, total_pnl: _Optional[str] = ..., by_symbol: _Optional[_Iterable[_Union[SymbolPnL, _Mapping]]] = ...) -> None: ...

class PositionServiceGetUnrealizedPnLRequest(_message.Message):
    __slots__ = ("symbols", "venues")
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    VENUES_FIELD_NUMBER: _ClassVar[int]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    venues: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbols: _Optional[_Iterable[str]] = ..., venues: _Optional[_Iterable[str]] = ...) -> None: ...

class PositionServiceGetUnrealizedPnLResponse(_message.Message):
    __slots__ = ("total_pnl", "positions")
    TOTAL_PNL_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    total_pnl: str
    positions: _containers.RepeatedCompositeFieldContainer[PositionPnL]
    def __init__(self, total_pnl: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[PositionPnL, _Mapping]]] = ...) -> None: ...

class PortfolioServiceGetRiskProfileRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class PortfolioServiceGetRiskProfileResponse(_message.Message):
    __slots__ = ("account", "currency", "adjusted_equity", "total_maintenance_margin", "available_headroom", "health_score", "is_unified")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ADJUSTED_EQUITY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MAINTENANCE_MARGIN_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_HEADROOM_FIELD_NUMBER: _ClassVar[int]
    HEALTH_SCORE_FIELD_NUMBER: _ClassVar[int]
    IS_UNIFIED_FIELD_NUMBER: _ClassVar[int]
    account: str
    currency: str
    adjusted_equity: str
    total_maintenance_margin: str
    available_headroom: str
    health_score: str
    is_unified: bool
    def __init__(self, account: _Optional[str] = ..., currency: _Optional[str] = ..., adjusted_equity: _Optional[str] = ..., total_maintenance_margin: _Optional[str] = ..., available_headroom: _Optional[str] = ..., health_score: _Optional[str] = ..., is_unified: _Optional[bool] = ...) -> None: ...

class PortfolioServiceSimulateMarginRequest(_message.Message):
    __slots__ = ("account", "proposals")
    class ProposalsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    account: str
    proposals: _containers.ScalarMap[str, str]
    def __init__(self, account: _Optional[str] = ..., proposals: _Optional[_Mapping[str, str]] = ...) -> None: ...

class PortfolioServiceSimulateMarginResponse(_message.Message):
    __slots__ = ("projected_health_score", "would_liquidate")
    PROJECTED_HEALTH_SCORE_FIELD_NUMBER: _ClassVar[int]
    WOULD_LIQUIDATE_FIELD_NUMBER: _ClassVar[int]
    projected_health_score: str
    would_liquidate: bool
    def __init__(self, projected_health_score: _Optional[str] = ..., would_liquidate: _Optional[bool] = ...) -> None: ...

class PortfolioServiceGetTargetPositionsRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class PortfolioServiceGetTargetPositionsResponse(_message.Message):
    __slots__ = ("scanned_at", "targets")
    SCANNED_AT_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    scanned_at: str
    targets: _containers.RepeatedCompositeFieldContainer[TargetPosition]
    def __init__(self, scanned_at: _Optional[str] = ..., targets: _Optional[_Iterable[_Union[TargetPosition, _Mapping]]] = ...) -> None: ...

class PortfolioServiceGetMarketScoresRequest(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class PortfolioServiceGetMarketScoresResponse(_message.Message):
    __slots__ = ("scanned_at", "opportunities")
    SCANNED_AT_FIELD_NUMBER: _ClassVar[int]
    OPPORTUNITIES_FIELD_NUMBER: _ClassVar[int]
    scanned_at: str
    opportunities: _containers.RepeatedCompositeFieldContainer[PortfolioOpportunity]
    def __init__(self, scanned_at: _Optional[str] = ..., opportunities: _Optional[_Iterable[_Union[PortfolioOpportunity, _Mapping]]] = ...) -> None: ...

class AccountReply(_message.Message):
    __slots__ = ("venue", "account", "currency", "total_wallet_balance", "total_margin_balance", "available_balance", "leverage", "balances", "positions")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    TOTAL_WALLET_BALANCE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_MARGIN_BALANCE_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_BALANCE_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    currency: str
    total_wallet_balance: str
    total_margin_balance: str
    available_balance: str
    leverage: int
    balances: _containers.RepeatedCompositeFieldContainer[BalanceLine]
    positions: _containers.RepeatedCompositeFieldContainer[PositionLine]
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., currency: _Optional[str] = ..., total_wallet_balance: _Optional[str] = ..., total_margin_balance: _Optional[str] = ..., available_balance: _Optional[str] = ..., leverage: _Optional[int] = ..., balances: _Optional[_Iterable[_Union[BalanceLine, _Mapping]]] = ..., positions: _Optional[_Iterable[_Union[PositionLine, _Mapping]]] = ...) -> None: ...

class BalanceLine(_message.Message):
    __slots__ = ("wallet", "asset", "total", "free")
    WALLET_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    wallet: str
    asset: str
    total: str
    free: str
    def __init__(self, wallet: _Optional[str] = ..., asset: _Optional[str] = ..., total: _Optional[str] = ..., free: _Optional[str] = ...) -> None: ...

class BreakerStatus(_message.Message):
    __slots__ = ("scope", "is_open", "reason", "actor", "opened_at", "realized_pnl", "breaker", "state", "tried_again_at")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    IS_OPEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TRIED_AGAIN_AT_FIELD_NUMBER: _ClassVar[int]
    scope: str
    is_open: bool
    reason: str
    actor: str
    opened_at: str
    realized_pnl: str
    breaker: str
    state: str
    tried_again_at: str
    def __init__(self, scope: _Optional[str] = ..., is_open: _Optional[bool] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., opened_at: _Optional[str] = ..., realized_pnl: _Optional[str] = ..., breaker: _Optional[str] = ..., state: _Optional[str] = ..., tried_again_at: _Optional[str] = ...) -> None: ...

class CandleLine(_message.Message):
    __slots__ = ("sequence", "venue", "symbol", "open", "high", "low", "close", "volume", "time", "is_closed")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    IS_CLOSED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    venue: str
    symbol: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    time: str
    is_closed: bool
    def __init__(self, sequence: _Optional[int] = ..., venue: _Optional[str] = ..., symbol: _Optional[str] = ..., open: _Optional[str] = ..., high: _Optional[str] = ..., low: _Optional[str] = ..., close: _Optional[str] = ..., volume: _Optional[str] = ..., time: _Optional[str] = ..., is_closed: _Optional[bool] = ...) -> None: ...

class FillLine(_message.Message):
    __slots__ = ("trade_id", "client_order_id", "strategy", "venue", "account", "symbol", "side", "price", "quantity", "fee", "fee_asset", "liquidity", "time")
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    FEE_ASSET_FIELD_NUMBER: _ClassVar[int]
    LIQUIDITY_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    trade_id: str
    client_order_id: str
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    price: str
    quantity: str
    fee: str
    fee_asset: str
    liquidity: str
    time: str
    def __init__(self, trade_id: _Optional[str] = ..., client_order_id: _Optional[str] = ..., strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., fee: _Optional[str] = ..., fee_asset: _Optional[str] = ..., liquidity: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class FundingFigures(_message.Message):
    __slots__ = ("sma_1d", "sma_7d", "sma_30d", "stability_score", "volatility_score", "momentum", "oi_factor", "positive_ratio", "num_sign_flips", "steady_intervals", "narrative_sector")
    SMA_1D_FIELD_NUMBER: _ClassVar[int]
    SMA_7D_FIELD_NUMBER: _ClassVar[int]
    SMA_30D_FIELD_NUMBER: _ClassVar[int]
    STABILITY_SCORE_FIELD_NUMBER: _ClassVar[int]
    VOLATILITY_SCORE_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    OI_FACTOR_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_RATIO_FIELD_NUMBER: _ClassVar[int]
    NUM_SIGN_FLIPS_FIELD_NUMBER: _ClassVar[int]
    STEADY_INTERVALS_FIELD_NUMBER: _ClassVar[int]
    NARRATIVE_SECTOR_FIELD_NUMBER: _ClassVar[int]
    sma_1d: str
    sma_7d: str
    sma_30d: str
    stability_score: str
    volatility_score: str
    momentum: str
    oi_factor: str
    positive_ratio: str
    num_sign_flips: int
    steady_intervals: int
    narrative_sector: str
    def __init__(self, sma_1d: _Optional[str] = ..., sma_7d: _Optional[str] = ..., sma_30d: _Optional[str] = ..., stability_score: _Optional[str] = ..., volatility_score: _Optional[str] = ..., momentum: _Optional[str] = ..., oi_factor: _Optional[str] = ..., positive_ratio: _Optional[str] = ..., num_sign_flips: _Optional[int] = ..., steady_intervals: _Optional[int] = ..., narrative_sector: _Optional[str] = ...) -> None: ...

class FundingLine(_message.Message):
    __slots__ = ("sequence", "venue", "symbol", "rate", "interval_hours", "next_funding_time", "time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FUNDING_TIME_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    venue: str
    symbol: str
    rate: str
    interval_hours: int
    next_funding_time: str
    time: str
    def __init__(self, sequence: _Optional[int] = ..., venue: _Optional[str] = ..., symbol: _Optional[str] = ..., rate: _Optional[str] = ..., interval_hours: _Optional[int] = ..., next_funding_time: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class LimitStep(_message.Message):
    __slots__ = ("field", "before", "after")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    field: str
    before: str
    after: str
    def __init__(self, field: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ...) -> None: ...

class NewOrder(_message.Message):
    __slots__ = ("symbol", "side", "quantity", "type", "price", "time_in_force", "post_only", "reduce_only", "account", "venue", "reason")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    side: str
    quantity: str
    type: str
    price: str
    time_in_force: str
    post_only: bool
    reduce_only: bool
    account: str
    venue: str
    reason: str
    def __init__(self, symbol: _Optional[str] = ..., side: _Optional[str] = ..., quantity: _Optional[str] = ..., type: _Optional[str] = ..., price: _Optional[str] = ..., time_in_force: _Optional[str] = ..., post_only: _Optional[bool] = ..., reduce_only: _Optional[bool] = ..., account: _Optional[str] = ..., venue: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class OrderFailure(_message.Message):
    __slots__ = ("index", "error", "detail")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    index: int
    error: str
    detail: str
    def __init__(self, index: _Optional[int] = ..., error: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class OrderLine(_message.Message):
    __slots__ = ("client_order_id", "venue_order_id", "intent_id", "attempt", "strategy", "venue", "account", "symbol", "side", "type", "price", "quantity", "filled", "status", "reason", "created_at", "updated_at")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    venue_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str
    side: str
    type: str
    price: str
    quantity: str
    filled: str
    status: str
    reason: str
    created_at: str
    updated_at: str
    def __init__(self, client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., attempt: _Optional[int] = ..., strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[str] = ..., type: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., filled: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., created_at: _Optional[str] = ..., updated_at: _Optional[str] = ...) -> None: ...

class PortfolioOpportunity(_message.Message):
    __slots__ = ("symbol", "strategy", "long_exchange", "short_exchange", "rate", "apr", "basis", "quality_score", "metrics", "unknown")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    LONG_EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    SHORT_EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    APR_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_SCORE_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    strategy: str
    long_exchange: str
    short_exchange: str
    rate: str
    apr: str
    basis: str
    quality_score: str
    metrics: FundingFigures
    unknown: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, symbol: _Optional[str] = ..., strategy: _Optional[str] = ..., long_exchange: _Optional[str] = ..., short_exchange: _Optional[str] = ..., rate: _Optional[str] = ..., apr: _Optional[str] = ..., basis: _Optional[str] = ..., quality_score: _Optional[str] = ..., metrics: _Optional[_Union[FundingFigures, _Mapping]] = ..., unknown: _Optional[_Iterable[str]] = ...) -> None: ...

class PositionLine(_message.Message):
    __slots__ = ("venue", "account", "symbol", "quantity", "entry_price", "current_price", "unrealized_pnl", "realized_pnl", "funding", "fees", "opened_at", "updated_at")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PRICE_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    FUNDING_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    quantity: str
    entry_price: str
    current_price: str
    unrealized_pnl: str
    realized_pnl: str
    funding: str
    fees: str
    opened_at: str
    updated_at: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., entry_price: _Optional[str] = ..., current_price: _Optional[str] = ..., unrealized_pnl: _Optional[str] = ..., realized_pnl: _Optional[str] = ..., funding: _Optional[str] = ..., fees: _Optional[str] = ..., opened_at: _Optional[str] = ..., updated_at: _Optional[str] = ...) -> None: ...

class PositionPnL(_message.Message):
    __slots__ = ("venue", "account", "symbol", "quantity", "entry_price", "current_price", "unrealized_pnl", "pnl_percentage")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    CURRENT_PRICE_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    PNL_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    quantity: str
    entry_price: str
    current_price: str
    unrealized_pnl: str
    pnl_percentage: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., entry_price: _Optional[str] = ..., current_price: _Optional[str] = ..., unrealized_pnl: _Optional[str] = ..., pnl_percentage: _Optional[str] = ...) -> None: ...

class PositionSnapshot(_message.Message):
    __slots__ = ("account", "symbol", "quantity", "entry_price", "market_price", "unrealized_pnl", "realized_pnl", "trade_id", "time")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    MARKET_PRICE_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    account: str
    symbol: str
    quantity: str
    entry_price: str
    market_price: str
    unrealized_pnl: str
    realized_pnl: str
    trade_id: str
    time: str
    def __init__(self, account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., entry_price: _Optional[str] = ..., market_price: _Optional[str] = ..., unrealized_pnl: _Optional[str] = ..., realized_pnl: _Optional[str] = ..., trade_id: _Optional[str] = ..., time: _Optional[str] = ...) -> None: ...

class SymbolExposure(_message.Message):
    __slots__ = ("venue", "account", "symbol", "notional_value", "percentage_of_portfolio")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_VALUE_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_OF_PORTFOLIO_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    notional_value: str
    percentage_of_portfolio: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., notional_value: _Optional[str] = ..., percentage_of_portfolio: _Optional[str] = ...) -> None: ...

class SymbolInfo(_message.Message):
    __slots__ = ("venue", "symbol", "venue_symbol", "market", "base_asset", "quote_asset", "tick_size", "step_size", "price_precision", "quantity_precision", "min_quantity", "max_quantity", "min_notional", "maker_fee", "taker_fee")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    VENUE_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    BASE_ASSET_FIELD_NUMBER: _ClassVar[int]
    QUOTE_ASSET_FIELD_NUMBER: _ClassVar[int]
    TICK_SIZE_FIELD_NUMBER: _ClassVar[int]
    STEP_SIZE_FIELD_NUMBER: _ClassVar[int]
    PRICE_PRECISION_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_PRECISION_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MAX_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MIN_NOTIONAL_FIELD_NUMBER: _ClassVar[int]
    MAKER_FEE_FIELD_NUMBER: _ClassVar[int]
    TAKER_FEE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    venue_symbol: str
    market: str
    base_asset: str
    quote_asset: str
    tick_size: str
    step_size: str
    price_precision: int
    quantity_precision: int
    min_quantity: str
    max_quantity: str
    min_notional: str
    maker_fee: str
    taker_fee: str
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., venue_symbol: _Optional[str] = ..., market: _Optional[str] = ..., base_asset: _Optional[str] = ..., quote_asset: _Optional[str] = ..., tick_size: _Optional[str] = ..., step_size: _Optional[str] = ..., price_precision: _Optional[int] = ..., quantity_precision: _Optional[int] = ..., min_quantity: _Optional[str] = ..., max_quantity: _Optional[str] = ..., min_notional: _Optional[str] = ..., maker_fee: _Optional[str] = ..., taker_fee: _Optional[str] = ...) -> None: ...

class SymbolMatch(_message.Message):
    __slots__ = ("venue", "account", "symbol", "position_match", "local_position", "exchange_position", "divergence", "corrected")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    POSITION_MATCH_FIELD_NUMBER: _ClassVar[int]
    LOCAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_POSITION_FIELD_NUMBER: _ClassVar[int]
    DIVERGENCE_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    position_match: bool
    local_position: str
    exchange_position: str
    divergence: str
    corrected: bool
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., position_match: _Optional[bool] = ..., local_position: _Optional[str] = ..., exchange_position: _Optional[str] = ..., divergence: _Optional[str] = ..., corrected: _Optional[bool] = ...) -> None: ...

class SymbolPnL(_message.Message):
    __slots__ = ("venue", "account", "symbol", "realized_pnl", "num_trades", "winning_trades", "losing_trades", "win_rate")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    NUM_TRADES_FIELD_NUMBER: _ClassVar[int]
    WINNING_TRADES_FIELD_NUMBER: _ClassVar[int]
    LOSING_TRADES_FIELD_NUMBER: _ClassVar[int]
    WIN_RATE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    realized_pnl: str
    num_trades: int
    winning_trades: int
    losing_trades: int
    win_rate: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., realized_pnl: _Optional[str] = ..., num_trades: _Optional[int] = ..., winning_trades: _Optional[int] = ..., losing_trades: _Optional[int] = ..., win_rate: _Optional[str] = ...) -> None: ...

class SymbolRisk(_message.Message):
    __slots__ = ("venue", "account", "symbol", "position_size", "notional_value", "unrealized_pnl", "leverage", "risk_score", "limit_breach", "limit_type", "last_price")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    POSITION_SIZE_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_VALUE_FIELD_NUMBER: _ClassVar[int]
    UNREALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_FIELD_NUMBER: _ClassVar[int]
    RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BREACH_FIELD_NUMBER: _ClassVar[int]
    LIMIT_TYPE_FIELD_NUMBER: _ClassVar[int]
    LAST_PRICE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    position_size: str
    notional_value: str
    unrealized_pnl: str
    leverage: str
    risk_score: str
    limit_breach: bool
    limit_type: str
    last_price: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., position_size: _Optional[str] = ..., notional_value: _Optional[str] = ..., unrealized_pnl: _Optional[str] = ..., leverage: _Optional[str] = ..., risk_score: _Optional[str] = ..., limit_breach: _Optional[bool] = ..., limit_type: _Optional[str] = ..., last_price: _Optional[str] = ...) -> None: ...

class TargetPosition(_message.Message):
    __slots__ = ("symbol", "exchange", "weight", "notional", "quality_score")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    EXCHANGE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_FIELD_NUMBER: _ClassVar[int]
    QUALITY_SCORE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    exchange: str
    weight: str
    notional: str
    quality_score: str
    def __init__(self, symbol: _Optional[str] = ..., exchange: _Optional[str] = ..., weight: _Optional[str] = ..., notional: _Optional[str] = ..., quality_score: _Optional[str] = ...) -> None: ...

class TickerLine(_message.Message):
    __slots__ = ("venue", "symbol", "last_price", "price_change", "price_change_percent", "volume", "quote_volume", "window_minutes")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    LAST_PRICE_FIELD_NUMBER: _ClassVar[int]
    PRICE_CHANGE_FIELD_NUMBER: _ClassVar[int]
    PRICE_CHANGE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    QUOTE_VOLUME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_MINUTES_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    last_price: str
    price_change: str
    price_change_percent: str
    volume: str
    quote_volume: str
    window_minutes: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., last_price: _Optional[str] = ..., price_change: _Optional[str] = ..., price_change_percent: _Optional[str] = ..., volume: _Optional[str] = ..., quote_volume: _Optional[str] = ..., window_minutes: _Optional[int] = ...) -> None: ...
