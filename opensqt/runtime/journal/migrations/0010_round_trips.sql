-- A round trip is a closing order that was filled whole, not each trade of it: all is folded anew.
TRUNCATE view.orders, view.fills, view.positions, view.holdings, view.balances, view.funding, view.strategies,
    view.sagas, view.halts, view.snapshot;
UPDATE view.projection_head SET position = 0;
