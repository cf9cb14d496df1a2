from opensqt.v1 import intent_pb2 as _intent_pb2
from opensqt.v1 import market_pb2 as _market_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StrategyLimits(_message.Message):
    __slots__ = ("currency", "order_notional_quote_max", "position_notional_quote_max", "inventory_notional_quote_max", "rate_stated", "open_orders_max", "price_collar_bps", "tick_age_ms_max", "exposure_notional_quote_max", "asset_notional_quote_max", "leverage_max", "margin_health_min", "liquidation_distance_bps_min", "maintenance_rate", "collateral_share")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ORDER_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    POSITION_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    INVENTORY_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    RATE_STATED_FIELD_NUMBER: _ClassVar[int]
    OPEN_ORDERS_MAX_FIELD_NUMBER: _ClassVar[int]
    PRICE_COLLAR_BPS_FIELD_NUMBER: _ClassVar[int]
    TICK_AGE_MS_MAX_FIELD_NUMBER: _ClassVar[int]
    EXPOSURE_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    ASSET_NOTIONAL_QUOTE_MAX_FIELD_NUMBER: _ClassVar[int]
    LEVERAGE_MAX_FIELD_NUMBER: _ClassVar[int]
    MARGIN_HEALTH_MIN_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATION_DISTANCE_BPS_MIN_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_RATE_FIELD_NUMBER: _ClassVar[int]
    COLLATERAL_SHARE_FIELD_NUMBER: _ClassVar[int]
    currency: str
    order_notional_quote_max: str
    position_notional_quote_max: str
    inventory_notional_quote_max: str
    rate_stated: str
    open_orders_max: int
    price_collar_bps: str
    tick_age_ms_max: int
    exposure_notional_quote_max: str
    asset_notional_quote_max: str
    leverage_max: str
    margin_health_min: str
    liquidation_distance_bps_min: str
    maintenance_rate: str
    collateral_share: str
    def __init__(self, currency: _Optional[str] = ..., order_notional_quote_max: _Optional[str] = ..., position_notional_quote_max: _Optional[str] = ..., inventory_notional_quote_max: _Optional[str] = ..., rate_stated: _Optional[str] = ..., open_orders_max: _Optional[int] = ..., price_collar_bps: _Optional[str] = ..., tick_age_ms_max: _Optional[int] = ..., exposure_notional_quote_max: _Optional[str] = ..., asset_notional_quote_max: _Optional[str] = ..., leverage_max: _Optional[str] = ..., margin_health_min: _Optional[str] = ..., liquidation_distance_bps_min: _Optional[str] = ..., maintenance_rate: _Optional[str] = ..., collateral_share: _Optional[str] = ...) -> None: ...

class Exposure(_message.Message):
    __slots__ = ("net", "buys_open", "sells_open", "orders_open", "orders_here", "nobodys", "own", "own_closing", "own_opening", "own_bid", "own_ask")
    NET_FIELD_NUMBER: _ClassVar[int]
    BUYS_OPEN_FIELD_NUMBER: _ClassVar[int]
    SELLS_OPEN_FIELD_NUMBER: _ClassVar[int]
    ORDERS_OPEN_FIELD_NUMBER: _ClassVar[int]
    ORDERS_HERE_FIELD_NUMBER: _ClassVar[int]
    NOBODYS_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    OWN_CLOSING_FIELD_NUMBER: _ClassVar[int]
    OWN_OPENING_FIELD_NUMBER: _ClassVar[int]
    OWN_BID_FIELD_NUMBER: _ClassVar[int]
    OWN_ASK_FIELD_NUMBER: _ClassVar[int]
    net: str
    buys_open: str
    sells_open: str
    orders_open: int
    orders_here: int
    nobodys: str
    own: str
    own_closing: str
    own_opening: str
    own_bid: str
    own_ask: str
    def __init__(self, net: _Optional[str] = ..., buys_open: _Optional[str] = ..., sells_open: _Optional[str] = ..., orders_open: _Optional[int] = ..., orders_here: _Optional[int] = ..., nobodys: _Optional[str] = ..., own: _Optional[str] = ..., own_closing: _Optional[str] = ..., own_opening: _Optional[str] = ..., own_bid: _Optional[str] = ..., own_ask: _Optional[str] = ...) -> None: ...

class Aggregate(_message.Message):
    __slots__ = ("others_here", "against_here", "elsewhere_notional", "asset_elsewhere", "unvalued")
    OTHERS_HERE_FIELD_NUMBER: _ClassVar[int]
    AGAINST_HERE_FIELD_NUMBER: _ClassVar[int]
    ELSEWHERE_NOTIONAL_FIELD_NUMBER: _ClassVar[int]
    ASSET_ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    UNVALUED_FIELD_NUMBER: _ClassVar[int]
    others_here: str
    against_here: str
    elsewhere_notional: str
    asset_elsewhere: str
    unvalued: str
    def __init__(self, others_here: _Optional[str] = ..., against_here: _Optional[str] = ..., elsewhere_notional: _Optional[str] = ..., asset_elsewhere: _Optional[str] = ..., unvalued: _Optional[str] = ...) -> None: ...

class Funds(_message.Message):
    __slots__ = ("equity", "perps_elsewhere", "spendable", "coins", "joint")
    EQUITY_FIELD_NUMBER: _ClassVar[int]
    PERPS_ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    SPENDABLE_FIELD_NUMBER: _ClassVar[int]
    COINS_FIELD_NUMBER: _ClassVar[int]
    JOINT_FIELD_NUMBER: _ClassVar[int]
    equity: str
    perps_elsewhere: str
    spendable: str
    coins: str
    joint: bool
    def __init__(self, equity: _Optional[str] = ..., perps_elsewhere: _Optional[str] = ..., spendable: _Optional[str] = ..., coins: _Optional[str] = ..., joint: _Optional[bool] = ...) -> None: ...

class Quote(_message.Message):
    __slots__ = ("bid", "ask", "tick_ms")
    BID_FIELD_NUMBER: _ClassVar[int]
    ASK_FIELD_NUMBER: _ClassVar[int]
    TICK_MS_FIELD_NUMBER: _ClassVar[int]
    bid: str
    ask: str
    tick_ms: int
    def __init__(self, bid: _Optional[str] = ..., ask: _Optional[str] = ..., tick_ms: _Optional[int] = ...) -> None: ...

class Worth(_message.Message):
    __slots__ = ("rate", "rate_ms")
    RATE_FIELD_NUMBER: _ClassVar[int]
    RATE_MS_FIELD_NUMBER: _ClassVar[int]
    rate: str
    rate_ms: int
    def __init__(self, rate: _Optional[str] = ..., rate_ms: _Optional[int] = ...) -> None: ...

class Moment(_message.Message):
    __slots__ = ("now_ms", "opens_from_ms", "kill", "halt_mode", "halt_reason", "basis_reached", "queue", "breaker")
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    OPENS_FROM_MS_FIELD_NUMBER: _ClassVar[int]
    KILL_FIELD_NUMBER: _ClassVar[int]
    HALT_MODE_FIELD_NUMBER: _ClassVar[int]
    HALT_REASON_FIELD_NUMBER: _ClassVar[int]
    BASIS_REACHED_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    now_ms: int
    opens_from_ms: int
    kill: str
    halt_mode: str
    halt_reason: str
    basis_reached: bool
    queue: str
    breaker: str
    def __init__(self, now_ms: _Optional[int] = ..., opens_from_ms: _Optional[int] = ..., kill: _Optional[str] = ..., halt_mode: _Optional[str] = ..., halt_reason: _Optional[str] = ..., basis_reached: _Optional[bool] = ..., queue: _Optional[str] = ..., breaker: _Optional[str] = ...) -> None: ...

class Grounds(_message.Message):
    __slots__ = ("limits", "exposure", "rules", "quote", "worth", "aggregate", "funds")
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    EXPOSURE_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    QUOTE_FIELD_NUMBER: _ClassVar[int]
    WORTH_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_FIELD_NUMBER: _ClassVar[int]
    FUNDS_FIELD_NUMBER: _ClassVar[int]
    limits: StrategyLimits
    exposure: Exposure
    rules: _market_pb2.InstrumentRules
    quote: Quote
    worth: Worth
    aggregate: Aggregate
    funds: Funds
    def __init__(self, limits: _Optional[_Union[StrategyLimits, _Mapping]] = ..., exposure: _Optional[_Union[Exposure, _Mapping]] = ..., rules: _Optional[_Union[_market_pb2.InstrumentRules, _Mapping]] = ..., quote: _Optional[_Union[Quote, _Mapping]] = ..., worth: _Optional[_Union[Worth, _Mapping]] = ..., aggregate: _Optional[_Union[Aggregate, _Mapping]] = ..., funds: _Optional[_Union[Funds, _Mapping]] = ...) -> None: ...

class Conclusion(_message.Message):
    __slots__ = ("price", "reducing")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    REDUCING_FIELD_NUMBER: _ClassVar[int]
    price: str
    reducing: bool
    def __init__(self, price: _Optional[str] = ..., reducing: _Optional[bool] = ...) -> None: ...

class ApprovalProof(_message.Message):
    __slots__ = ("key_id", "signature")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    signature: str
    def __init__(self, key_id: _Optional[str] = ..., signature: _Optional[str] = ...) -> None: ...

class RiskApproved(_message.Message):
    __slots__ = ("intent_id", "place", "cancel", "reduce_only", "risk_epoch", "basis", "config_version", "time_ms", "moment", "grounds", "conclusion", "proof")
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    RISK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MOMENT_FIELD_NUMBER: _ClassVar[int]
    GROUNDS_FIELD_NUMBER: _ClassVar[int]
    CONCLUSION_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    intent_id: str
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    reduce_only: bool
    risk_epoch: int
    basis: _intent_pb2.Basis
    config_version: str
    time_ms: int
    moment: Moment
    grounds: Grounds
    conclusion: Conclusion
    proof: ApprovalProof
    def __init__(self, intent_id: _Optional[str] = ..., place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., reduce_only: _Optional[bool] = ..., risk_epoch: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., config_version: _Optional[str] = ..., time_ms: _Optional[int] = ..., moment: _Optional[_Union[Moment, _Mapping]] = ..., grounds: _Optional[_Union[Grounds, _Mapping]] = ..., conclusion: _Optional[_Union[Conclusion, _Mapping]] = ..., proof: _Optional[_Union[ApprovalProof, _Mapping]] = ...) -> None: ...

class RiskRefused(_message.Message):
    __slots__ = ("intent_id", "place", "cancel", "reason", "detail", "risk_epoch", "basis", "config_version", "time_ms", "moment", "grounds", "conclusion")
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RISK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    MOMENT_FIELD_NUMBER: _ClassVar[int]
    GROUNDS_FIELD_NUMBER: _ClassVar[int]
    CONCLUSION_FIELD_NUMBER: _ClassVar[int]
    intent_id: str
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    reason: str
    detail: str
    risk_epoch: int
    basis: _intent_pb2.Basis
    config_version: str
    time_ms: int
    moment: Moment
    grounds: Grounds
    conclusion: Conclusion
    def __init__(self, intent_id: _Optional[str] = ..., place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., reason: _Optional[str] = ..., detail: _Optional[str] = ..., risk_epoch: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., config_version: _Optional[str] = ..., time_ms: _Optional[int] = ..., moment: _Optional[_Union[Moment, _Mapping]] = ..., grounds: _Optional[_Union[Grounds, _Mapping]] = ..., conclusion: _Optional[_Union[Conclusion, _Mapping]] = ...) -> None: ...

class IntentConflict(_message.Message):
    __slots__ = ("intent_id", "place", "cancel", "detail", "risk_epoch", "basis", "config_version", "time_ms")
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RISK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BASIS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_VERSION_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    intent_id: str
    place: _intent_pb2.PlaceIntent
    cancel: _intent_pb2.CancelIntent
    detail: str
    risk_epoch: int
    basis: _intent_pb2.Basis
    config_version: str
    time_ms: int
    def __init__(self, intent_id: _Optional[str] = ..., place: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., detail: _Optional[str] = ..., risk_epoch: _Optional[int] = ..., basis: _Optional[_Union[_intent_pb2.Basis, _Mapping]] = ..., config_version: _Optional[str] = ..., time_ms: _Optional[int] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("approval",)
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    approval: RiskApproved
    def __init__(self, approval: _Optional[_Union[RiskApproved, _Mapping]] = ...) -> None: ...
