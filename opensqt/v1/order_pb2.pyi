from opensqt.v1 import intent_pb2 as _intent_pb2
from opensqt.v1 import market_pb2 as _market_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Liquidity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIQUIDITY_UNSPECIFIED: _ClassVar[Liquidity]
    LIQUIDITY_MAKER: _ClassVar[Liquidity]
    LIQUIDITY_TAKER: _ClassVar[Liquidity]
LIQUIDITY_UNSPECIFIED: Liquidity
LIQUIDITY_MAKER: Liquidity
LIQUIDITY_TAKER: Liquidity

class OrderRef(_message.Message):
    __slots__ = ("client_order_id", "intent_id", "attempt", "strategy", "venue", "account", "symbol")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    intent_id: str
    attempt: int
    strategy: str
    venue: str
    account: str
    symbol: str
    def __init__(self, client_order_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., attempt: _Optional[int] = ..., strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ...) -> None: ...

class IntentPlaced(_message.Message):
    __slots__ = ("ref", "slot", "cycle", "side", "type", "time_in_force", "price", "quantity", "purpose", "reduce_only", "valid_until_ms", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    CYCLE_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    slot: str
    cycle: int
    side: _market_pb2.Side
    type: _intent_pb2.OrderType
    time_in_force: _intent_pb2.TimeInForce
    price: str
    quantity: str
    purpose: _intent_pb2.Purpose
    reduce_only: bool
    valid_until_ms: int
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., slot: _Optional[str] = ..., cycle: _Optional[int] = ..., side: _Optional[_Union[_market_pb2.Side, str]] = ..., type: _Optional[_Union[_intent_pb2.OrderType, str]] = ..., time_in_force: _Optional[_Union[_intent_pb2.TimeInForce, str]] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., purpose: _Optional[_Union[_intent_pb2.Purpose, str]] = ..., reduce_only: _Optional[bool] = ..., valid_until_ms: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Submitting(_message.Message):
    __slots__ = ("ref", "epoch", "deadline_ms", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    epoch: int
    deadline_ms: int
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., epoch: _Optional[int] = ..., deadline_ms: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Accepted(_message.Message):
    __slots__ = ("ref", "venue_order_id", "evidence_hash", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    venue_order_id: str
    evidence_hash: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., venue_order_id: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Rejected(_message.Message):
    __slots__ = ("ref", "code", "reason", "evidence_hash", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    code: str
    reason: str
    evidence_hash: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., code: _Optional[str] = ..., reason: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Unresolved(_message.Message):
    __slots__ = ("ref", "cause", "fence_ms", "evidence_hash", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    FENCE_MS_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    cause: str
    fence_ms: int
    evidence_hash: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., cause: _Optional[str] = ..., fence_ms: _Optional[int] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Fill(_message.Message):
    __slots__ = ("ref", "trade_id", "venue_order_id", "side", "price", "quantity", "fee", "fee_asset", "liquidity", "realized_pnl", "evidence_hash", "time_ms", "wallet", "realized_untold")
    REF_FIELD_NUMBER: _ClassVar[int]
    TRADE_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    FEE_ASSET_FIELD_NUMBER: _ClassVar[int]
    LIQUIDITY_FIELD_NUMBER: _ClassVar[int]
    REALIZED_PNL_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    WALLET_FIELD_NUMBER: _ClassVar[int]
    REALIZED_UNTOLD_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    trade_id: str
    venue_order_id: str
    side: _market_pb2.Side
    price: str
    quantity: str
    fee: str
    fee_asset: str
    liquidity: Liquidity
    realized_pnl: str
    evidence_hash: str
    time_ms: int
    wallet: str
    realized_untold: bool
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., trade_id: _Optional[str] = ..., venue_order_id: _Optional[str] = ..., side: _Optional[_Union[_market_pb2.Side, str]] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., fee: _Optional[str] = ..., fee_asset: _Optional[str] = ..., liquidity: _Optional[_Union[Liquidity, str]] = ..., realized_pnl: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ..., wallet: _Optional[str] = ..., realized_untold: _Optional[bool] = ...) -> None: ...

class CancelRequested(_message.Message):
    __slots__ = ("ref", "cancel_intent_id", "reason", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    CANCEL_INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    cancel_intent_id: str
    reason: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., cancel_intent_id: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Canceled(_message.Message):
    __slots__ = ("ref", "venue_order_id", "filled_quantity", "reason", "evidence_hash", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    venue_order_id: str
    filled_quantity: str
    reason: str
    evidence_hash: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., venue_order_id: _Optional[str] = ..., filled_quantity: _Optional[str] = ..., reason: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Expired(_message.Message):
    __slots__ = ("ref", "venue_order_id", "filled_quantity", "reason", "evidence_hash", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    VENUE_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    FILLED_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    venue_order_id: str
    filled_quantity: str
    reason: str
    evidence_hash: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., venue_order_id: _Optional[str] = ..., filled_quantity: _Optional[str] = ..., reason: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class NeverPlaced(_message.Message):
    __slots__ = ("ref", "proof", "evidence_hash", "time_ms")
    REF_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    ref: OrderRef
    proof: str
    evidence_hash: str
    time_ms: int
    def __init__(self, ref: _Optional[_Union[OrderRef, _Mapping]] = ..., proof: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...
