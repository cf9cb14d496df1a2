-- One role a service, with exactly what it reads and appends; the owner of the journal is nobody who runs.
-- Roles and grants are printed by `python -m opensqt.runtime.access.grants`.

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['opensqt_arb', 'opensqt_executor', 'opensqt_gateway', 'opensqt_grid', 'opensqt_operator', 'opensqt_reconciler', 'opensqt_relay', 'opensqt_risk', 'opensqt_strategy'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END
$$;

-- The role that all services shared has no rights any more. Others of this server may still know it.
REVOKE ALL ON ALL TABLES IN SCHEMA public, view FROM opensqt_service;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM opensqt_service;
REVOKE ALL ON SCHEMA public, view FROM opensqt_service;

-- Who calls: the role that a login has taken, or nothing for the owner of the journal.
CREATE FUNCTION acting_role() RETURNS text LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
AS $$
DECLARE
    taken text := current_setting('role');
BEGIN
    IF taken = current_user OR (taken = 'none' AND pg_has_role(session_user, current_user, 'MEMBER')) THEN
        RETURN '';
    ELSIF taken = 'none' THEN
        RAISE insufficient_privilege USING MESSAGE = session_user || ' works as no service: SET ROLE comes first';
    END IF;
    RETURN taken;
END
$$;

-- As before (0009) for who may append these kinds of events.
ALTER FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) RENAME TO journal_commit;
CREATE FUNCTION journal_append(p_events journal_event[], p_fences journal_fence[], p_valid_ms bigint[])
RETURNS SETOF journal_outcome LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    caller text := acting_role();
    allowed text[] := journal_kinds(caller);
    refused text;
BEGIN
    IF caller <> '' THEN
        SELECT u.type INTO refused FROM unnest(p_events) u WHERE allowed IS NULL OR u.type <> ALL (allowed) LIMIT 1;
        IF FOUND THEN
            RAISE insufficient_privilege USING MESSAGE = caller || ' may not append ' || refused;
        END IF;
    END IF;
    RETURN QUERY SELECT * FROM journal_commit(p_events, p_fences, p_valid_ms);
END
$$;

CREATE FUNCTION check_lease(p_name text) RETURNS void LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
AS $$
DECLARE
    caller text := acting_role();
BEGIN
    IF caller <> '' AND NOT coalesce(starts_with(p_name, lease_prefix(caller)), false) THEN
        RAISE insufficient_privilege USING MESSAGE = caller || ' may not hold the lease ' || p_name;
    END IF;
END
$$;

ALTER FUNCTION lease_acquire(text, text, integer, bigint) RENAME TO lease_take;
CREATE FUNCTION lease_acquire(p_name text, p_holder text, p_ttl_ms integer, p_silent bigint)
RETURNS TABLE (taken boolean, epoch bigint, head_position bigint, ttl_ms integer, renewals bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM check_lease(p_name);
    RETURN QUERY SELECT * FROM lease_take(p_name, p_holder, p_ttl_ms, p_silent);
END
$$;

ALTER FUNCTION lease_renew(text, bigint, integer) RENAME TO lease_keep;
CREATE FUNCTION lease_renew(p_name text, p_epoch bigint, p_ttl_ms integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM check_lease(p_name);
    RETURN lease_keep(p_name, p_epoch, p_ttl_ms);
END
$$;

REVOKE ALL ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION lease_acquire(text, text, integer, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION lease_renew(text, bigint, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION acting_role(), check_lease(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION journal_kinds(p_role text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role
        WHEN 'opensqt_arb' THEN ARRAY['AnchorSet', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyStarted']
        WHEN 'opensqt_executor' THEN ARRAY['Accepted', 'AutoDeleveraged', 'BalanceChanged', 'CancelRequested', 'Canceled', 'Deposit', 'Expired', 'Fill', 'FundingPaid', 'Halted', 'InstrumentChanged', 'IntentPlaced', 'KillLatched', 'KillReleased', 'Liquidated', 'NeverPlaced', 'OrderContradicted', 'Rejected', 'RiskApproved', 'Settled', 'Submitting', 'Transferred', 'Unresolved', 'VenueSnapshot', 'VenueStatus']
        WHEN 'opensqt_grid' THEN ARRAY['AnchorSet', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyStarted']
        WHEN 'opensqt_reconciler' THEN ARRAY['Adjustment', 'Discrepancy', 'Halted', 'PositionStated', 'Resumed']
        WHEN 'opensqt_relay' THEN ARRAY['DeskGeneration', 'FeedGeneration']
        WHEN 'opensqt_risk' THEN ARRAY['Halted', 'IntentConflict', 'RiskApproved', 'RiskRefused']
        WHEN 'opensqt_strategy' THEN ARRAY['AnchorSet', 'PositionAdopted', 'SagaStep', 'StrategyFaulted', 'StrategyStarted']
    END
$$;

CREATE OR REPLACE FUNCTION lease_prefix(p_role text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role
        WHEN 'opensqt_arb' THEN 'strategy/arb'
        WHEN 'opensqt_executor' THEN 'executor/'
        WHEN 'opensqt_grid' THEN 'strategy/grid'
        WHEN 'opensqt_reconciler' THEN 'reconciler'
        WHEN 'opensqt_relay' THEN 'relay'
        WHEN 'opensqt_risk' THEN 'risk'
        WHEN 'opensqt_strategy' THEN 'strategy/strategy-'
    END
$$;

GRANT USAGE ON SCHEMA public TO opensqt_arb;
GRANT SELECT ON journal, journal_head TO opensqt_arb;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_arb;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_arb;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_arb;
GRANT USAGE ON SCHEMA public TO opensqt_executor;
GRANT SELECT ON journal, journal_head TO opensqt_executor;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_executor;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_executor;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_executor;
GRANT EXECUTE ON FUNCTION evidence_keep(text, bytea) TO opensqt_executor;
GRANT USAGE ON SCHEMA public TO opensqt_gateway;
GRANT SELECT ON journal, journal_head TO opensqt_gateway;
GRANT USAGE ON SCHEMA public TO opensqt_grid;
GRANT SELECT ON journal, journal_head TO opensqt_grid;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_grid;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_grid;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_grid;
GRANT USAGE ON SCHEMA public TO opensqt_operator;
GRANT SELECT ON journal, journal_head, subject_head, lease, evidence, relay_checkpoint, schema_migration TO opensqt_operator;
GRANT USAGE ON SCHEMA view TO opensqt_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA view TO opensqt_operator;
GRANT USAGE ON SCHEMA public TO opensqt_reconciler;
GRANT SELECT ON journal, journal_head TO opensqt_reconciler;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_reconciler;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_reconciler;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_reconciler;
GRANT USAGE ON SCHEMA view TO opensqt_reconciler;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA view TO opensqt_reconciler;
GRANT USAGE ON SCHEMA public TO opensqt_relay;
GRANT SELECT ON journal, journal_head, relay_checkpoint TO opensqt_relay;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_relay;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_relay;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_relay;
GRANT EXECUTE ON FUNCTION relay_checkpoint_save(text, bigint, text, integer, bigint, bigint, text, bigint) TO opensqt_relay;
GRANT USAGE ON SCHEMA public TO opensqt_risk;
GRANT SELECT ON journal, journal_head TO opensqt_risk;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_risk;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_risk;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_risk;
GRANT USAGE ON SCHEMA public TO opensqt_strategy;
GRANT SELECT ON journal, journal_head TO opensqt_strategy;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_strategy;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_strategy;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_strategy;

REVOKE ALL ON FUNCTION journal_kinds(text), lease_prefix(text) FROM PUBLIC;
