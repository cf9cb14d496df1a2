"""What PortfolioService is asked and answers. Values only."""

from datetime import datetime
from decimal import Decimal

import msgspec

from opensqt.api.call import CallReply
from opensqt.api.requests import OfAccount


class RiskProfile(CallReply, frozen=True, kw_only=True):
    """The margin of an account, in the desk's currency; None while a price is unknown.

    `health_score` is the venue's own figure where it tells one (`is_unified`), else ours; 1 is without any risk.
    """

    account: str
    currency: str
    adjusted_equity: Decimal | None = None
    total_maintenance_margin: Decimal | None = None
    available_headroom: Decimal | None = None
    health_score: Decimal | None = None
    is_unified: bool = False


class OfMargin(OfAccount, frozen=True, kw_only=True):
    """Asks what changes of positions would do to the margin: signed base units by symbol."""

    proposals: dict[str, Decimal] = msgspec.field(default_factory=dict)


class SimulatedMargin(CallReply, frozen=True, kw_only=True):
    """The health after the changes, by our own reckoning; where nobody can tell it counts as a liquidation."""

    projected_health_score: Decimal | None = None
    would_liquidate: bool


class TargetPosition(CallReply, frozen=True, kw_only=True):
    """What a pair should hold: its share of the capital, and what that is on one leg."""

    symbol: str
    exchange: str
    weight: Decimal
    notional: Decimal
    quality_score: Decimal


class TargetsReply(CallReply, frozen=True, kw_only=True):
    """What the last scan of the venue proposes, the best pair first."""

    scanned_at: datetime
    targets: tuple[TargetPosition, ...] = ()


class FundingFigures(CallReply, frozen=True, kw_only=True):
    """What the past of a pair says; averages are APRs as fractions. None is what its venue does not tell."""

    sma_1d: Decimal
    sma_7d: Decimal
    sma_30d: Decimal
    stability_score: Decimal
    volatility_score: Decimal | None = None
    momentum: Decimal
    oi_factor: Decimal
    positive_ratio: Decimal
    num_sign_flips: int
    steady_intervals: int
    narrative_sector: str


class PortfolioOpportunity(CallReply, frozen=True, kw_only=True):
    """A pair that could be carried: its `rate` per interval, what that is in a year, and how good it is."""

    symbol: str
    strategy: str
    long_exchange: str
    short_exchange: str
    rate: Decimal
    apr: Decimal
    basis: Decimal
    quality_score: Decimal
    metrics: FundingFigures
    unknown: tuple[str, ...] = ()


class MarketScoresReply(CallReply, frozen=True, kw_only=True):
    """The ranking of the last scan, the best pair first."""

    scanned_at: datetime
    opportunities: tuple[PortfolioOpportunity, ...] = ()
