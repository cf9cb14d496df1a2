"""PortfolioService: the margin of an account, and what the last scan of its venue proposes. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.api.codes import CallRefused, Code
from opensqt.api.lines import position_lines
from opensqt.api.portfolio_shapes import (
    FundingFigures,
    MarketScoresReply,
    OfMargin,
    PortfolioOpportunity,
    RiskProfile,
    SimulatedMargin,
    TargetPosition,
    TargetsReply,
)
from opensqt.api.requests import OfAccount
from opensqt.api.view import DeskView
from opensqt.api.worth import Account, account_of, equity, rate_of
from opensqt.domain.decimals import EXACT, ONE, ZERO
from opensqt.domain.instruments import Market, market_of, quote_asset
from opensqt.domain.profit import total
from opensqt.portfolio.plan import PortfolioPlan
from opensqt.portfolio.scan import Scan
from opensqt.portfolio.universe import Candidate
from opensqt.risk.margin import Margin, PositionChange, simulated
from opensqt.runtime.config.carries import plan_for
from opensqt.runtime.projection.tables import instant

DIGITS = 4


def get_risk_profile(view: DeskView, asked: OfAccount) -> RiskProfile:
    """Return the margin of an account as it is now."""
    account = account_of(view, asked.account)
    margin, told = _margin(view, account), _told_health(view, account)
    ours = None if margin is None else round(margin.health, DIGITS)
    return RiskProfile(
        account=account[1],
        currency=view.risk().currency,
        adjusted_equity=margin.equity if margin else None,
        total_maintenance_margin=margin.maintenance if margin else None,
        available_headroom=margin.headroom if margin else None,
        health_score=ours if told is None else told,
        is_unified=told is not None,
    )


def simulate_margin(view: DeskView, asked: OfMargin) -> SimulatedMargin:
    """Return the health of an account after changes of its positions."""
    account = account_of(view, asked.account)
    before = _margin(view, account)
    after = None if before is None else simulated(before, _changes(view, account, asked))
    if after is None:
        return SimulatedMargin(would_liquidate=True)
    health = round(after.health, DIGITS)
    return SimulatedMargin(projected_health_score=health, would_liquidate=health <= 0)


def get_market_scores(view: DeskView, asked: OfAccount) -> MarketScoresReply:
    """Return the ranking of the last scan."""
    scan = _scan(view, account_of(view, asked.account))
    return MarketScoresReply(
        scanned_at=instant(scan.scanned_at_ms),
        opportunities=tuple(_opportunity(view, one) for one in scan.ranking),
    )


def get_target_positions(view: DeskView, asked: OfAccount) -> TargetsReply:
    """Return what the last scan proposes to hold."""
    account = account_of(view, asked.account)
    scan = _scan(view, account)
    legs = {one.pair.key: one.pair.short.leg for one in scan.ranking}
    return TargetsReply(
        scanned_at=instant(scan.scanned_at_ms),
        targets=tuple(
            TargetPosition(
                symbol=legs[one.pair].symbol,
                exchange=legs[one.pair].venue,
                weight=one.weight,
                notional=one.notional_quote,
                quality_score=one.score,
            )
            for one in _plan(view, account, scan).targets
        ),
    )


def _plan(view: DeskView, account: Account, scan: Scan) -> PortfolioPlan:
    worth = equity(view, account)
    if worth is None:
        raise CallRefused(Code.UNAVAILABLE, f"what {account[1]} is worth is not known yet")
    return plan_for(view.config, view.risk(), account[1], scan, worth)


def _scan(view: DeskView, account: Account) -> Scan:
    found = view.scan(account[0])
    if found is None:
        raise CallRefused(
            Code.UNAVAILABLE, f"{account[0]} was not scanned yet: `opensqt portfolio scan` does it"
        )
    return found


def _told_health(view: DeskView, account: Account) -> Decimal | None:
    seen = view.seen.snapshots.get(account)
    return None if seen is None else seen.snapshot.margin_health


def _margin(view: DeskView, account: Account) -> Margin | None:
    """Return equity and what perpetuals bind of it; None while a price is unknown."""
    rate = view.risk().maintenance_rate
    notionals = []
    for (venue, name, symbol), line in position_lines(view).items():
        if (venue, name) == account and market_of(symbol) is Market.PERP and line.quantity != 0:
            price = _price(view, venue, symbol)
            notionals.append(None if price is None else abs(line.quantity) * price)
    worth, bound = equity(view, account), total(notionals)
    if worth is None or bound is None:
        return None
    return Margin(equity=worth, maintenance=EXACT.multiply(bound, rate))


def _changes(view: DeskView, account: Account, asked: OfMargin) -> Iterator[PositionChange]:
    risk, lines = view.risk(), position_lines(view)
    for symbol, change in sorted(asked.proposals.items()):
        perp = market_of(symbol) is Market.PERP
        held = lines.get((*account, symbol))
        share = risk.collateral_shares.get(symbol.partition("/")[0])
        yield PositionChange(
            held=held.quantity if held else ZERO,
            change=change,
            price=_price(view, account[0], symbol),
            maintenance_rate=risk.maintenance_rate if perp else ZERO,
            collateral=ONE if perp else share,
        )


def _price(view: DeskView, venue: str, symbol: str) -> Decimal | None:
    """Return what one base unit is worth in the desk's currency; None while nobody knows."""
    price = view.quotes.prices().get((venue, symbol))
    rate = rate_of(view, venue, quote_asset(symbol))
    return None if price is None or rate is None else EXACT.multiply(price, rate)


def _opportunity(view: DeskView, one: Candidate) -> PortfolioOpportunity:
    pair, metrics = one.pair, one.metrics
    return PortfolioOpportunity(
        symbol=pair.short.leg.symbol,
        strategy="carry",
        long_exchange=pair.long.leg.venue,
        short_exchange=pair.short.leg.venue,
        rate=pair.rate,
        apr=pair.apr,
        basis=pair.basis,
        quality_score=one.score.value,
        metrics=FundingFigures(
            sma_1d=metrics.sma_1d,
            sma_7d=metrics.sma_7d,
            sma_30d=metrics.sma_30d,
            stability_score=metrics.stability,
            volatility_score=metrics.volatility,
            momentum=metrics.momentum,
            oi_factor=metrics.open_interest_share,
            positive_ratio=metrics.positive_share,
            num_sign_flips=metrics.sign_flips,
            steady_intervals=metrics.steady_intervals,
            narrative_sector=view.config.portfolio.sectors.get(pair.long.base, ""),
        ),
        unknown=one.unknown,
    )
