-- Spans instead of dates: what a server's clock says of the time of day proves nothing, as somebody may set it.

-- A lease is free when it was released, or when whoever asks has seen it stand at one renewal for its whole time to live.
ALTER TABLE lease
    DROP COLUMN expires_at,
    ADD COLUMN ttl_ms integer NOT NULL DEFAULT 3000,
    ADD COLUMN renewals bigint NOT NULL DEFAULT 0;
ALTER TABLE lease ALTER COLUMN ttl_ms DROP DEFAULT, ALTER COLUMN renewals DROP DEFAULT;

-- Take a lease under a new epoch if it is free or held by this very holder; otherwise `taken` is false and the row says
-- which renewal it stands at, and for how long that holds. `p_silent` is the renewal at which the asker saw it stand
-- for too long. When this returns with `taken`, no append under an older epoch is under way or possible: each holds the
-- lease row until its commit.
DROP FUNCTION lease_acquire(text, text, integer);
CREATE FUNCTION lease_acquire(p_name text, p_holder text, p_ttl_ms integer, p_silent bigint)
RETURNS TABLE (taken boolean, epoch bigint, head_position bigint, ttl_ms integer, renewals bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    held lease;
    head bigint;
BEGIN
    INSERT INTO lease (name, holder, epoch, ttl_ms, renewals) VALUES (p_name, '', 0, 0, 0) ON CONFLICT DO NOTHING;
    SELECT * INTO held FROM lease l WHERE l.name = p_name FOR UPDATE;
    IF held.holder <> p_holder AND held.ttl_ms > 0 AND held.renewals IS DISTINCT FROM p_silent THEN
        RETURN QUERY SELECT false, held.epoch, 0::bigint, held.ttl_ms, held.renewals;
        RETURN;
    END IF;
    UPDATE lease l SET holder = p_holder, epoch = held.epoch + 1, ttl_ms = p_ttl_ms, renewals = held.renewals + 1
        WHERE l.name = p_name;
    SELECT h.position INTO head FROM journal_head h FOR SHARE;
    RETURN QUERY SELECT true, held.epoch + 1, head, p_ttl_ms, held.renewals + 1;
END
$$;

-- Say that the lease is still used; with a time to live of 0 it is free at once.
CREATE OR REPLACE FUNCTION lease_renew(p_name text, p_epoch bigint, p_ttl_ms integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE lease l SET ttl_ms = p_ttl_ms, renewals = l.renewals + 1 WHERE l.name = p_name AND l.epoch = p_epoch;
    RETURN FOUND;
END
$$;

-- As before (0002), but an entry says for how long it is valid from its arrival here, not until when.
DROP FUNCTION journal_append(journal_event[], journal_fence[], bigint[]);
CREATE FUNCTION journal_append(p_events journal_event[], p_fences journal_fence[], p_valid_ms bigint[])
RETURNS SETOF journal_outcome LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    result journal_outcome;
    head_before bigint;
    head_now bigint;
    now_ms bigint;
    waited_ms bigint;
    slice journal_event[];
BEGIN
    PERFORM FROM lease l WHERE l.name IN (SELECT f.name FROM unnest(p_fences) f) ORDER BY l.name FOR KEY SHARE;
    SELECT h.position INTO head_before FROM journal_head h FOR NO KEY UPDATE;
    head_now := head_before;
    now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
    waited_ms := floor(extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000);
    result := journal_judge(
        0, p_events, p_fences, (SELECT min(valid) FROM unnest(p_valid_ms) valid), waited_ms);
    IF result.outcome = 'appended' THEN
        head_now := journal_write(p_events, head_before, now_ms);
        RETURN QUERY
            SELECT u.entry, 'appended'::text, array_agg(head_before + u.ordinality ORDER BY u.ordinality),
                   NULL::text, NULL::bigint, NULL::bigint
            FROM unnest(p_events) WITH ORDINALITY u GROUP BY u.entry ORDER BY u.entry;
    ELSE
        FOR e IN 1 .. cardinality(p_valid_ms) LOOP
            slice := array(SELECT u FROM unnest(p_events) u WHERE u.entry = e);
            result := journal_judge(
                e, slice, array(SELECT f FROM unnest(p_fences) f WHERE f.entry = e), p_valid_ms[e], waited_ms);
            IF result.outcome = 'appended' THEN
                result.positions := array(SELECT head_now + i FROM generate_series(1, cardinality(slice)) i);
                head_now := journal_write(slice, head_now, now_ms);
            END IF;
            RETURN NEXT result;
        END LOOP;
    END IF;
    IF head_now > head_before THEN
        UPDATE journal_head SET position = head_now;
        PERFORM pg_notify('journal', head_now::text);
    END IF;
END
$$;

REVOKE ALL ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION lease_acquire(text, text, integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_service;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer, bigint) TO opensqt_service;
