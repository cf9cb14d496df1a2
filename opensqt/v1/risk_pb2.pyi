from opensqt.v1 import intent_pb2 as _intent_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RiskInput(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class RiskApproved(_message.Message):
    __slots__ = ("intent_id", "place", "cancel", "reduce_only", "risk_epoch", "basis", "config_version", "inputs", "time_ms")
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    RISK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    intent_id: str
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    reduce_only: bool
    risk_epoch: int
    basis: _intent_pb2.Basis
    config_version: str
    inputs: _containers.RepeatedCompositeFieldContainer[RiskInput]
    time_ms: int
    def __init__(self, intent_id: _Optional[str] = ..., place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., reduce_only: _Optional[bool] = ..., risk_epoch: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., config_version: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[RiskInput, _Mapping]]] = ..., time_ms: _Optional[int] = ...) -> None: ...

class RiskRefused(_message.Message):
    __slots__ = ("intent_id", "place", "cancel", "reason", "detail", "risk_epoch", "basis", "config_version", "inputs", "time_ms")
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RISK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    intent_id: str
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    reason: str
    detail: str
    risk_epoch: int
    basis: _intent_pb2.Basis
    config_version: str
    inputs: _containers.RepeatedCompositeFieldContainer[RiskInput]
    time_ms: int
    def __init__(self, intent_id: _Optional[str] = ..., place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., reason: _Optional[str] = ..., detail: _Optional[str] = ..., risk_epoch: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., config_version: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[RiskInput, _Mapping]]] = ..., time_ms: _Optional[int] = ...) -> None: ...

class IntentConflict(_message.Message):
    __slots__ = ("intent_id", "place", "cancel", "detail", "risk_epoch", "basis", "config_version", "inputs", "time_ms")
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RISK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    intent_id: str
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    detail: str
    risk_epoch: int
    basis: _intent_pb2.Basis
    config_version: str
    inputs: _containers.RepeatedCompositeFieldContainer[RiskInput]
    time_ms: int
    def __init__(self, intent_id: _Optional[str] = ..., place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., detail: _Optional[str] = ..., risk_epoch: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., config_version: _Optional[str] = ..., inputs: _Optional[_Iterable[_Union[RiskInput, _Mapping]]] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("approval",)
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    approval: RiskApproved
    def __init__(self, approval: _Optional[_Union[RiskApproved, _Mapping]] = ...) -> None: ...
