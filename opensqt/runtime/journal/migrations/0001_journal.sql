-- The journal of a desk and what stands around it. Forward only: never edit an applied file, add the next one.

-- Services work as this role: they read, and change things through the granted functions only. Roles belong to the
-- whole server, so another database's migration may have made it first, or be making it now.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'opensqt_service') THEN
        CREATE ROLE opensqt_service NOLOGIN;
        ALTER ROLE opensqt_service SET lock_timeout = '250ms';
        ALTER ROLE opensqt_service SET statement_timeout = '1s';
        ALTER ROLE opensqt_service SET idle_in_transaction_session_timeout = '500ms';
        ALTER ROLE opensqt_service SET synchronous_commit = 'on';
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

CREATE TABLE journal (
    position bigint PRIMARY KEY CHECK (position > 0),
    prev bigint NOT NULL CHECK (prev >= 0 AND prev < position),
    event_id text COLLATE "C" NOT NULL UNIQUE CHECK (event_id <> ''),
    stream text COLLATE "C" NOT NULL CHECK (stream <> ''),
    version bigint NOT NULL CHECK (version > 0),
    type text COLLATE "C" NOT NULL CHECK (type <> ''),
    schema_version integer NOT NULL CHECK (schema_version > 0),
    subject text COLLATE "C" NOT NULL CHECK (subject <> ''),
    data bytea NOT NULL,
    data_hash bytea NOT NULL CHECK (length(data_hash) = 32),
    actor text NOT NULL,
    correlation_id text NOT NULL,
    causation_id text NOT NULL,
    traceparent text NOT NULL,
    venue_time_ms bigint,
    occurred_at_ms bigint NOT NULL,
    recorded_at_ms bigint NOT NULL,
    epoch bigint NOT NULL CHECK (epoch >= 0),
    UNIQUE (stream, version)
);

CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change();

-- One row. Its lock makes the order of positions the order of commits, without gaps.
CREATE TABLE journal_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL CHECK (position >= 0),
    generation text NOT NULL CHECK (generation <> '')
);
INSERT INTO journal_head (position, generation) VALUES (0, gen_random_uuid()::text);

-- The last position on each subject; fillfactor leaves room for in-page updates.
CREATE TABLE subject_head (
    subject text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE lease (
    name text COLLATE "C" PRIMARY KEY,
    holder text NOT NULL,
    epoch bigint NOT NULL CHECK (epoch >= 0),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Raw frames and answers. The journal holds their hash.
CREATE TABLE evidence (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    kind text NOT NULL,
    data bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA public TO opensqt_service;
GRANT SELECT ON journal, journal_head, subject_head, lease, evidence TO opensqt_service;
