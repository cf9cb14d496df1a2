"""The table of calls: everything that can be asked of a desk, over every transport. Nothing else names a call."""

from opensqt.api import (
    exchange_shapes,
    hearings,
    portfolio_shapes,
    portfolios,
    position_shapes,
    positions,
    requests,
    risk_acts,
    risk_shapes,
    risks,
)
from opensqt.api.call import Call, KeyScope
from opensqt.api.exchange_table import EXCHANGE
from opensqt.api.row import NAMED, PAGED, PRICED, acts, hears, reads

_RISK = (
    reads(
        "RiskService.GetRiskMetrics",
        (requests.OfSymbols, risk_shapes.RiskMetricsReply),
        risks.get_risk_metrics,
        "each position that is held against its limit",
    ),
    reads(
        "RiskService.GetPositionLimits",
        (risk_shapes.OfLimits, risk_shapes.LimitsReply),
        risks.get_position_limits,
        "the limits that count now",
        NAMED,
    ),
    acts(
        "RiskService.UpdatePositionLimits",
        (risk_shapes.NewLimits, risk_shapes.NewLimitsReply),
        risk_acts.update_position_limits,
        KeyScope.ADMIN,
        "change limits, from the very next order on",
    ),
    reads(
        "RiskService.GetExposure",
        (requests.OfNothing, risk_shapes.ExposureReply),
        risks.get_exposure,
        "what all positions are worth, and how far they are levered",
    ),
    hears(
        "RiskService.SubscribeRiskAlerts",
        (requests.OfNews, risk_shapes.RiskAlert),
        hearings.alerts,
        "stops, refusals, disagreements and faults",
    ),
    acts(
        "RiskService.TriggerReconciliation",
        (requests.OfNothing, risk_shapes.TriggerReply),
        risk_acts.trigger_reconciliation,
        KeyScope.TRADE,
        "let every executor look at its venue now",
    ),
    reads(
        "RiskService.GetReconciliationStatus",
        (risk_shapes.OfReconciliation, risk_shapes.ReconciliationReply),
        risks.get_reconciliation_status,
        "what that look showed, beside the books",
        NAMED,
    ),
    reads(
        "RiskService.GetCircuitBreakerStatus",
        (risk_shapes.OfBreaker, risk_shapes.BreakersReply),
        risks.get_circuit_breaker_status,
        "what stops openings, where, by whom and why",
        NAMED,
    ),
    acts(
        "RiskService.OpenCircuitBreaker",
        (risk_shapes.BreakerChange, risk_shapes.BreakerReply),
        risk_acts.open_circuit_breaker,
        KeyScope.TRADE,
        "open a breaker by hand: nothing opens in its scope, exits pass",
    ),
    acts(
        "RiskService.CloseCircuitBreaker",
        (risk_shapes.BreakerChange, risk_shapes.BreakerReply),
        risk_acts.close_circuit_breaker,
        KeyScope.ADMIN,
        "close the breakers of a scope",
    ),
)
_POSITION = (
    reads(
        "PositionService.GetPositions",
        (requests.OfSymbols, requests.PositionsReply),
        positions.get_positions,
        "net positions at the prices of now",
    ),
    reads(
        "PositionService.GetPosition",
        (requests.OfSymbol, position_shapes.PositionReply),
        positions.get_position,
        "one symbol with its open orders",
        NAMED,
    ),
    hears(
        "PositionService.SubscribePositions",
        (requests.OfNews, exchange_shapes.PositionNews),
        hearings.positions,
        "a position after each trade of ours",
    ),
    reads(
        "PositionService.GetOpenOrders",
        (requests.OfSymbols, requests.OpenOrdersReply),
        positions.get_open_orders,
        "orders that may still fill",
    ),
    reads(
        "PositionService.GetOrderHistory",
        (requests.OfHistory, requests.OrdersReply),
        positions.get_order_history,
        "orders by the time of their placing, page by page",
        PAGED,
    ),
    reads(
        "PositionService.GetOrder",
        (position_shapes.OfOrder, position_shapes.OrderReply),
        positions.get_order,
        "one order by our id or the venue's, with its trades",
        NAMED,
    ),
    reads(
        "PositionService.GetFills",
        (requests.OfHistory, requests.FillsReply),
        positions.get_fills,
        "trades of ours by their time, page by page",
        PAGED,
    ),
    reads(
        "PositionService.GetPositionHistory",
        (requests.OfHistory, position_shapes.PositionHistoryReply),
        positions.get_position_history,
        "what was held after each trade, page by page",
        PAGED,
    ),
    reads(
        "PositionService.GetRealizedPnL",
        (requests.OfPeriod, position_shapes.RealizedPnLReply),
        positions.get_realized_pnl,
        "what trades realised by symbol, before fees and funding",
    ),
    reads(
        "PositionService.GetUnrealizedPnL",
        (requests.OfSymbols, position_shapes.UnrealizedPnLReply),
        positions.get_unrealized_pnl,
        "what open positions would bring at the prices of now",
    ),
)
_PORTFOLIO = (
    reads(
        "PortfolioService.GetRiskProfile",
        (requests.OfAccount, portfolio_shapes.RiskProfile),
        portfolios.get_risk_profile,
        "the margin of an account and how healthy it is",
        NAMED,
    ),
    reads(
        "PortfolioService.SimulateMargin",
        (portfolio_shapes.OfMargin, portfolio_shapes.SimulatedMargin),
        portfolios.simulate_margin,
        "what changes of positions would do to the margin",
        NAMED,
    ),
    reads(
        "PortfolioService.GetTargetPositions",
        (requests.OfAccount, portfolio_shapes.TargetsReply),
        portfolios.get_target_positions,
        "what the last scan of the venue proposes to hold",
        PRICED,
    ),
    reads(
        "PortfolioService.GetMarketScores",
        (requests.OfAccount, portfolio_shapes.MarketScoresReply),
        portfolios.get_market_scores,
        "the pairs that could be carried, in the order of their score",
        PRICED,
    ),
)

CALLS: dict[str, Call] = {call.path: call for call in (*EXCHANGE, *_RISK, *_POSITION, *_PORTFOLIO)}
