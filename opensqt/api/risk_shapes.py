"""What RiskService is asked and answers, beside what many calls share. Values only."""

from datetime import datetime
from decimal import Decimal

from opensqt.api.call import CallReply, CallRequest


class SymbolRisk(CallReply, frozen=True, kw_only=True):
    """One net position against its limit; notional in quote units, None while a price is unknown."""

    venue: str
    account: str
    symbol: str
    position_size: Decimal
    notional_value: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    leverage: Decimal | None = None  # of the account's equity
    risk_score: Decimal | None = None  # share of the limit that is used, 1 = all
    limit_breach: bool
    limit_type: str  # which limit is broken, empty for none
    last_price: Decimal | None = None


class RiskMetricsReply(CallReply, frozen=True, kw_only=True):
    """The risk of each symbol that is held."""

    metrics: tuple[SymbolRisk, ...] = ()


class OfLimits(CallRequest, frozen=True, kw_only=True):
    """Asks for the limits; of a symbol also in base units at the price of now."""

    symbol: str = ""
    venue: str = ""


class LimitsReply(CallReply, frozen=True, kw_only=True):
    """The limits that count now, for every account; notionals in units of `currency`."""

    currency: str
    order_notional_quote_max: Decimal
    position_notional_quote_max: Decimal
    open_orders_max: int
    price_collar_bps: Decimal
    tick_age_ms_max: int
    leverage_max: int
    symbol: str = ""
    max_order_size: Decimal | None = None
    max_position_size: Decimal | None = None


class NewLimits(CallRequest, frozen=True, kw_only=True):
    """Asks to change limits; what is left out stays. They hold for the very next order."""

    reason: str
    order_notional_quote_max: Decimal | None = None
    position_notional_quote_max: Decimal | None = None
    open_orders_max: int | None = None
    price_collar_bps: Decimal | None = None
    tick_age_ms_max: int | None = None
    exposure_notional_quote_max: Decimal | None = None
    asset_notional_quote_max: Decimal | None = None
    leverage_max: int | None = None
    margin_health_min: Decimal | None = None
    liquidation_distance_bps_min: Decimal | None = None
    order_age_ms_max: int | None = None


class LimitStep(CallReply, frozen=True, kw_only=True):
    """A limit that was changed."""

    field: str
    before: str
    after: str


class NewLimitsReply(CallReply, frozen=True, kw_only=True):
    """What was changed."""

    changes: tuple[LimitStep, ...] = ()


class SymbolExposure(CallReply, frozen=True, kw_only=True):
    """What one position is worth in the desk's currency, and its share of all."""

    venue: str
    account: str
    symbol: str
    notional_value: Decimal | None = None
    percentage_of_portfolio: Decimal | None = None


class ExposureReply(CallReply, frozen=True, kw_only=True):
    """What is at stake, in the desk's currency; None while a price is unknown."""

    currency: str
    total_notional: Decimal | None = None
    total_unrealized_pnl: Decimal | None = None
    portfolio_leverage: Decimal | None = None
    exposures: tuple[SymbolExposure, ...] = ()


class RiskAlert(CallReply, frozen=True, kw_only=True):
    """Something that a trader wants to know at once."""

    sequence: int = 0
    alert_type: str
    severity: str
    scope: str
    message: str
    time: datetime


class OfReconciliation(CallRequest, frozen=True, kw_only=True):
    """Asks for one reconciliation."""

    reconciliation_id: str


class TriggerReply(CallReply, frozen=True, kw_only=True):
    """A reconciliation that was begun."""

    reconciliation_id: str
    status: str


class SymbolMatch(CallReply, frozen=True, kw_only=True):
    """What the venue showed of one position beside what the books held; `corrected` when a correction was booked."""

    venue: str
    account: str
    symbol: str
    position_match: bool
    local_position: Decimal
    exchange_position: Decimal
    divergence: Decimal
    corrected: bool


class ReconciliationReply(CallReply, frozen=True, kw_only=True):
    """How far a reconciliation is: `running` until every account was looked at after it was asked for."""

    reconciliation_id: str
    status: str
    started_at: datetime
    completed_at: datetime | None = None
    results: tuple[SymbolMatch, ...] = ()


class OfBreaker(CallRequest, frozen=True, kw_only=True):
    """Asks for the breakers of a strategy, or of a symbol in each account that trades it; else of the whole desk."""

    strategy: str = ""
    symbol: str = ""


class BreakerChange(OfBreaker, frozen=True, kw_only=True):
    """Asks to open a scope by hand, or to close its breakers; `breaker` closes only the one of that name."""

    reason: str
    breaker: str = ""


class BreakerStatus(CallReply, frozen=True, kw_only=True):
    """One breaker in one scope. Open: nothing is opened there; what rests to open is cancelled, and exits pass."""

    scope: str
    is_open: bool
    reason: str
    actor: str
    opened_at: datetime | None = None
    realized_pnl: Decimal | None = None
    breaker: str = ""  # its name; `kill` is a latch that only a release ends
    state: str = ""  # open, half_open or closed
    tried_again_at: datetime | None = None  # None: only a person or its rule closes it


class BreakersReply(CallReply, frozen=True, kw_only=True):
    """Breakers that are open, on trial or switched on, and the mode that all halts together make."""

    breakers: tuple[BreakerStatus, ...] = ()
    mode: str = ""


class BreakerReply(CallReply, frozen=True, kw_only=True):
    """What is open in these scopes from here on, as `SCOPE BREAKER`."""

    success: bool
    detail: str
    open: tuple[str, ...] = ()
