from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Side(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIDE_UNSPECIFIED: _ClassVar[Side]
    SIDE_BUY: _ClassVar[Side]
    SIDE_SELL: _ClassVar[Side]

class Market(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MARKET_UNSPECIFIED: _ClassVar[Market]
    MARKET_SPOT: _ClassVar[Market]
    MARKET_PERP: _ClassVar[Market]

class FeedState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEED_STATE_UNSPECIFIED: _ClassVar[FeedState]
    FEED_STATE_LIVE: _ClassVar[FeedState]
    FEED_STATE_STALE: _ClassVar[FeedState]
    FEED_STATE_GAP: _ClassVar[FeedState]
    FEED_STATE_DOWN: _ClassVar[FeedState]
SIDE_UNSPECIFIED: Side
SIDE_BUY: Side
SIDE_SELL: Side
MARKET_UNSPECIFIED: Market
MARKET_SPOT: Market
MARKET_PERP: Market
FEED_STATE_UNSPECIFIED: FeedState
FEED_STATE_LIVE: FeedState
FEED_STATE_STALE: FeedState
FEED_STATE_GAP: FeedState
FEED_STATE_DOWN: FeedState

class Tick(_message.Message):
    __slots__ = ("venue", "symbol", "bid_price", "bid_quantity", "ask_price", "ask_quantity", "time_ms", "book_sequence")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    BID_PRICE_FIELD_NUMBER: _ClassVar[int]
    BID_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ASK_PRICE_FIELD_NUMBER: _ClassVar[int]
    ASK_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BOOK_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    bid_price: str
    bid_quantity: str
    ask_price: str
    ask_quantity: str
    time_ms: int
    book_sequence: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., bid_price: _Optional[str] = ..., bid_quantity: _Optional[str] = ..., ask_price: _Optional[str] = ..., ask_quantity: _Optional[str] = ..., time_ms: _Optional[int] = ..., book_sequence: _Optional[int] = ...) -> None: ...

class Trade(_message.Message):
    __slots__ = ("venue", "symbol", "trade_id", "price", "quantity", "taker", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TAKER_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    trade_id: str
    price: str
    quantity: str
    taker: Side
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., trade_id: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., taker: _Optional[_Union[Side, str]] = ..., time_ms: _Optional[int] = ...) -> None: ...

class BookLevel(_message.Message):
    __slots__ = ("price", "quantity")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    price: str
    quantity: str
    def __init__(self, price: _Optional[str] = ..., quantity: _Optional[str] = ...) -> None: ...

class BookTop(_message.Message):
    __slots__ = ("venue", "symbol", "bids", "asks", "time_ms", "book_sequence")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    BIDS_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BOOK_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    bids: _containers.RepeatedCompositeFieldContainer[BookLevel]
    asks: _containers.RepeatedCompositeFieldContainer[BookLevel]
    time_ms: int
    book_sequence: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., bids: _Optional[_Iterable[_Union[BookLevel, _Mapping]]] = ..., asks: _Optional[_Iterable[_Union[BookLevel, _Mapping]]] = ..., time_ms: _Optional[int] = ..., book_sequence: _Optional[int] = ...) -> None: ...

class Candle(_message.Message):
    __slots__ = ("venue", "symbol", "interval_ms", "open_time_ms", "open", "high", "low", "close", "volume", "closed", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    interval_ms: int
    open_time_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    closed: bool
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., interval_ms: _Optional[int] = ..., open_time_ms: _Optional[int] = ..., open: _Optional[str] = ..., high: _Optional[str] = ..., low: _Optional[str] = ..., close: _Optional[str] = ..., volume: _Optional[str] = ..., closed: _Optional[bool] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Funding(_message.Message):
    __slots__ = ("venue", "symbol", "rate", "interval_hours", "next_funding_ms", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FUNDING_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    rate: str
    interval_hours: int
    next_funding_ms: int
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., rate: _Optional[str] = ..., interval_hours: _Optional[int] = ..., next_funding_ms: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Mark(_message.Message):
    __slots__ = ("venue", "symbol", "mark_price", "index_price", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    MARK_PRICE_FIELD_NUMBER: _ClassVar[int]
    INDEX_PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    mark_price: str
    index_price: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., mark_price: _Optional[str] = ..., index_price: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class InstrumentRules(_message.Message):
    __slots__ = ("venue", "symbol", "market", "venue_symbol", "base", "quote", "tick_size", "quantity_step", "quantity_min", "quantity_max", "notional_min", "price_min", "price_max", "price_band_up", "price_band_down", "maker_fee", "taker_fee", "time_ms", "price_band_buy_down", "price_band_sell_up", "notional_max", "position_max", "orders_max", "settle", "contract_size")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    MARKET_FIELD_NUMBER: _ClassVar[int]
    VENUE_SYMBOL_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    TICK_SIZE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_STEP_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_MIN_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_MAX_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_MIN_FIELD_NUMBER: _ClassVar[int]
    PRICE_MIN_FIELD_NUMBER: _ClassVar[int]
    PRICE_MAX_FIELD_NUMBER: _ClassVar[int]
    PRICE_BAND_UP_FIELD_NUMBER: _ClassVar[int]
    PRICE_BAND_DOWN_FIELD_NUMBER: _ClassVar[int]
    MAKER_FEE_FIELD_NUMBER: _ClassVar[int]
    TAKER_FEE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    PRICE_BAND_BUY_DOWN_FIELD_NUMBER: _ClassVar[int]
    PRICE_BAND_SELL_UP_FIELD_NUMBER: _ClassVar[int]
    NOTIONAL_MAX_FIELD_NUMBER: _ClassVar[int]
    POSITION_MAX_FIELD_NUMBER: _ClassVar[int]
    ORDERS_MAX_FIELD_NUMBER: _ClassVar[int]
    SETTLE_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_SIZE_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    market: Market
    venue_symbol: str
    base: str
    quote: str
    tick_size: str
    quantity_step: str
    quantity_min: str
    quantity_max: str
    notional_min: str
    price_min: str
    price_max: str
    price_band_up: str
    price_band_down: str
    maker_fee: str
    taker_fee: str
    time_ms: int
    price_band_buy_down: str
    price_band_sell_up: str
    notional_max: str
    position_max: str
    orders_max: int
    settle: str
    contract_size: str
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., market: _Optional[_Union[Market, str]] = ..., venue_symbol: _Optional[str] = ..., base: _Optional[str] = ..., quote: _Optional[str] = ..., tick_size: _Optional[str] = ..., quantity_step: _Optional[str] = ..., quantity_min: _Optional[str] = ..., quantity_max: _Optional[str] = ..., notional_min: _Optional[str] = ..., price_min: _Optional[str] = ..., price_max: _Optional[str] = ..., price_band_up: _Optional[str] = ..., price_band_down: _Optional[str] = ..., maker_fee: _Optional[str] = ..., taker_fee: _Optional[str] = ..., time_ms: _Optional[int] = ..., price_band_buy_down: _Optional[str] = ..., price_band_sell_up: _Optional[str] = ..., notional_max: _Optional[str] = ..., position_max: _Optional[str] = ..., orders_max: _Optional[int] = ..., settle: _Optional[str] = ..., contract_size: _Optional[str] = ...) -> None: ...

class FeedStatus(_message.Message):
    __slots__ = ("venue", "symbol", "channel", "state", "age_ms", "detail", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    channel: str
    state: FeedState
    age_ms: int
    detail: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., channel: _Optional[str] = ..., state: _Optional[_Union[FeedState, str]] = ..., age_ms: _Optional[int] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Time(_message.Message):
    __slots__ = ("time_ms",)
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    time_ms: int
    def __init__(self, time_ms: _Optional[int] = ...) -> None: ...
