-- Where the relay stands: up to `position` everything is in FEED at or before `sequence`. The history lets it find the
-- newest point that a shortened FEED still holds.

CREATE TABLE relay_checkpoint (
    number bigint PRIMARY KEY,
    desk text NOT NULL,
    generation integer NOT NULL CHECK (generation > 0),
    position bigint NOT NULL CHECK (position >= 0),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    event_id text NOT NULL,
    created_ms bigint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Add a checkpoint under the relay's lease; false when the lease has moved on. Later ones of a history that FEED has
-- lost go. The last 1000 are kept, of older ones each 64th.
CREATE FUNCTION relay_checkpoint_save(
    p_lease text, p_epoch bigint, p_desk text, p_generation integer, p_position bigint, p_sequence bigint, p_event_id text,
    p_created_ms bigint
) RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    newest bigint;
BEGIN
    PERFORM FROM lease l WHERE l.name = p_lease AND l.epoch = p_epoch FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM relay_checkpoint c WHERE c.created_ms <> p_created_ms OR c.sequence > p_sequence;
    SELECT coalesce(max(c.number), 0) + 1 INTO newest FROM relay_checkpoint c;
    INSERT INTO relay_checkpoint (number, desk, generation, position, sequence, event_id, created_ms)
        VALUES (newest, p_desk, p_generation, p_position, p_sequence, p_event_id, p_created_ms);
    DELETE FROM relay_checkpoint c WHERE c.number < newest - 1000 AND (c.number % 64 <> 0 OR c.number < newest - 300000);
    RETURN true;
END
$$;

REVOKE ALL ON FUNCTION relay_checkpoint_save(text, bigint, text, integer, bigint, bigint, text, bigint) FROM PUBLIC;
GRANT SELECT ON relay_checkpoint TO opensqt_service;
GRANT EXECUTE ON FUNCTION relay_checkpoint_save(text, bigint, text, integer, bigint, bigint, text, bigint)
    TO opensqt_service;
