-- Evidence is kept before the fact that holds its hash is appended, by the same caller, and the log of the server is
-- written in that order: the append's fsync covers it. A fsync of its own would only be paid twice. A server that dies
-- between the two may lose the evidence, never the fact: so may one that is away for longer than a fact can wait.
CREATE OR REPLACE FUNCTION evidence_keep(p_kind text, p_data bytea)
RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO evidence (hash, kind, data) VALUES (sha256(p_data), p_kind, p_data) ON CONFLICT DO NOTHING;
    RETURN encode(sha256(p_data), 'hex');
END
$$;
