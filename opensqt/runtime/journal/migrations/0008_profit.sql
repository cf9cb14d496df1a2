-- What each owner paid for what it holds, and how often it closed: all is folded anew, so that old journals tell it too.
TRUNCATE view.orders, view.fills, view.positions, view.holdings, view.balances, view.funding, view.strategies,
    view.sagas, view.halts, view.snapshot;
UPDATE view.projection_head SET position = 0;

ALTER TABLE view.holdings
    ADD COLUMN cost numeric NOT NULL,
    ADD COLUMN round_trips integer NOT NULL;
