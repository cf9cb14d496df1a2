"""Binance's dialect of the simulated venue."""
