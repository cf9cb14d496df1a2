-- A position is what was received: the same journal makes other rows than before, so all are folded anew.
TRUNCATE view.orders, view.fills, view.positions, view.holdings, view.balances, view.funding, view.strategies,
    view.sagas, view.halts, view.snapshot;
UPDATE view.projection_head SET position = 0;

-- The smallest that the venue trades of each symbol, so that a reader can name what is held and cannot be sold.
-- 0 while the rules of the symbol were not heard. Like the prices beside them no truth.
ALTER TABLE view.marks
    ADD COLUMN quantity_step numeric NOT NULL DEFAULT 0,
    ADD COLUMN quantity_min numeric NOT NULL DEFAULT 0,
    ADD COLUMN notional_min numeric NOT NULL DEFAULT 0;
