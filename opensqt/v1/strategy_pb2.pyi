from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StrategyStarted(_message.Message):
    __slots__ = ("strategy", "run", "config_hash", "code_version", "state_fingerprint", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_HASH_FIELD_NUMBER: _ClassVar[int]
    CODE_VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    run: int
    config_hash: str
    code_version: str
    state_fingerprint: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., run: _Optional[int] = ..., config_hash: _Optional[str] = ..., code_version: _Optional[str] = ..., state_fingerprint: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class AnchorSet(_message.Message):
    __slots__ = ("strategy", "symbol", "anchor_price", "step_price", "reason", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_PRICE_FIELD_NUMBER: _ClassVar[int]
    STEP_PRICE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    symbol: str
    anchor_price: str
    step_price: str
    reason: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., symbol: _Optional[str] = ..., anchor_price: _Optional[str] = ..., step_price: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

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

class SagaStep(_message.Message):
    __slots__ = ("strategy", "saga_id", "step", "spot_quantity", "perp_quantity", "detail", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SAGA_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    SPOT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PERP_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    saga_id: str
    step: str
    spot_quantity: str
    perp_quantity: str
    detail: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., saga_id: _Optional[str] = ..., step: _Optional[str] = ..., spot_quantity: _Optional[str] = ..., perp_quantity: _Optional[str] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...
