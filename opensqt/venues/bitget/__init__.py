"""Bitget: what only this venue says, spot and linear perpetuals of a unified account (v3)."""
