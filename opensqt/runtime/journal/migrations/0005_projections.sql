-- Projections: what the journal says, as tables for people. They can be emptied and rebuilt to the same rows at any time,
-- so services may write them; the journal they may not.

CREATE SCHEMA view;

-- The journal position up to which all tables below were folded, in the same commit.
CREATE TABLE view.projection_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL CHECK (position >= 0)
);
INSERT INTO view.projection_head (position) VALUES (0);

CREATE TABLE view.orders (
    client_order_id text COLLATE "C" PRIMARY KEY,
    venue_order_id text NOT NULL,
    intent_id text NOT NULL,
    attempt integer NOT NULL,
    strategy text NOT NULL,
    venue text NOT NULL,
    account text NOT NULL,
    symbol text NOT NULL,
    side text NOT NULL,
    type text NOT NULL,
    price numeric NOT NULL,
    quantity numeric NOT NULL,
    filled numeric NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX orders_by_time ON view.orders (created_at);

CREATE TABLE view.fills (
    trade_id text COLLATE "C",
    client_order_id text NOT NULL,
    strategy text NOT NULL,
    venue text COLLATE "C",
    account text COLLATE "C",
    symbol text COLLATE "C",
    side text NOT NULL,
    price numeric NOT NULL,
    quantity numeric NOT NULL,
    fee numeric NOT NULL,
    fee_asset text NOT NULL,
    liquidity text NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (venue, account, symbol, trade_id)
);
CREATE INDEX fills_by_time ON view.fills (time);

CREATE TABLE view.positions (
    venue text COLLATE "C",
    account text COLLATE "C",
    symbol text COLLATE "C",
    quantity numeric NOT NULL,
    entry_price numeric NOT NULL,
    realized_pnl numeric NOT NULL,
    funding numeric NOT NULL,
    fees numeric NOT NULL,
    cost numeric NOT NULL,
    last_price numeric NOT NULL,
    PRIMARY KEY (venue, account, symbol)
);

CREATE TABLE view.holdings (
    strategy text COLLATE "C",
    venue text COLLATE "C",
    account text COLLATE "C",
    symbol text COLLATE "C",
    quantity numeric NOT NULL,
    entry_price numeric NOT NULL,
    realized_pnl numeric NOT NULL,
    funding numeric NOT NULL,
    fills integer NOT NULL,
    PRIMARY KEY (strategy, venue, account, symbol)
);

CREATE TABLE view.balances (
    venue text COLLATE "C",
    account text COLLATE "C",
    market text COLLATE "C",
    asset text COLLATE "C",
    total numeric NOT NULL,
    deposited numeric NOT NULL,
    traded numeric NOT NULL,
    realized_pnl numeric NOT NULL,
    fees numeric NOT NULL,
    funding numeric NOT NULL,
    transferred numeric NOT NULL,
    PRIMARY KEY (venue, account, market, asset)
);

CREATE TABLE view.funding (
    venue text COLLATE "C",
    account text COLLATE "C",
    income_id text COLLATE "C",
    symbol text NOT NULL,
    asset text NOT NULL,
    amount numeric NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (venue, account, income_id)
);

CREATE TABLE view.strategies (
    strategy text COLLATE "C" PRIMARY KEY,
    run bigint NOT NULL,
    config_hash text NOT NULL,
    code_version text NOT NULL,
    state_fingerprint text NOT NULL,
    fault text NOT NULL,
    started_at timestamptz NOT NULL
);

CREATE TABLE view.sagas (
    strategy text COLLATE "C",
    saga_id text COLLATE "C",
    step text NOT NULL,
    spot_quantity numeric NOT NULL,
    perp_quantity numeric NOT NULL,
    detail text NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (strategy, saga_id)
);

CREATE TABLE view.halts (
    kind text COLLATE "C",
    scope text COLLATE "C",
    mode text NOT NULL,
    reason text NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (kind, scope)
);

-- The last known price of each symbol and how often it moved. Not folded from the journal, and no truth.
CREATE TABLE view.marks (
    venue text COLLATE "C",
    symbol text COLLATE "C",
    price numeric NOT NULL,
    ticks bigint NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (venue, symbol)
);

-- Books at a journal position, to save time at a start. One that does not fit its hash or this version is not used.
CREATE TABLE view.snapshot (
    position bigint PRIMARY KEY CHECK (position > 0),
    fingerprint text NOT NULL,
    sha256 text NOT NULL,
    content bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA view TO opensqt_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA view TO opensqt_service;
