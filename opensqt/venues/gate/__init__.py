"""Gate: what only this venue says, spot and USDT-settled perpetuals of a classic account (APIv4)."""
