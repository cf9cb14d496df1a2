"""Bybit v5: a unified account, spot and linear perpetuals, as the simulated venue speaks it."""
