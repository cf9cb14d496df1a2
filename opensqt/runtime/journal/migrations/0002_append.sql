-- The one append function, leases and evidence. Lock order everywhere: lease rows by name, then the head row.

CREATE TYPE journal_event AS (
    entry integer,
    event_id text,
    stream text,
    version bigint,
    type text,
    schema_version integer,
    subject text,
    data bytea,
    actor text,
    correlation_id text,
    causation_id text,
    traceparent text,
    venue_time_ms bigint,
    occurred_at_ms bigint,
    epoch bigint
);

CREATE TYPE journal_fence AS (
    entry integer,
    name text,
    epoch bigint
);

CREATE TYPE journal_outcome AS (
    entry integer,
    outcome text,
    positions bigint[],
    name text,
    expected bigint,
    actual bigint
);

-- What would become of these events as one unit. Duplicates are looked for first: an entry whose answer was lost must
-- learn that it is in, also when its lease or its time has passed meanwhile.
CREATE FUNCTION journal_judge(
    p_entry integer, p_events journal_event[], p_fences journal_fence[], p_not_after_ms bigint, p_now_ms bigint
) RETURNS journal_outcome LANGUAGE plpgsql VOLATILE
SET search_path = public, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    result journal_outcome;
    found_count integer;
BEGIN
    result.entry := p_entry;
    SELECT count(*), array_agg(j.position ORDER BY u.ordinality)
        INTO found_count, result.positions
        FROM unnest(p_events) WITH ORDINALITY u JOIN journal j ON j.event_id = u.event_id;
    IF found_count = cardinality(p_events) THEN
        result.outcome := 'duplicate';
        RETURN result;
    END IF;
    IF found_count > 0 THEN
        SELECT 'conflict', j.stream, coalesce(u.version, 0), j.version
            INTO result.outcome, result.name, result.expected, result.actual
            FROM unnest(p_events) WITH ORDINALITY u JOIN journal j ON j.event_id = u.event_id
            ORDER BY u.ordinality LIMIT 1;
        RETURN result;
    END IF;
    SELECT 'fenced', f.name, f.epoch, coalesce(l.epoch, 0)
        INTO result.outcome, result.name, result.expected, result.actual
        FROM unnest(p_fences) WITH ORDINALITY f LEFT JOIN lease l ON l.name = f.name
        WHERE l.epoch IS DISTINCT FROM f.epoch ORDER BY f.ordinality LIMIT 1;
    IF FOUND THEN
        RETURN result;
    END IF;
    IF p_not_after_ms < p_now_ms THEN
        result.outcome := 'too_late';
        result.actual := p_now_ms - p_not_after_ms;
        RETURN result;
    END IF;
    SELECT 'conflict', w.stream, coalesce(w.version, 0), w.next - 1
        INTO result.outcome, result.name, result.expected, result.actual
        FROM (
            SELECT u.ordinality, u.stream, u.version,
                   row_number() OVER (PARTITION BY u.event_id ORDER BY u.ordinality) AS same_id,
                   coalesce((SELECT max(j.version) FROM journal j WHERE j.stream = u.stream), 0)
                   + row_number() OVER (PARTITION BY u.stream ORDER BY u.ordinality) AS next
            FROM unnest(p_events) WITH ORDINALITY u
        ) w
        WHERE w.version <> w.next OR w.same_id > 1 ORDER BY w.ordinality LIMIT 1;
    IF NOT FOUND THEN
        result.outcome := 'appended';
    END IF;
    RETURN result;
END
$$;

-- Write judged events behind the head and return the new head. The head row is locked by the caller.
CREATE FUNCTION journal_write(p_events journal_event[], p_head bigint, p_now_ms bigint)
RETURNS bigint LANGUAGE plpgsql VOLATILE
SET search_path = public, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    INSERT INTO journal
        SELECT p_head + u.ordinality,
               coalesce(
                   p_head + lag(u.ordinality) OVER (PARTITION BY u.subject ORDER BY u.ordinality), s.position, 0),
               u.event_id, u.stream,
               coalesce((SELECT max(j.version) FROM journal j WHERE j.stream = u.stream), 0)
               + row_number() OVER (PARTITION BY u.stream ORDER BY u.ordinality),
               u.type, u.schema_version, u.subject, u.data, sha256(u.data), u.actor, u.correlation_id,
               u.causation_id, u.traceparent, u.venue_time_ms, u.occurred_at_ms, p_now_ms, u.epoch
        FROM unnest(p_events) WITH ORDINALITY u LEFT JOIN subject_head s ON s.subject = u.subject;
    INSERT INTO subject_head AS s (subject, position)
        SELECT u.subject, p_head + max(u.ordinality)
        FROM unnest(p_events) WITH ORDINALITY u GROUP BY u.subject ORDER BY u.subject
        ON CONFLICT (subject) DO UPDATE SET position = EXCLUDED.position;
    RETURN p_head + cardinality(p_events);
END
$$;

-- Append a group of entries, each all or nothing and each with its own outcome. `p_not_after_ms` has one element an
-- entry; entries count from 1. A group without any objection is written at once, else entry by entry.
CREATE FUNCTION journal_append(p_events journal_event[], p_fences journal_fence[], p_not_after_ms bigint[])
RETURNS SETOF journal_outcome LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    result journal_outcome;
    head_before bigint;
    head_now bigint;
    now_ms bigint;
    slice journal_event[];
BEGIN
    PERFORM FROM lease l WHERE l.name IN (SELECT f.name FROM unnest(p_fences) f) ORDER BY l.name FOR KEY SHARE;
    SELECT h.position INTO head_before FROM journal_head h FOR NO KEY UPDATE;
    head_now := head_before;
    now_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
    result := journal_judge(
        0, p_events, p_fences, (SELECT min(late) FROM unnest(p_not_after_ms) late), now_ms);
    IF result.outcome = 'appended' THEN
        head_now := journal_write(p_events, head_before, now_ms);
        RETURN QUERY
            SELECT u.entry, 'appended'::text, array_agg(head_before + u.ordinality ORDER BY u.ordinality),
                   NULL::text, NULL::bigint, NULL::bigint
            FROM unnest(p_events) WITH ORDINALITY u GROUP BY u.entry ORDER BY u.entry;
    ELSE
        FOR e IN 1 .. cardinality(p_not_after_ms) LOOP
            slice := array(SELECT u FROM unnest(p_events) u WHERE u.entry = e);
            result := journal_judge(
                e, slice, array(SELECT f FROM unnest(p_fences) f WHERE f.entry = e), p_not_after_ms[e], now_ms);
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

-- Take a lease under a new epoch if it is free, expired or held by this very holder; no row otherwise. When this
-- returns, no append under an older epoch is under way or possible: each holds the lease row until its commit.
CREATE FUNCTION lease_acquire(p_name text, p_holder text, p_ttl_ms integer)
RETURNS TABLE (epoch bigint, head_position bigint) LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    held lease;
    head bigint;
BEGIN
    INSERT INTO lease VALUES (p_name, '', 0, '-infinity') ON CONFLICT DO NOTHING;
    SELECT * INTO held FROM lease l WHERE l.name = p_name FOR UPDATE;
    IF held.holder <> p_holder AND held.expires_at > clock_timestamp() THEN
        RETURN;
    END IF;
    UPDATE lease l SET holder = p_holder, epoch = held.epoch + 1,
        expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms'
        WHERE l.name = p_name;
    SELECT h.position INTO head FROM journal_head h FOR SHARE;
    RETURN QUERY SELECT held.epoch + 1, head;
END
$$;

CREATE FUNCTION lease_renew(p_name text, p_epoch bigint, p_ttl_ms integer)
RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE lease l SET expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms'
        WHERE l.name = p_name AND l.epoch = p_epoch;
    RETURN FOUND;
END
$$;

CREATE FUNCTION evidence_keep(p_kind text, p_data bytea)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO evidence (hash, kind, data) VALUES (sha256(p_data), p_kind, p_data) ON CONFLICT DO NOTHING;
    RETURN encode(sha256(p_data), 'hex');
END
$$;

-- For the owner, after a restore or a promotion with possible loss: no client order id can repeat.
CREATE FUNCTION journal_new_generation() RETURNS text LANGUAGE sql VOLATILE
SET search_path = public, pg_temp
AS $$
    UPDATE journal_head SET generation = gen_random_uuid()::text RETURNING generation
$$;

REVOKE ALL ON FUNCTION journal_judge(integer, journal_event[], journal_fence[], bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION journal_write(journal_event[], bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION lease_acquire(text, text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION lease_renew(text, bigint, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION evidence_keep(text, bytea) FROM PUBLIC;
REVOKE ALL ON FUNCTION journal_new_generation() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_append(journal_event[], journal_fence[], bigint[]) TO opensqt_service;
GRANT EXECUTE ON FUNCTION lease_acquire(text, text, integer) TO opensqt_service;
GRANT EXECUTE ON FUNCTION lease_renew(text, bigint, integer) TO opensqt_service;
GRANT EXECUTE ON FUNCTION evidence_keep(text, bytea) TO opensqt_service;
