from opensqt.v1 import intent_pb2 as _intent_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StrategyStarted(_message.Message):
    __slots__ = ("strategy", "run", "config_hash", "code_version", "state_fingerprint", "time_ms", "told", "journal_position", "feed_first_sequence", "basis", "fault", "before")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    CODE_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TOLD_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    FEED_FIRST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    run: int
    config_hash: str
    code_version: str
    state_fingerprint: str
    time_ms: int
    told: str
    journal_position: int
    feed_first_sequence: int
    basis: _intent_pb2.Basis
    fault: str
    before: _intent_pb2.Basis
    def __init__(self, strategy: _Optional[str] = ..., run: _Optional[int] = ..., config_hash: _Optional[str] = ..., code_version: _Optional[str] = ..., state_fingerprint: _Optional[str] = ..., time_ms: _Optional[int] = ..., told: _Optional[str] = ..., journal_position: _Optional[int] = ..., feed_first_sequence: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., fault: _Optional[str] = ..., before: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ...) -> None: ...

class AnchorSet(_message.Message):
    __slots__ = ("strategy", "symbol", "anchor_price", "step_price", "reason", "time_ms", "geometric", "prices")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_PRICE_FIELD_NUMBER: _ClassVar[int]
    STEP_PRICE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    GEOMETRIC_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    symbol: str
    anchor_price: str
    step_price: str
    reason: str
    time_ms: int
    geometric: bool
    prices: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, strategy: _Optional[str] = ..., symbol: _Optional[str] = ..., anchor_price: _Optional[str] = ..., step_price: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ..., geometric: _Optional[bool] = ..., prices: _Optional[_Iterable[str]] = ...) -> None: ...

class AdoptedSlot(_message.Message):
    __slots__ = ("level", "quantity", "cost_price")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COST_PRICE_FIELD_NUMBER: _ClassVar[int]
    level: int
    quantity: str
    cost_price: str
    def __init__(self, level: _Optional[int] = ..., quantity: _Optional[str] = ..., cost_price: _Optional[str] = ...) -> None: ...

class PositionAdopted(_message.Message):
    __slots__ = ("strategy", "venue", "account", "symbol", "quantity", "entry_price", "slots", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_PRICE_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    venue: str
    account: str
    symbol: str
    quantity: str
    entry_price: str
    slots: _containers.RepeatedCompositeFieldContainer[AdoptedSlot]
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., entry_price: _Optional[str] = ..., slots: _Optional[_Iterable[_Union[AdoptedSlot, _Mapping]]] = ..., time_ms: _Optional[int] = ...) -> None: ...

class StrategyFaulted(_message.Message):
    __slots__ = ("strategy", "error", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    error: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., error: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class CarryOutlook(_message.Message):
    __slots__ = ("quantity", "spot_bid", "spot_ask", "spot_time_ms", "perp_bid", "perp_ask", "perp_time_ms", "funding_rate", "interval_hours", "next_funding_ms", "holding_hours", "settlements", "funding_bps", "basis_bps", "fees_bps", "slippage_bps", "return_bps")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    SPOT_BID_FIELD_NUMBER: _ClassVar[int]
    SPOT_ASK_FIELD_NUMBER: _ClassVar[int]
    SPOT_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    PERP_BID_FIELD_NUMBER: _ClassVar[int]
    PERP_ASK_FIELD_NUMBER: _ClassVar[int]
    PERP_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    FUNDING_RATE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_HOURS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FUNDING_MS_FIELD_NUMBER: _ClassVar[int]
    HOLDING_HOURS_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENTS_FIELD_NUMBER: _ClassVar[int]
    FUNDING_BPS_FIELD_NUMBER: _ClassVar[int]
    BASIS_BPS_FIELD_NUMBER: _ClassVar[int]
    FEES_BPS_FIELD_NUMBER: _ClassVar[int]
    SLIPPAGE_BPS_FIELD_NUMBER: _ClassVar[int]
    RETURN_BPS_FIELD_NUMBER: _ClassVar[int]
    quantity: str
    spot_bid: str
    spot_ask: str
    spot_time_ms: int
    perp_bid: str
    perp_ask: str
    perp_time_ms: int
    funding_rate: str
    interval_hours: int
    next_funding_ms: int
    holding_hours: str
    settlements: int
    funding_bps: str
    basis_bps: str
    fees_bps: str
    slippage_bps: str
    return_bps: str
    def __init__(self, quantity: _Optional[str] = ..., spot_bid: _Optional[str] = ..., spot_ask: _Optional[str] = ..., spot_time_ms: _Optional[int] = ..., perp_bid: _Optional[str] = ..., perp_ask: _Optional[str] = ..., perp_time_ms: _Optional[int] = ..., funding_rate: _Optional[str] = ..., interval_hours: _Optional[int] = ..., next_funding_ms: _Optional[int] = ..., holding_hours: _Optional[str] = ..., settlements: _Optional[int] = ..., funding_bps: _Optional[str] = ..., basis_bps: _Optional[str] = ..., fees_bps: _Optional[str] = ..., slippage_bps: _Optional[str] = ..., return_bps: _Optional[str] = ...) -> None: ...

class SagaStep(_message.Message):
    __slots__ = ("strategy", "saga_id", "step", "spot_quantity", "perp_quantity", "detail", "time_ms", "outlook", "by_basis", "tolerance_base", "keep_base")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    SPOT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PERP_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    BY_BASIS_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_BASE_FIELD_NUMBER: _ClassVar[int]
    KEEP_BASE_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    saga_id: str
    step: str
    spot_quantity: str
    perp_quantity: str
    detail: str
    time_ms: int
    outlook: CarryOutlook
    by_basis: bool
    tolerance_base: str
    keep_base: str
    def __init__(self, strategy: _Optional[str] = ..., saga_id: _Optional[str] = ..., step: _Optional[str] = ..., spot_quantity: _Optional[str] = ..., perp_quantity: _Optional[str] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ..., outlook: _Optional[_Union[CarryOutlook, _Mapping]] = ..., by_basis: _Optional[bool] = ..., tolerance_base: _Optional[str] = ..., keep_base: _Optional[str] = ...) -> None: ...

class StrategyFlattened(_message.Message):
    __slots__ = ("strategy", "retiring_ms", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    RETIRING_MS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    retiring_ms: int
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., retiring_ms: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...
