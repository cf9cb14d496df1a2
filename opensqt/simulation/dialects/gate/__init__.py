"""Gate APIv4: a classic account, spot and USDT-settled perpetuals, as the simulated venue speaks it."""
