"""OKX v5 as a dialect of the simulated venue: spot and linear perpetuals, one wallet."""
