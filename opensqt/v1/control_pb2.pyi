from opensqt.v1 import account_pb2 as _account_pb2
from opensqt.v1 import intent_pb2 as _intent_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeskGeneration(_message.Message):
    __slots__ = ("generation", "reason", "time_ms")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    generation: str
    reason: str
    time_ms: int
    def __init__(self, generation: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class FeedGeneration(_message.Message):
    __slots__ = ("generation", "position", "reason", "time_ms")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    generation: int
    position: int
    reason: str
    time_ms: int
    def __init__(self, generation: _Optional[int] = ..., position: _Optional[int] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("generation", "head_position", "time_ms")
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    HEAD_POSITION_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    generation: int
    head_position: int
    time_ms: int
    def __init__(self, generation: _Optional[int] = ..., head_position: _Optional[int] = ..., time_ms: _Optional[int] = ...) -> None: ...

class KillLatched(_message.Message):
    __slots__ = ("scope", "reason", "actor", "time_ms", "kill_id", "account", "epoch")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    KILL_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    scope: str
    reason: str
    actor: str
    time_ms: int
    kill_id: str
    account: str
    epoch: int
    def __init__(self, scope: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ..., kill_id: _Optional[str] = ..., account: _Optional[str] = ..., epoch: _Optional[int] = ...) -> None: ...

class KillReleased(_message.Message):
    __slots__ = ("scope", "reason", "actor", "time_ms", "kill_ids", "account")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    KILL_IDS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    scope: str
    reason: str
    actor: str
    time_ms: int
    kill_ids: _containers.RepeatedScalarFieldContainer[str]
    account: str
    def __init__(self, scope: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ..., kill_ids: _Optional[_Iterable[str]] = ..., account: _Optional[str] = ...) -> None: ...

class LimitChanged(_message.Message):
    __slots__ = ("field", "before", "after", "reason", "actor", "time_ms")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    field: str
    before: str
    after: str
    reason: str
    actor: str
    time_ms: int
    def __init__(self, field: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class StrategyRegistered(_message.Message):
    __slots__ = ("strategy", "settings", "reason", "actor", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    settings: str
    reason: str
    actor: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., settings: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class StrategyRetiring(_message.Message):
    __slots__ = ("strategy", "reason", "actor", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    reason: str
    actor: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class StrategyDeregistered(_message.Message):
    __slots__ = ("strategy", "journal_position", "dust", "reason", "actor", "time_ms")
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    JOURNAL_POSITION_FIELD_NUMBER: _ClassVar[int]
    DUST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    strategy: str
    journal_position: int
    dust: _containers.RepeatedCompositeFieldContainer[_account_pb2.AssetAmount]
    reason: str
    actor: str
    time_ms: int
    def __init__(self, strategy: _Optional[str] = ..., journal_position: _Optional[int] = ..., dust: _Optional[_Iterable[_Union[_account_pb2.AssetAmount, _Mapping]]] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class CallAudited(_message.Message):
    __slots__ = ("call", "actor", "request", "before", "after", "outcome", "reply", "once", "time_ms")
    CALL_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    ONCE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    call: str
    actor: str
    request: str
    before: str
    after: str
    outcome: str
    reply: str
    once: str
    time_ms: int
    def __init__(self, call: _Optional[str] = ..., actor: _Optional[str] = ..., request: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., outcome: _Optional[str] = ..., reply: _Optional[str] = ..., once: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class AlertDelivery(_message.Message):
    __slots__ = ("channel", "outcome", "raised", "over", "happened", "text", "attempts", "detail", "time_ms")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    RAISED_FIELD_NUMBER: _ClassVar[int]
    OVER_FIELD_NUMBER: _ClassVar[int]
    HAPPENED_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    channel: str
    outcome: str
    raised: _containers.RepeatedScalarFieldContainer[str]
    over: _containers.RepeatedScalarFieldContainer[str]
    happened: _containers.RepeatedScalarFieldContainer[str]
    text: str
    attempts: int
    detail: str
    time_ms: int
    def __init__(self, channel: _Optional[str] = ..., outcome: _Optional[str] = ..., raised: _Optional[_Iterable[str]] = ..., over: _Optional[_Iterable[str]] = ..., happened: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ..., attempts: _Optional[int] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class OrderedByHand(_message.Message):
    __slots__ = ("place", "cancel", "request", "actor", "time_ms")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    request: str
    actor: str
    time_ms: int
    def __init__(self, place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., request: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...
