-- The person who runs the desk may say a kill in the journal, where no executor can be asked.
-- Printed by `python -m opensqt.runtime.access.grants`.

CREATE OR REPLACE FUNCTION journal_kinds(p_role text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role
        WHEN 'opensqt_arb' THEN ARRAY['AnchorSet', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyStarted']
        WHEN 'opensqt_executor' THEN ARRAY['Accepted', 'AutoDeleveraged', 'BalanceChanged', 'CancelRequested', 'Canceled', 'Deposit', 'Expired', 'Fill', 'FundingPaid', 'Halted', 'InstrumentChanged', 'IntentPlaced', 'KillLatched', 'KillReleased', 'Liquidated', 'NeverPlaced', 'OrderContradicted', 'Rejected', 'RiskApproved', 'Settled', 'Submitting', 'Transferred', 'Unresolved', 'VenueSnapshot', 'VenueStatus']
        WHEN 'opensqt_grid' THEN ARRAY['AnchorSet', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyStarted']
        WHEN 'opensqt_operator' THEN ARRAY['KillLatched']
        WHEN 'opensqt_reconciler' THEN ARRAY['Adjustment', 'Discrepancy', 'Halted', 'PositionStated', 'Resumed']
        WHEN 'opensqt_relay' THEN ARRAY['DeskGeneration', 'FeedGeneration']
        WHEN 'opensqt_risk' THEN ARRAY['Halted', 'IntentConflict', 'LimitChanged', 'RiskApproved', 'RiskRefused']
        WHEN 'opensqt_strategy' THEN ARRAY['AnchorSet', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyStarted']
    END
$$;

GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_operator;
