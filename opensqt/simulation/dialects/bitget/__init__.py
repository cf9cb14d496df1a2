"""Bitget's unified account (v3) as a dialect of the simulated venue."""
