from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DiscrepancyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISCREPANCY_KIND_UNSPECIFIED: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_MISSING_ORDER: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_UNKNOWN_ORDER: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_ORPHAN_ORDER: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_FILLED_QUANTITY: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_POSITION: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_BALANCE: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_FUNDING: _ClassVar[DiscrepancyKind]
    DISCREPANCY_KIND_FEE: _ClassVar[DiscrepancyKind]
DISCREPANCY_KIND_UNSPECIFIED: DiscrepancyKind
DISCREPANCY_KIND_MISSING_ORDER: DiscrepancyKind
DISCREPANCY_KIND_UNKNOWN_ORDER: DiscrepancyKind
DISCREPANCY_KIND_ORPHAN_ORDER: DiscrepancyKind
DISCREPANCY_KIND_FILLED_QUANTITY: DiscrepancyKind
DISCREPANCY_KIND_POSITION: DiscrepancyKind
DISCREPANCY_KIND_BALANCE: DiscrepancyKind
DISCREPANCY_KIND_FUNDING: DiscrepancyKind
DISCREPANCY_KIND_FEE: DiscrepancyKind

class Discrepancy(_message.Message):
    __slots__ = ("kind", "venue", "account", "symbol", "subject", "expected", "observed", "evidence_hash", "detail", "time_ms")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    kind: DiscrepancyKind
    venue: str
    account: str
    symbol: str
    subject: str
    expected: str
    observed: str
    evidence_hash: str
    detail: str
    time_ms: int
    def __init__(self, kind: _Optional[_Union[DiscrepancyKind, str]] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., subject: _Optional[str] = ..., expected: _Optional[str] = ..., observed: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Adjustment(_message.Message):
    __slots__ = ("venue", "account", "symbol", "strategy", "quantity", "evidence_hash", "detail", "time_ms", "takes_back")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_HASH_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    TAKES_BACK_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    strategy: str
    quantity: str
    evidence_hash: str
    detail: str
    time_ms: int
    takes_back: str
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., strategy: _Optional[str] = ..., quantity: _Optional[str] = ..., evidence_hash: _Optional[str] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ..., takes_back: _Optional[str] = ...) -> None: ...

class Halted(_message.Message):
    __slots__ = ("scope", "mode", "reason", "time_ms", "breaker", "actor", "until_ms")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    scope: str
    mode: str
    reason: str
    time_ms: int
    breaker: str
    actor: str
    until_ms: int
    def __init__(self, scope: _Optional[str] = ..., mode: _Optional[str] = ..., reason: _Optional[str] = ..., time_ms: _Optional[int] = ..., breaker: _Optional[str] = ..., actor: _Optional[str] = ..., until_ms: _Optional[int] = ...) -> None: ...

class Resumed(_message.Message):
    __slots__ = ("scope", "reason", "actor", "time_ms", "breaker", "half_open")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    HALF_OPEN_FIELD_NUMBER: _ClassVar[int]
    scope: str
    reason: str
    actor: str
    time_ms: int
    breaker: str
    half_open: bool
    def __init__(self, scope: _Optional[str] = ..., reason: _Optional[str] = ..., actor: _Optional[str] = ..., time_ms: _Optional[int] = ..., breaker: _Optional[str] = ..., half_open: _Optional[bool] = ...) -> None: ...

class OrderContradicted(_message.Message):
    __slots__ = ("client_order_id", "venue", "account", "symbol", "state", "evidence", "time_ms")
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    client_order_id: str
    venue: str
    account: str
    symbol: str
    state: str
    evidence: str
    time_ms: int
    def __init__(self, client_order_id: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., state: _Optional[str] = ..., evidence: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Liquidated(_message.Message):
    __slots__ = ("venue", "account", "symbol", "quantity", "price", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    quantity: str
    price: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class AutoDeleveraged(_message.Message):
    __slots__ = ("venue", "account", "symbol", "quantity", "price", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    quantity: str
    price: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Settled(_message.Message):
    __slots__ = ("venue", "account", "symbol", "quantity", "price", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    symbol: str
    quantity: str
    price: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., symbol: _Optional[str] = ..., quantity: _Optional[str] = ..., price: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Transferred(_message.Message):
    __slots__ = ("venue", "account", "asset", "amount", "from_wallet", "to_wallet", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    ASSET_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    FROM_WALLET_FIELD_NUMBER: _ClassVar[int]
    TO_WALLET_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    account: str
    asset: str
    amount: str
    from_wallet: str
    to_wallet: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., account: _Optional[str] = ..., asset: _Optional[str] = ..., amount: _Optional[str] = ..., from_wallet: _Optional[str] = ..., to_wallet: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class InstrumentChanged(_message.Message):
    __slots__ = ("venue", "symbol", "field", "before", "after", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SYMBOL_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    symbol: str
    field: str
    before: str
    after: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., symbol: _Optional[str] = ..., field: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class VenueStatus(_message.Message):
    __slots__ = ("venue", "status", "detail", "time_ms")
    VENUE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    venue: str
    status: str
    detail: str
    time_ms: int
    def __init__(self, venue: _Optional[str] = ..., status: _Optional[str] = ..., detail: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...
