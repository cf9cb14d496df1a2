from opensqt.v1 import account_pb2 as _account_pb2
from opensqt.v1 import control_pb2 as _control_pb2
from opensqt.v1 import intent_pb2 as _intent_pb2
from opensqt.v1 import market_pb2 as _market_pb2
from opensqt.v1 import order_pb2 as _order_pb2
from opensqt.v1 import recon_pb2 as _recon_pb2
from opensqt.v1 import risk_pb2 as _risk_pb2
from opensqt.v1 import strategy_pb2 as _strategy_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Fact(_message.Message):
    __slots__ = ("tick", "trade", "book_top", "candle", "funding", "mark", "instrument_rules", "feed_status", "time", "place_intent", "cancel_intent", "risk_approved", "risk_refused", "command", "intent_placed", "submitting", "accepted", "rejected", "unresolved", "fill", "cancel_requested", "canceled", "expired", "never_placed", "venue_snapshot", "balance_changed", "position_stated", "funding_paid", "deposit", "discrepancy", "adjustment", "halted", "resumed", "order_contradicted", "liquidated", "auto_deleveraged", "settled", "transferred", "instrument_changed", "venue_status", "strategy_started", "anchor_set", "position_adopted", "strategy_faulted", "saga_step", "desk_generation", "feed_generation", "heartbeat", "kill_latched", "kill_released", "limit_changed", "intent_conflict", "call_audited", "alert_delivery", "ordered_by_hand", "strategy_registered", "strategy_retiring", "strategy_deregistered", "strategy_flattened")
    TICK_FIELD_NUMBER: _ClassVar[int]
    TRADE_FIELD_NUMBER: _ClassVar[int]
    BOOK_TOP_FIELD_NUMBER: _ClassVar[int]
    CANDLE_FIELD_NUMBER: _ClassVar[int]
    FUNDING_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_RULES_FIELD_NUMBER: _ClassVar[int]
    FEED_STATUS_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PLACE_INTENT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_INTENT_FIELD_NUMBER: _ClassVar[int]
    RISK_APPROVED_FIELD_NUMBER: _ClassVar[int]
    RISK_REFUSED_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    INTENT_PLACED_FIELD_NUMBER: _ClassVar[int]
    SUBMITTING_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    UNRESOLVED_FIELD_NUMBER: _ClassVar[int]
    FILL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    CANCELED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    NEVER_PLACED_FIELD_NUMBER: _ClassVar[int]
    VENUE_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    BALANCE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    POSITION_STATED_FIELD_NUMBER: _ClassVar[int]
    FUNDING_PAID_FIELD_NUMBER: _ClassVar[int]
    DEPOSIT_FIELD_NUMBER: _ClassVar[int]
    DISCREPANCY_FIELD_NUMBER: _ClassVar[int]
    ADJUSTMENT_FIELD_NUMBER: _ClassVar[int]
    HALTED_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    ORDER_CONTRADICTED_FIELD_NUMBER: _ClassVar[int]
    LIQUIDATED_FIELD_NUMBER: _ClassVar[int]
    AUTO_DELEVERAGED_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    TRANSFERRED_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_CHANGED_FIELD_NUMBER: _ClassVar[int]
    VENUE_STATUS_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_STARTED_FIELD_NUMBER: _ClassVar[int]
    ANCHOR_SET_FIELD_NUMBER: _ClassVar[int]
    POSITION_ADOPTED_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FAULTED_FIELD_NUMBER: _ClassVar[int]
    SAGA_STEP_FIELD_NUMBER: _ClassVar[int]
    DESK_GENERATION_FIELD_NUMBER: _ClassVar[int]
    FEED_GENERATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    KILL_LATCHED_FIELD_NUMBER: _ClassVar[int]
    KILL_RELEASED_FIELD_NUMBER: _ClassVar[int]
    LIMIT_CHANGED_FIELD_NUMBER: _ClassVar[int]
    INTENT_CONFLICT_FIELD_NUMBER: _ClassVar[int]
    CALL_AUDITED_FIELD_NUMBER: _ClassVar[int]
    ALERT_DELIVERY_FIELD_NUMBER: _ClassVar[int]
    ORDERED_BY_HAND_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_REGISTERED_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_RETIRING_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_DEREGISTERED_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FLATTENED_FIELD_NUMBER: _ClassVar[int]
    tick: _market_pb2.Tick
    trade: _market_pb2.Trade
    book_top: _market_pb2.BookTop
    candle: _market_pb2.Candle
    funding: _market_pb2.Funding
    mark: _market_pb2.Mark
    instrument_rules: _market_pb2.InstrumentRules
    feed_status: _market_pb2.FeedStatus
    time: _market_pb2.Time
    place_intent: _intent_pb2.PlaceIntent
    cancel_intent: _intent_pb2.CancelIntent
    risk_approved: _risk_pb2.RiskApproved
    risk_refused: _risk_pb2.RiskRefused
    command: _risk_pb2.Command
    intent_placed: _order_pb2.IntentPlaced
    submitting: _order_pb2.Submitting
    accepted: _order_pb2.Accepted
    rejected: _order_pb2.Rejected
    unresolved: _order_pb2.Unresolved
    fill: _order_pb2.Fill
    cancel_requested: _order_pb2.CancelRequested
    canceled: _order_pb2.Canceled
    expired: _order_pb2.Expired
    never_placed: _order_pb2.NeverPlaced
    venue_snapshot: _account_pb2.VenueSnapshot
    balance_changed: _account_pb2.BalanceChanged
    position_stated: _account_pb2.PositionStated
    funding_paid: _account_pb2.FundingPaid
    deposit: _account_pb2.Deposit
    discrepancy: _recon_pb2.Discrepancy
    adjustment: _recon_pb2.Adjustment
    halted: _recon_pb2.Halted
    resumed: _recon_pb2.Resumed
    order_contradicted: _recon_pb2.OrderContradicted
    liquidated: _recon_pb2.Liquidated
    auto_deleveraged: _recon_pb2.AutoDeleveraged
    settled: _recon_pb2.Settled
    transferred: _recon_pb2.Transferred
    instrument_changed: _recon_pb2.InstrumentChanged
    venue_status: _recon_pb2.VenueStatus
    strategy_started: _strategy_pb2.StrategyStarted
    anchor_set: _strategy_pb2.AnchorSet
    position_adopted: _strategy_pb2.PositionAdopted
    strategy_faulted: _strategy_pb2.StrategyFaulted
    saga_step: _strategy_pb2.SagaStep
    desk_generation: _control_pb2.DeskGeneration
    feed_generation: _control_pb2.FeedGeneration
    heartbeat: _control_pb2.Heartbeat
    kill_latched: _control_pb2.KillLatched
    kill_released: _control_pb2.KillReleased
    limit_changed: _control_pb2.LimitChanged
    intent_conflict: _risk_pb2.IntentConflict
    call_audited: _control_pb2.CallAudited
    alert_delivery: _control_pb2.AlertDelivery
    ordered_by_hand: _control_pb2.OrderedByHand
    strategy_registered: _control_pb2.StrategyRegistered
    strategy_retiring: _control_pb2.StrategyRetiring
    strategy_deregistered: _control_pb2.StrategyDeregistered
    strategy_flattened: _strategy_pb2.StrategyFlattened
    def __init__(self, tick: _Optional[_Union[_market_pb2.Tick, _Mapping]] = ..., trade: _Optional[_Union[_market_pb2.Trade, _Mapping]] = ..., book_top: _Optional[_Union[_market_pb2.BookTop, _Mapping]] = ..., candle: _Optional[_Union[_market_pb2.Candle, _Mapping]] = ..., funding: _Optional[_Union[_market_pb2.Funding, _Mapping]] = ..., mark: _Optional[_Union[_market_pb2.Mark, _Mapping]] = ..., instrument_rules: _Optional[_Union[_market_pb2.InstrumentRules, _Mapping]] = ..., feed_status: _Optional[_Union[_market_pb2.FeedStatus, _Mapping]] = ..., time: _Optional[_Union[_market_pb2.Time, _Mapping]] = ..., place_intent: _Optional[_Union[_intent_pb2.PlaceIntent, _Mapping]] = ..., cancel_intent: _Optional[_Union[_intent_pb2.CancelIntent, _Mapping]] = ..., risk_approved: _Optional[_Union[_risk_pb2.RiskApproved, _Mapping]] = ..., risk_refused: _Optional[_Union[_risk_pb2.RiskRefused, _Mapping]] = ..., command: _Optional[_Union[_risk_pb2.Command, _Mapping]] = ..., intent_placed: _Optional[_Union[_order_pb2.IntentPlaced, _Mapping]] = ..., submitting: _Optional[_Union[_order_pb2.Submitting, _Mapping]] = ..., accepted: _Optional[_Union[_order_pb2.Accepted, _Mapping]] = ..., rejected: _Optional[_Union[_order_pb2.Rejected, _Mapping]] = ..., unresolved: _Optional[_Union[_order_pb2.Unresolved, _Mapping]] = ..., fill: _Optional[_Union[_order_pb2.Fill, _Mapping]] = ..., cancel_requested: _Optional[_Union[_order_pb2.CancelRequested, _Mapping]] = ..., canceled: _Optional[_Union[_order_pb2.Canceled, _Mapping]] = ..., expired: _Optional[_Union[_order_pb2.Expired, _Mapping]] = ..., never_placed: _Optional[_Union[_order_pb2.NeverPlaced, _Mapping]] = ..., venue_snapshot: _Optional[_Union[_account_pb2.VenueSnapshot, _Mapping]] = ..., balance_changed: _Optional[_Union[_account_pb2.BalanceChanged, _Mapping]] = ..., position_stated: _Optional[_Union[_account_pb2.PositionStated, _Mapping]] = ..., funding_paid: _Optional[_Union[_account_pb2.FundingPaid, _Mapping]] = ..., deposit: _Optional[_Union[_account_pb2.Deposit, _Mapping]] = ..., discrepancy: _Optional[_Union[_recon_pb2.Discrepancy, _Mapping]] = ..., adjustment: _Optional[_Union[_recon_pb2.Adjustment, _Mapping]] = ..., halted: _Optional[_Union[_recon_pb2.Halted, _Mapping]] = ..., resumed: _Optional[_Union[_recon_pb2.Resumed, _Mapping]] = ..., order_contradicted: _Optional[_Union[_recon_pb2.OrderContradicted, _Mapping]] = ..., liquidated: _Optional[_Union[_recon_pb2.Liquidated, _Mapping]] = ..., auto_deleveraged: _Optional[_Union[_recon_pb2.AutoDeleveraged, _Mapping]] = ..., settled: _Optional[_Union[_recon_pb2.Settled, _Mapping]] = ..., transferred: _Optional[_Union[_recon_pb2.Transferred, _Mapping]] = ..., instrument_changed: _Optional[_Union[_recon_pb2.InstrumentChanged, _Mapping]] = ..., venue_status: _Optional[_Union[_recon_pb2.VenueStatus, _Mapping]] = ..., strategy_started: _Optional[_Union[_strategy_pb2.StrategyStarted, _Mapping]] = ..., anchor_set: _Optional[_Union[_strategy_pb2.AnchorSet, _Mapping]] = ..., position_adopted: _Optional[_Union[_strategy_pb2.PositionAdopted, _Mapping]] = ..., strategy_faulted: _Optional[_Union[_strategy_pb2.StrategyFaulted, _Mapping]] = ..., saga_step: _Optional[_Union[_strategy_pb2.SagaStep, _Mapping]] = ..., desk_generation: _Optional[_Union[_control_pb2.DeskGeneration, _Mapping]] = ..., feed_generation: _Optional[_Union[_control_pb2.FeedGeneration, _Mapping]] = ..., heartbeat: _Optional[_Union[_control_pb2.Heartbeat, _Mapping]] = ..., kill_latched: _Optional[_Union[_control_pb2.KillLatched, _Mapping]] = ..., kill_released: _Optional[_Union[_control_pb2.KillReleased, _Mapping]] = ..., limit_changed: _Optional[_Union[_control_pb2.LimitChanged, _Mapping]] = ..., intent_conflict: _Optional[_Union[_risk_pb2.IntentConflict, _Mapping]] = ..., call_audited: _Optional[_Union[_control_pb2.CallAudited, _Mapping]] = ..., alert_delivery: _Optional[_Union[_control_pb2.AlertDelivery, _Mapping]] = ..., ordered_by_hand: _Optional[_Union[_control_pb2.OrderedByHand, _Mapping]] = ..., strategy_registered: _Optional[_Union[_control_pb2.StrategyRegistered, _Mapping]] = ..., strategy_retiring: _Optional[_Union[_control_pb2.StrategyRetiring, _Mapping]] = ..., strategy_deregistered: _Optional[_Union[_control_pb2.StrategyDeregistered, _Mapping]] = ..., strategy_flattened: _Optional[_Union[_strategy_pb2.StrategyFlattened, _Mapping]] = ...) -> None: ...
