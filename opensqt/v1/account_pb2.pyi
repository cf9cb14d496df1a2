from opensqt.v1 import market_pb2 as _market_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SnapshotOrder(_message.Message):
    __slots__ = ("client_order_id", "venue_order_id", "symbol", "side", "price", "quantity", "filled_quantity")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: _market_pb2.Side
    price: str
    quantity: str
    filled_quantity: str
    def __init__(self, client_order_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., symbol: _Optional[str] = ..., side: _Optional[_Union[_market_pb2.Side, str]] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., filled_quantity: _Optional[str] = ...) -> None: ...

class SnapshotPosition(_message.Message):
    __slots__ = ("symbol", "quantity", "entry_price")
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    symbol: str
    quantity: str
    entry_price: str
    def __init__(self, symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., entry_price: _Optional[str] = ...) -> None: ...

class SnapshotBalance(_message.Message):
    __slots__ = ("asset", "total", "free", "wallet")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    asset: str
    total: str
    free: str
    wallet: str
    def __init__(self, asset: _Optional[str] = ..., total: _Optional[str] = ..., free: _Optional[str] = ..., wallet: _Optional[str] = ...) -> None: ...

class VenueSnapshot(_message.Message):
    __slots__ = ("venue", "account", "trigger", "journal_position", "orders", "positions", "balances", "symbols", "evidence_hash", "started_ms", "time_ms", "margin_health")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    SYMBOLS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MARGIN_HEALTH_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    trigger: str
    journal_position: int
    orders: _containers.RepeatedCompositeFieldContainer[SnapshotOrder]
    positions: _containers.RepeatedCompositeFieldContainer[SnapshotPosition]
    balances: _containers.RepeatedCompositeFieldContainer[SnapshotBalance]
    symbols: _containers.RepeatedScalarFieldContainer[str]
    evidence_hash: str
    started_ms: int
    time_ms: int
    margin_health: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., trigger: _Optional[str] = ..., journal_position: _Optional[int] = ..., orders: _Optional[_Iterable[_Union[SnapshotOrder, _Mapping]]] = ..., positions: _Optional[_Iterable[_Union[SnapshotPosition, _Mapping]]] = ..., balances: _Optional[_Iterable[_Union[SnapshotBalance, _Mapping]]] = ..., symbols: _Optional[_Iterable[str]] = ..., evidence_hash: _Optional[str] = ..., started_ms: _Optional[int] = ..., time_ms: _Optional[int] = ..., margin_health: _Optional[str] = ...) -> None: ...

class BalanceChanged(_message.Message):
    __slots__ = ("venue", "account", "asset", "total", "reason", "time_ms", "wallet")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    asset: str
    total: str
    reason: str
    time_ms: int
    wallet: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., asset: _Optional[str] = ..., total: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ..., wallet: _Optional[str] = ...) -> None: ...

class AssetAmount(_message.Message):
    __slots__ = ("asset", "amount")
    ASSET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    asset: str
    amount: str
    def __init__(self, asset: _Optional[str] = ..., amount: _Optional[str] = ...) -> None: ...

class PositionStated(_message.Message):
    __slots__ = ("venue", "account", "symbol", "strategy", "quantity", "entry_price", "realized_pnl", "fees", "funding", "journal_position", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    FUNDING_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    strategy: str
    quantity: str
    entry_price: str
    realized_pnl: str
    fees: _containers.RepeatedCompositeFieldContainer[AssetAmount]
    funding: str
    journal_position: int
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., strategy: _Optional[str] = ..., quantity: _Optional[str] = ..., entry_price: _Optional[str] = ..., realized_pnl: _Optional[str] = ..., fees: _Optional[_Iterable[_Union[AssetAmount, _Mapping]]] = ..., funding: _Optional[str] = ..., journal_position: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class FundingPaid(_message.Message):
    __slots__ = ("venue", "account", "symbol", "asset", "amount", "income_id", "time_ms", "wallet")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    INCOME_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    asset: str
    amount: str
    income_id: str
    time_ms: int
    wallet: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., asset: _Optional[str] = ..., amount: _Optional[str] = ..., income_id: _Optional[str] = ..., time_ms: _Optional[int] = ..., wallet: _Optional[str] = ...) -> None: ...

class Deposit(_message.Message):
    __slots__ = ("venue", "account", "asset", "amount", "reason", "time_ms", "wallet")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    asset: str
    amount: str
    reason: str
    time_ms: int
    wallet: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., asset: _Optional[str] = ..., amount: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ..., wallet: _Optional[str] = ...) -> None: ...
