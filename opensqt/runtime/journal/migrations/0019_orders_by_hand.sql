-- The gateway records what people wish to order by hand.
-- Printed by `python -m opensqt.runtime.access.grants`.

CREATE OR REPLACE FUNCTION journal_kinds(p_role text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role
        WHEN 'opensqt_arb' THEN ARRAY['AnchorSet', 'Halted', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyFlattened', 'StrategyStarted']
        WHEN 'opensqt_executor' THEN ARRAY['Accepted', 'AutoDeleveraged', 'BalanceChanged', 'CancelRequested', 'Canceled', 'Deposit', 'Expired', 'Fill', 'FundingPaid', 'Halted', 'InstrumentChanged', 'IntentPlaced', 'KillLatched', 'KillReleased', 'Liquidated', 'NeverPlaced', 'OrderContradicted', 'Rejected', 'RiskApproved', 'Settled', 'Submitting', 'Transferred', 'Unresolved', 'VenueSnapshot', 'VenueStatus']
        WHEN 'opensqt_gateway' THEN ARRAY['AlertDelivery', 'CallAudited', 'OrderedByHand']
        WHEN 'opensqt_grid' THEN ARRAY['AnchorSet', 'Halted', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyFlattened', 'StrategyStarted']
        WHEN 'opensqt_operator' THEN ARRAY['KillLatched', 'StrategyDeregistered', 'StrategyRegistered', 'StrategyRetiring']
        WHEN 'opensqt_reconciler' THEN ARRAY['Adjustment', 'Discrepancy', 'Halted', 'PositionStated', 'Resumed']
        WHEN 'opensqt_relay' THEN ARRAY['DeskGeneration', 'FeedGeneration']
        WHEN 'opensqt_risk' THEN ARRAY['Halted', 'IntentConflict', 'LimitChanged', 'Resumed', 'RiskApproved', 'RiskRefused']
        WHEN 'opensqt_strategy' THEN ARRAY['AnchorSet', 'Halted', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyFlattened', 'StrategyStarted']
    END
$$;
