"""The grid: buys below, sells above, on a ladder of fixed prices. Pure."""
