"""Bybit: what only this venue says, spot and linear perpetuals of a unified account (v5)."""
